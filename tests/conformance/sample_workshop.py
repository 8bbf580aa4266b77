"""A user's project whose runs are held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sample_project import Project
from sample_runner import run_inline

from millwork.analysis.differences.comparing import difference_between
from millwork.analysis.differences.difference import RunDifference
from millwork.core.plan import compile_pipeline
from millwork.core.store import MetadataStore

LOADING = '''
from pathlib import Path

from millwork import component
from millwork.core.artifacts import Examples, Schema
from millwork.core.signature import InputPath


@component
def load(examples: Examples, *, source: InputPath, keep: int = 100) -> None:
    """Rows, a line each."""
    lines = Path(source).read_text().splitlines()[:keep]
    (examples.path / "Split-train").mkdir()
    (examples.path / "Split-train" / "rows.txt").write_text("\\n".join(lines))
    examples.split_names, examples.num_examples = ("train",), {"train": len(lines)}


@component
def load_all(examples: Examples, *, folder: InputPath) -> None:
    """The rows of all files of a folder."""
    (examples.path / "Split-train").mkdir()
    text = "".join(file.read_text() for file in sorted(Path(folder).iterdir()))
    (examples.path / "Split-train" / "rows.txt").write_text(text)
    examples.split_names, examples.num_examples = ("train",), {"train": text.count("\\n")}


@component
def agree(schema: Schema, *, source: InputPath) -> None:
    """A schema that a person wrote."""
    (schema.path / "schema.pbtxt").write_text(Path(source).read_text())
'''

TRAINING = '''
from millwork import component
from millwork.core.artifacts import Examples, HyperParameters, Model
import json

from features import NAMES


@component
def tune(best: HyperParameters, examples: Examples, *, trials: int = 2) -> None:
    """As many units as there are names."""
    values = {"units": trials * len(NAMES), "rate": 0.5}
    (best.path / "best_hyperparameters.txt").write_text(json.dumps({"values": values}))


@component
def train(model: Model, examples: Examples, best: HyperParameters | None = None, *, steps: int = 10,
          layers: dict = {"first": 4, "second": 2}) -> None:
    """Something like a model."""
    rows = (examples.split("train") / "rows.txt").read_text()
    tuned = (best.path / "best_hyperparameters.txt").read_text() if best else ""
    (model.path / "weights.txt").write_text(f"{len(NAMES)} {rows} {tuned} {steps} {layers}")
'''

JUDGING = '''
import os

from millwork import component
from millwork.core.artifacts import Model, ModelBlessing, ModelEvaluation, Report


@component
def judge(blessing: ModelBlessing, evaluation: ModelEvaluation, *, least: float = 0.0) -> None:
    """Good enough or not."""
    good = evaluation.metrics["score"] >= least
    verdict = "BLESSED" if good else "NOT_BLESSED"
    (blessing.path / verdict).write_text("")
    blessing.blessed, blessing.verdict = int(good), verdict
    blessing.reason = "" if good else f"score below {least}"


@component
def evaluate(evaluation: ModelEvaluation, model: Model) -> None:
    """The longer, the better."""
    weights = (model.path / "weights.txt").read_text()
    (evaluation.path / "metrics.txt").write_text(weights)
    evaluation.metrics = {"score": float(len(weights))}


@component
def roll_dice(report: Report, model: Model) -> None:
    """Never the same."""
    (report.path / "report.txt").write_bytes(os.urandom(8))


@component
def read_dice(report: Report, dice: Report) -> None:
    """What was rolled."""
    (report.path / "report.txt").write_bytes((dice.path / "report.txt").read_bytes())


@component
def may_fail(report: Report, model: Model) -> None:
    """Fails if the world outside says so."""
    if os.path.exists(os.environ["STOP_FILE"]):
        raise ValueError("stopped")
    (report.path / "report.txt").write_text("fine")
'''

PIPELINE = """
from pathlib import Path

from millwork import pipeline
from judging import evaluate, judge
from loading import load
from training import train, tune


@pipeline
def project(source: Path, keep: int = 100, steps: int = 10, trials: int = 0, least: float = 0.0) -> None:
    examples = load(source=source, keep=keep)
    best = tune(examples, trials=trials) if trials else None
    model = train(examples, best, steps=steps)
    judge(evaluate(model), least=least)
"""


@dataclass
class Workshop:
    """Writes, runs and compares."""

    project: Project
    root: Path

    def write(self, name: str, text: str) -> Path:
        return self.project.write(name, text)

    def read(self, name: str) -> str:
        return (self.project.folder / name).read_text()

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a file."""
        text = self.read(name)
        assert old in text
        self.write(name, text.replace(old, new))

    def run(
        self,
        module: str = "described",
        name: str = "project",
        *,
        settings: dict[str, Any] | None = None,
        **given: Any,
    ) -> str:
        """Run a pipeline as the project is now. Returns the run's id."""
        described = getattr(self.project.load(module), name)
        if name == "project":
            given = {"source": self.project.folder / "rows.txt", **given}
        return run_inline(compile_pipeline(described(**given)), self.root, **(settings or {})).id

    @property
    def store(self) -> MetadataStore:
        return MetadataStore(str(self.root / "metadata.sqlite"))

    def diff(self, before: str, after: str) -> RunDifference:
        return difference_between(self.store, self.store.run(before), self.store.run(after))


@pytest.fixture
def workshop(project: Project, tmp_path: Path) -> Workshop:
    """A project of four modules and some rows."""
    made = Workshop(project, tmp_path / "root")
    for name, text in {
        "loading": LOADING,
        "training": TRAINING,
        "judging": JUDGING,
        "described": PIPELINE,
    }.items():
        made.write(f"{name}.py", text)
    made.write("features.py", 'NAMES = ["age", "sex"]\n')
    made.write("rows.txt", "1\n2\n3\n")
    return made
