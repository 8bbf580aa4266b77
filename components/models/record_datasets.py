"""Files of tf.SequenceExamples and of raw records as tensors and record batches for training.

Both are TFRecords. What tf.Examples become is in datasets.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from millwork.components.data.tf_example import decode_sequences
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa
    import tensorflow as tf
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tfx_bsl.tfxio.dataset_options import RecordBatchesOptions, TensorFlowDatasetOptions

RAW_COLUMN = "raw_record"


def sequence_dataset(
    file_pattern: Sequence[str] | str, options: TensorFlowDatasetOptions, schema: Schema | None = None
) -> tf.data.Dataset:
    """Batches of tf.SequenceExamples as a dict of tensors by name, context and steps together, as TFXIO gives them.

    The schema's tensor representations say what a tensor is; without them its types and shapes do.
    """
    from tfx_bsl.tfxio import tensor_representation_util as representations
    from tfx_bsl.tfxio.tf_sequence_example_record import TFSequenceExampleRecord

    if schema is None:
        raise BadInput(
            "A tf.data.Dataset of tf.SequenceExamples needs a schema, to know the shape of each tensor. Pass what "
            "fn_args.schema_path holds"
        )
    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    if not schema.tensor_representation_group:
        told = representations.InferTensorRepresentationsFromMixedSchema(schema)
        schema = type(schema).FromString(schema.SerializeToString())
        representations.SetTensorRepresentationsInSchema(schema, told)
    return TFSequenceExampleRecord(patterns, ["Trainer"], schema=schema).TensorFlowDataset(options)


def sequence_record_batches(
    file_pattern: Sequence[str] | str, options: RecordBatchesOptions, schema: Schema | None = None
) -> Iterator[pa.RecordBatch]:
    """tf.SequenceExamples: the context as features, the steps in a struct `##SEQUENCE##`. With a schema only its."""
    return (decode_sequences(records, schema) for records in _batches(file_pattern, options))


def raw_dataset(
    file_pattern: Sequence[str] | str, options: TensorFlowDatasetOptions, schema: Schema | None = None
) -> tf.data.Dataset:
    """Batches of records as they are: tensors of strings, of one dimension. Decode them with `map`."""
    if options.label_key is not None:
        raise BadInput(f"label_key is {options.label_key!r}, and raw records have no features. Leave it out")
    from tfx_bsl.tfxio.dataset_util import make_tf_record_dataset

    return make_tf_record_dataset(
        [file_pattern] if isinstance(file_pattern, str) else list(file_pattern),
        batch_size=options.batch_size,
        drop_final_batch=options.drop_final_batch,
        num_epochs=options.num_epochs,
        shuffle=options.shuffle,
        shuffle_buffer_size=options.shuffle_buffer_size,
        shuffle_seed=options.shuffle_seed,
        reader_num_threads=options.reader_num_threads,
    )


def raw_record_batches(
    file_pattern: Sequence[str] | str, options: RecordBatchesOptions, schema: Schema | None = None
) -> Iterator[pa.RecordBatch]:
    """Records as they are, in a column `raw_record` of one value each."""
    import pyarrow as pa

    for records in _batches(file_pattern, options):
        values = pa.array([[record] for record in records], pa.large_list(pa.large_binary()))
        yield pa.RecordBatch.from_arrays([values], [RAW_COLUMN])


def _batches(file_pattern: Sequence[str] | str, options: RecordBatchesOptions) -> Iterator[list[bytes]]:
    from tfx_bsl.tfxio.dataset_options import TensorFlowDatasetOptions

    read = TensorFlowDatasetOptions(
        batch_size=options.batch_size,
        drop_final_batch=options.drop_final_batch,
        num_epochs=options.num_epochs,
        shuffle=False,
    )
    for records in raw_dataset(file_pattern, read).as_numpy_iterator():
        yield records.tolist()
