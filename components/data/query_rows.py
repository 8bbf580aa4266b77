"""Rows of a query as record batches: Python's values become columns, whose types are known once all rows were seen.

A database's driver gives Python objects and not always types, and the first thousand rows of a column may be NULL. So
the rows are kept on disk in the types of their own batch; then each column gets the type that holds them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from millwork.components.data.arrow_values import flat_values
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["int", "float", "string", "bytes"]


class RowStore:
    """Batches of rows on disk, each with its own types. The file has no name: it is gone when this is closed."""

    def __init__(self, folder: Path) -> None:
        import tempfile

        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - __exit__ closes it
        self._batches = 0
        self.types: dict[str, pa.DataType] = {}
        """The columns of all batches together."""

    def write(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Append rows. BadInput if a value cannot be part of an example, or does not go with those before it."""
        import pyarrow as pa

        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        batch = pa.RecordBatch.from_arrays(list(map(column_of, names, columns)), list(names))
        for name, column in zip(names, batch.columns, strict=True):
            self.types[name] = common_type(name, self.types.get(name, pa.null()), column.type)
        with pa.ipc.new_stream(
            self._file, batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")
        ) as stream:
            stream.write_batch(batch)
        self._batches += 1

    def batches(self, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        """All rows, in these types."""
        import pyarrow as pa

        self._file.seek(0)
        for _ in range(self._batches):
            (batch,) = list(pa.ipc.open_stream(self._file))
            columns = [converted(name, batch.column(name), kind) for name, kind in types.items()]
            yield pa.RecordBatch.from_arrays(columns, list(types))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def column_of(name: str, values: Sequence[Any]) -> pa.Array:
    """Values of one column in flat form, as arrow_values.py says what they mean; None is null. JSON objects are text.

    A driver's decimals have no digits after the point if none of the column's has.
    """
    import pyarrow as pa

    try:
        found = _inferred(name, values)
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
        TypeError,
        ValueError,
    ) as e:
        kinds = " and ".join(sorted({type(value).__name__ for value in values if value is not None}))
        raise BadInput(
            f"Column {name!r} has values ({kinds}) that no example can hold: {e}. Convert them in the query, such as "
            f"with CAST({name} AS ...)"
        ) from e
    return found


def common_type(name: str, known: pa.DataType, new: pa.DataType) -> pa.DataType:
    """The type that holds both: integers and floats together are floats."""
    import pyarrow as pa

    if known == new or pa.types.is_null(new):
        return known
    if pa.types.is_null(known):
        return new
    if pa.types.is_list(known) and pa.types.is_list(new):
        return pa.list_(common_type(name, known.value_type, new.value_type))
    if {known, new} == {pa.int64(), pa.float32()}:
        return pa.float32()
    raise BadInput(
        f"Column {name!r} is {known} in some rows and {new} in others. Convert it in the query, such as with "
        f"CAST({name} AS ...)"
    )


def declared(kind: ColumnType) -> pa.DataType:
    """What the user calls a type."""
    import pyarrow as pa

    return {"int": pa.int64(), "float": pa.float32(), "string": pa.string(), "bytes": pa.binary()}[kind]


def converted(name: str, column: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column in another type. BadInput if a value does not fit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if pa.types.is_integer(_element(column.type)) and pa.types.is_floating(_element(kind)):
            return pc.cast(column, kind, safe=False)  # large numbers are rounded, as all floats are
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as e:
        raise BadInput(f"Column {name!r}, whose values are {column.type}, cannot become {kind}: {e}") from e


def _element(kind: pa.DataType) -> pa.DataType:
    """The type of the values, also where a row has several."""
    import pyarrow as pa

    return kind.value_type if pa.types.is_list(kind) else kind


def _inferred(name: str, values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        found = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        found = pa.array([_plain(value) for value in values])
    if _has_objects(found.type):
        found = pa.array([_as_json(value) for value in values])
    return flat_values(name, found)


def _plain(value: Any) -> Any:
    """What Arrow does not know in a form that it does."""
    from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
    from uuid import UUID

    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    addresses = IPv4Address | IPv4Interface | IPv4Network | IPv6Address | IPv6Interface | IPv6Network
    if isinstance(value, UUID | addresses):
        return str(value)
    if isinstance(value, Decimal):  # Arrow's have neither NaN nor more than 76 digits
        exponent = value.as_tuple().exponent
        return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
    if isinstance(value, dict):
        return _as_json(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _has_objects(kind: pa.DataType) -> bool:
    """Whether values are JSON objects, or lists of objects or of lists."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        return pa.types.is_list(kind.value_type) or _has_objects(kind.value_type)
    return bool(pa.types.is_struct(kind))


def _as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
