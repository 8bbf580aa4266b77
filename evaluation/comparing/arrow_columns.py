"""Columns of several files or batches as one, in the few types that comparing needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def joined(parts: Sequence[pa.Array | pa.ChunkedArray]) -> pa.Array:
    """One column of all of them, one part at least. Where types differ, they become `alike`."""
    import pyarrow as pa

    chunks = [chunk for part in parts for chunk in getattr(part, "chunks", [part]) if len(chunk)]
    if not chunks:
        return plain(pa.array([], parts[0].type))
    chunks = alike(chunks)
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)


def alike(columns: Sequence[pa.Array]) -> list[pa.Array]:
    """The same columns, of one type: numbers of several types become float64, everything else that differs text."""
    import pyarrow as pa

    columns = [plain(column) for column in columns]
    kinds = {column.type for column in columns if not pa.types.is_null(column.type)}
    if not kinds:
        return columns
    common = pa.float64() if all(map(_is_number, kinds)) else pa.string()
    common = common if len(kinds) > 1 else kinds.pop()
    return [column.cast(common, safe=not pa.types.is_floating(common)) for column in columns]


def plain(column: pa.Array) -> pa.Array:
    """Without dictionaries; bytes, decimals and large text as the types that everybody knows."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(column.dictionary_decode())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _text(column)
    if pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_float16(kind) or pa.types.is_decimal(kind):
        return pa.array(column.to_pandas().astype("float64"), from_pandas=True)
    return column


def floats(column: pa.Array) -> NDArray[Any]:
    """Numbers as float64, a missing one being NaN. Integers beyond 2^53 are rounded."""
    import pyarrow as pa

    numbers: NDArray[Any] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def is_number(column: pa.Array) -> bool:
    """Whether it holds integers, floats or booleans."""
    import pyarrow as pa

    return bool(_is_number(column.type) or pa.types.is_boolean(column.type))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _text(column: pa.Array) -> pa.Array:
    """Bytes as text, with a mark where they are none."""
    import pyarrow as pa

    try:
        return column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8
        decoded = [
            None if value is None else value.decode("utf-8", "replace") for value in column.to_pylist()
        ]
        return pa.array(decoded, pa.string())
