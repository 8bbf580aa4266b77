"""The classic pipeline on real data, the way a user runs it: a project folder and the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import millwork.templates.tabular_binary as template
from millwork.templates.tabular_binary.data import write_data

BEFORE_TRANSFORM = ["csv_example_gen", "statistics_gen", "schema_gen", "example_validator"]
FROM_TRANSFORM = ["transform", "trainer", "predict", "confusion_matrix", "roc", "pusher"]


@dataclass(frozen=True)
class Project:
    """A folder with a pipeline, and the command line in it."""

    folder: Path

    def millwork(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "millwork", *arguments, "--json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(self, *options: str) -> dict[str, Any]:
        """Step states of a run, by step."""
        document = self.millwork("run", "pipeline.py", *options)
        return {step["id"]: step for step in document["steps"]}


def _time_span(step: dict[str, Any]) -> tuple[float, float]:
    began = datetime.fromisoformat(step["began"]).timestamp()
    return began, began + step["seconds"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("randhie")
    for file in Path(template.__file__).parent.glob("*.py"):
        if not file.name.startswith("__"):
            text = file.read_text().replace("from millwork.templates.tabular_binary import", "import")
            (folder / file.name).write_text(text.replace("millwork.templates.tabular_binary.", ""))
    write_data(folder / "data")
    return Project(folder)


@pytest.fixture(scope="module")
def first(project: Project) -> dict[str, Any]:
    return project.run()


def test_every_step_runs_and_the_model_is_better_than_guessing(
    first: dict[str, Any], project: Project
) -> None:
    assert {id: step["state"] for id, step in first.items()} == dict.fromkeys(
        [*BEFORE_TRANSFORM, *FROM_TRANSFORM], "complete"
    )
    [roc] = project.millwork("artifacts", "list", "--type", "RocCurve")["artifacts"]
    properties = project.millwork("artifacts", "show", str(roc["id"]))["properties"]
    auc = json.loads(properties["auc"])["eval"]
    assert 0.6 < auc < 0.7  # as far as these features go: cross-validated, 0.647
    assert any(project.folder.glob("serving/keras/*/saved_model.pb"))


def test_confusion_matrix_and_roc_overlap_in_time(first: dict[str, Any]) -> None:
    matrix, roc = _time_span(first["confusion_matrix"]), _time_span(first["roc"])
    assert matrix[0] < roc[1]
    assert roc[0] < matrix[1]


def test_a_second_run_runs_nothing(first: dict[str, Any], project: Project) -> None:
    assert {step["state"] for step in project.run().values()} == {"cached"}


def test_the_same_data_with_scikit_learn_shares_what_comes_before_training(
    first: dict[str, Any], project: Project
) -> None:
    steps = project.run("-p", "framework=sklearn")
    assert {steps[id]["state"] for id in [*BEFORE_TRANSFORM, "transform"]} == {"cached"}
    assert {steps[id]["state"] for id in FROM_TRANSFORM[1:]} == {"complete"}


def test_one_changed_line_of_preprocessing_runs_transform_and_what_follows(
    first: dict[str, Any], project: Project, tmp_path: Path
) -> None:
    changed = Project(tmp_path / "changed")
    shutil.copytree(project.folder, changed.folder)
    file = changed.folder / "preprocessing.py"
    file.write_text(file.read_text().replace("inputs[VISITS] > 0", "inputs[VISITS] > 1"))

    plan = {step["id"]: step for step in changed.millwork("plan", "pipeline.py")["steps"]}
    assert {plan[id]["action"] for id in BEFORE_TRANSFORM} == {"cached"}
    assert plan["transform"]["reason"] == "code preprocessing changed"

    steps = changed.run("-p", "steps=20")
    assert {steps[id]["state"] for id in BEFORE_TRANSFORM} == {"cached"}
    assert {steps[id]["state"] for id in FROM_TRANSFORM} == {"complete"}
