"""Reading Avro files as record batches."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 16_384
"""Rows that are Python objects at once, which take many times their size."""

PROMOTED = ("int", "long", "float", "double")
"""A union of some of these is the last of them, as Avro resolves schemas."""


@dataclass(frozen=True)
class AvroSource:
    """One Avro container file."""

    path: Path

    @cached_property
    def schema(self) -> pa.Schema:
        import pyarrow as pa

        with self._records() as reader:
            described = reader.writer_schema
        if not (isinstance(described, Mapping) and described.get("type") == "record"):
            raise BadInput(
                f"{self.path} holds no records but {_short(described)}, which have no names. Write records: their "
                "fields are the columns"
            )
        names = _named_types(described)
        return pa.schema([self._field(field, names) for field in described["fields"]])

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        types = {name: self.schema.field(name).type for name in columns}
        with self._records() as reader:
            while records := list(islice(reader, ROWS)):
                if not types:
                    yield pa.RecordBatch.from_arrays([pa.nulls(len(records))], [""])
                    continue
                arrays = [self._array(name, kind, records) for name, kind in types.items()]
                yield pa.RecordBatch.from_arrays(arrays, list(types))

    @contextmanager
    def _records(self) -> Iterator[Any]:
        import fastavro

        damage = (ValueError, EOFError, OSError, LookupError, zlib.error, struct.error)
        try:
            with open(self.path, "rb") as file:
                yield fastavro.reader(file)
        except (*damage, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType) as e:
            raise BadInput(f"{self.path} cannot be read as Avro: {e or type(e).__name__}") from e

    def _field(self, field: Mapping[str, Any], names: Mapping[str, Any]) -> pa.Field:
        import pyarrow as pa

        try:
            return pa.field(field["name"], arrow_type(field["type"], names))
        except _NoColumn as e:
            # The column may be left out, so it is refused later, where a column is chosen.
            return pa.field(field["name"], pa.struct([(str(e), pa.null())]))

    def _array(self, name: str, kind: pa.DataType, records: Sequence[Mapping[str, Any]]) -> pa.Array:
        import pyarrow as pa

        values = [record[name] for record in records]
        if pa.types.is_string(kind) and any(isinstance(value, UUID) for value in values):
            values = [None if value is None else str(value) for value in values]
        try:
            return pa.array(values, kind)
        except (pa.ArrowException, TypeError) as e:
            raise BadInput(f"{self.path}: column {name!r}: {e}") from e


class _NoColumn(Exception):
    """A schema that no column has; the text says what it is."""


def _named_types(schema: Any) -> dict[str, Any]:
    """The types with names, by name, wherever in a schema they are defined: it may use them again elsewhere."""
    if isinstance(schema, list):
        parts = schema
    elif isinstance(schema, Mapping):
        parts = [schema[key] for key in ("type", "items", "values") if key in schema]
        parts += [field["type"] for field in schema.get("fields", ())]
    else:
        return {}
    found = {schema["name"]: schema} if isinstance(schema, Mapping) and "name" in schema else {}
    for part in parts:
        found |= _named_types(part)
    return found


def arrow_type(schema: Any, names: Mapping[str, Any]) -> pa.DataType:
    """The Arrow type of an Avro schema. `names` are the types with names."""
    import pyarrow as pa

    if isinstance(schema, list):
        return _union(schema, names)
    if isinstance(schema, str):
        return arrow_type(names[schema], names) if schema in names else _primitive(schema)
    kind = schema["type"]
    if logical := _logical(schema):
        return logical
    if kind == "array":
        return pa.list_(arrow_type(schema["items"], names))
    if kind == "fixed":
        return pa.binary(schema["size"])
    if kind == "enum":
        return pa.string()
    if kind in ("record", "error", "map"):
        raise _NoColumn(f"Avro {kind}")
    return arrow_type(kind, names)


def _primitive(name: str) -> pa.DataType:
    import pyarrow as pa

    return {
        "null": pa.null(),
        "boolean": pa.bool_(),
        "int": pa.int64(),
        "long": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "bytes": pa.binary(),
        "string": pa.string(),
    }[name]


def _union(members: Sequence[Any], names: Mapping[str, Any]) -> pa.DataType:
    import pyarrow as pa

    some = [member for member in members if member != "null"]
    if len(some) > 1 and all(member in PROMOTED for member in some):
        return _primitive(max(some, key=PROMOTED.index))
    types = [arrow_type(member, names) for member in some]
    if not types:
        return pa.null()
    if any(kind != types[0] for kind in types):
        raise _NoColumn(f"Avro union of {' and '.join(map(_short, some))}")
    return types[0]


def _logical(schema: Mapping[str, Any]) -> pa.DataType | None:
    """The type of what fastavro makes of an annotated type; None if the annotation means nothing to it."""
    import pyarrow as pa

    annotation = schema.get("logicalType")
    if annotation == "decimal":
        precision, scale = schema["precision"], schema.get("scale", 0)
        return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
    if annotation == "duration":
        raise _NoColumn("Avro duration")
    return {
        "date": pa.date32(),
        "time-millis": pa.time64("us"),
        "time-micros": pa.time64("us"),
        "timestamp-millis": pa.timestamp("us", "UTC"),
        "timestamp-micros": pa.timestamp("us", "UTC"),
        "local-timestamp-millis": pa.timestamp("us"),
        "local-timestamp-micros": pa.timestamp("us"),
        "uuid": pa.string(),
    }.get(str(annotation))


def _short(schema: Any) -> str:
    return (
        schema
        if isinstance(schema, str)
        else str(schema["type"] if isinstance(schema, Mapping) else "a union")
    )
