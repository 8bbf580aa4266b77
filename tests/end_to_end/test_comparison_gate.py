"""In a pipeline a new model is compared with the blessed one, on the same rows, and is pushed if it is not worse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_project import Project
from sample_runner import run_inline

from millwork import Pipeline, when
from millwork.components import (
    Comparison,
    CsvExampleGen,
    Evaluator,
    Predict,
    Pusher,
    Trainer,
    latest_blessed_model,
)
from millwork.core.records import State
from millwork.core.run import Run

TRAINING = """
from pathlib import Path


def run_fn(fn_args):
    import pandas as pd
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from tfx_bsl.public.tfxio import RecordBatchesOptions

    batches = fn_args.data_accessor.record_batch_factory(
        fn_args.train_files, RecordBatchesOptions(batch_size=1_024, num_epochs=1), None
    )
    rows = pd.concat(batch.to_pandas() for batch in batches).apply(lambda column: column.str[0])
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True)
    skops.io.dump(LogisticRegression().fit(rows[[fn_args.custom_config["by"]]], rows["ill"]), folder / "model.skops")
"""


@pytest.fixture
def training(project: Project) -> Any:
    project.write("training.py", TRAINING)
    return project.load("training").run_fn


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """What somebody needs says how ill they are; their number says nothing."""
    draw = np.random.default_rng(0)
    need, number = draw.normal(size=(2, 1_500))
    ill = (draw.random(1_500) < 1 / (1 + np.exp(-3 * need))).astype(int)
    (tmp_path / "data").mkdir()
    lines = [f"{a:.6f},{b:.6f},{y}\n" for a, b, y in zip(need, number, ill, strict=True)]
    (tmp_path / "data" / "people.csv").write_text("need,number,ill\n" + "".join(lines))
    return tmp_path / "data"


def health(data: Path, run_fn: Any, by: str, fail_on: tuple[str, ...] = ()) -> Pipeline[Any]:
    """A model that knows this feature."""
    examples = CsvExampleGen(input_base=data).examples
    model = Trainer(examples=examples, run_fn=run_fn, custom_config={"by": by}).model
    new = Predict(model=model, examples=examples, label="ill")
    blessed = latest_blessed_model(other_than=model)
    before = Predict(id="before", model=blessed, examples=examples, label="ill")
    comparison = Comparison(
        baseline=before.predictions, challenger=new.predictions, resamples=200, fail_on=fail_on
    ).comparison
    with when(comparison.is_not_worse()):
        auc = {"class_name": "AUC", "threshold": {"value_threshold": {"lower_bound": {"value": 0.3}}}}
        evaluator = Evaluator(
            model=model, predictions=new.predictions, eval_config={"metrics_specs": [{"metrics": [auc]}]}
        )
        pusher = Pusher(model=model, model_blessing=evaluator.blessing, destination=data.parent / "serving")
    return Pipeline("health", [pusher, comparison])


def states(run: Run) -> dict[str, State]:
    return {name: run.steps[name].state for name in ("comparison", "evaluator", "pusher")}


def test_a_worse_model_is_not_pushed(tmp_path: Path, data: Path, training: Any) -> None:
    root, pushed = tmp_path / "root", tmp_path / "serving"

    first = run_inline(health(data, training, by="need"), root)
    assert set(states(first).values()) == {State.COMPLETE}, first.steps
    assert len(list(pushed.iterdir())) == 1

    second = run_inline(health(data, training, by="number"), root)
    assert states(second) == {
        "comparison": State.COMPLETE,
        "evaluator": State.SKIPPED,
        "pusher": State.SKIPPED,
    }

    third = run_inline(health(data, training, by="number", fail_on=("regression",)), root)
    assert states(third)["comparison"] is State.FAILED
    assert "Not good enough" in third.steps["comparison"].reason
    assert len(list(pushed.iterdir())) == 1
