"""InfraValidator starts a server with the model, asks it for rows, and blesses what answers."""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.writing import ExamplesWriter
from millwork.components.infra_validator import InfraValidator
from millwork.components.models.scorers import LoadOptions
from millwork.components.pusher import Pusher
from millwork.components.serving.servable import load_servable
from millwork.components.serving.warmup import replay_warmup
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Model
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

ODD = """
import os, signal, time

import numpy as np



class Odd:
    feature_names_in_ = ("x", "z")

    def __init__(self, deed):
        self.deed = deed

    def __setstate__(self, state):
        self.__dict__.update(state)
        if self.deed == "hang":
            time.sleep(600)
        if self.deed == "crash while loading":
            os.kill(os.getpid(), signal.SIGSEGV)

    def predict(self, frame):
        if self.deed == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.deed == "raise":
            raise RuntimeError("no luck today")
        return frame.x * (np.nan if self.deed == "NaN" else 2)
"""
"""A user's module: a model of scikit-learn's make that does what it is told to."""


@pytest.fixture(autouse=True, scope="module")
def users_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("user")
    (folder / "odd_model.py").write_text(ODD)
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    sys.modules.pop("odd_model", None)


def model_that(folder: Path, deed: str) -> Model:
    import joblib

    serving = folder / "model" / "Format-Serving"
    serving.mkdir(parents=True)
    made = importlib.import_module("odd_model").Odd(deed)
    joblib.dump(made, serving / "model.joblib")
    return Model(str(folder / "model"))


def points(folder: Path, file_format: str = PARQUET, **columns: Any) -> Examples:
    given = columns or {"x": [0.5, 1.5, -2.0], "z": [1.0, 0.0, 3.0], "y": [1, 0, 1]}
    arrays = {
        name: pa.array(v, pa.float32() if isinstance(v[0], float) else None) for name, v in given.items()
    }
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
    examples = Examples(str(folder / "examples"))
    with ExamplesWriter(examples, ["train", "eval"], file_format, batch.schema) as writer:
        writer.write("eval", batch)
    return examples


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Twice x: from serialised examples, and from tensors."""
    import tensorflow as tf

    spec = {name: tf.io.FixedLenFeature([], tf.float32) for name in ("x", "z")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: Any) -> Any:
        return {"double": 2 * tf.io.parse_example(examples, spec)["x"]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def tensors(x: Any) -> Any:
        return {"double": 2 * x, "half": x / 2}

    folder = tmp_path_factory.mktemp("saved")
    signatures = {"serving_default": serve, "tensors": tensors}
    tf.saved_model.save(tf.Module(), str(folder / "Format-Serving"), signatures=signatures)
    return Model(str(folder))


def tried(folder: Path, model: Model, examples: Examples | None = None, **arguments: Any) -> InfraValidator:
    given = {"split_name": "eval", "trusted": True, "num_tries": 1, **arguments}
    return perform(InfraValidator(model=model, examples=examples, **given), folder / "out")


def document(step: InfraValidator) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((step.blessing.path / "infra.json").read_text())
    return found


def servers() -> list[str]:
    """Those that this process has started and that still run."""
    found = subprocess.run(["ps", "-o", "args", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line for line in found.stdout.splitlines() if "millwork serve" in line]


def test_a_model_that_answers_is_blessed(tmp_path: Path, saved_model: Model) -> None:
    names = ("serving_default", "tensors")
    step = tried(tmp_path, saved_model, points(tmp_path), signature_names=names, num_examples=2)

    assert sorted(p.name for p in step.blessing.path.iterdir()) == [
        "INFRA_BLESSED",
        "infra.json",
        "server.log",
    ]
    assert (step.blessing.blessed, step.blessing.has_model, step.blessing.reason) == (1, 0, "")
    found = document(step)
    assert (found["mode"], found["trials"]) == ("LOAD_AND_QUERY", 1)
    assert (found["samples"], found["signatures"]) == (4, ["serving_default", "tensors"])
    assert 0 < step.blessing.latency_p50_ms <= step.blessing.latency_p90_ms <= step.blessing.latency_p99_ms
    assert found["requests"] >= 4
    assert step.blessing.load_seconds > 0
    assert step.blessing.peak_memory > 10_000_000
    assert servers() == []


def test_columns_of_tfrecords_are_sent_too(tmp_path: Path) -> None:
    step = tried(tmp_path, model_that(tmp_path, "fine"), points(tmp_path, TFRECORD), num_examples=3)
    assert (step.blessing.blessed, document(step)["samples"]) == (1, 3)


def test_without_examples_it_only_has_to_load(tmp_path: Path) -> None:
    step = tried(tmp_path, model_that(tmp_path, "raise"), split_name="")
    assert step.blessing.blessed == 1
    assert document(step)["mode"] == "LOAD_ONLY"
    assert step.blessing.latency_p99_ms == 0


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("hang", r"The server has not loaded the model within 3 s"),
        ("crash while loading", r"The server ended by signal 11"),
        ("crash", r"The server ended by signal 9 \(out of memory, or kill -9\)"),
        ("raise", r"answers 500: RuntimeError: no luck today"),
        ("NaN", r"Output 'predicted' of signature 'serving_default' for split 'eval', row 0 is nan"),
    ],
)
def test_a_model_that_does_not_answer_is_not_blessed(tmp_path: Path, deed: str, reason: str) -> None:
    limit = 3 if deed == "hang" else 60
    step = tried(tmp_path, model_that(tmp_path, deed), points(tmp_path), max_loading_time_seconds=limit)

    assert (step.blessing.path / "INFRA_NOT_BLESSED").exists()
    assert not (step.blessing.path / "INFRA_BLESSED").exists()
    assert step.blessing.blessed == 0
    assert re.search(reason, step.blessing.reason), step.blessing.reason
    assert document(step)["reason"] == step.blessing.reason
    assert servers() == []


def test_what_the_server_said_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    step = tried(tmp_path, model_that(tmp_path, "raise"), points(tmp_path))
    assert "no luck today" in (step.blessing.path / "server.log").read_text()
    assert "Trial 1 of 1" in caplog.text and "no luck today" in caplog.text


def test_a_model_that_is_too_slow_is_not_blessed(tmp_path: Path) -> None:
    step = tried(tmp_path, model_that(tmp_path, "fine"), points(tmp_path), max_latency_ms=0.01, num_tries=2)
    assert "The 99th percentile of the latency of " in step.blessing.reason
    assert "may be 0.01 ms at most" in step.blessing.reason
    assert document(step)["trials"] == 2


def test_what_is_sure_to_happen_again_is_not_tried_again(tmp_path: Path) -> None:
    refused = tried(tmp_path, model_that(tmp_path, "fine"), trusted=False, split_name="", num_tries=5)
    assert document(refused)["trials"] == 1
    assert "The server ended with exit code 1: " in refused.blessing.reason
    assert "is a pickle: loading it can run any code" in refused.blessing.reason


def test_a_signature_that_takes_what_the_examples_lack_is_a_reason(
    tmp_path: Path, saved_model: Model
) -> None:
    examples = points(tmp_path, z=[1.0], w=[1.0])
    step = tried(tmp_path, saved_model, examples, num_tries=5)
    assert "Feature: x (data type: float) is required" in step.blessing.reason
    assert document(step)["trials"] == 1


def test_features_that_clients_cannot_send_are_left_out(tmp_path: Path) -> None:
    model = model_that(tmp_path, "fine")
    assert tried(tmp_path, model, points(tmp_path), exclude_features=("y",)).blessing.blessed == 1
    step = tried(tmp_path / "x", model, points(tmp_path / "x"), exclude_features=("x",))
    assert "The examples have no column 'x' (a feature of the model" in step.blessing.reason
    with pytest.raises(BadInput, match="exclude_features names 'label', which the examples do not have"):
        tried(tmp_path / "label", model, points(tmp_path / "label"), exclude_features=("label",))


def test_the_warm_up_file_is_tensorflow_servings(
    tmp_path: Path, saved_model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    names = ("serving_default", "tensors")
    step = tried(
        tmp_path, saved_model, points(tmp_path), make_warmup=True, num_examples=3, signature_names=names
    )

    assert (step.blessing.blessed, step.blessing.has_model) == (1, 1)
    stamped = step.blessing.path / "stamped_model"
    assert (stamped / "saved_model.pb").exists()
    file = stamped / "assets.extra" / "tf_serving_warmup_requests"
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(file))
    ]
    assert [log.predict_log.request.model_spec.signature_name for log in logs] == [
        n for n in names for _ in range(3)
    ]
    loaded = tf.saved_model.load(str(stamped))
    for log in logs:
        request = log.predict_log.request
        inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
        answer = loaded.signatures[request.model_spec.signature_name](**inputs)
        assert float(answer["double"][0]) in (1.0, 3.0, -4.0)
    assert not (saved_model.path / "Format-Serving" / "assets.extra").exists()

    answered: list[str] = []
    assert replay_warmup(stamped, lambda signature, inputs: answered.append(signature)) == 6
    assert answered == [name for name in names for _ in range(3)]
    load_servable(stamped, LoadOptions())
    assert "Answered the 6 requests of the warm-up file" in caplog.text
    file.write_bytes(b"damaged" * 9)
    load_servable(stamped, LoadOptions())
    assert "cannot be used: DataLossError" in caplog.text

    pushed = perform(
        Pusher(model=saved_model, infra_blessing=step.blessing, destination=tmp_path / "serving"),
        tmp_path / "push",
    ).pushed_model
    assert (Path(pushed.pushed_destination) / "assets.extra" / "tf_serving_warmup_requests").exists()


def test_a_warm_up_file_needs_a_saved_model(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="make_warmup is for a SavedModel, but this model is joblib"):
        tried(tmp_path, model_that(tmp_path, "fine"), points(tmp_path), make_warmup=True)


def test_the_pusher_says_why_the_trial_did_not_bless(tmp_path: Path) -> None:
    model = model_that(tmp_path, "NaN")
    step = tried(tmp_path, model, points(tmp_path))
    pusher = Pusher(model=model, infra_blessing=step.blessing, destination=tmp_path / "serving")
    pushed = perform(pusher, tmp_path / "push").pushed_model
    assert pushed.pushed == 0
    assert "the trial with a server did not bless it: Output 'predicted'" in pushed.reason
    assert not (tmp_path / "serving").exists()


def test_another_server_can_be_named(tmp_path: Path) -> None:
    """A stand-in for tensorflow_model_server: the same flags, and our server behind them."""
    command = (
        *(sys.executable, "-m", "millwork", "serve", "{base}"),
        *("--port", "{port}", "--name", "{name}", "--poll", "0", "--trusted"),
    )
    model = model_that(tmp_path, "fine")
    step = tried(tmp_path, model, points(tmp_path), command=command)
    assert step.blessing.blessed == 1, step.blessing.reason
    assert "Serving version 1 of model" in (step.blessing.path / "server.log").read_text()
    missing = tried(
        tmp_path / "none", model, command=("no_such_server", "{port}"), split_name="", num_tries=5
    )
    assert "'no_such_server' cannot be started" in missing.blessing.reason
    assert document(missing)["trials"] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"num_examples": 0}, "num_examples must be more than 0, but got 0"),
        ({"num_tries": 0}, "num_tries must be more than 0"),
        ({"max_loading_time_seconds": -1}, "max_loading_time_seconds must be more than 0"),
        ({"signature_names": ()}, "name at least one signature"),
        ({"make_warmup": True, "examples": None}, "make_warmup needs examples"),
        ({"max_latency_ms": 5, "examples": None}, "max_latency_ms needs examples"),
        ({"command": ("tensorflow_model_server",)}, r"command must have \{port\}"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongArgument, match=f"InfraValidator: {says}"):
        InfraValidator(**{"model": Model("/model"), "examples": Examples("/examples"), **arguments})


def test_an_unknown_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no split 'evil'. Did you mean 'eval'"):
        tried(tmp_path, Model("/nowhere"), points(tmp_path), split_name="evil")


def test_the_server_dies_with_the_process_that_tries_it(tmp_path: Path, until: Callable[..., None]) -> None:
    model = model_that(tmp_path, "hang")
    program = (
        "from millwork.components.infra_validator import InfraValidator\n"
        "from millwork.core.artifacts import Model\n"
        "from millwork.core.testing import perform\n"
        f"import sys; sys.path[:] = {sys.path!r}\n"
        f"perform(InfraValidator(model=Model({str(model.path)!r}), trusted=True), {str(tmp_path / 'out')!r})"
    )
    trial = subprocess.Popen([sys.executable, "-c", program])  # the class of the model is found from here

    def children() -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(trial.pid)], capture_output=True, text=True)
        return [int(line) for line in found.stdout.split()]

    try:
        until(children)
        [server] = children()
        time.sleep(1)  # until the server has asked the system to end it with its parent
    finally:
        trial.kill()
        trial.wait()
    until(lambda: not Path(f"/proc/{server}").exists())
