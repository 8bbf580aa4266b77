"""Reading Parquet files that other programs have written, also those of a dataset in folders such as `year=2024/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from millwork.components.data.arrow_table import ROWS
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark call the folder of the rows in which the column is missing."""


@dataclass(frozen=True)
class ParquetSource:
    """One Parquet file. What the names of its folders say is the same in each row."""

    path: Path
    partition: Mapping[str, pa.Scalar]

    @cached_property
    def schema(self) -> pa.Schema:
        import pyarrow as pa

        with self._opened() as file:
            schema = file.schema_arrow.remove_metadata()
        added = [(name, value.type) for name, value in self.partition.items() if name not in schema.names]
        return pa.schema([*schema, *(pa.field(*field) for field in added)])

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        with self._opened() as file:
            stored = file.schema_arrow.names
            wanted = [name for name in columns if name in stored]
            # Of a file without wanted columns one is read all the same: it tells how many rows there are.
            for batch in file.iter_batches(ROWS, columns=wanted or stored[:1]):
                arrays = [
                    batch.column(batch.schema.get_field_index(name))
                    if name in wanted
                    else pa.repeat(self.partition[name], batch.num_rows)
                    for name in columns
                ]
                yield _batch(arrays, columns, batch.num_rows)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pa.OSFile(str(self.path)) as file:
                yield pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as e:
            raise BadInput(f"{self.path} is not a Parquet file, or it is damaged: {e}") from e


def parquet_sources(base: Path, paths: Sequence[Path]) -> dict[Path, ParquetSource]:
    """The files, with what the folders between `base` and them say: an int if each value of a key is one."""
    import pyarrow as pa

    told = {path: _keys(base, path) for path in paths}
    texts: dict[str, list[str | None]] = {}
    for keys in told.values():
        for name, text in keys.items():
            texts.setdefault(name, []).append(text)
    kinds = {name: pa.int64() if _are_integers(found) else pa.string() for name, found in texts.items()}

    def value(name: str, text: str | None) -> pa.Scalar:
        is_number = text is not None and kinds[name] == pa.int64()
        return pa.scalar(int(text) if is_number and text else text, kinds[name])

    return {
        path: ParquetSource(path, {name: value(name, text) for name, text in keys.items()})
        for path, keys in told.items()
    }


def _keys(base: Path, path: Path) -> dict[str, str | None]:
    folders = path.relative_to(base).parts[:-1] if path.is_relative_to(base) else ()
    pairs = [folder.split("=", 1) for folder in folders if "=" in folder.strip("=")]
    return {unquote(name): None if value == NO_VALUE else unquote(value) for name, value in pairs}


def _are_integers(texts: Sequence[str | None]) -> bool:
    try:
        return all(abs(int(text)) < 2**63 for text in texts if text is not None)
    except ValueError:
        return False


def _batch(arrays: Sequence[pa.Array], names: Sequence[str], rows: int) -> pa.RecordBatch:
    import pyarrow as pa

    if names:
        return pa.RecordBatch.from_arrays(list(arrays), list(names))
    return pa.RecordBatch.from_arrays([pa.nulls(rows)], [""])  # Arrow would forget how many rows it has
