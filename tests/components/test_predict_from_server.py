"""Predict pointed at a server: the classic example's "deploy as a service and fetch predictions"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sample_runner import run_inline

from millwork import Pipeline, import_artifact
from millwork.components import Predict, Pusher
from millwork.components.data.writing import ExamplesWriter
from millwork.components.serving.process import ServerProcess, own_server
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Model
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform


def points(folder: Path, file_format: str) -> Examples:
    random = np.random.default_rng(5)
    x, z = random.normal(size=(2, 300)).astype(np.float32)
    town = pa.array(["Graz", "Köln", None] * 100)
    columns = {
        "x": pa.array(x),
        "z": pa.array(z),
        "town": town,
        "y": pa.array(np.where(x + z > 0, "yes", "no")),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    examples = Examples(str(folder))
    with ExamplesWriter(examples, ["eval"], file_format, batch.schema) as writer:
        writer.write("eval", batch)
    return examples


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A network with its preprocessing, as most modules for TFX save one."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    spec = {name: tf.io.FixedLenFeature([1], tf.float32) for name in ("x", "z")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: Any) -> Any:
        parsed = tf.io.parse_example(examples, spec)
        return {"probability": network(tf.concat([parsed["x"], parsed["z"]], 1))}

    folder = tmp_path_factory.mktemp("network")
    tf.saved_model.save(network, str(folder / "Format-Serving"), signatures={"serving_default": serve})
    return Model(str(folder))


@pytest.fixture(scope="module")
def sklearn_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    folder = tmp_path_factory.mktemp("regression")
    frame = pa.table({"x": [0.0, 1.0, 2.0, -1.0], "z": [1.0, 0.0, 1.0, -2.0]}).to_pandas()
    (folder / "Format-Serving").mkdir()
    skops.io.dump(
        LogisticRegression().fit(frame, ["no", "yes", "yes", "no"]), folder / "Format-Serving" / "model.skops"
    )
    return Model(str(folder))


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_a_served_model_predicts_what_it_predicts_here(
    tmp_path: Path, model: Model, sklearn_model: Model, file_format: str
) -> None:
    examples = points(tmp_path / "examples", file_format)
    one = model if file_format == PARQUET else sklearn_model
    rest: dict[str, Any] = {
        "examples": examples,
        "label": "y",
        "classes": ("no", "yes"),
        "slice_features": ("town",),
        "batch_size": 70,
    }
    here = perform(Predict(model=one, **rest), tmp_path / "here").predictions
    with ServerProcess(own_server(one.path, "taxi"), "taxi", tmp_path / "server") as server:
        url = server.wait_until_loaded(60)
        there = perform(Predict(server=url, **rest), tmp_path / "there").predictions

    expected, found = (pq.read_table(p.split("eval") / "predictions.parquet") for p in (here, there))
    assert found.schema == expected.schema
    for name in expected.column_names:
        if name.startswith("score"):
            np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), rtol=1e-6)
        else:
            assert found[name].equals(expected[name]), name
    assert there.properties == here.properties


def test_what_was_pushed_is_served_and_asked_anew_in_each_run(tmp_path: Path, sklearn_model: Model) -> None:
    examples = points(tmp_path / "examples", PARQUET)
    destination = tmp_path / "serving" / "taxi"
    perform(Pusher(model=sklearn_model, destination=destination), tmp_path / "push")
    with ServerProcess(own_server(destination, "taxi"), "taxi", tmp_path / "server") as server:
        url = server.wait_until_loaded(60)
        for _ in range(2):
            asked = Predict(server=url, examples=import_artifact(examples, id="rows"), label="y")
            run = run_inline(Pipeline("asking", asked.predictions), tmp_path / "root")
            step = run.steps["predict"]
            assert (step.state.value, step.reason) == ("complete", "a server's model may change")
    assert run[asked.predictions].num_examples == {"eval": 300}


def test_nobody_there_fails_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    examples = points(tmp_path / "examples", PARQUET)
    step = Predict(server="http://127.0.0.1:9/v1/models/taxi", examples=examples, label="y")
    with pytest.raises(BadInput, match="model server at http://127.0.0.1:9/v1/models/taxi cannot be reached"):
        perform(step, tmp_path / "out")
    assert waited == [0.5, 1, 2, 4]


def test_either_a_model_or_a_server() -> None:
    examples = Examples("/examples")
    both: tuple[dict[str, Any], ...] = ({}, {"model": Model("/m"), "server": "http://h/v1/models/m"})
    for given in both:
        with pytest.raises(WrongArgument, match="Predict: pass model=..., or server="):
            Predict(examples=examples, label="y", **given)
    with pytest.raises(WrongArgument, match="'localhost:8501' is not the address of a served model"):
        Predict(server="localhost:8501", examples=examples, label="y")


def test_what_a_server_says_is_not_cached() -> None:
    asked = Predict(server="http://h/v1/models/m", examples=Examples("/e"), label="y")
    assert asked.not_cached == "a server's model may change"
    assert not Predict(model=Model("/m"), examples=Examples("/e"), label="y").not_cached


def test_an_address_with_a_password_is_refused_and_the_password_is_not_told() -> None:
    with pytest.raises(WrongArgument, match="no user and no password") as refused:
        Predict(server="http://ann:s3cret@host/v1/models/m", examples=Examples("/e"), label="y")
    assert "s3cret" not in str(refused.value)
