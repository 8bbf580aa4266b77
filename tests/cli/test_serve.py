"""`millwork serve`: a server as its users start, ask and stop it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_command_line import CommandLine

from millwork.analysis.models_in_store import find_model
from millwork.core.errors import NotFound, WrongArgument

PIPELINE = """
from millwork import component, pipeline
from millwork.core.artifacts import Model, Integer


@component
def train(model: Model, *, shift: float = 0.0) -> None:
    import numpy as np, skops.io
    from sklearn.linear_model import LinearRegression

    folder = model.path / "Format-Serving"
    folder.mkdir()
    skops.io.dump(LinearRegression().fit(np.arange(4.0)[:, None], np.arange(4.0) + shift), folder / "model.skops")


@component
def other(value: Integer) -> None:
    value.value = 1


@pipeline
def one() -> Model:
    other()
    return train()


@pipeline
def two() -> tuple[Model, Model]:
    return train(), train.configured(id="second")(shift=1.0)
"""


@contextmanager
def serving(*arguments: str | Path, cwd: Path | None = None) -> Iterator[dict[str, Any]]:
    """What a server announces, while it runs; its process as `handle`."""
    command = [sys.executable, "-m", "millwork", "serve", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)
    try:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            assert process.stderr
            pytest.fail(process.stderr.read())
        yield {**json.loads(line), "handle": process}
    finally:
        process.kill()
        process.communicate()


ROOTS = ("/v1", "/v2", "/health")
TREE = ("--trusted-type", "sklearn.tree._tree.Tree")


def request(
    url: str, path: str = "", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    _, _, address, model = url.split("/", 3)
    connection = HTTPConnection(address, timeout=20)
    connection.request(
        "GET" if body is None else "POST",
        path if path.startswith(ROOTS) else f"/{model}{path}",
        body,
        headers,
    )
    response = connection.getresponse()
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = json.loads(response.read())
    connection.close()
    return response.status, found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`taxi/3/model.skops`: whether `x` is over 1."""
    import pandas as pd
    import skops.io
    from sklearn.tree import DecisionTreeClassifier

    folder = tmp_path_factory.mktemp("models") / "taxi"
    (folder / "3").mkdir(parents=True)
    frame = pd.DataFrame({"x": np.arange(4.0)})
    skops.io.dump(DecisionTreeClassifier().fit(frame, frame.x > 1), folder / "3" / "model.skops")
    return folder


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[dict[str, Any]]:
    with serving(model, "--port", "0", "--poll", "0.05", "--max-request-mib", "1", *TREE) as announced:
        yield announced


def test_the_announcement_says_where_the_model_is(server: dict[str, Any]) -> None:
    assert server["schema"] == "millwork/serving/v1"
    assert (server["model"], server["version"], server["process"]) == ("taxi", 3, server["handle"].pid)
    assert server["url"].startswith("http://127.0.0.1:")
    assert server["url"].endswith("/v1/models/taxi")


def test_status_and_metadata_are_tensorflow_servings(server: dict[str, Any]) -> None:
    status = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("", "/versions/3"):
        assert request(server["url"], path) == (200, {"model_version_status": [status]})
        code, metadata = request(server["url"], f"{path}/metadata")
        assert code == 200
        assert metadata["model_spec"] == {"name": "taxi", "signature_name": "", "version": "3"}
        signatures = metadata["metadata"]["signature_def"]["signature_def"]
        assert signatures["serving_default"]["outputs"]["scores"] == {
            "dtype": "DT_DOUBLE",
            "tensor_shape": {
                "dim": [{"size": "-1", "name": ""}, {"size": "2", "name": ""}],
                "unknown_rank": False,
            },
            "name": "StatefulPartitionedCall:1",
        }
        assert signatures["classification"]["method_name"] == "tensorflow/serving/classify"
    assert request(server["url"], "/health") == (200, {"status": "ok"})


def test_it_predicts_and_classifies(server: dict[str, Any]) -> None:
    body = json.dumps({"inputs": {"x": [0, 3]}}).encode()
    expected = {"outputs": {"predicted": [False, True], "scores": [[1.0, 0.0], [0.0, 1.0]]}}
    assert request(server["url"], ":predict", body) == (200, expected)
    assert request(server["url"], "/versions/3:predict", body) == (200, expected)
    body = json.dumps({"examples": [{"x": 3}]}).encode()
    assert request(server["url"], ":classify", body) == (200, {"results": [[["False", 0.0], ["True", 1.0]]]})


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        (
            "/v1/models/half:predict",
            b"{}",
            404,
            "Servable not found for request: Latest(half). There is: taxi",
        ),
        (
            "/v1/models/taxi/versions/4:predict",
            b"{}",
            404,
            "Servable not found for request: Specific(taxi, 4)",
        ),
        ("/v1/models/taxi/versions/4", None, 404, "Could not find version 4 of model taxi"),
        ("/v1/models/taxi:transform", b"{}", 400, "Malformed request: POST /v1/models/taxi:transform"),
        ("/v1/models/taxi/labels/stable", None, 400, "Malformed request"),
        ("/v2/models", None, 404, "Not Found: GET /v2/models"),
        ("/v1/models/taxi:predict", b"{", 400, "JSON Parse error"),
        ("/v1/models/taxi:predict", b" " * (1 << 20) + b"{}", 413, "more than 1,048,576 bytes"),
        ("/health", b"{}", 405, "Method Not Allowed"),
    ],
)
def test_errors_are_json_with_the_right_status(
    server: dict[str, Any], path: str, body: bytes | None, status: int, says: str
) -> None:
    code, answer = request(server["url"], path, body)
    assert (code, list(answer)) == (status, ["error"])
    assert says in answer["error"]


def test_other_names_than_its_own_are_refused(server: dict[str, Any]) -> None:
    for host in ("localhost:1", "127.0.0.1", "[::1]:8501"):
        assert request(server["url"], Host=host)[0] == 200
    code, answer = request(server["url"], Host="evil.example:8501")
    assert code == 403
    assert "does not answer as 'evil.example:8501'. Start it with --allow-host" in answer["error"]


def test_many_clients_get_their_own_answers(server: dict[str, Any]) -> None:
    wrong: list[object] = []

    def ask(value: float) -> None:
        for _ in range(20):
            body = json.dumps({"instances": [{"x": value}]}).encode()
            said = request(server["url"], ":predict", body)
            if said[1].get("predictions", [{}])[0].get("predicted") is not (value > 1):
                wrong.append(said)

    threads = [threading.Thread(target=ask, args=(float(n % 4),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_version_that_is_pushed_takes_over_while_it_serves(
    model: Path, server: dict[str, Any], until: Callable[..., None]
) -> None:
    shutil.copytree(model / "3", model / ".staging")
    (model / ".staging").rename(model / "5")
    until(lambda: request(server["url"])[1]["model_version_status"][0]["version"] == "5")
    shutil.rmtree(model / "5")
    until(lambda: request(server["url"])[1]["model_version_status"][0]["version"] == "3")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_stops_when_it_is_told_to(model: Path, number: signal.Signals, code: int) -> None:
    with serving(model / "3", "--port", "0", "--name", "cab", *TREE) as announced:
        assert announced["url"].endswith("/v1/models/cab")
        announced["handle"].send_signal(number)
        assert announced["handle"].wait(20) == code
        assert "Traceback" not in announced["handle"].stderr.read()


def test_a_scikit_learn_model_needs_no_tensorflow(model: Path) -> None:
    program = f"""
import pathlib, sys
import millwork.cli.serve, millwork.components.serving.server
from millwork.components.models.scorers import LoadOptions
from millwork.components.serving.requests import answer
from millwork.components.serving.servable import load_servable

servable = load_servable(pathlib.Path({str(model / "3")!r}), LoadOptions(trusted=True))
assert answer(servable, "predict", b'{{"instances": [{{"x": 1}}]}}')
print([m for m in ("tensorflow", "keras", "apache_beam", "tfx_bsl") if m in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


# What MODEL may be


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both pipelines have run."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "factory.py").write_text(PIPELINE)
    for name in ("one", "two"):
        said = CommandLine(folder)("run", f"factory.py:{name}", "-q")
        assert said.code == 0, said.err
    return folder


def test_a_model_is_found_by_run_step_and_artifact(project: Path) -> None:
    root = str(project / ".millwork")
    first = find_model("latest~1", root, "").uri
    assert first.endswith("/Format-Serving") or "/train/model/" in first
    assert find_model("latest:second", root, "").uri.split("/")[-3:-1] == ["second", "model"]
    with pytest.raises(
        WrongArgument, match="Several steps .* made models. Name one: latest:train, latest:second"
    ):
        find_model("latest", root, "")
    with pytest.raises(NotFound, match="Step 'secnd' .* made no model. Did you mean 'second'"):
        find_model("latest:secnd", root, "")
    listed = json.loads(CommandLine(project)("artifacts", "list", "--json").out)["artifacts"]
    model = next(a for a in listed if a["type"] == "Model")
    assert find_model(str(model["id"]), root, "").uri == model["uri"]
    other = next(a for a in listed if a["type"] == "Integer")
    with pytest.raises(WrongArgument, match=r"is of type Integer. See: millwork artifacts list --type Model"):
        find_model(str(other["id"]), root, "")
    with pytest.raises(NotFound, match="no model at './nowhere'"):
        find_model("./nowhere", root, "")


def test_the_model_of_a_run_is_served(project: Path) -> None:
    with serving("latest:second", "--port", "0", "--features", "x", cwd=project) as announced:
        said = request(announced["url"], ":predict", b'{"instances": [{"x": 2}]}')
        assert said == (200, {"predictions": [pytest.approx(3.0)]})


def test_what_cannot_be_served_ends_the_command_with_the_reason(
    project: Path, model: Path, tmp_path: Path
) -> None:
    millwork = CommandLine(project).here
    said = millwork("serve", "latest:second", "--port", "0")
    assert (said.code, said.out) == (1, "")
    assert "does not know the names of its columns" in said.err and "--features" in said.err
    said = millwork("serve", "nowhere")
    assert said.code == 4
    assert (
        "no file or folder 'nowhere', and no such model in the store. There is no run 'nowhere'" in said.err
    )
    assert millwork("serve", str(tmp_path)).code == 4
    (tmp_path / "model.joblib").write_bytes(b"")
    said = millwork("serve", str(tmp_path))
    assert said.code == 1 and "--trusted" in said.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = millwork("serve", str(model / "3"), *TREE, "--port", str(taken.getsockname()[1]))
    assert said.code == 2 and "Cannot listen on 127.0.0.1 port" in said.err
