"""Reading a split of `Examples` as record batches or as serialised tf.Examples, however it is stored.

Where `examples` may be several artifacts, such as one for each span, their rows come in the order of the artifacts.
Nothing here holds more than a few batches in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data import payloads
from millwork.components.data.discovery import discover, widest
from millwork.components.data.forms import flatten, to_feature_form, to_flat_form
from millwork.components.data.tf_example import decode, decode_sequences, encode
from millwork.components.data.tfrecord import read_records
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    OneOrMore = Examples | Sequence[Examples]

__all__ = [
    "batches",
    "conformed",
    "each",
    "feature_batches",
    "flat_schema",
    "newest",
    "payload_of",
    "serialized_batches",
    "split_files",
    "to_feature_form",
    "to_flat_form",
]

SCHEMA_TYPES = {"int64": "INT", "float": "FLOAT", "large_binary": "BYTES"}
"""What a schema calls the Arrow types of the feature form."""
ROWS = 65_536
"""Rows in a batch: TFDV is three to four times faster with this many than with a thousand."""


def each(examples: OneOrMore) -> tuple[Examples, ...]:
    """The artifacts. BadInput if there are none, or if they do not have the same splits."""
    if isinstance(examples, Examples):
        return (examples,)
    if not examples:
        raise BadInput("There are no examples: the list of them is empty")
    first = examples[0]
    for other in examples:
        if set(other.split_names) != set(first.split_names):
            raise BadInput(
                "Examples that are read together must have the same splits, but "
                + " and ".join(f"{e.uri!r} has {', '.join(e.split_names) or 'none'}" for e in (first, other))
            )
    return tuple(examples)


def payload_of(examples: OneOrMore, understood: Collection[str] = (payloads.TF_EXAMPLE,)) -> str:
    """What the records of all parts are. BadInput if they differ, or if it is nothing that the caller understands."""
    first, *_ = parts = each(examples)
    for part in parts:
        if part.payload_format not in understood:
            raise BadInput(
                f"The examples at {part.uri!r} are {payloads.said(part.payload_format)}, and this component reads only "
                f"{' and '.join(map(payloads.said, understood))}. A Trainer's run_fn can read them with "
                "fn_args.data_accessor"
            )
        if part.payload_format != first.payload_format:
            raise BadInput(
                f"Examples that are read together must be of one kind, but {first.uri!r} holds "
                f"{payloads.said(first.payload_format)}, and {part.uri!r} {payloads.said(part.payload_format)}"
            )
    return first.payload_format


def newest(examples: OneOrMore) -> Examples:
    """The artifact of the latest span, and of the latest version of it: what is made of all takes these from it."""
    return max(each(examples), key=lambda one: (one.span, one.version))


def batches(
    examples: OneOrMore, split: str, *, columns: Sequence[str] | None = None, rows: int = ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of a split in flat form, all batches with one schema. A split without rows has no batches.

    Parquet gives the columns in their own order, TFRecord in the order of their names, unless `columns` says
    which and in what order. TFRecord does not say which bytes are text and which features hold several
    values, so the split is read twice: to find out, then for the rows.
    """
    import pyarrow as pa

    parts = each(examples)
    if len(parts) == 1 and parts[0].file_format == PARQUET:
        _check_parquet(parts, split, columns)
        for path in split_files(examples, split):
            yield from map(to_flat_form, _parquet(path, columns, rows))
        return
    schema = flat_schema(examples, split)
    if columns is not None and schema.names:
        _check_columns(columns, schema.names, parts, split)
        schema = pa.schema([schema.field(name) for name in columns])
    for batch in feature_batches(examples, split, columns=schema.names, rows=rows):
        yield flatten(batch, schema)


def feature_batches(
    examples: OneOrMore,
    split: str,
    *,
    columns: Sequence[str] | None = None,
    rows: int = ROWS,
    only: Path | None = None,
    understood: Collection[str] = (payloads.TF_EXAMPLE,),
) -> Iterator[pa.RecordBatch]:
    """The rows of a split, or of one of its files, in feature form, as tfx_bsl gives them to TFDV and TFT.

    From TFRecord a batch has the features that occur in it. With `columns`, one that does not occur in this
    batch has Arrow's null type. `understood` are the payload formats that the caller can do with: of
    tf.SequenceExamples the steps are in a struct `##SEQUENCE##`.
    """
    parts = each(examples)
    payload = payload_of(parts, understood)
    seen = set(_check_parquet(parts, split, columns))
    found = False
    for form, path in _files(parts, split):
        if only is not None and path != only:
            continue
        for batch in (
            map(to_feature_form, _parquet(path, columns, rows))
            if form == PARQUET
            else _decoded(path, rows, payload)
        ):
            found = True
            seen.update(batch.schema.names)
            yield batch if columns is None else _select(batch, columns)
    if columns is not None and found and only is None:
        _check_columns(columns, seen, parts, split)


def serialized_batches(examples: OneOrMore, split: str, *, rows: int = 4_096) -> Iterator[list[bytes]]:
    """The rows of a split as serialised tf.Examples."""
    parts = each(examples)
    payload_of(parts)
    _check_parquet(parts, split, None)
    for form, path in _files(parts, split):
        yield from map(encode, _parquet(path, None, rows)) if form == PARQUET else read_records(path, rows)


def conformed(batch: pa.RecordBatch, wanted: pa.Schema, where: str) -> pa.RecordBatch:
    """A batch in feature form with exactly these columns; one that is not there is missing in each row.

    BadInput if a column is of another type. `where` says for the message what the batch is part of.
    """
    import pyarrow as pa

    columns = []
    for field in wanted:
        place = batch.schema.get_field_index(field.name)
        if place < 0 or pa.types.is_null(batch.column(place).type):
            columns.append(pa.nulls(batch.num_rows, field.type))
            continue
        column = batch.column(place)
        if column.type != field.type:
            found, said = (SCHEMA_TYPES[str(kind.value_type)] for kind in (column.type, field.type))
            raise BadInput(
                f"Feature {field.name!r} is {found} in {where}, but the schema says {said}. Make the schema from "
                "statistics of these examples, or convert the column"
            )
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def flat_schema(examples: OneOrMore, split: str) -> pa.Schema:
    """Names and types of the columns in flat form. From TFRecord this reads the whole split."""
    import pyarrow as pa

    found: dict[str, pa.DataType] = {}
    for part in each(examples):
        for field in _flat_schema(part, split):
            found[field.name] = widest(field.name, found.get(field.name, pa.null()), field.type)
    return pa.schema(list(found.items()))


def split_files(examples: OneOrMore, split: str) -> list[Path]:
    """The data files of a split, in the order of their names. BadInput if there is none."""
    return [path for _, path in _files(each(examples), split)]


def _files(parts: Sequence[Examples], split: str) -> list[tuple[str, Path]]:
    """The format and the path of each."""
    found = []
    for part in parts:
        if part.file_format not in (PARQUET, TFRECORD):
            raise BadInput(
                f"The examples at {part.uri!r} have the file format {part.file_format!r}. "
                f"Only {PARQUET!r} and {TFRECORD!r} can be read"
            )
        folder = part.split(split)
        files = sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith((".", "_")))
        if not files:
            raise BadInput(f"Split {split!r} has no files: {folder} is empty or not there")
        found += [(part.file_format, file) for file in files]
    return found


def _flat_schema(part: Examples, split: str) -> pa.Schema:
    import pyarrow.parquet as pq

    if part.file_format == PARQUET:
        return to_flat_form(_empty_batch(pq.read_schema(split_files(part, split)[0]))).schema
    payload = payload_of(part)
    return discover(batch for path in split_files(part, split) for batch in _decoded(path, ROWS, payload))


def _check_parquet(parts: Sequence[Examples], split: str, columns: Sequence[str] | None) -> list[str]:
    """The columns of the parts that are Parquet, which say so beforehand. BadInput if parts disagree about a type, or
    if one of `columns` is nowhere."""
    parquet = [part for part in parts if part.file_format == PARQUET]
    if not parquet or (columns is None and len(parts) == 1):
        return []
    names: list[str] = flat_schema(parquet, split).names
    if columns is not None and len(parquet) == len(parts):
        _check_columns(columns, names, parts, split)
    return names


def _parquet(path: Path, columns: Sequence[str] | None, rows: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        stored = columns and [name for name in columns if name in file.schema_arrow.names]
        for batch in file.iter_batches(rows, columns=stored):
            yield batch if columns is None else _select(batch, columns)
    except (pa.ArrowInvalid, OSError) as e:
        raise BadInput(f"{path} is not a Parquet file, or it is damaged: {e}") from e


def _decoded(path: Path, rows: int, payload: str) -> Iterator[pa.RecordBatch]:
    decoded = decode_sequences if payload == payloads.TF_SEQUENCE_EXAMPLE else decode
    return map(decoded, read_records(path, rows))


def _select(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    places = [batch.schema.get_field_index(name) for name in columns]
    chosen = [pa.nulls(batch.num_rows) if place < 0 else batch.column(place) for place in places]
    return pa.RecordBatch.from_arrays(chosen, list(columns))


def _check_columns(
    columns: Sequence[str], known: Iterable[str], parts: Sequence[Examples], split: str
) -> None:
    known = list(known)
    where = " and ".join(repr(part.uri) for part in parts)
    for name in columns:
        if name not in known:
            raise BadInput(
                f"Split {split!r} of the examples at {where} has no column {name!r}. {did_you_mean(name, known)}"
            )


def _empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
