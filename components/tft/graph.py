"""A finished transform graph, applied to record batches in this process and without Beam."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.forms import to_flat_form
from millwork.components.data.reading import ROWS
from millwork.components.tft.preprocessing import reason_of
from millwork.components.tft.raw_features import rows_for
from millwork.core.errors import BadInput, MillworkError

if TYPE_CHECKING:
    import pyarrow as pa
    from tfx_bsl.public.tfxio import TensorAdapterConfig

    from millwork.components.data.reading import OneOrMore

MOST_VALUES = 1 << 24
"""Values that one transformed batch may hold, all features together: 64 to 128 MiB of numbers."""


class LoadedTransform:
    """The graph of a `TransformGraph`, loaded once to transform any number of splits.

    `config` names the features to feed; transformed features that depend on others are left out.
    """

    def __init__(self, folder: Path, config: TensorAdapterConfig) -> None:
        import tensorflow_transform as tft
        from tensorflow_transform import impl_helper
        from tfx_bsl.public.tfxio import TensorAdapter

        output = tft.TFTransformOutput(str(folder))
        self.schema = output.transformed_metadata.schema
        self._config = config
        # Not the layer itself: in a call of it, Keras puts all rows into the message of an error.
        self._apply = output.transform_features_layer().call
        self._adapter = TensorAdapter(config)
        self._converter = impl_helper.make_tensor_to_arrow_converter(self.schema)
        kinds = self._converter.tensor_representations().values()
        dense = (kind.dense_tensor for kind in kinds if kind.HasField("dense_tensor"))
        self._widths = {d.column_name: prod(size.size for size in d.shape.dim) for d in dense}

    def batches(self, examples: OneOrMore, split: str, *, rows: int = ROWS) -> Iterator[pa.RecordBatch]:
        """The transformed rows of a split in feature form, at most `rows` at once and fewer if they are wide.

        They are, bit for bit, what TFT's TransformDataset gives on Beam: of a dense tensor its values in
        row-major order, of a sparse or ragged one the values that are there.
        """
        most = max(1, MOST_VALUES // max(1, sum(self._widths.values())))
        done = 0
        for batch in rows_for(self._config, examples, split, min(rows, most)):
            yield self._transformed(batch, f"rows {done} to {done + batch.num_rows - 1} of split {split!r}")
            done += batch.num_rows

    def _transformed(self, batch: pa.RecordBatch, where: str) -> pa.RecordBatch:
        import pyarrow as pa
        import tensorflow as tf

        try:
            tensors = dict(self._apply(self._adapter.ToBatchTensors(batch)))
        except tf.errors.OpError as e:
            raise BadInput(f"preprocessing_fn failed on {where}: {reason_of(e)}") from e
        for name, tensor in tensors.items():
            _check_rows(name, _rows(tensor), batch.num_rows, where)
        try:
            return self._converter.convert(tensors)
        except (TypeError, ValueError, AssertionError, pa.ArrowInvalid) as e:
            raise BadInput(f"What preprocessing_fn made of {where} cannot be stored: {e.args[-1]}") from e

    def flat(self, batch: pa.RecordBatch, binary: Collection[str] = ()) -> pa.RecordBatch:
        """A transformed batch in flat form: a feature with exactly one value in each row is a plain column.

        Strings are text but for the features in `binary`. NotText if another one should be among these.
        """
        import pyarrow as pa

        names = batch.schema.names
        columns = []
        for name, column in zip(names, batch.columns, strict=True):
            flat = column.flatten() if self._widths.get(name) == 1 else column
            columns.append(flat if name in binary else _as_text(name, flat))
        return to_flat_form(pa.RecordBatch.from_arrays(columns, names))

    def no_rows(self) -> pa.RecordBatch:
        """A transformed batch without rows: names and types of the columns."""
        import pyarrow as pa

        wanted = self._converter.arrow_schema()
        return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in wanted], schema=wanted)


class NotText(MillworkError):
    """A feature has bytes that are not UTF-8."""

    def __init__(self, feature: str) -> None:
        super().__init__(f"Feature {feature!r} has bytes that are not UTF-8 text")
        self.feature = feature


def _rows(tensor: Any) -> int:
    import tensorflow as tf

    if isinstance(tensor, tf.SparseTensor):
        return int(tensor.dense_shape[0])
    return int(tensor.nrows() if isinstance(tensor, tf.RaggedTensor) else tensor.shape[0])


def _check_rows(name: str, found: int, wanted: int, where: str) -> None:
    if found != wanted:
        raise BadInput(
            f"preprocessing_fn returned {name!r} with {found} rows for {where}, which are {wanted}. It must "
            "return a row for each row of its inputs: what it gets at once is an arbitrary part of the data. "
            "For a value over all rows use an analyzer such as tft.mean; leave rows out before Transform"
        )


def _as_text(name: str, column: pa.Array) -> pa.Array:
    import pyarrow as pa

    kind = column.type
    nested = pa.types.is_large_list(kind)
    if not pa.types.is_large_binary(kind.value_type if nested else kind):
        return column
    try:
        return column.cast(pa.large_list(pa.large_string()) if nested else pa.large_string())
    except pa.ArrowInvalid as e:
        raise NotText(name) from e
