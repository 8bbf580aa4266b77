"""Comparison: the verdict of `millwork compare` as a step, which others can depend on, or which stops the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components import Comparison
from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput, GateNotMet, WrongArgument
from millwork.core.testing import perform

ROWS = 1_000


def scored(folder: Path, noise: float, blind_to: str = "") -> Predictions:
    """What a model said about the same people as any other: it sees what decides through this noise."""
    draw, own = np.random.default_rng(0), np.random.default_rng(int(noise * 10))
    need = draw.normal(size=ROWS)
    ill = draw.random(ROWS) < 1 / (1 + np.exp(-2 * need))
    health = np.where(np.arange(ROWS) % 4 == 0, "poor", "good")
    seen = np.where(health == blind_to, 0, need) + noise * own.normal(size=ROWS)
    score = 1 / (1 + np.exp(-seen))
    predictions = Predictions(
        str(folder), split_names=("eval",), classes=("no", "yes"), label="ill", slice_features=("health",)
    )
    predictions.split("eval").mkdir(parents=True)
    columns = {
        "row_id": np.arange(ROWS),
        "label": np.where(ill, "yes", "no"),
        "predicted": np.where(score > 0.5, "yes", "no"),
        "weight": np.ones(ROWS),
        "score_no": 1 - score,
        "score_yes": score,
        "slice_health": health,
    }
    pq.write_table(pa.table(columns), predictions.split("eval") / "predictions.parquet")
    return predictions


@pytest.fixture
def baseline(tmp_path: Path) -> Predictions:
    return scored(tmp_path / "baseline", noise=1)


@pytest.fixture
def worse(tmp_path: Path) -> Predictions:
    return scored(tmp_path / "worse", noise=5)


def read(step: Comparison, name: str = "comparison.json") -> Any:
    return json.loads((step.comparison.path / name).read_text("utf-8"))


def test_a_better_model_is_called_better(tmp_path: Path, baseline: Predictions) -> None:
    better = scored(tmp_path / "better", noise=0.1)
    step = perform(Comparison(baseline=baseline, challenger=better, by=("health",)), tmp_path)
    said = read(step)
    assert (said["schema"], said["verdict"], said["paired"]) == ("millwork/compare/v1", "better", True)
    assert [one["name"] for one in said["models"]] == ["baseline", "challenger"]
    assert said["models"][1]["source"]["uri"] == better.uri
    assert said["slices"] == ["Overall", "health:good", "health:poor"]
    assert step.comparison.verdict == "better"
    assert step.comparison.num_better >= 2
    assert step.comparison.num_worse == 0
    assert step.comparison.remark.startswith("better: ")
    assert "**better**" in (step.comparison.path / "comparison.md").read_text("utf-8")
    assert "<html" in (step.comparison.path / "report.html").read_text("utf-8")


def test_a_model_that_is_worse_for_some_rows_is_worse(
    tmp_path: Path, baseline: Predictions, caplog: pytest.LogCaptureFixture
) -> None:
    blind = scored(tmp_path / "blind", noise=0.1, blind_to="poor")
    step = perform(
        Comparison(baseline=baseline, challenger=blind, by=("health",), metrics=("auc",)), tmp_path
    )
    verdicts = {entry["slice"]: entry["verdict"] for entry in read(step)["findings"]}
    assert (verdicts["health:good"], verdicts["health:poor"]) == ("better", "worse")
    assert (step.comparison.verdict, step.comparison.num_worse) == ("worse", 1)
    assert "auc of challenger, health:poor: worse" in caplog.text


def test_a_gate_stops_for_what_is_worse_and_lists_it(
    tmp_path: Path, baseline: Predictions, worse: Predictions
) -> None:
    step = Comparison(baseline=baseline, challenger=worse, metrics=("auc",), fail_on=("regression",))
    said = r"Not good enough: ROC AUC of challenger is worse in all rows\n  auc of challenger, Overall: worse"
    with pytest.raises(GateNotMet, match=said):
        perform(step, tmp_path)
    unchanged = Comparison(baseline=baseline, challenger=baseline, fail_on=("regression", "inconclusive"))
    assert perform(unchanged, tmp_path / "same").comparison.verdict == "no worse"


def test_a_policy_is_what_is_not_said_otherwise(
    tmp_path: Path, baseline: Predictions, worse: Predictions
) -> None:
    policy = tmp_path / "blessing.yaml"
    policy.write_text(
        "comparison: {metrics: [auc], seed: 7, margin: 0.9, by: [health=poor], fail_on: [regression]}\n"
    )
    step = Comparison(baseline=baseline, challenger=worse, policy=policy, fail_on=("inconclusive",), seed=3)
    said = read(perform(step, tmp_path))
    assert [said["settings"][name] for name in ("metrics", "seed", "margin")] == [
        ["auc"],
        3,
        {"default": "0.9"},
    ]
    assert said["slices"] == ["Overall", "health:poor"]
    assert said["gate"]["fail_on"] == ["inconclusive"]


def test_several_challengers_are_compared_with_the_baseline(
    tmp_path: Path, baseline: Predictions, worse: Predictions
) -> None:
    both = [baseline, worse]
    step = perform(Comparison(baseline=baseline, challenger=both, metrics=("auc",)), tmp_path)
    verdicts = {one["name"]: one["verdict"] for one in read(step)["models"]}
    assert verdicts == {"baseline": None, "challenger 1": "no worse", "challenger 2": "worse"}
    assert step.comparison.verdict == "worse"
    assert step.comparison.reason.startswith("challenger 2: ROC AUC")
    named = perform(Comparison(baseline=baseline, challenger=both, names=("old", "new")), tmp_path / "n")
    assert [one["name"] for one in read(named)["models"]] == ["baseline", "old", "new"]


@pytest.mark.parametrize("missing", [None, Predictions("/nowhere")])
def test_without_a_baseline_nothing_is_compared_and_nothing_stops(
    tmp_path: Path, worse: Predictions, missing: Predictions | None
) -> None:
    step = perform(Comparison(baseline=missing, challenger=worse, fail_on=("regression",)), tmp_path)
    assert (step.comparison.verdict, step.comparison.num_worse) == ("", 0)
    assert step.comparison.remark == "there is no baseline to compare with"
    assert [file.name for file in step.comparison.path.iterdir()] == ["NOT_COMPARED"]


def test_features_that_were_not_stored_are_named(tmp_path: Path, baseline: Predictions) -> None:
    with pytest.raises(BadInput, match=r"sliced by 'helth'. Did you mean 'health'.*Predict\(slice_features"):
        perform(Comparison(baseline=baseline, challenger=baseline, by=("helth",)), tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fail_on": ("regresion",)}, "knows no 'regresion'. Did you mean 'regression'"),
        ({"by": ("age>",)}, "'age>' is not understood"),
        ({"margin": "much"}, "margin"),
        ({"challenger": []}, "one challenger at least"),
        ({"names": ("a", "b")}, "names needs 1 different names"),
        ({"names": ("baseline",)}, "none of them 'baseline'"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        Comparison(**{"challenger": Predictions("/p"), **arguments})
