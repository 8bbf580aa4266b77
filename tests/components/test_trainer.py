"""Trainer gives `run_fn` what TFX gives it, takes over the model that it saves, and says what that is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.writing import ExamplesWriter
from millwork.components.models.fn_args import DataAccessor, FnArgs, parse_pbtxt_file
from millwork.components.models.training import EvalArgs, TrainArgs
from millwork.components.trainer import Trainer
from millwork.core.artifacts import (
    PARQUET,
    TFRECORD,
    Examples,
    ExampleStatistics,
    HyperParameters,
    Model,
    Schema,
    TransformGraph,
)
from millwork.core.errors import BadInput, UnportableFunction, WrongArgument
from millwork.core.testing import perform

TFX_FIELDS = [
    "working_dir",
    "train_files",
    "eval_files",
    "train_steps",
    "eval_steps",
    "schema_path",
    "schema_file",
    "transform_graph_path",
    "transform_output",
    "data_accessor",
    "serving_model_dir",
    "eval_model_dir",
    "model_run_dir",
    "base_model",
    "hyperparameters",
    "custom_config",
]

SCHEMA = """
    feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "y" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""


def examples_in(folder: Path, file_format: str = PARQUET) -> Examples:
    examples = Examples(str(folder / "examples"))
    x = [n / 100 for n in range(100)]
    rows = pa.RecordBatch.from_pydict({"x": pa.array(x, pa.float32()), "y": [int(v > 0.5) for v in x]})
    with ExamplesWriter(examples, ["train", "eval"], file_format) as writer:
        for split in ("train", "eval"):
            writer.write(split, rows)
    return examples


def schema_in(folder: Path) -> Schema:
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text(SCHEMA)
    return Schema(str(folder / "schema"))


def save(fn_args: FnArgs, name: str = "model.joblib") -> None:
    Path(str(fn_args.serving_model_dir)).mkdir()
    Path(str(fn_args.serving_model_dir), name).write_bytes(b"a model")


def train(folder: Path, **arguments: Any) -> Trainer:
    examples = arguments.pop("examples", None) or examples_in(folder)
    return perform(Trainer(examples=examples, **arguments), folder / "trained")


class Seen:
    """What the last `run_fn` of this module was given."""

    fn_args: FnArgs
    exists: Mapping[str, bool]


def keep_and_save(fn_args: FnArgs) -> None:
    Seen.fn_args = fn_args
    folders = ("working_dir", "model_run_dir", "serving_model_dir", "eval_model_dir")
    Seen.exists = {name: Path(getattr(fn_args, name)).exists() for name in folders}
    save(fn_args)


def save_keras(fn_args: FnArgs) -> None:
    save(fn_args, "model.keras")


def save_skops(fn_args: FnArgs) -> None:
    save(fn_args, "model.skops")


def save_pickle(fn_args: FnArgs) -> None:
    save(fn_args, "model.pkl")


def save_saved_model(fn_args: FnArgs) -> None:
    save(fn_args, "saved_model.pb")


def save_weights(fn_args: FnArgs) -> None:
    save(fn_args, "weights.h5")


def save_nothing(fn_args: FnArgs) -> None:
    pass


def save_an_empty_folder(fn_args: FnArgs) -> None:
    Path(str(fn_args.serving_model_dir)).mkdir()


class OwnError(Exception):
    pass


THE_ERROR = OwnError("the learning rate is a vegetable")


def fail(fn_args: FnArgs) -> None:
    raise THE_ERROR


def read_as_tfrecord(fn_args: FnArgs) -> None:
    """As many modules for TFX do: TFRecords of tf.Example, read with TensorFlow alone."""
    import tensorflow as tf

    files = tf.io.gfile.glob(fn_args.train_files)
    spec = {"x": tf.io.FixedLenFeature([1], tf.float32), "y": tf.io.FixedLenFeature([1], tf.int64)}
    dataset = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(10)
    read = [tf.io.parse_example(batch, spec)["y"].numpy().sum() for batch in dataset]
    save(fn_args)
    Path(str(fn_args.model_run_dir), "positives").write_text(str(sum(read)))


def read_with_accessor(fn_args: FnArgs) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx_bsl.public import tfxio

    assert fn_args.data_accessor
    assert fn_args.train_files
    assert fn_args.schema_path
    schema = parse_pbtxt_file(fn_args.schema_path, schema_pb2.Schema())
    options = tfxio.TensorFlowDatasetOptions(batch_size=32, num_epochs=1, label_key="y")
    dataset = fn_args.data_accessor.tf_dataset_factory(fn_args.train_files, options, schema)
    read = [label.numpy().sum() for _, label in dataset]
    batches = fn_args.data_accessor.record_batch_factory(
        fn_args.train_files, tfxio.RecordBatchesOptions(batch_size=32, num_epochs=1), schema
    )
    assert sum(batch.num_rows for batch in batches) == 100
    save(fn_args)
    Path(str(fn_args.model_run_dir), "positives").write_text(str(sum(read)))


def test_fn_args_has_the_fields_of_tfx() -> None:
    assert [field.name for field in fields(FnArgs)] == [*TFX_FIELDS, "num_examples"]


def test_run_fn_learns_where_everything_is(tmp_path: Path) -> None:
    examples, schema = examples_in(tmp_path), schema_in(tmp_path)
    graph = TransformGraph(str(tmp_path / "graph"))
    step = train(
        tmp_path,
        examples=examples,
        schema=schema,
        transform_graph=graph,
        run_fn=keep_and_save,
        train_args=TrainArgs(splits=("train", "eval"), num_steps=7),
        eval_args=EvalArgs(num_steps=3),
        custom_config={"rate": 0.5},
    )

    seen = Seen.fn_args
    assert seen.train_files == [str(examples.split("train") / "*"), str(examples.split("eval") / "*")]
    assert seen.eval_files == [str(examples.split("eval") / "*")]
    assert (seen.train_steps, seen.eval_steps) == (7, 3)
    assert seen.schema_path == seen.schema_file == str(schema.path / "schema.pbtxt")
    assert seen.transform_graph_path == seen.transform_output == str(graph.path)
    assert isinstance(seen.data_accessor, DataAccessor)
    assert seen.serving_model_dir == str(step.model.path / "Format-Serving")
    assert seen.eval_model_dir == str(step.model.path / "Format-TFMA")
    assert seen.model_run_dir == str(step.model_run.path)
    assert seen.custom_config == {"rate": 0.5}


def test_what_is_not_wired_or_limited_is_none(tmp_path: Path) -> None:
    train(tmp_path, run_fn=keep_and_save)

    absent = {name for name, value in vars(Seen.fn_args).items() if value is None}
    assert absent == {
        *(
            "train_steps",
            "eval_steps",
            "schema_path",
            "schema_file",
            "transform_graph_path",
            "transform_output",
        ),
        *("base_model", "hyperparameters", "custom_config", "num_examples"),
    }


def test_the_model_folder_is_left_to_run_fn_and_the_working_folder_is_temporary(tmp_path: Path) -> None:
    train(tmp_path, run_fn=keep_and_save)

    assert Seen.exists == {
        "working_dir": True,
        "model_run_dir": True,
        "serving_model_dir": False,  # TFX's scikit-learn example creates it, and would fail if it were there
        "eval_model_dir": False,
    }
    assert not Path(str(Seen.fn_args.working_dir)).exists()


def test_hyperparameters_come_as_a_dict(tmp_path: Path) -> None:
    (tmp_path / "best_hyperparameters.txt").write_text(json.dumps({"values": {"layers": 2}}))
    train(tmp_path, run_fn=keep_and_save, hyperparameters=HyperParameters(str(tmp_path)))

    assert Seen.fn_args.hyperparameters == {"values": {"layers": 2}}


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "is not JSON"), ("[1]", r"must hold a JSON object, but holds \[1\]"), (None, "have no file")],
)
def test_damaged_hyperparameters_are_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "best_hyperparameters.txt").write_text(text)
    with pytest.raises(BadInput, match=message):
        train(tmp_path, run_fn=keep_and_save, hyperparameters=HyperParameters(str(tmp_path)))


def test_rows_are_counted_if_statistics_are_wired(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0 import statistics_pb2

    for split, rows in {"train": 100, "eval": 50}.items():
        described = statistics_pb2.DatasetFeatureStatisticsList()
        described.datasets.add(num_examples=rows)
        folder = tmp_path / f"Split-{split}"
        folder.mkdir()
        (folder / "FeatureStats.pb").write_bytes(described.SerializeToString())
    train(
        tmp_path,
        run_fn=keep_and_save,
        statistics=ExampleStatistics(str(tmp_path), split_names=("train", "eval")),
    )

    assert Seen.fn_args.num_examples == {"train": 100, "eval": 50}


def test_training_can_start_from_another_model(tmp_path: Path) -> None:
    (tmp_path / "base" / "Format-Serving").mkdir(parents=True)
    train(tmp_path, run_fn=keep_and_save, base_model=Model(str(tmp_path / "base")))

    assert Seen.fn_args.base_model == str(tmp_path / "base" / "Format-Serving")


@pytest.mark.parametrize(
    ("run_fn", "framework"),
    [
        (save_saved_model, "saved_model"),
        (save_keras, "keras"),
        (save_skops, "skops"),
        (keep_and_save, "joblib"),
        (save_pickle, "joblib"),
        (save_weights, "unknown"),
    ],
)
def test_the_framework_of_the_model_is_recorded(
    tmp_path: Path, run_fn: Callable[[FnArgs], None], framework: str
) -> None:
    assert train(tmp_path, run_fn=run_fn).model.framework == framework


def test_run_fn_may_be_in_a_module_file(tmp_path: Path) -> None:
    module = tmp_path / "my_training_module.py"
    module.write_text(
        "from pathlib import Path\n"
        "def run_fn(fn_args):\n"
        "    Path(fn_args.serving_model_dir).mkdir()\n"
        "    Path(fn_args.serving_model_dir, 'model.skops').touch()\n"
    )

    assert train(tmp_path, module_file=module).model.framework == "skops"


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_the_accessor_reads_examples_of_both_formats(tmp_path: Path, file_format: str) -> None:
    examples, schema = examples_in(tmp_path, file_format), schema_in(tmp_path)
    step = train(tmp_path, examples=examples, schema=schema, run_fn=read_with_accessor)

    assert (step.model_run.path / "positives").read_text() == "49"


def test_a_module_that_reads_tfrecords_itself_works_with_that_format(tmp_path: Path) -> None:
    step = train(tmp_path, examples=examples_in(tmp_path, TFRECORD), run_fn=read_as_tfrecord)

    assert (step.model_run.path / "positives").read_text() == "49"


def test_a_module_that_reads_parquet_as_tfrecords_is_told_what_to_do(tmp_path: Path) -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.DataLossError) as caught:
        train(tmp_path, run_fn=read_as_tfrecord)

    assert "fn_args.data_accessor" in caught.value.__notes__[0]


def test_what_run_fn_raises_is_raised_unchanged(tmp_path: Path) -> None:
    with pytest.raises(OwnError) as caught:
        train(tmp_path, run_fn=fail)

    assert caught.value is THE_ERROR
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(("run_fn", "state"), [(save_nothing, "not there"), (save_an_empty_folder, "empty")])
def test_a_run_fn_that_saves_no_model_is_refused(
    tmp_path: Path, run_fn: Callable[[FnArgs], None], state: str
) -> None:
    message = rf"run_fn \(.*{run_fn.__name__}\) returned, but saved no model: '.*Format-Serving' is {state}"
    with pytest.raises(BadInput, match=message + r".*fn_args\.serving_model_dir"):
        train(tmp_path, run_fn=run_fn)


def test_a_split_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"wants the split 'trian'.*Did you mean 'train'"):
        train(tmp_path, run_fn=keep_and_save, train_args=TrainArgs(splits=("trian",)))


def test_training_without_evaluation_needs_no_split_for_it(tmp_path: Path) -> None:
    train(tmp_path, run_fn=keep_and_save, eval_args=EvalArgs(splits=()))

    assert Seen.fn_args.eval_files == []


def test_run_fn_and_module_file_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(WrongArgument, match=r"run_fn=.* or module_file=.*, one of them"):
        Trainer(examples=Examples())
    with pytest.raises(WrongArgument, match="not both"):
        Trainer(examples=Examples(), run_fn=keep_and_save, module_file=tmp_path / "module.py")


def test_a_lambda_cannot_be_sent_to_another_process() -> None:
    with pytest.raises(UnportableFunction, match="lambda"):
        Trainer(examples=Examples(), run_fn=lambda fn_args: None)


@pytest.mark.parametrize("arguments", [TrainArgs, EvalArgs])
def test_impossible_arguments_are_refused_at_once(arguments: Callable[..., object]) -> None:
    with pytest.raises(WrongArgument, match=r"write splits=\('train',\)"):
        arguments(splits="train")
    with pytest.raises(WrongArgument, match="num_steps must be 0 or more, but got -1"):
        arguments(num_steps=-1)


def test_training_needs_a_split() -> None:
    with pytest.raises(WrongArgument, match="at least one split to train on"):
        TrainArgs(splits=())


def test_a_schema_file_that_is_not_one_is_refused(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    (tmp_path / "schema.pbtxt").write_text("feature {")
    with pytest.raises(BadInput, match="not a Schema in protobuf's text format"):
        parse_pbtxt_file(str(tmp_path / "schema.pbtxt"), schema_pb2.Schema())
    with pytest.raises(BadInput, match="There is no file"):
        parse_pbtxt_file(str(tmp_path / "missing.pbtxt"), schema_pb2.Schema())
