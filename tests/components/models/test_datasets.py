"""`fn_args.data_accessor` gives from Parquet exactly what TFXIO gives from TFRecords of the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.components.data.writing import ExamplesWriter
from millwork.components.models import datasets
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput

tfxio = pytest.importorskip("tfx_bsl.public.tfxio")

ROWS = 70
SCHEMA = """
    feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "place" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 2 } } }
    feature { name: "tip" type: INT presence { min_fraction: 1 } shape {} }
    feature { name: "company" type: BYTES }
    feature { name: "stops" type: INT }
"""
DENSE = "\n".join(SCHEMA.splitlines()[:4])
RAGGED = """
    feature { name: "stops" type: INT }
    tensor_representation_group {
      key: ""
      value {
        tensor_representation { key: "stops" value { ragged_tensor { feature_path { step: "stops" } } } }
      }
    }
"""
WEIGHTS = """
    feature { name: "index" type: INT }
    feature { name: "value" type: FLOAT }
    sparse_feature {
      name: "words"
      index_feature { name: "index" }
      value_feature { name: "value" }
    }
    tensor_representation_group {
      key: ""
      value {
        tensor_representation {
          key: "words"
          value {
            sparse_tensor {
              dense_shape { dim { size: 10 } } index_column_names: "index" value_column_name: "value"
            }
          }
        }
      }
    }
"""


def schema_of(text: str) -> Any:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    return text_format.Parse(text, schema_pb2.Schema())


def trips(rows: int = ROWS) -> pa.RecordBatch:
    random = np.random.default_rng(1)
    columns = {
        "tip": pa.array(range(rows), pa.int64()),
        "fare": pa.array(random.random(rows), pa.float32()),
        "place": pa.array([[n, 0.5] for n in range(rows)], pa.list_(pa.float32())),
        "company": pa.array([None if n % 3 == 0 else f"cömpany {n}" for n in range(rows)]),
        "stops": pa.array([list(range(n % 4)) for n in range(rows)], pa.list_(pa.int64())),
        "index": pa.array([list(range(n % 3)) for n in range(rows)], pa.list_(pa.int64())),
        "value": pa.array([[0.5] * (n % 3) for n in range(rows)], pa.list_(pa.float32())),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def files_of(folder: Path, batch: pa.RecordBatch | None, file_format: str = PARQUET) -> list[str]:
    """A split as the pattern that `run_fn` gets."""
    examples = Examples(str(folder / file_format))
    with ExamplesWriter(examples, ["train"], file_format, trips().schema) as writer:
        if batch is not None:
            writer.write("train", batch)
    return [str(examples.split("train") / "*")]


def dataset_options(batch_size: int, **options: Any) -> Any:
    return tfxio.TensorFlowDatasetOptions(batch_size=batch_size, **options)


def batch_options(batch_size: int, **options: Any) -> Any:
    return tfxio.RecordBatchesOptions(batch_size=batch_size, **options)


def as_arrays(tensor: Any) -> list[Any]:
    import tensorflow as tf

    if isinstance(tensor, tf.SparseTensor):
        return [tensor.indices.numpy(), tensor.values.numpy(), tensor.dense_shape.numpy()]
    if isinstance(tensor, tf.RaggedTensor):
        return [tensor.values.numpy(), tensor.row_splits.numpy()]
    return [tensor.numpy()]


def assert_same_tensors(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    assert set(ours) == set(theirs)
    for name in ours:
        assert type(ours[name]) is type(theirs[name])
        for mine, other in zip(as_arrays(ours[name]), as_arrays(theirs[name]), strict=True):
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(mine, other, err_msg=name)


@pytest.mark.parametrize(
    "schema", [DENSE, SCHEMA, RAGGED, WEIGHTS], ids=["dense", "sparse", "ragged", "indexed"]
)
@pytest.mark.parametrize("options", [{"num_epochs": 2}, {"num_epochs": 2, "drop_final_batch": True}, {}])
def test_tensors_are_the_same_from_both_formats(tmp_path: Path, schema: str, options: dict[str, Any]) -> None:
    given = dataset_options(16, shuffle=False, **options)
    ours = datasets.tf_dataset(files_of(tmp_path, trips()), given, schema_of(schema))
    theirs = datasets.tf_dataset(files_of(tmp_path, trips(), TFRECORD), given, schema_of(schema))

    assert ours.element_spec == theirs.element_spec
    pairs = list(zip(ours.take(10), theirs.take(10), strict=True))
    assert len(pairs) == {"num_epochs": 9, "drop_final_batch": 8}.get(next(reversed(options), ""), 10)
    for mine, other in pairs:
        assert_same_tensors(mine, other)


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_the_label_is_split_off(tmp_path: Path, file_format: str) -> None:
    files = files_of(tmp_path, trips(), file_format)
    ((features, label),) = datasets.tf_dataset(
        files, dataset_options(ROWS, shuffle=False, num_epochs=1, label_key="tip"), schema_of(SCHEMA)
    )

    assert set(features) == {"fare", "place", "company", "stops"}
    assert label.numpy().tolist() == list(range(ROWS))


def test_shuffled_epochs_hold_each_row_once(tmp_path: Path) -> None:
    options = dataset_options(ROWS, num_epochs=2)
    first, second = datasets.tf_dataset(files_of(tmp_path, trips()), options, schema_of(SCHEMA))

    assert sorted(first["tip"].numpy()) == sorted(second["tip"].numpy()) == list(range(ROWS))
    assert first["tip"].numpy().tolist() != second["tip"].numpy().tolist() != list(range(ROWS))


def test_the_seed_decides_the_order_and_rows_stay_together(tmp_path: Path) -> None:
    files, options = files_of(tmp_path, trips()), dataset_options(ROWS, num_epochs=1, shuffle_seed=3)
    ((one),) = datasets.tf_dataset(files, options, schema_of(SCHEMA))
    ((two),) = datasets.tf_dataset(files, options, schema_of(SCHEMA))

    assert_same_tensors(one, two)
    assert one["place"].numpy()[:, 0].tolist() == one["tip"].numpy().tolist()


def test_keras_learns_how_many_batches_there_are(tmp_path: Path) -> None:
    import tensorflow as tf

    files = files_of(tmp_path, trips())

    def cardinality(**options: Any) -> int:
        return int(
            datasets.tf_dataset(files, dataset_options(16, **options), schema_of(SCHEMA)).cardinality()
        )

    assert cardinality(num_epochs=1) == 5
    assert cardinality(num_epochs=1, drop_final_batch=True) == 4
    assert cardinality() == tf.data.INFINITE_CARDINALITY


def test_a_large_shuffle_buffer_mixes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "READ_ROWS", 10)
    files = files_of(tmp_path, trips())
    options = batch_options(10, num_epochs=1, shuffle_buffer_size=1_000, shuffle_seed=1)
    first, *_ = datasets.record_batches(files, options)

    tips = first.column(first.schema.get_field_index("tip")).flatten().to_pylist()
    assert max(tips) > 10


@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["without schema", "with schema"])
def test_record_batches_are_the_same_from_both_formats(tmp_path: Path, schema: str | None) -> None:
    options = batch_options(16, shuffle=False, num_epochs=2)
    given = schema_of(schema) if schema else None
    ours = list(datasets.record_batches(files_of(tmp_path, trips()), options, given))
    theirs = list(datasets.record_batches(files_of(tmp_path, trips(), TFRECORD), options, given))

    assert [batch.num_rows for batch in ours] == [16] * 8 + [12]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.schema.equals(other.schema)
        assert mine.equals(other)


def test_a_feature_of_the_schema_that_the_file_lacks_is_missing_in_each_row(tmp_path: Path) -> None:
    schema = schema_of('feature { name: "toll" type: FLOAT }')
    files = files_of(tmp_path, trips())

    (batch,) = datasets.record_batches(files, batch_options(100, num_epochs=1), schema)
    assert batch.column(0).null_count == ROWS
    (tensors,) = datasets.tf_dataset(files, dataset_options(100, num_epochs=1), schema)
    assert tensors["toll"].dense_shape.numpy().tolist() == [ROWS, 0]


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_an_empty_split_has_no_batches(tmp_path: Path, file_format: str) -> None:
    files = files_of(tmp_path, None, file_format)

    assert list(datasets.tf_dataset(files, dataset_options(8, num_epochs=1), schema_of(SCHEMA))) == []
    assert list(datasets.record_batches(files, batch_options(8, num_epochs=1), schema_of(SCHEMA))) == []


def test_endless_epochs_of_an_empty_split_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no rows to train on in .*Split-train"):
        datasets.record_batches(files_of(tmp_path, None), batch_options(8))
    with pytest.raises(BadInput, match=r"no rows to train on in .*Split-train"):
        datasets.tf_dataset(files_of(tmp_path, None), dataset_options(8), schema_of(SCHEMA))


def test_a_dataset_needs_a_schema(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"needs a schema.*transformed_metadata\.schema"):
        datasets.tf_dataset(files_of(tmp_path, trips()), dataset_options(8))


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_a_label_that_is_not_in_the_schema_is_refused(tmp_path: Path, file_format: str) -> None:
    options = dataset_options(8, label_key="tips")
    with pytest.raises(BadInput, match=r"label_key is 'tips', .* Did you mean 'tip'"):
        datasets.tf_dataset(files_of(tmp_path, trips(), file_format), options, schema_of(SCHEMA))


def test_a_column_of_another_type_than_the_schema_says_is_refused(tmp_path: Path) -> None:
    schema = schema_of('feature { name: "tip" type: FLOAT }')
    with pytest.raises(BadInput, match=r"Feature 'tip' is INT in '.*parquet', but the schema says FLOAT"):
        next(iter(datasets.record_batches(files_of(tmp_path, trips()), batch_options(8), schema)))


def test_a_pattern_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"No file matches .*nowhere"):
        datasets.record_batches(str(tmp_path / "nowhere" / "*"), batch_options(8))


def test_files_of_two_formats_are_refused(tmp_path: Path) -> None:
    files = files_of(tmp_path, trips()) + files_of(tmp_path, trips(), TFRECORD)
    with pytest.raises(BadInput, match=r"is Parquet and .*\.gz' is not"):
        datasets.record_batches(files, batch_options(8))
