"""The classic pipeline on real data, the way a user runs it: a generated project and the command line in it."""

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
from sample_command_line import clean_environment

BEFORE_TRANSFORM = ["csv_example_gen", "statistics_gen", "schema_gen", "example_validator"]
FROM_TRAINER = ["trainer", "predict", "confusion_matrix", "roc", "evaluator", "infra_validator", "pusher"]
RESOLVER = "latest_blessed_model"
PACKAGE = "doctor_visits"
QUICK = ("-p", "trials=2", "-p", "steps=200")


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
            env=clean_environment(),
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(self, *options: str) -> dict[str, Any]:
        """Step states of a run, by step."""
        document = self.millwork("run", *options)
        return {step["id"]: step for step in document["steps"]}


def _time_span(step: dict[str, Any]) -> tuple[float, float]:
    began = datetime.fromisoformat(step["began"]).timestamp()
    return began, began + step["seconds"]


def states(steps: dict[str, Any]) -> dict[str, str]:
    """What was made of each step that is no resolver."""
    return {id: step["state"] for id, step in steps.items() if id != RESOLVER}


def generated(template: str, framework: str, folder: Path) -> Project:
    """What `millwork init` makes of the template."""
    project = Project(folder / "project")
    project.folder.mkdir()
    answers = ("-a", f"framework={framework}", "-a", f"package={PACKAGE}")
    project.millwork("init", ".", "-t", template, "--defaults", *answers)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return generated("tabular-binary", "keras", tmp_path_factory.mktemp("keras"))


@pytest.fixture(scope="module")
def first(project: Project) -> dict[str, Any]:
    return project.run(*QUICK, "--workers", "3")


def test_every_step_runs_and_the_model_is_better_than_guessing(
    first: dict[str, Any], project: Project
) -> None:
    assert set(first) == {*BEFORE_TRANSFORM, "transform", "tuner", RESOLVER, *FROM_TRAINER}
    assert set(states(first).values()) == {"complete"}
    [roc] = project.millwork("artifacts", "list", "--type", "RocCurve")["artifacts"]
    properties = project.millwork("artifacts", "show", str(roc["id"]))["properties"]
    auc = json.loads(properties["auc"])["eval"]
    assert 0.6 < auc < 0.7  # as far as these features go: cross-validated, 0.647
    assert first["evaluator"]["remark"].startswith("BLESSED: 1 threshold held")
    assert any(project.folder.glob("serving/*/saved_model.pb"))


def test_confusion_matrix_and_roc_overlap_in_time(first: dict[str, Any]) -> None:
    matrix, roc = _time_span(first["confusion_matrix"]), _time_span(first["roc"])
    assert matrix[0] < roc[1]
    assert roc[0] < matrix[1]


def test_a_second_run_with_nothing_changed_runs_nothing(first: dict[str, Any], project: Project) -> None:
    assert set(states(project.run(*QUICK)).values()) == {"cached"}


def test_a_worse_model_is_neither_blessed_nor_pushed_and_the_reason_is_shown(
    first: dict[str, Any], project: Project
) -> None:
    served = set(project.folder.glob("serving/*"))
    steps = project.run("-p", "trials=0", "-p", "steps=2")
    remark = steps["evaluator"]["remark"]
    assert remark.startswith("NOT_BLESSED: auc is 0.5")
    assert "below the lower bound 0.6" in remark
    assert "and the baseline's is 0.6" in remark
    reason = remark.removeprefix("NOT_BLESSED: ")
    assert steps["pusher"]["remark"].startswith(f"not pushed: the evaluation did not bless it: {reason}")
    assert set(project.folder.glob("serving/*")) == served


def test_the_same_data_with_scikit_learn_shares_what_comes_before_training(
    first: dict[str, Any], project: Project, tmp_path: Path
) -> None:
    other = generated("tabular-binary", "sklearn", tmp_path)
    steps = other.run(*QUICK, "--root", str(project.folder / ".millwork"))
    assert {steps[id]["state"] for id in [*BEFORE_TRANSFORM, "transform"]} == {"cached"}
    assert {steps[id]["state"] for id in FROM_TRAINER} == {"complete"}
    assert steps["evaluator"]["remark"].startswith("BLESSED: 2 thresholds held")  # beside the network


def test_one_changed_line_of_preprocessing_runs_transform_and_what_follows(
    first: dict[str, Any], project: Project, tmp_path: Path
) -> None:
    changed = Project(tmp_path / "changed")
    shutil.copytree(project.folder, changed.folder)
    file = changed.folder / "src" / PACKAGE / "preprocessing.py"
    file.write_text(file.read_text().replace("inputs[VISITS] > 0", "inputs[VISITS] > 1"))

    plan = {step["id"]: step for step in changed.millwork("plan", *QUICK)["steps"]}
    assert {plan[id]["action"] for id in BEFORE_TRANSFORM} == {"cached"}
    assert plan["transform"]["reason"] == f"code {PACKAGE}.preprocessing changed"
    assert plan["trainer"]["reason"] == "waits for what transform, tuner will write"


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["keras", "sklearn"])
def test_three_classes_go_the_same_way(framework: str, tmp_path: Path) -> None:
    project = generated("tabular-multiclass", framework, tmp_path)
    options = ("-p", "trials=2")
    first = project.run(*options)
    assert set(states(first).values()) == {"complete"}
    assert first["evaluator"]["remark"].startswith("BLESSED")
    assert first["pusher"]["remark"].startswith("pushed to ")
    assert set(states(project.run(*options)).values()) == {"cached"}
    worse = project.run("-p", "trials=0", "-p", "steps=1")
    assert worse["evaluator"]["remark"].startswith("NOT_BLESSED: sparse_categorical_accuracy is 0.")
    assert worse["pusher"]["remark"].startswith("not pushed: ")
