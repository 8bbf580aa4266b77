"""The two forms that a batch of examples takes, and the ways between them.

Flat form, for people, pandas and scikit-learn: a column is int64, float32, string or binary with nulls, or a
list of one of these where a row may hold several values. A column without any value has Arrow's null type.

Feature form, for TFX's libraries: every column is large_list<int64 | float | large_binary>, exactly what
tfx_bsl's readers give. A null of the flat form is an empty list there, because that is how TFX's
CsvExampleGen stores it: TFDV then computes the same statistics. A null list stays what it is, a feature
that the row lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


def to_flat_form(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Columns of other Arrow types as the nearest of the flat form: double as float32, bool as int64, …"""
    import pyarrow as pa

    if not batch.num_columns:
        return batch  # Arrow would forget how many rows it has
    columns = [
        _cast(name, column, flat_type(name, column.type))
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def to_feature_form(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of either form in feature form."""
    import pyarrow as pa

    if not batch.num_columns:
        return batch  # Arrow would forget how many rows it has
    columns = [
        _as_feature(name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def flat_type(name: str, kind: pa.DataType) -> pa.DataType:
    """The flat form's type for a column of any Arrow type. BadInput if a tf.Example could not hold it."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_list(kind) or is_a.is_large_list(kind):
        element = flat_type(name, kind.value_type)
        if not is_a.is_list(element):
            return pa.list_(element)
    elif is_a.is_dictionary(kind):
        return flat_type(name, kind.value_type)
    elif is_a.is_integer(kind) or is_a.is_boolean(kind):
        return pa.int64()
    elif is_a.is_floating(kind):
        return pa.float32()
    elif is_a.is_string(kind) or is_a.is_large_string(kind):
        return pa.string()
    elif is_a.is_binary(kind) or is_a.is_large_binary(kind) or is_a.is_fixed_size_binary(kind):
        return pa.binary()
    elif is_a.is_null(kind):
        return kind
    raise BadInput(
        f"Column {name!r} has the type {kind}, which examples cannot hold. "
        "Convert it to integers, floats, strings, bytes, or a list of one of these"
    )


def flatten(batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    """A batch of feature form in flat form, with the columns and types of `wanted`."""
    import pyarrow as pa

    columns = []
    for field in wanted:
        index = batch.schema.get_field_index(field.name)
        if index < 0 or pa.types.is_null(batch.column(index).type):
            columns.append(pa.nulls(batch.num_rows, field.type))
        elif pa.types.is_list(field.type):
            columns.append(_cast(field.name, batch.column(index), field.type))
        else:
            columns.append(_first_values(batch.column(index)).cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def _as_feature(name: str, column: pa.Array) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    flat = _cast(name, column, flat_type(name, column.type))
    if pa.types.is_null(flat.type):
        return flat
    if pa.types.is_list(flat.type):
        if pa.types.is_null(flat.type.value_type):
            return pa.nulls(len(flat))
        return flat.cast(pa.large_list(_feature_value(flat.type.value_type)))
    offsets = np.zeros(len(flat) + 1, np.int64)
    np.cumsum(flat.is_valid().to_numpy(zero_copy_only=False), out=offsets[1:])
    values = flat.drop_null() if flat.null_count else flat
    return pa.LargeListArray.from_arrays(offsets, values.cast(_feature_value(flat.type)))


def _feature_value(flat: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.large_binary() if pa.types.is_string(flat) or pa.types.is_binary(flat) else flat


def _first_values(lists: pa.Array) -> pa.Array:
    """The one value of each list, or null."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(lists).fill_null(0).to_numpy()
    values = lists.flatten()
    if len(values) == len(lists) and (lengths == 1).all():
        return values
    return values.take(pa.array(np.cumsum(lengths) - lengths, mask=lengths == 0))


def _cast(name: str, column: pa.Array, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if column.type == kind:
        return column
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as e:
        raise BadInput(f"Column {name!r} of type {column.type} does not fit into {kind}: {e}") from e
