"""Every stock template makes a project that is right as it stands: style, types, its own tests, its next commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sample_artifacts import PNG
from sample_command_line import clean_environment

from millwork.templates.sources import known_templates

FLOWERS = "\n".join(
    [
        "height,colour,kind",
        *(f"{n % 7 + 3 * (n % 2)},{['red', 'blue'][n % 2]},{'ab'[n % 2]}" for n in range(400)),
    ]
)

ADDRESS = "http://127.0.0.1:8501/v1/models/serving"


@dataclass(frozen=True)
class Case:
    """A template, and how its questions are answered."""

    template: str
    answers: tuple[str, ...] = ()
    own_file: bool = False

    def __str__(self) -> str:
        return "-".join([self.template, *(answer.partition("=")[2] for answer in self.answers)])

    def make(self, folder: Path) -> list[str]:
        """The project in folder/project; the commands that come next."""
        (folder / "flowers.csv").write_text(FLOWERS)
        source = ["--from", "flowers.csv", "--label", "kind"] if self.own_file else ["-t", self.template]
        answers = [word for answer in self.answers for word in ("-a", answer)]
        said = done(folder, "millwork", "init", "project", *source, "--defaults", "--json", *answers)
        commands: list[str] = json.loads(said)["next"]
        return commands


CASES = [
    Case("image"),
    Case("minimal", ("framework=keras",), own_file=True),
    Case("minimal", ("framework=sklearn",), own_file=True),
    Case("rolling-window"),
    Case("tabular-binary", ("framework=keras",)),
    Case("tabular-binary", ("framework=sklearn",)),
    Case("tabular-multiclass", ("framework=keras",)),
    Case("tabular-multiclass", ("framework=sklearn",)),
    Case("text"),
]
QUICK = "tabular-binary-sklearn"
one_quick = pytest.mark.parametrize(
    "case", [pytest.param(c, marks=() if str(c) == QUICK else pytest.mark.slow, id=str(c)) for c in CASES]
)


def done(folder: Path, *command: str) -> str:
    """What the command printed. It has to succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=clean_environment(PATH=path, CI="1"),
    )
    assert said.returncode == 0, f"{command}\n{said.stdout[-4000:]}\n{said.stderr[-4000:]}"
    return said.stdout


def test_every_template_has_a_case() -> None:
    assert {case.template for case in CASES} == set(known_templates())


@pytest.fixture(scope="module", params=CASES, ids=str)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A project, only to be read, and the commands that come next."""
    folder = tmp_path_factory.mktemp("made")
    return folder / "project", request.param.make(folder)


def test_it_is_complete_and_in_style(made: tuple[Path, list[str]]) -> None:
    project, commands = made
    assert len(commands) == 5
    done(project, "ruff", "check", "--no-cache", ".")
    done(project, "ruff", "format", "--no-cache", "--check", ".")
    for name in (
        "README.md",
        "Dockerfile",
        ".dockerignore",
        ".gitignore",
        "pyproject.toml",
        "configs/local.yaml",
        "configs/beam.yaml",
        "configs/kubernetes.yaml",
        "policies/blessing.yaml",
        ".github/workflows/compare.yml",
        "notebooks/explore.ipynb",
        "tests/test_pipeline.py",
        *(f"src/project/{m}.py" for m in ("pipeline", "features", "preprocessing", "model", "evaluation")),
    ):
        assert (project / name).is_file(), name
    assert any((project / "data").iterdir())
    readme = (project / "README.md").read_text()
    assert all(command in readme for command in commands[1:]), commands
    for path in (*project.glob("*"), *project.glob("src/**/*"), *project.glob("tests/**/*")):
        if path.is_file() and path.suffix != ".zip":
            for word in ("TODO", "FIXME", "{{", "{%"):
                assert word not in path.read_text(), path


def test_what_others_read_is_valid(made: tuple[Path, list[str]]) -> None:
    import tomllib

    import yaml

    project, _ = made
    workflow = yaml.safe_load((project / ".github/workflows/compare.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["compare"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    table = tomllib.loads((project / "pyproject.toml").read_text())
    assert table["tool"]["millwork"] == {"pipeline": "src/project/pipeline.py"}
    for name, runner in (("local", "local"), ("beam", "beam"), ("kubernetes", "kubernetes")):
        assert yaml.safe_load((project / f"configs/{name}.yaml").read_text())["runner"] == runner
    done(project, "millwork", "plan", "-c", "configs/local.yaml")
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(nbformat.read(project / "notebooks/explore.ipynb", as_version=4))


@one_quick
@pytest.mark.timeout(900)
def test_its_own_tests_pass(case: Case, tmp_path: Path) -> None:
    case.make(tmp_path)
    assert " passed" in done(tmp_path / "project", "python", "-m", "pytest", "-q")


@pytest.mark.slow
def test_its_types_hold(made: tuple[Path, list[str]], tmp_path: Path) -> None:
    done(made[0], "mypy", "--cache-dir", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.timeout(1800)
def test_its_next_commands_its_notebook_and_its_request_work(case: Case, tmp_path: Path) -> None:
    commands = case.make(tmp_path)
    done(tmp_path, "bash", "-euo", "pipefail", "-c", "\n".join(commands))
    project = tmp_path / "project"
    runs = json.loads(done(project, "millwork", "runs", "list", "--json"))["runs"]
    assert [run["state"] for run in runs] == ["complete", "complete"]
    done(project / "notebooks", "python", "-c", _code_of(project / "notebooks/explore.ipynb"))
    assert done(project, "millwork", "template", "update") == ""
    if request := _request(project):
        with served(project) as url:
            answer = done(project, "python", "-c", request.replace(ADDRESS, url))
        assert "'predictions': [" in answer


def _request(project: Path) -> str:
    """What README.md asks a served model with, from a folder with a picture; nothing if it does not say."""
    code = (project / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    (project / "digit.png").write_bytes(PNG)
    return f"import sys; sys.path.insert(0, 'src')\n{code}" if code else ""


@contextmanager
def served(project: Path) -> Iterator[str]:
    """The address at which the project's model is in service."""
    server = subprocess.Popen(
        [sys.executable, "-m", "millwork", "serve", "serving", "--port", "0"],
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    try:
        assert server.stdout
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.terminate()
        server.communicate(timeout=60)


def _code_of(notebook: Path) -> str:
    """Its cells, as one program: nothing but Python is in them."""
    cells = json.loads(notebook.read_text())["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
