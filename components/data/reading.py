"""Reading a split of `Examples` as record batches or as serialised tf.Examples, however it is stored.

Nothing here holds more than a few batches in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data.discovery import discover
from millwork.components.data.forms import flatten, to_feature_form, to_flat_form
from millwork.components.data.tf_example import decode, encode
from millwork.components.data.tfrecord import read_records
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "batches",
    "feature_batches",
    "flat_schema",
    "serialized_batches",
    "split_files",
    "to_feature_form",
    "to_flat_form",
]

ROWS = 65_536
"""Rows in a batch: TFDV is three to four times faster with this many than with a thousand."""


def batches(
    examples: Examples, split: str, *, columns: Sequence[str] | None = None, rows: int = ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of a split in flat form, all batches with one schema. A split without rows has no batches.

    Parquet gives the columns in their own order, TFRecord in the order of their names, unless `columns` says
    which and in what order. TFRecord does not say which bytes are text and which features hold several
    values, so the split is read twice: to find out, then for the rows.
    """
    import pyarrow as pa

    if examples.file_format == PARQUET:
        for batch in _parquet(examples, split, columns, rows):
            yield to_flat_form(batch)
        return
    schema = flat_schema(examples, split)
    if columns is not None and schema.names:
        _check_columns(columns, schema.names, examples, split)
        schema = pa.schema([schema.field(name) for name in columns])
    for records in serialized_batches(examples, split, rows=rows):
        yield flatten(decode(records), schema)


def feature_batches(
    examples: Examples, split: str, *, columns: Sequence[str] | None = None, rows: int = ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of a split in feature form, as tfx_bsl gives them to TFDV and TFT.

    From TFRecord a batch has the features that occur in it; with `columns`, one that does not occur in this
    batch has Arrow's null type.
    """
    if examples.file_format == PARQUET:
        for batch in _parquet(examples, split, columns, rows):
            yield to_feature_form(batch)
        return
    seen: set[str] = set()
    for records in serialized_batches(examples, split, rows=rows):
        batch = decode(records)
        seen.update(batch.schema.names)
        yield batch if columns is None else _select(batch, columns)
    if columns is not None and seen:
        _check_columns(columns, seen, examples, split)


def serialized_batches(examples: Examples, split: str, *, rows: int = 4_096) -> Iterator[list[bytes]]:
    """The rows of a split as serialised tf.Examples."""
    if examples.file_format == PARQUET:
        for batch in _parquet(examples, split, None, rows):
            yield encode(batch)
        return
    for path in split_files(examples, split):
        yield from read_records(path, rows)


def flat_schema(examples: Examples, split: str) -> pa.Schema:
    """Names and types of the columns in flat form. From TFRecord this reads the whole split."""
    import pyarrow.parquet as pq

    files = split_files(examples, split)
    if examples.file_format == PARQUET:
        return to_flat_form(_empty_batch(pq.read_schema(files[0]))).schema
    return discover(decode(records) for records in serialized_batches(examples, split, rows=ROWS))


def split_files(examples: Examples, split: str) -> list[Path]:
    """The data files of a split, in the order of their names. BadInput if there is none."""
    if examples.file_format not in (PARQUET, TFRECORD):
        raise BadInput(
            f"The examples at {examples.uri!r} have the file format {examples.file_format!r}. "
            f"Only {PARQUET!r} and {TFRECORD!r} can be read"
        )
    folder = examples.split(split)
    files = sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith((".", "_")))
    if not files:
        raise BadInput(f"Split {split!r} has no files: {folder} is empty or not there")
    return files


def _parquet(
    examples: Examples, split: str, columns: Sequence[str] | None, rows: int
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in split_files(examples, split):
        try:
            file = pq.ParquetFile(path)
            if columns is not None:
                _check_columns(columns, file.schema_arrow.names, examples, split)
            for batch in file.iter_batches(rows, columns=columns and list(columns)):
                yield batch if columns is None else _select(batch, columns)
        except (pa.ArrowInvalid, OSError) as e:
            raise BadInput(f"{path} is not a Parquet file, or it is damaged: {e}") from e


def _select(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    places = [batch.schema.get_field_index(name) for name in columns]
    chosen = [pa.nulls(batch.num_rows) if place < 0 else batch.column(place) for place in places]
    return pa.RecordBatch.from_arrays(chosen, list(columns))


def _check_columns(columns: Sequence[str], known: Iterable[str], examples: Examples, split: str) -> None:
    known = list(known)
    for name in columns:
        if name not in known:
            raise BadInput(
                f"Split {split!r} of the examples at {examples.uri!r} has no column {name!r}. "
                f"{did_you_mean(name, known)}"
            )


def _empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
