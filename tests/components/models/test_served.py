"""Scoring by a model in a server gives what the same model gives here, and says what is wrong with the server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.components.data.tf_example import encode
from millwork.components.models.inputs import Rows
from millwork.components.models.loading import load_scorer
from millwork.components.models.rest_client import ModelClient, Refused, Unreachable, check_url
from millwork.components.models.scorers import LoadOptions, Scorer
from millwork.components.models.served import ServedModel, load_served
from millwork.components.serving.process import ServerProcess, own_server
from millwork.core.artifacts import Model
from millwork.core.errors import BadInput, WrongArgument


def rows() -> Rows:
    """Numbers that no short decimal has, missing ones, and text."""
    random = np.random.default_rng(3)
    x, z = random.normal(size=(2, 50)).astype(np.float32)
    town = pa.array(["Graz", "Köln", None, "", "x"] * 10)
    age = pa.array([None, *range(49)], pa.int64())
    columns = {"x": pa.array(x), "z": pa.array(z), "age": age, "town": town}
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    return Rows("eval", 0, batch, encode(batch))


def save_tensorflow(folder: Path) -> None:
    import tensorflow as tf

    spec = {name: tf.io.FixedLenFeature([1], tf.float32) for name in ("x", "z")}
    number = tf.TensorSpec([None, 1], tf.float32)

    def scores(x: Any, z: Any) -> Any:
        return tf.nn.softmax(tf.concat([x, z, x * z], 1))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: Any) -> Any:
        parsed = tf.io.parse_example(examples, spec)
        return {"scores": scores(parsed["x"], parsed["z"])}

    @tf.function(input_signature=[number, number])
    def tensors(x: Any, z: Any) -> Any:
        return {"scores": scores(x, z), "sum": x + z}

    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": serve, "tensors": tensors})


def save_sklearn(folder: Path) -> None:
    import joblib
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pa.Table.from_batches([rows().batch]).to_pandas()
    parts = make_column_transformer(
        (SimpleImputer(), ["x", "z", "age"]), (OneHotEncoder(handle_unknown="ignore"), ["town"])
    )
    folder.mkdir(parents=True)
    model = make_pipeline(parts, LogisticRegression()).fit(frame, np.where(frame.x > 0, 7, 3))
    joblib.dump(model, folder / "model.joblib")


@pytest.fixture(scope="module", params=["tensorflow", "sklearn"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp(request.param)
    {"tensorflow": save_tensorflow, "sklearn": save_sklearn}[request.param](folder / "Format-Serving")
    return Model(str(folder))


@pytest.fixture(scope="module")
def url(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ServerProcess(
        own_server(model.path, "m", "--trusted"), "m", tmp_path_factory.mktemp("server")
    ) as server:
        yield server.wait_until_loaded(60)


def test_a_served_model_gives_the_same_scores(model: Model, url: str) -> None:
    signatures = [LoadOptions(trusted=True)]
    if "tensorflow" in str(model.path):
        signatures.append(LoadOptions(signature="tensors", output="scores"))
    for options in signatures:
        here, there = load_scorer(model, options), load_served(url, options)
        given = rows()
        np.testing.assert_allclose(there.score(given), here.score(given), rtol=1e-6)
        for one in given.parts(1):  # also a batch in which every value of a column is missing
            np.testing.assert_allclose(there.score(one), here.score(one), rtol=1e-6)
        assert facts(there) == facts(here)


def facts(scorer: Scorer) -> tuple[object, ...]:
    classes = None if scorer.classes is None else [int(value) for value in scorer.classes]
    return scorer.takes_examples, scorer.problem, classes, scorer.width


def test_what_the_model_lacks_is_told_as_here(url: str) -> None:
    with pytest.raises(BadInput, match="has no signature 'tensor'"):
        load_served(url, LoadOptions(signature="tensor"))
    with pytest.raises(
        Refused, match="answers 404: Servable not found for request: Latest\\(n\\). There is: m"
    ):
        load_served(url[:-1] + "n", LoadOptions())


# A server that says what a test tells it to

Answers = list[tuple[int, object]]


@pytest.fixture
def saying() -> Iterator[Callable[[Answers], str]]:
    """The address of a server that gives these answers, one after the other."""
    started: list[ThreadingHTTPServer] = []

    def start(answers: Answers) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                status, answer = answers.pop(0)
                if status == 0:  # hang up
                    self.close_connection = True
                    return
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1/models/m"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def metadata(**outputs: str) -> dict[str, Any]:
    def info(kind: str) -> dict[str, Any]:
        return {"dtype": kind, "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}}

    signature = {"inputs": {"x": info("DT_FLOAT")}, "outputs": {n: info(k) for n, k in outputs.items()}}
    return {
        "model_spec": {"name": "m", "signature_name": "", "version": "12"},
        "metadata": {"signature_def": {"signature_def": {"serving_default": signature}}},
    }


X = {"x": np.array([1.0, 2.0], np.float32)}


def test_tensorflow_servings_own_answers_are_understood(saying: Callable[[Answers], str]) -> None:
    """The metadata and answers are as the documentation shows them, without what only our server adds."""
    url = saying([(200, metadata(y="DT_FLOAT")), (200, {"outputs": [0.2, 0.4]})])
    scorer = load_served(url, LoadOptions())
    found = scorer.score(rows().instead(pa.RecordBatch.from_arrays([pa.array(X["x"])], ["x"])))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array([0.2, 0.4], np.float32))


def test_a_lost_connection_is_tried_again(saying: Callable[[Answers], str]) -> None:
    url = saying(
        [(200, metadata(y="DT_FLOAT")), (0, ""), (503, {"error": "busy"}), (200, {"outputs": [1, 2]})]
    )
    model = ServedModel(ModelClient(url, backoff=0.01))
    assert model.call("serving_default", X)["y"].tolist() == [1, 2]
    assert model.version == "12"


def test_nobody_there_is_told_after_some_tries() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/models/m"
        with pytest.raises(
            Unreachable, match=r"cannot be reached \(.*refused; tried 3 times\). Start it, for"
        ):
            ModelClient(url, tries=3, backoff=0.01).get()


def test_busy_for_too_long_is_told(saying: Callable[[Answers], str]) -> None:
    with pytest.raises(Refused, match="answers 503: busy"):
        ModelClient(saying([(503, {"error": "busy"})] * 2), tries=2, backoff=0.01).get()


def test_a_version_that_is_gone_is_told(saying: Callable[[Answers], str]) -> None:
    url = saying([(200, metadata(y="DT_FLOAT")), (404, {"error": "Servable not found"})])
    with pytest.raises(
        BadInput, match="Version 12 of the model at .* is no longer served .*Run the step again"
    ):
        ServedModel(ModelClient(url)).call("serving_default", X)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"predictions": [1]}, "promises y"),
        ({"outputs": [["a"]]}, "'y' takes float32, but got text: 'a'"),
        ({"outputs": [[1.0], [2.0, 3.0]]}, "same lengths"),
        ({"outputs": [[1.0], [2.0]]}, r"'y' has the shape \[2, 1\]"),
        (b"<html>", "not as TensorFlow Serving does: b'<html>'"),
        ([1], "not as TensorFlow Serving does"),
    ],
)
def test_an_answer_of_another_shape_is_told(
    saying: Callable[[Answers], str], answer: object, says: str
) -> None:
    model = ServedModel(ModelClient(saying([(200, metadata(y="DT_FLOAT")), (200, answer)])))
    with pytest.raises(BadInput, match=says):
        model.call("serving_default", X)


def test_a_web_server_of_another_kind_is_told(saying: Callable[[Answers], str]) -> None:
    with pytest.raises(Refused, match="answers 200 and not as TensorFlow Serving does"):
        load_served(saying([(200, b"<html>hello</html>")]), LoadOptions())
    with pytest.raises(BadInput, match="are not those of TensorFlow Serving"):
        load_served(saying([(200, {"hello": "world"})]), LoadOptions())


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8501/v1/models/m",
        "grpc://h/v1/models/m",
        "http://h:8501",
        "http://h:8501/v1/models/m:predict",
        "http://h:x/v1/models/m",
        "http:///v1/models/m",
        "http://h/v1/models/m?a=1",
        "http://h/v1/models/m/labels/stable",
    ],
)
def test_what_is_no_address_of_a_model_is_refused(url: str) -> None:
    with pytest.raises(WrongArgument, match="is not the address of a served model. Write http://HOST:PORT"):
        check_url(url)


def test_a_model_may_be_behind_a_proxy_and_have_a_version() -> None:
    client = ModelClient("https://example.org/team/v1/models/m/versions/3")
    assert (client.model_path, client.version) == ("/team/v1/models/m", "3")
