"""One model by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sample_contests import binary_contest, multiclass_contest, regression_contest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.reporting.model_report import model_report_html
from millwork.evaluation.reporting.own_values import own_values


def alone(contest: Contest) -> Contest:
    slices = tuple(replace(of, rows=of.rows[:1]) for of in contest.slices)
    return replace(contest, contenders=contest.contenders[:1], slices=slices)


def test_values_are_those_of_scikit_learn() -> None:
    contest = alone(binary_contest(1_000))
    model = contest.baseline
    _, values, _ = own_values(contest, Settings(metrics=("auc", "accuracy", "f1"), resamples=200))
    found = {(v.metric, v.slice): v for v in values}
    assert found["auc", "Overall"].value == pytest.approx(roc_auc_score(model.labels, model.scores))
    rows = contest.slices[2].rows[0]
    assert found["accuracy", "region:south"].value == accuracy_score(
        model.labels[rows], model.predicted[rows]
    )
    assert found["f1", "region:south"].value == pytest.approx(
        f1_score(model.labels[rows], model.predicted[rows])
    )


def test_intervals_hold_the_true_value_as_often_as_they_say() -> None:
    """Of very many rows the values are known; samples of 300 are drawn from them."""
    whole = alone(binary_contest(100_000)).baseline
    true = {
        "auc": roc_auc_score(whole.labels, whole.scores),
        "accuracy": (whole.labels == whole.predicted).mean(),
    }
    true["f1"] = f1_score(whole.labels, whole.predicted)
    held = dict.fromkeys(true, 0)
    for seed in range(200):
        rows = np.random.default_rng(seed).integers(100_000, size=300)
        drawn = replace(
            whole, labels=whole.labels[rows], scores=whole.scores[rows], predicted=whole.predicted[rows]
        )
        everything = replace(binary_contest(10).slices[0], rows=(np.arange(300),))
        contest = Contest((drawn,), True, (everything,))
        _, values, _ = own_values(
            contest, Settings(metrics=tuple(true), confidence=0.9, resamples=200, seed=seed)
        )
        for value in values:
            assert value.lower is not None and value.upper is not None
            held[value.metric] += value.lower <= true[value.metric] <= value.upper
    assert all(166 <= count <= 193 for count in held.values()), (
        held
    )  # 90 % of 200, within three standard errors


def test_tiny_slices_have_no_interval() -> None:
    contest = alone(binary_contest(300))
    _, values, _ = own_values(contest, Settings(metrics=("auc",), resamples=100))
    [tiny] = [v for v in values if v.slice == "region:overseas"]
    assert tiny.rows < 10
    assert tiny.lower is None


@pytest.mark.parametrize("make", [binary_contest, multiclass_contest, regression_contest])
def test_every_problem_has_a_report_without_gaps(make: Callable[..., Contest]) -> None:
    html = model_report_html(alone(make(400)), Settings(resamples=100))
    text = re.sub(r"<(script|style).*?</(script|style)>|<[^>]*>", " ", html, flags=re.S)
    assert not re.search(r"\b(nan|NaN|None|inf|Undefined|baseline|less than)\b", text)
    found = re.search(r'id="findings">(.*?)</script>', html, re.S)
    assert found
    assert json.loads(found[1])["schema"] == "millwork/model-report/v1"
