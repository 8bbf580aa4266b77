"""Raw features as TFX types them: from a schema to tensors, and the rows of `Examples` in that form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from millwork.components.data.reading import ROWS, conformed, each, feature_batches, flat_schema
from millwork.core.artifacts import PARQUET
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    import tensorflow as tf
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tfx_bsl.public.tfxio import TensorAdapterConfig

    from millwork.components.data.reading import OneOrMore


def tensor_config(schema: Schema, names: Sequence[str] | None = None) -> TensorAdapterConfig:
    """The columns, and how TFX makes tensors of them, of all features of a schema or of those in `names`.

    A feature is dense if the schema fixes its shape and says that it is always there, else it is sparse, or
    what the schema's tensor representations say.
    """
    from tfx_bsl.public import tfxio

    if not schema.feature:
        raise BadInput("The schema has no features, so there is nothing to transform")
    source = tfxio.TFExampleBeamRecord(
        physical_format="inmem", telemetry_descriptors=["Transform"], schema=schema
    )
    try:
        return (source if names is None else source.Project(list(names))).TensorAdapterConfig()
    except ValueError as e:
        raise BadInput(f"The schema does not say how to make tensors of its features: {e}") from e


def tensor_specs(schema: Schema) -> dict[str, tf.TypeSpec]:
    """The type of the tensor that `preprocessing_fn` gets for each feature of a schema."""
    from tfx_bsl.public.tfxio import TensorAdapter

    specs: dict[str, tf.TypeSpec] = TensorAdapter(tensor_config(schema)).OriginalTypeSpecs()
    return specs


def rows_for(
    config: TensorAdapterConfig,
    examples: OneOrMore,
    split: str,
    rows: int = ROWS,
    only: Path | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a split, or of one of its files, in feature form, with exactly the columns that `config` wants.

    A column that the split does not have is missing in each row. BadInput if a column is of another type than
    the schema says, or if a row does not have as many values as a dense tensor needs.
    """
    import pyarrow as pa

    wanted = config.arrow_schema
    kinds = config.tensor_representations.values()
    dense = [kind.dense_tensor for kind in kinds if kind.HasField("dense_tensor")]
    where = f"split {split!r}" if only is None else f"file {only.name!r} of split {split!r}"
    stored = _stored_columns(wanted.names, examples, split)
    done = 0
    for batch in feature_batches(examples, split, columns=stored, rows=rows, only=only):
        whole = conformed(batch, wanted, where)
        columns = dict(zip(wanted.names, whole.columns, strict=True))
        for tensor in dense:
            columns[tensor.column_name] = _full(columns[tensor.column_name], tensor, where, done)
        done += batch.num_rows
        yield pa.RecordBatch.from_arrays(list(columns.values()), schema=wanted)


def _stored_columns(wanted: Sequence[str], examples: OneOrMore, split: str) -> list[str] | None:
    """The columns to read; None, that is all, from TFRecord, which does not say beforehand what it holds."""
    if any(part.file_format != PARQUET for part in each(examples)):
        return None
    stored = flat_schema(examples, split).names
    columns = [name for name in wanted if name in stored]
    if not columns:
        raise BadInput(
            f"preprocessing_fn needs the features {', '.join(wanted)}, and split {split!r} has none of them. "
            f"It has: {', '.join(stored)}"
        )
    return columns


def _full(column: pa.Array, tensor: Any, where: str, first_row: int) -> pa.Array:
    """The column, if each row has the number of values that a dense tensor needs.

    TFX compares only totals: a row with two values and one with none would pass, and shift the rest. Where the
    schema gives a default, no value becomes a null, because that is what TFX puts the default for.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    length = prod(size.size for size in tensor.shape.dim)
    found = pc.fill_null(pc.list_value_length(column), 0)
    fitting, missing = pc.equal(found, length), pc.equal(found, 0)
    if tensor.HasField("default_value"):
        fitting = pc.or_(fitting, missing)
        column = pc.if_else(missing, pa.scalar(None, column.type), column)
    if not pc.all(fitting).as_py():
        row = pc.index(fitting, False).as_py()
        raise BadInput(
            f"Row {first_row + row} of {where} (the first is 0) has {found[row].as_py()} values of "
            f"feature {tensor.column_name!r}, but the schema says that each row has {length}. "
            "ExampleValidator finds all such features. Fill the values in, or remove `shape` from the feature "
            "in the schema: preprocessing_fn gets a sparse tensor then"
        )
    return column
