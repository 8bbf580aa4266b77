"""Data that comes day by day: which days a pipeline reads, and what runs again when a day is added."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PIPELINES = """
from pathlib import Path

from millwork import component, pipeline
from millwork.components import CsvExampleGen, RollingRange, span_range
from millwork.core.artifacts import Examples, Report

PATTERN = "{YYYY}-{MM}-{DD}/*.csv"


@component
def days_of(report: Report, examples: list[Examples]) -> None:
    (report.path / "spans").write_text(",".join(str(one.span) for one in examples))


@pipeline
def window() -> Report:
    examples = CsvExampleGen(input_base="data", pattern=PATTERN, span=RollingRange(last=3), splits={"all": 1})
    return days_of([examples.examples])


@pipeline
def day_by_day() -> Report:
    today = CsvExampleGen(input_base="data", pattern=PATTERN).examples
    return days_of(span_range(Examples, last=3, ending_with=today))
"""

DAY_30, DAY_31, DAY_32 = 19873, 19874, 19875


@dataclass(frozen=True)
class Project:
    """A folder with pipelines, and the command line in it."""

    folder: Path

    def millwork(self, command: str, name: str) -> dict[str, Any]:
        """The steps of a run or of a plan."""
        done = subprocess.run(
            [sys.executable, "-m", "millwork", command, f"pipelines.py:{name}", "--json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return {step.get("id", step.get("step")): step for step in json.loads(done.stdout)["steps"]}

    def artifact(self, kind: str) -> dict[str, Any]:
        """The properties and the place of the newest one of a type."""
        found = self._json("list", "--type", kind)["artifacts"][0]
        shown: dict[str, Any] = self._json("show", str(found["id"]))
        return shown

    def _json(self, *arguments: str) -> Any:
        command = [sys.executable, "-m", "millwork", "artifacts", *arguments, "--json"]
        return json.loads(subprocess.run(command, cwd=self.folder, capture_output=True, check=True).stdout)

    def add_day(self, day: str) -> None:
        file = self.folder / "data" / day / "rows.csv"
        file.parent.mkdir(parents=True)
        file.write_text("day,n\n" + "".join(f"{day},{n}\n" for n in range(30)))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    (tmp_path / "pipelines.py").write_text(PIPELINES)
    for day in ("2024-05-29", "2024-05-30", "2024-05-31"):
        project.add_day(day)
    return project


def test_a_rolling_window_moves_on_with_a_new_day_and_with_nothing_else(project: Project) -> None:
    first = project.millwork("run", "window")
    assert {step["state"] for step in first.values()} == {"complete"}
    assert project.artifact("Examples")["properties"]["span"] == DAY_31

    for file in project.folder.rglob("*.csv"):
        os.utime(file, (0, 0))
    assert {step["state"] for step in project.millwork("run", "window").values()} == {"cached"}

    project.add_day("2024-06-01")
    planned = project.millwork("plan", "window")["csv_example_gen"]
    assert planned["action"] == "run"
    assert "input_base/2024-05-29/rows.csv is gone" in planned["reason"]
    assert "input_base/2024-06-01/rows.csv is new" in planned["reason"]

    again = project.millwork("run", "window")
    assert {step["state"] for step in again.values()} == {"complete"}
    examples = project.artifact("Examples")
    assert examples["properties"]["span"] == DAY_32
    assert json.loads(examples["properties"]["spans"]) == {str(day): 0 for day in (DAY_30, DAY_31, DAY_32)}


def test_a_window_over_what_earlier_runs_have_read(project: Project) -> None:
    for _ in range(2):
        project.millwork("run", "day_by_day")
    project.add_day("2024-06-01")
    project.millwork("run", "day_by_day")
    report = Path(project.artifact("Report")["uri"]) / "spans"
    assert report.read_text() == f"{DAY_31},{DAY_32}"
    project.add_day("2024-05-01")  # an older day does not matter
    assert {step["state"] for step in project.millwork("run", "day_by_day").values()} <= {
        "cached",
        "complete",
    }
    assert project.artifact("Examples")["properties"]["span"] == DAY_32
