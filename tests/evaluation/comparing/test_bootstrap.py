"""The vectorised bootstrap says what a plain one says, row by row, and always the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from paired_models import paired, pieces, rivals, unpaired, weighted

from millwork.evaluation.comparing import bootstrap
from millwork.evaluation.comparing.bootstrap import Replicates, change_by_bootstrap, draw
from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.estimate import two_sided
from millwork.evaluation.comparing.findings import Finding, Settings

Metric = Callable[..., float]


def average_precision(y: Any, p: Any, w: Any) -> float:
    """Without ties."""
    order = np.argsort(-p)
    hits = np.cumsum((w * y)[order])
    return float(((w * y)[order] * hits / np.cumsum(w[order])).sum() / hits[-1])


# Plain formulas: scikit-learn's functions, which have the same values, take minutes for all resamples.
BINARY: dict[str, Metric] = {
    "pr_auc": average_precision,
    "precision": lambda y, p, w: (w * y)[p > 0.5].sum() / w[p > 0.5].sum(),
    "recall": lambda y, p, w: (w * y)[p > 0.5].sum() / (w * y).sum(),
    "f1": lambda y, p, w: 2 * (w * y)[p > 0.5].sum() / (w[p > 0.5].sum() + (w * y).sum()),
    "log_loss": lambda y, p, w: -(w * np.log(np.where(y, p, 1 - p))).sum() / w.sum(),
    "brier": lambda y, p, w: (w * (y - p) ** 2).sum() / w.sum(),
}
REGRESSION: dict[str, Metric] = {
    "rmse": lambda y, p, w: ((w * (y - p) ** 2).sum() / w.sum()) ** 0.5,
    "mae": lambda y, p, w: (w * abs(y - p)).sum() / w.sum(),
}


def mean_f1(y: Any, p: Any, _: Any) -> float:
    """Of three classes."""
    called = p.argmax(axis=1)
    each = [2 * ((called == c) & (y == c)).sum() / ((called == c).sum() + (y == c).sum()) for c in range(3)]
    return float(np.mean(each))


SEVERAL: dict[str, Metric] = {
    "f1": mean_f1,
    "pr_auc": lambda y, p, w: float(np.mean([average_precision(y == c, p[:, c], w) for c in range(3)])),
    "log_loss": lambda y, p, _: -np.log(p[np.arange(len(y)), y]).mean(),
}


def finding(contest: Contest, metric: str, **settings: Any) -> Finding:
    """On all rows."""
    return next(compare(contest, Settings(metrics=(metric,), **settings)).of(slice="Overall"))


def error_of(found: Finding) -> float:
    """From the interval, which for thousands of rows is a normal one."""
    assert found.lower is not None and found.upper is not None
    return (found.upper - found.lower) / 2 / two_sided(0.95)


def plain(contest: Contest, metric: Metric) -> NDArray[np.float64]:
    """Changes of the metric, one resample after the other."""
    random = np.random.default_rng(99)
    baseline, challenger = contest.contenders
    rows, changes = len(baseline), []
    for _ in range(1_000):
        at = random.integers(0, rows, rows)
        weight = np.ones(rows) if baseline.weights is None else baseline.weights[at]
        values = [metric(one.labels[at], one.scores[at], weight) for one in (baseline, challenger)]
        changes.append(values[1] - values[0])
    return np.array(changes)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("with_weights", [False, True])
def test_errors_are_those_of_a_plain_bootstrap(name: str, with_weights: bool) -> None:
    labels, scores = rivals(600, seed=12, noise=(0.5, 0.9))
    contest = paired(labels, *scores)
    if with_weights:
        contest = weighted(contest, np.random.default_rng(1).gamma(2, 1, 600))
    ours = error_of(finding(contest, name))
    # Each of both is itself off by 2 %.
    assert ours == pytest.approx(plain(contest, BINARY[name]).std(), rel=0.12)


@pytest.mark.parametrize("name", REGRESSION)
def test_errors_of_a_regression(name: str) -> None:
    random = np.random.default_rng(2)
    labels = random.gamma(3, 10, 500)
    contest = paired(labels, labels + random.normal(0, 5, 500), labels + random.standard_t(4, 500) * 4)
    theirs = plain(contest, REGRESSION[name])
    assert error_of(finding(contest, name)) == pytest.approx(theirs.std(), rel=0.12)


@pytest.mark.parametrize("name", SEVERAL)
def test_errors_of_several_classes(name: str) -> None:
    random = np.random.default_rng(3)
    labels, models = random.integers(0, 3, 500), []
    for strength in (0.8, 1.2):
        logits = random.normal(size=(500, 3))
        logits[np.arange(500), labels] += strength
        models.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    contest = paired(labels, *models)
    assert error_of(finding(contest, name)) == pytest.approx(plain(contest, SEVERAL[name]).std(), rel=0.12)


@pytest.mark.parametrize("name", [*BINARY, "calibration_error"])
def test_groups_of_rows_vary_as_much_as_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, scores = rivals(8_000, seed=5, noise=(0.5, 0.9))
    contest = paired(labels, *scores)
    monkeypatch.setattr(bootstrap, "GROUPS", 1_000)
    in_groups = error_of(finding(contest, name))
    monkeypatch.setattr(bootstrap, "GROUPS", 8_000)
    assert in_groups == pytest.approx(error_of(finding(contest, name)), rel=0.12)


def test_different_rows_vary_by_themselves() -> None:
    labels, (first, second) = rivals(6_000, seed=6)
    together = finding(paired(labels, first, second), "log_loss")
    apart = finding(unpaired((labels[:3_000], first[:3_000]), (labels[3_000:], second[3_000:])), "log_loss")
    alone = []
    for part, scores in ((slice(0, 3_000), first), (slice(3_000, None), second)):
        p = np.where(labels[part] == 1, scores[part], 1 - scores[part])
        alone.append(np.var(np.log(p)) / 3_000)
    assert error_of(apart) == pytest.approx(sum(alone) ** 0.5, rel=0.08)
    assert error_of(apart) > 2 * error_of(together)
    assert (together.method, apart.method) == ("paired bootstrap", "unpaired bootstrap")


def test_the_same_seed_gives_the_same_findings_and_another_does_not() -> None:
    labels, scores = rivals(9_000, seed=7)
    contest = paired(labels, *scores, slices=pieces(9_000, 3))
    settings = Settings(metrics=("all",), resamples=200)
    assert compare(contest, settings) == compare(contest, settings)
    assert finding(contest, "brier", seed=1).lower != finding(contest, "brier", seed=2).lower


def test_what_else_is_compared_changes_no_finding() -> None:
    labels, scores = rivals(9_000, seed=7, noise=(0.5, 0.5, 0.5))
    slices = pieces(9_000, 3)
    alone = compare(
        paired(labels, scores[0], scores[1], slices={"part:1": slices["part:1"]}), Settings(("brier",))
    )
    among = compare(paired(labels, *scores, slices=slices), Settings(("log_loss", "brier")))
    (one,), (other,) = (list(found.of("B", "brier", "part:1")) for found in (alone, among))
    assert (one.lower, one.upper) == (other.lower, other.upper)


def test_every_resample_draws_as_many_rows_as_there_are() -> None:
    drawn = draw(1_000, 50, seed=0)
    assert (drawn.counts.sum(axis=1) == 1_000).all() and (np.sort(drawn.group) == np.arange(1_000)).all()
    groups = np.bincount(draw(10_000, 1, seed=0).group)
    assert len(groups) == bootstrap.GROUPS and set(groups.tolist()) == {2, 3}


def test_some_rows_see_the_same_draws() -> None:
    drawn, places = draw(1_000, 20, seed=0), np.array([7, 3, 998])
    some = drawn.among(places)
    assert (some.counts[:, some.group] == drawn.counts[:, drawn.group[places]]).all()


def test_a_share_changes_by_1_at_most() -> None:
    labels = np.arange(40) % 20 == 0
    scores = [np.where(labels, 0.6, 0.4), np.where(labels, np.arange(40) / 40 + 0.1, 0.4)]
    entry = finding(paired(labels.astype(np.int64), *scores), "recall")
    assert (entry.change, entry.lower) == (-0.5, -1)


def test_what_rounding_leaves_is_no_change() -> None:
    errors = np.random.default_rng(3).normal(size=500)
    one = Replicates(1.0, errors, 500)
    alike = change_by_bootstrap(one, Replicates(1.0 + 1e-15, errors, 500), True, 0.95, share=False)
    assert alike is not None and (alike.change, alike.p_value) == (0, 1)
    other = change_by_bootstrap(one, Replicates(1.1, errors, 500), True, 0.95, share=False)
    assert other is not None and other.change == pytest.approx(0.1) and other.p_value == 0
