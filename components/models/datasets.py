"""Files of examples as tensors and record batches for training, whichever way the rows are stored.

TFRecords are left to TFXIO. Parquet gives the same tensors and batches without decoding a `tf.Example`:
Arrow shuffles and slices, and no row becomes a Python object.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.forms import to_feature_form
from millwork.components.data.reading import conformed
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import tensorflow as tf
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tfx_bsl.tfxio.dataset_options import RecordBatchesOptions, TensorFlowDatasetOptions
    from tfx_bsl.tfxio.tensor_adapter import TensorAdapter

READ_ROWS = 65_536
CHUNK_ROWS = 4_096
"""Rows that go from Python to TensorFlow at once, to be cut into batches there."""


def tf_dataset(
    file_pattern: Sequence[str] | str, options: TensorFlowDatasetOptions, schema: Schema | None = None
) -> tf.data.Dataset:
    """Batches as a dict of tensors by name, or (dict, label) if `options.label_key` is given.

    A feature whose shape the schema fixes is dense, any other one sparse, as in TFXIO.
    """
    from tfx_bsl.public import tfxio

    if schema is None:
        raise BadInput(
            "A tf.data.Dataset of examples needs a schema, to know the shape of each tensor. Pass "
            "tf_transform_output.transformed_metadata.schema, or what fn_args.schema_path holds"
        )
    patterns = _patterns(file_pattern)
    io = tfxio.TFExampleRecord(patterns, schema=schema, telemetry_descriptors=["Trainer"])
    _check_label(options.label_key, list(io.TensorRepresentations()))
    parquet = _parquet_files(patterns)
    if not parquet:
        return io.TensorFlowDataset(options)
    _check_rows(parquet, options)
    dataset = _parquet_dataset(parquet, options, io.TensorAdapter(), io.ArrowSchema())
    if (label := options.label_key) is not None:
        dataset = dataset.map(
            lambda tensors: ({n: t for n, t in tensors.items() if n != label}, tensors[label])
        )
    return dataset.prefetch(options.prefetch_buffer_size)


def record_batches(
    file_pattern: Sequence[str] | str, options: RecordBatchesOptions, schema: Schema | None = None
) -> Iterator[pa.RecordBatch]:
    """Record batches in feature form. With a schema they have its features, in its order."""
    patterns = _patterns(file_pattern)
    parquet = _parquet_files(patterns)
    _check_rows(parquet, options)
    if parquet and schema is None:
        return _feature_batches(parquet, options, _own_schema(parquet[0]), options.batch_size)
    from tfx_bsl.public import tfxio

    io = tfxio.TFExampleRecord(patterns, schema=schema, telemetry_descriptors=["Trainer"])
    if parquet:
        return _feature_batches(parquet, options, io.ArrowSchema(), options.batch_size)
    batches: Iterator[pa.RecordBatch] = io.RecordBatches(options)
    return batches


def _patterns(given: Sequence[str] | str) -> list[str]:
    return [given] if isinstance(given, str) else [str(pattern) for pattern in given]


def _parquet_files(patterns: list[str]) -> list[Path]:
    """The Parquet files that match; none if TFRecords do."""
    found = [Path(file) for pattern in patterns for file in sorted(glob.glob(pattern))]
    if not found:
        raise BadInput(f"No file matches {', '.join(map(repr, patterns))}")
    parquet = [file for file in found if file.suffix == ".parquet"]
    if parquet and len(parquet) < len(found):
        other = next(file for file in found if file.suffix != ".parquet")
        raise BadInput(f"{str(parquet[0])!r} is Parquet and {str(other)!r} is not. Read them with two calls")
    return parquet


def _check_label(label: str | None, names: list[str]) -> None:
    if label is not None and label not in names:
        raise BadInput(
            f"label_key is {label!r}, and the schema has no such feature. {did_you_mean(label, names)}"
        )


def _check_rows(files: list[Path], options: TensorFlowDatasetOptions | RecordBatchesOptions) -> None:
    """Endless epochs of nothing would never give a batch."""
    if files and options.num_epochs is None and not _num_rows(files):
        raise BadInput(f"There are no rows to train on in {str(files[0].parent)!r}")


def _parquet_dataset(
    files: list[Path], options: TensorFlowDatasetOptions, adapter: TensorAdapter, wanted: pa.Schema
) -> tf.data.Dataset:
    import tensorflow as tf

    size = options.batch_size
    chunk_rows = size * max(1, CHUNK_ROWS // size)
    rng = _random(options)

    def chunks() -> Iterator[tuple[int, dict[str, Any]]]:
        for batch in _feature_batches(files, options, wanted, chunk_rows, rng):
            yield batch.num_rows, adapter.ToBatchTensors(batch)

    def minibatches(rows: tf.Tensor, tensors: dict[str, Any]) -> tf.data.Dataset:
        cuts = {name: _cutter(tensor, size) for name, tensor in tensors.items()}
        starts = tf.data.Dataset.range(0, rows, size)
        return starts.map(lambda start: {name: cut(start) for name, cut in cuts.items()})

    signature = (tf.TensorSpec([], tf.int64), adapter.TypeSpecs())
    dataset = tf.data.Dataset.from_generator(chunks, output_signature=signature)
    if all(isinstance(spec, tf.TensorSpec) for spec in adapter.TypeSpecs().values()):
        # Twice as fast, but only for dense tensors.
        dataset = dataset.map(lambda _, tensors: tensors).rebatch(size)
    else:
        dataset = dataset.flat_map(minibatches)
    rows = size if _drops_last(options) else None
    shapes = {name: [rows, *spec.shape[1:]] for name, spec in adapter.TypeSpecs().items()}
    dataset = dataset.map(lambda tensors: {n: _with_shape(t, shapes[n]) for n, t in tensors.items()})
    return dataset.apply(tf.data.experimental.assert_cardinality(_num_batches(files, options)))


def _cutter(tensor: Any, size: int) -> Any:
    """A function that cuts the `size` rows from a given one on out of a tensor."""
    import tensorflow as tf

    if not isinstance(tensor, tf.SparseTensor):
        return lambda start: tensor[start : start + size]
    if tensor.shape.rank == 2 and tensor.shape[1] is None:
        # A ragged tensor knows where a row begins; a sparse one must look through all its values.
        ragged = tf.RaggedTensor.from_sparse(tensor)
        return lambda start: ragged[start : start + size].to_sparse()

    def cut(start: tf.Tensor) -> tf.SparseTensor:
        rows, *row_shape = tf.unstack(tensor.dense_shape)
        begin = tf.stack([start, *(tf.zeros_like(d) for d in row_shape)])
        return tf.sparse.slice(tensor, begin, tf.stack([tf.minimum(rows - start, size), *row_shape]))

    return cut


def _with_shape(tensor: Any, shape: list[int | None]) -> Any:
    """A tensor with what is known of its shape beforehand: the rows too, where every batch is full, as in TFXIO."""
    import tensorflow as tf

    if isinstance(tensor, tf.RaggedTensor):
        splits = tf.ensure_shape(tensor.row_splits, [None if shape[0] is None else shape[0] + 1])
        return tf.RaggedTensor.from_row_splits(tensor.values, splits, validate=False)
    if isinstance(tensor, tf.SparseTensor):
        found = tf.unstack(tensor.dense_shape, num=len(shape))
        sizes = [size if known is None else known for size, known in zip(found, shape, strict=True)]
        return tf.SparseTensor(tensor.indices, tensor.values, tf.cast(tf.stack(sizes), tf.int64))
    return tf.ensure_shape(tensor, shape)


def _feature_batches(
    files: list[Path],
    options: TensorFlowDatasetOptions | RecordBatchesOptions,
    wanted: pa.Schema,
    rows: int,
    rng: np.random.Generator | None = None,
) -> Iterator[pa.RecordBatch]:
    """All epochs in pieces of `rows` rows. As in TFXIO, a piece may begin in one and end in the next."""
    rng = rng or _random(options)
    epochs = count() if options.num_epochs is None else range(options.num_epochs)
    windows = (window for _ in epochs for window in _windows(files, options, wanted, rng))
    unit = options.batch_size if _drops_last(options) else 1
    for piece in _pieces(windows, rows, rng if options.shuffle else None):
        full = piece.num_rows - piece.num_rows % unit
        if full == piece.num_rows:
            yield piece
        elif full:
            yield _take(piece, range(full))


def _windows(
    files: list[Path],
    options: TensorFlowDatasetOptions | RecordBatchesOptions,
    wanted: pa.Schema,
    rng: np.random.Generator,
) -> Iterator[pa.RecordBatch]:
    """One epoch in the pieces that are shuffled as a whole: of `shuffle_buffer_size` rows or more."""
    ordered = [files[i] for i in rng.permutation(len(files))] if options.shuffle else files
    least = options.shuffle_buffer_size if options.shuffle else 0
    waiting: list[pa.RecordBatch] = []
    for path in ordered:
        for batch in _read(path, wanted):
            waiting.append(batch)
            if sum(b.num_rows for b in waiting) >= least:
                yield _joined(waiting)
                waiting = []
    if waiting:
        yield _joined(waiting)


def _read(path: Path, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = [name for name in wanted.names if name in file.schema_arrow.names]
        for batch in file.iter_batches(READ_ROWS, columns=columns):
            yield conformed(to_feature_form(batch), wanted, repr(str(path)))


def _pieces(
    windows: Iterator[pa.RecordBatch], rows: int, rng: np.random.Generator | None
) -> Iterator[pa.RecordBatch]:
    """Pieces of `rows` rows and one of what is left, shuffled within each window if there is an `rng`."""
    import numpy as np

    rest: pa.RecordBatch | None = None
    for window in windows:
        order = rng.permutation(window.num_rows) if rng else np.arange(window.num_rows)
        if rest is not None:
            order = np.concatenate([np.arange(rest.num_rows), order + rest.num_rows])
            window = _joined([rest, window])
        full = len(order) - len(order) % rows
        for start in range(0, full, rows):
            yield _take(window, order[start : start + rows])
        rest = _take(window, order[full:])
    if rest is not None and rest.num_rows:
        yield rest


def _take(batch: pa.RecordBatch, places: Any) -> pa.RecordBatch:
    """Some rows as a batch of their own: TFXIO's TensorAdapter does not understand slices."""
    import pyarrow as pa

    return batch.take(pa.array(places, pa.int64()))


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    import pyarrow as pa

    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches)
    columns = [pa.concat_arrays(column.chunks) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def _own_schema(path: Path) -> pa.Schema:
    """The columns of a file in feature form, sorted by name as TFXIO does without a schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = sorted(pq.read_schema(path), key=lambda field: field.name)
    return to_feature_form(pa.RecordBatch.from_pylist([], schema=pa.schema(fields))).schema


def _random(options: TensorFlowDatasetOptions | RecordBatchesOptions) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng(options.shuffle_seed)


def _drops_last(options: TensorFlowDatasetOptions | RecordBatchesOptions) -> bool:
    return options.drop_final_batch or options.num_epochs is None


def _num_rows(files: list[Path]) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in files)


def _num_batches(files: list[Path], options: TensorFlowDatasetOptions) -> int:
    """What Keras shows as the number of steps; -1, TensorFlow's infinite, without `num_epochs`."""
    if options.num_epochs is None:
        return -1
    rows = _num_rows(files) * int(options.num_epochs)
    size = int(options.batch_size)
    return rows // size if _drops_last(options) else -(-rows // size)
