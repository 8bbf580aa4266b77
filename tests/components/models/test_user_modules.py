"""What users bring to Trainer: modules for Keras, TensorFlow, scikit-learn and PyTorch, trained cold and warm."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components import FnArgs, Predict, StatisticsGen, TrainArgs, Trainer
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Model, Predictions, Schema
from millwork.core.errors import BadInput
from millwork.core.testing import perform

SCHEMA = """
feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "y" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""
PYTORCH = Path(__file__).parents[3] / "docs" / "pytorch.md"


def span(folder: Path, number: int = 0, file_format: str = PARQUET) -> Examples:
    examples = Examples(str(folder / f"span-{number}"), span=number)
    x = [n / 100 + number for n in range(100)]
    rows = pa.RecordBatch.from_pydict({"x": pa.array(x, pa.float32()), "y": [int(v > 0.5) for v in x]})
    with ExamplesWriter(examples, ["train", "eval"], file_format) as writer:
        for split in ("train", "eval"):
            writer.write(split, rows)
    return examples


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
    return Schema(str(tmp_path / "schema"))


def dataset(fn_args: FnArgs) -> Any:
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

    from millwork.components.models.fn_args import parse_pbtxt_file

    assert fn_args.schema_path
    options = TensorFlowDatasetOptions(batch_size=20, label_key="y")
    schema = parse_pbtxt_file(fn_args.schema_path, schema_pb2.Schema())
    rows = fn_args.data_accessor.tf_dataset_factory(fn_args.train_files, options, schema)
    return rows.map(lambda features, label: (features["x"], label))


def train_keras(fn_args: FnArgs) -> None:
    import keras

    if fn_args.base_model:
        model = keras.saving.load_model(Path(fn_args.base_model) / "model.keras")
    else:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
    rate = (fn_args.custom_config or {}).get("rate", 0.1)
    model.compile(keras.optimizers.SGD(rate), "binary_crossentropy")
    board = keras.callbacks.TensorBoard(fn_args.model_run_dir)
    model.fit(
        dataset(fn_args), steps_per_epoch=fn_args.train_steps, callbacks=[board], shuffle=False, verbose=0
    )
    Path(fn_args.serving_model_dir).mkdir()
    model.save(Path(fn_args.serving_model_dir) / "model.keras")


def train_saved_model(fn_args: FnArgs) -> None:
    """A count of steps, in TensorFlow alone."""
    import tensorflow as tf

    class Count(tf.Module):
        def __init__(self, start: float) -> None:
            self.steps = tf.Variable(start)

        @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.float32, name="x")])
        def score(self, x: Any) -> dict[str, Any]:
            return {"score": 0 * x + self.steps}

    before = float(tf.saved_model.load(fn_args.base_model).steps) if fn_args.base_model else 0.0
    model = Count(before + float(fn_args.train_steps or 0))
    tf.saved_model.save(model, fn_args.serving_model_dir, signatures={"serving_default": model.score})


def train_sklearn(fn_args: FnArgs) -> None:
    import skops.io
    from sklearn.linear_model import SGDClassifier
    from tfx_bsl.public.tfxio import RecordBatchesOptions

    if fn_args.base_model:
        model = skops.io.load(Path(fn_args.base_model) / "model.skops", trusted=[])
    else:
        model = SGDClassifier(loss="log_loss", random_state=0)
    options = RecordBatchesOptions(batch_size=50, num_epochs=1)
    for batch in fn_args.data_accessor.record_batch_factory(fn_args.train_files, options, None):
        x, y = (batch[name].flatten().to_numpy() for name in ("x", "y"))
        model.partial_fit(x.reshape(-1, 1), y, classes=[0, 1])
    Path(fn_args.serving_model_dir).mkdir()
    skops.io.dump(model, Path(fn_args.serving_model_dir) / "model.skops")


def test_keras_starts_from_the_weights_of_the_base_model(
    tmp_path: Path, schema: Schema, caplog: pytest.LogCaptureFixture
) -> None:
    import keras

    given: dict[str, Any] = {"examples": span(tmp_path), "schema": schema, "run_fn": train_keras}
    steps = TrainArgs(num_steps=3)
    caplog.set_level(logging.INFO)
    cold = perform(Trainer(**given, train_args=steps), tmp_path / "cold")
    warm = Trainer(**given, train_args=steps, base_model=cold.model, custom_config={"rate": 0.0})
    warm = perform(warm, tmp_path / "warm")

    models = [step.model.path / "Format-Serving" / "model.keras" for step in (cold, warm)]
    learnt, kept = (
        np.concatenate([w.ravel() for w in keras.saving.load_model(m).get_weights()]) for m in models
    )
    assert kept == pytest.approx(learnt)
    assert learnt[1] != 0
    assert list(cold.model_run.path.rglob("events.out.tfevents.*"))
    assert "tensorboard --logdir" in caplog.text


def test_a_saved_model_is_found_where_it_was_saved(tmp_path: Path, schema: Schema) -> None:
    import tensorflow as tf

    base = None
    for name in ("first", "second"):
        step = Trainer(
            examples=span(tmp_path),
            schema=schema,
            run_fn=train_saved_model,
            train_args=TrainArgs(num_steps=5),
            base_model=base,
        )
        base = perform(step, tmp_path / name).model
    assert base is not None
    assert tf.saved_model.load(str(base.path / "Format-Serving")).steps.numpy() == 10


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_scikit_learn_goes_on_with_the_rows_of_several_spans(tmp_path: Path, file_format: str) -> None:
    import skops.io

    first, second = (span(tmp_path, number, file_format) for number in (0, 1))
    cold = perform(Trainer(examples=first, run_fn=train_sklearn), tmp_path / "cold")
    warm = Trainer(examples=[first, second], run_fn=train_sklearn, base_model=cold.model)
    warm = perform(warm, tmp_path / "warm")

    steps = [
        skops.io.load(s.model.path / "Format-Serving" / "model.skops", trusted=[]).t_ for s in (cold, warm)
    ]
    assert steps == [1 + 100, 1 + 100 + 200]


def test_a_model_from_elsewhere_is_a_base_model_too(tmp_path: Path, schema: Schema) -> None:
    import tensorflow as tf

    model = tf.Module()
    model.steps = tf.Variable(41.0)
    tf.saved_model.save(model, str(tmp_path / "downloaded"))
    step = Trainer(
        examples=span(tmp_path),
        run_fn=train_saved_model,
        train_args=TrainArgs(num_steps=1),
        base_model=Model(str(tmp_path / "downloaded")),
    )
    done = perform(step, tmp_path / "warm")
    assert tf.saved_model.load(str(done.model.path / "Format-Serving")).steps.numpy() == 42


def keep_counts(fn_args: FnArgs) -> None:
    train_sklearn(fn_args)
    (Path(fn_args.model_run_dir) / "counts").write_text(str(fn_args.num_examples))


def test_statistics_say_how_many_rows_there_are(tmp_path: Path) -> None:
    examples = span(tmp_path)
    statistics = perform(StatisticsGen(examples=examples), tmp_path / "statistics").statistics
    step = Trainer(examples=examples, statistics=statistics, run_fn=keep_counts)
    done = perform(step, tmp_path / "trained")
    assert (done.model_run.path / "counts").read_text() == "{'train': 100, 'eval': 100}"


def test_spans_of_two_formats_are_refused(tmp_path: Path) -> None:
    spans = [span(tmp_path, 0, PARQUET), span(tmp_path, 1, TFRECORD)]
    with pytest.raises(BadInput, match=r"reads examples of one format, but .*span-0.*span-1.*same format="):
        perform(Trainer(examples=spans, run_fn=train_sklearn), tmp_path / "trained")


# PyTorch


def accuracy(predictions: Predictions) -> float:
    rows = pq.read_table(predictions.split("eval"))
    return float(np.mean(np.array(rows["label"]) == np.array(rows["predicted"])))


@pytest.fixture
def my_torch(tmp_path: Path) -> Iterator[ModuleType]:
    """The module that docs/pytorch.md shows."""
    pytest.importorskip("torch", reason="PyTorch is the user's to install: docs/pytorch.md")
    (code,) = re.findall(r"```python\n(# my_torch\.py\n.*?)```", PYTORCH.read_text(), re.DOTALL)
    path = tmp_path / "my_torch.py"
    path.write_text(code)
    spec = importlib.util.spec_from_file_location("my_torch", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["my_torch"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["my_torch"]


def test_the_module_for_pytorch_in_the_docs_trains_and_is_scored(
    tmp_path: Path, my_torch: ModuleType
) -> None:
    examples = Examples(str(tmp_path / "people"))
    random = np.random.default_rng(0)
    age, fare = random.normal(0, 1, (2, 500))
    columns = {
        "age": pa.array(age, pa.float32()),
        "fare": pa.array(fare, pa.float32()),
        "returned": (age > fare).astype(np.int64),
    }
    with ExamplesWriter(examples, ["train", "eval"], PARQUET) as writer:
        for split in ("train", "eval"):
            writer.write(split, pa.RecordBatch.from_pydict(columns))

    given: dict[str, Any] = {"examples": examples, "run_fn": my_torch.run_fn}
    cold = perform(Trainer(**given, train_args=TrainArgs(num_steps=200)), tmp_path / "cold")
    assert cold.model.framework == "joblib"
    step = Predict(model=cold.model, examples=examples, label="returned", trusted=True)
    predictions = perform(step, tmp_path / "predict").predictions
    assert accuracy(predictions) > 0.95

    warm = Trainer(**given, train_args=TrainArgs(num_steps=1), base_model=cold.model)
    warm = perform(warm, tmp_path / "warm")
    step = Predict(model=warm.model, examples=examples, label="returned", trusted=True)
    again = perform(step, tmp_path / "predict again").predictions
    assert accuracy(again) > 0.95
