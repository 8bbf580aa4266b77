"""Rows of a data set divided into files by their identifiers, so that rows that belong together can be found in memory.

Rows with the same identifiers are in files of the same number, whatever data set and file format they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from millwork.components.data.forms import to_feature_form
from millwork.components.data.tf_example import encode
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

FILE_BYTES = 16 << 20
"""About as many bytes of examples files go into one partition, which is unpacked in memory."""
MOST_FILES = 256
MOST_DIGITS = 45
"""After so many digits a 32-bit float ends: rounding to more changes nothing, and 10 to their power might overflow."""


@dataclass(frozen=True)
class Rows:
    """Rows with the same hash of their identifiers."""

    keys: pa.Array
    """The identifiers of each row as bytes."""
    features: pa.RecordBatch
    """In feature form."""


@dataclass(frozen=True)
class Divided:
    """The rows of a split, on disk."""

    folder: Path
    features: dict[str, pa.DataType]
    """Names and types in feature form. Empty if there are no rows."""
    without_identifiers: int
    """Rows that lack one of the identifiers. They are not on disk."""

    def read(self, number: int) -> Rows | None:
        """The rows of one partition, if there are any."""
        import pyarrow as pa

        file = self.folder / f"{number}.arrow"
        if not file.exists():
            return None
        with pa.ipc.open_stream(file) as reader:
            table = reader.read_all().combine_chunks()
        columns = [c.chunk(0) if c.num_chunks else pa.array([], c.type) for c in table.columns]
        return Rows(columns[0], pa.RecordBatch.from_arrays(columns[1:], list(self.features)))


def how_many(files: Iterable[Path]) -> int:
    """How many partitions the rows in these files need."""
    size = sum(file.stat().st_size for file in files)
    return min(1 + size // FILE_BYTES, MOST_FILES)


def divide(
    batches: Iterable[pa.RecordBatch],
    identifiers: Sequence[str],
    digits: int | None,
    folder: Path,
    count: int,
    where: str,
) -> Divided:
    """Write batches in flat form into `count` partitions. `where` says for messages what the rows are."""
    import numpy as np
    import pyarrow as pa

    folder.mkdir(parents=True)
    features: dict[str, pa.DataType] = {}
    without = 0
    with ExitStack() as open_files:
        writers: dict[int, Any] = {}
        for flat in batches:
            batch = to_feature_form(flat)
            features = features or {field.name: field.type for field in batch.schema}
            _check(identifiers, features, where)
            complete = _has_all(batch, identifiers)
            without += batch.num_rows - int(complete.sum())
            batch = batch.filter(pa.array(complete))
            keys = keys_of(batch, identifiers, digits)
            owners = np.array([crc32(key) % count for key in keys], np.int64)
            # By position, because a feature may have any name.
            whole = pa.RecordBatch.from_arrays(
                [pa.array(keys, pa.large_binary()), *batch.columns],
                [str(i) for i in range(batch.num_columns + 1)],
            )
            for owner in np.unique(owners):
                if owner not in writers:
                    options = pa.ipc.IpcWriteOptions(compression="lz4")
                    file = open_files.enter_context(open(folder / f"{owner}.arrow", "wb"))
                    writer = pa.ipc.new_stream(file, whole.schema, options=options)
                    writers[owner] = open_files.enter_context(writer)
                writers[owner].write_batch(whole.filter(pa.array(owners == owner)))
    return Divided(folder, features, without)


def keys_of(batch: pa.RecordBatch, identifiers: Sequence[str], digits: int | None) -> list[bytes]:
    """The identifiers of each row in one text, equal exactly if all of them are."""
    import pyarrow as pa

    columns = [tidy_floats(batch[name], digits) for name in identifiers]
    return encode(pa.RecordBatch.from_arrays(columns, list(identifiers))) if batch.num_rows else []


def tidy_floats(column: pa.Array, digits: int | None) -> pa.Array:
    """Floats rounded, if that is asked for, and one form of what is equal: 0 for -0, one NaN. Others as they are."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type != pa.large_list(pa.float32()):
        return column
    values = column.flatten().to_numpy(zero_copy_only=False)
    if digits is not None and digits <= MOST_DIGITS:
        values = np.round(values.astype(np.float64), digits).astype(np.float32)
    values = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0))
    offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(column).fill_null(0).to_numpy())])
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(values, pa.float32()))


def _check(identifiers: Sequence[str], features: dict[str, pa.DataType], where: str) -> None:
    for name in identifiers:
        if name not in features:
            raise BadInput(
                f"identifier_features names {name!r}, but {where} have no such feature. {did_you_mean(name, features)}"
            )


def _has_all(batch: pa.RecordBatch, identifiers: Sequence[str]) -> Any:
    """For each row whether it has a value of every identifier."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    complete = np.ones(batch.num_rows, bool)
    for name in identifiers:
        column = batch[name]
        if pa.types.is_null(column.type):
            return np.zeros(batch.num_rows, bool)
        complete &= pc.list_value_length(column).fill_null(0).to_numpy() > 0
    return complete
