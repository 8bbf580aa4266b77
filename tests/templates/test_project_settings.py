"""`[tool.millwork]` in pyproject.toml, and `-c FILE`: what commands need not be told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import Said

Millwork = Callable[..., Said]

PIPELINE = '''
from pathlib import Path

from millwork import component, pipeline
from millwork.core.artifacts import Integer


@component
def lines(n: Integer, *, file: str) -> None:
    n.value = len(Path(file).read_text().splitlines())


@pipeline
def counted(file: str = "data.txt", more: int = 0) -> Integer:
    """Counts."""
    return lines(file=str(Path(file).absolute()))
'''


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pipeline, in whose subfolder one is."""
    (folder / "src/thing").mkdir(parents=True)
    (folder / "src/thing/__init__.py").write_text("")
    (folder / "src/thing/pipeline.py").write_text(PIPELINE)
    (folder / "data.txt").write_text("a\nb\n")
    (folder / "pyproject.toml").write_text('[tool.millwork]\npipeline = "src/thing/pipeline.py"\n')
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    return folder


def test_a_command_without_a_target_takes_the_project_s(
    millwork: Millwork, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in ("plan", "compile"):
        monkeypatch.chdir(project / "sub")
        assert json.loads(millwork(command, "--json").out)["pipeline"] == "counted"
    monkeypatch.chdir(project / "sub")
    said = millwork("run", "--json")
    assert (said.code, json.loads(said.out)["state"]) == (0, "complete"), said
    assert f"In {project}: paths of the pipeline are relative to that" in said.err
    assert (project / ".millwork/metadata.sqlite").exists()
    assert not (project / "sub/.millwork").exists()
    monkeypatch.chdir(project / "sub")
    assert "counted" in millwork("runs", "list").out
    swept = millwork("sweep", "-p", "more=1,2", "--json")
    assert (swept.code, len(json.loads(swept.out)["runs"])) == (0, 2), swept


def test_files_that_are_named_are_those_of_the_folder_one_is_in(millwork: Millwork, project: Path) -> None:
    Path("given.yaml").write_text("more: 3\n")
    said = millwork("compile", "--params", "given.yaml", "-o", "plan.json")
    assert said.code == 0, said
    assert json.loads((project / "sub/plan.json").read_text())["parameters"]["more"] == 3


def test_the_environment_and_the_option_have_the_last_word(
    millwork: Millwork, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("environment", "option"):
        monkeypatch.chdir(project / "sub")
        monkeypatch.setenv("MILLWORK_ROOT", str(tmp_path / "environment"))
        option = ["--root", tmp_path / name] if name == "option" else []
        assert millwork("run", "--quiet", *option).code == 0
        assert (tmp_path / name / "metadata.sqlite").exists()
    assert not (project / ".millwork").exists()


def test_a_configuration_says_how_to_run(
    millwork: Millwork, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "other.txt").write_text("a\nb\nc\n")
    (project / "c.yaml").write_text(
        "runner: local\nroot: elsewhere\nworkers: 1\nparameters: {file: other.txt, more: 1}\n"
    )
    document = json.loads(millwork("plan", "-c", "../c.yaml", "--json").out)
    assert document["parameters"] == {"file": "other.txt", "more": 1}
    monkeypatch.chdir(project / "sub")
    said = millwork("run", "-c", "../c.yaml", "-p", "more=2", "--json")
    assert json.loads(said.out)["parameters"] == {"file": "other.txt", "more": 2}
    assert (project / "elsewhere/metadata.sqlite").exists()
    monkeypatch.chdir(project / "sub")
    assert millwork("run", "-c", "../c.yaml", "--root", "here", "--quiet").code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runner: beam\npipeline_options: []", "asks for the runner 'beam', which this version of Millwork"),
        ("runner: kubernetes\nnamespace: x", "asks for the runner 'kubernetes'"),
        ("runner: lokal", "there is no runner 'lokal'. Did you mean 'local'?"),
        ("worker: 3", "has an unknown setting 'worker'. Did you mean 'workers'?"),
        ("workers: many", "workers must be a number, but is 'many'"),
        ("workers: 0", "workers must be 1 or more, but is 0"),
        ("parameters: [a]", "parameters must be names and values, but is ['a']"),
        ("- a", "must hold names and values"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_before_anything_runs(
    millwork: Millwork, project: Path, text: str, message: str
) -> None:
    Path("c.yaml").write_text(text)
    said = millwork("run", "-c", "c.yaml")
    assert (said.code, message in said.err) == (2, True), said
    assert not (project / ".millwork").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[tool.millwork]\npipline = "x.py"', "there is no setting 'pipline'. Did you mean 'pipeline'?"),
        ("[tool.millwork]\npipeline = 3", "pipeline must be text, but is 3"),
        ('[tool.millwork]\ntemplates = "a"', "templates must be a list of folders, but is 'a'"),
        ("[tool.millwork", "cannot be read"),
        ("[tool]\nmillwork = 3", "tool.millwork must be a table"),
        ("[tool.millwork]", "Which pipeline? Name a Python file"),
        ('[tool.millwork]\npipeline = "absent.py"', "There is no file"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    millwork: Millwork, project: Path, table: str, message: str
) -> None:
    (project / "pyproject.toml").write_text(table)
    said = millwork("run")
    assert (said.code in (1, 2, 4), message in said.err) == (True, True), said


def test_outside_of_a_project_a_target_is_needed(millwork: Millwork, folder: Path) -> None:
    said = millwork("run")
    assert (said.code, "Which pipeline?" in said.err) == (2, True)
    assert os.listdir(folder) == []


def test_a_pyproject_without_our_table_is_passed_over(millwork: Millwork, project: Path) -> None:
    (project / "sub/pyproject.toml").write_text("[tool.other]\n")
    assert json.loads(millwork("plan", "--json").out)["pipeline"] == "counted"
