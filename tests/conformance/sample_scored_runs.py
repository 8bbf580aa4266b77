"""Runs that train, score and judge in a moment: what comparisons are made of."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from sample_command_line import CommandLine

ROWS, POOR = 3_000, 300
"""Rows that are scored, and those of them in poor health."""

PIPELINES = """
import json

from millwork import Component, component, output, pipeline
from millwork.components import latest_blessed_model
from millwork.core.artifacts import Examples, Model, ModelBlessing, ModelEvaluation, Predictions


@component
def people(examples: Examples, *, seed: int = 1) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(seed)
    need = draw.normal(size=3_000)
    columns = {
        "person": np.arange(3_000) + 100,
        "need": need,
        "health": np.where(np.arange(3_000) < 300, "poor", "good"),
        "age": draw.integers(18, 90, 3_000),
        "visited": (draw.random(3_000) < 1 / (1 + np.exp(-2 * need))).astype(int),
    }
    examples.split_names = ("eval",)
    examples.split("eval").mkdir(parents=True)
    pq.write_table(pa.table(columns), examples.split("eval") / "data.parquet")


@component
def train(model: Model, *, noise: float = 1.0, blind_to: str = "") -> None:
    (model.path / "model.skops").write_text(json.dumps([noise, blind_to]))
    model.framework = "skops"


def predict(predictions: Predictions, model: Model, examples: Examples, label: str, stored: bool) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    noise, blind_to = json.loads((model.path / "model.skops").read_text())
    rows = pq.read_table(examples.split("eval") / "data.parquet").to_pydict()
    draw = np.random.default_rng(2)
    seen = np.array(rows["need"]) + noise * draw.normal(size=3_000)
    if blind_to:
        seen = np.where(np.array(rows["health"]) == blind_to, draw.normal(size=3_000), seen)
    p = 1 / (1 + np.exp(-2 / (1 + noise**2) * seen))
    columns = {
        "row_id": np.arange(3_000),
        "label": pa.array([str(v) if label else None for v in rows["visited"]], pa.string()),
        "predicted": [str(int(v > 0.5)) for v in p],
        "weight": np.ones(3_000),
        "score_0": 1 - p,
        "score_1": p,
    }
    if stored:
        columns["slice_health"] = rows["health"]
        predictions.slice_features = ("health",)
    predictions.split_names = ("eval",)
    predictions.split("eval").mkdir(parents=True)
    pq.write_table(pa.table(columns), predictions.split("eval") / "predictions.parquet")
    predictions.problem, predictions.classes, predictions.label = "binary", ("0", "1"), label
    predictions.num_examples = {"eval": 3_000}


@component
def score(
    predictions: Predictions, model: Model, examples: Examples, *, label: str = "visited", stored: bool = True
) -> None:
    predict(predictions, model, examples, label, stored)


# It predicts for itself, as Evaluator does.
class OwnEvaluator(Component):
    model: Model
    baseline_model: Model
    examples: Examples
    evaluation: ModelEvaluation = output()
    new_predictions: Predictions = output()
    new_baseline_predictions: Predictions = output()

    def run(self) -> None:
        predict(self.new_predictions, self.model, self.examples, "visited", True)
        predict(self.new_baseline_predictions, self.baseline_model, self.examples, "visited", True)


@component
def judge(blessing: ModelBlessing, model: Model) -> None:
    blessing.blessed, blessing.verdict = 1, "BLESSED"


@component
def evaluate(evaluation: ModelEvaluation, predictions: Predictions) -> None:
    evaluation.num_examples = 3_000


@pipeline
def doctor(
    noise: float = 1.0,
    blind_to: str = "",
    bless: bool = False,
    stored: bool = True,
    label: str = "visited",
    seed: int = 1,
) -> None:
    model = train(noise=noise, blind_to=blind_to)
    predictions = score(model, people(seed=seed), stored=stored, label=label)
    evaluate(predictions)
    if bless:
        judge(model)


@pipeline
def twice() -> None:
    examples, model = people(), train()
    score(model, examples)
    score.configured(id="again")(model, examples, stored=False)


@pipeline
def beside_the_blessed() -> None:
    examples = people()
    score.configured(id="before")(latest_blessed_model(pipeline="*"), examples)
    score(train(noise=1.6), examples)


@pipeline
def evaluated() -> None:
    older = train.configured(id="older")(noise=1.6)
    OwnEvaluator(id="evaluator", model=train(), baseline_model=older, examples=people())


@pipeline
def untried() -> None:
    train(noise=3.0)
"""


@functools.cache
def scored_runs() -> CommandLine:
    """A folder with four runs of `doctor`, oldest first: usual and blessed, blind to poor health, worse, without a
    stored feature. Only to be read."""
    return _with_runs(["bless=true"], ["blind_to=poor"], ["noise=1.6"], ["noise=0.9", "stored=false"])


@functools.cache
def rescored_runs() -> CommandLine:
    """A folder with four runs of `doctor`, oldest first: usual, the same from the cache, another model, and the first
    model on other rows. Only to be read."""
    return _with_runs([], [], ["noise=1.6"], ["seed=8"])


def _with_runs(*given: list[str]) -> CommandLine:
    folder = Path(tempfile.mkdtemp(prefix="millwork-scored-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    millwork = project_of_runs(folder)
    for parameters in given:
        run(millwork, "doctor", *parameters)
    return millwork


def project_of_runs(folder: Path) -> CommandLine:
    """A folder with the pipelines, and no runs."""
    (folder / "scoring.py").write_text(PIPELINES)
    return CommandLine(folder)


def run(millwork: CommandLine, pipeline: str, *parameters: str) -> None:
    """Run one of the pipelines, and insist that it goes well."""
    given = [word for text in parameters for word in ("-p", text)]
    said = millwork.here("run", f"scoring.py:{pipeline}", "--quiet", *given)
    assert said.code == 0, said
