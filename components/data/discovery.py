"""Finding out what columns a split of serialised tf.Examples has: the records themselves do not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


def discover(batches: Iterable[pa.RecordBatch]) -> pa.Schema:
    """The flat form's schema that fits every one of these batches of feature form, in the order of the names.

    A feature is a list if any row holds more than one value. Bytes are text if all of them are valid UTF-8.
    """
    import pyarrow as pa

    found: dict[str, pa.DataType] = {}
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            found[name] = widest(name, found.get(name, pa.null()), _flat_type(column))
    return pa.schema(sorted(found.items()))


def _flat_type(column: pa.Array) -> pa.DataType:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(column.type):
        return column.type
    kind = column.type.value_type
    if pa.types.is_large_binary(kind):
        kind = pa.string() if _is_text(column.flatten()) else pa.binary()
    longest = pc.max(pc.list_value_length(column)).as_py() or 0
    return pa.list_(kind) if longest > 1 else kind


def _is_text(values: pa.Array) -> bool:
    import pyarrow as pa

    try:
        values.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def widest(name: str, known: pa.DataType, new: pa.DataType) -> pa.DataType:
    """The type that holds the values of both."""
    import pyarrow as pa

    if known == new or pa.types.is_null(new):
        return known
    if pa.types.is_null(known):
        return new
    elements = {kind.value_type if pa.types.is_list(kind) else kind for kind in (known, new)}
    if elements == {pa.string(), pa.binary()}:
        elements = {pa.binary()}
    if len(elements) > 1:
        raise BadInput(
            f"Feature {name!r} holds {' in some examples and '.join(sorted(map(str, elements)))} in others. "
            "Write it with one type"
        )
    (element,) = elements
    return pa.list_(element) if pa.types.is_list(known) or pa.types.is_list(new) else element
