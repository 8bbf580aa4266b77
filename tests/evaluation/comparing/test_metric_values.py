"""Every metric is scikit-learn's, weights included."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from paired_models import paired, rivals
from sklearn import metrics as sk

from millwork.core.errors import WrongArgument
from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.comparing.metric_catalog import METRICS, chosen_metrics, metrics_of

ROWS = 700


def values(contest: Contest) -> dict[str, float | None]:
    """Of the challenger, each metric on all rows."""
    found = compare(contest, Settings(metrics=("all",), resamples=100))
    return {entry.metric: entry.value for entry in found.of(slice="Overall")}


def weights(kind: str, rows: int = ROWS) -> NDArray[np.float64] | None:
    """None, or numbers of which some are 0."""
    if kind == "unweighted":
        return None
    return np.random.default_rng(5).integers(0, 4, rows) / 2


def binary(weight: NDArray[np.float64] | None, digits: int = 9) -> Contest:
    """Rounded scores have ties."""
    labels, scores = rivals(ROWS, seed=3, noise=(0.5, 0.7))
    return paired(labels, *[s.round(digits) for s in scores], weights=weight)


def several(weight: NDArray[np.float64] | None) -> Contest:
    """Four classes, of which the last is rare."""
    random = np.random.default_rng(4)
    labels = random.choice(4, ROWS, p=[0.5, 0.3, 0.15, 0.05])
    models = []
    for strength in (1.0, 1.5):
        logits = random.normal(size=(ROWS, 4))
        logits[np.arange(ROWS), labels] += strength
        models.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    return paired(labels, *models, weights=weight)


def expected_error(p: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    """The calibration error, bin by bin."""
    error = 0.0
    for number in range(10):
        within = (p >= number / 10) & ((p < (number + 1) / 10) | (number == 9))
        if weight[within].sum() > 0:
            gap = np.average(p[within], weights=weight[within]) - np.average(
                right[within], weights=weight[within]
            )
            error += weight[within].sum() / weight.sum() * abs(gap)
    return error


@pytest.mark.parametrize("kind", ["unweighted", "weighted"])
@pytest.mark.parametrize("digits", [9, 1])
def test_of_two_classes(kind: str, digits: int) -> None:
    contest = binary(weights(kind), digits)
    one = contest.contenders[1]
    y, p, d, w = one.labels, one.scores, one.predicted, one.weights
    assert values(contest) == {
        "auc": pytest.approx(sk.roc_auc_score(y, p, sample_weight=w)),
        "accuracy": pytest.approx(sk.accuracy_score(y, d, sample_weight=w)),
        "pr_auc": pytest.approx(sk.average_precision_score(y, p, sample_weight=w)),
        "precision": pytest.approx(sk.precision_score(y, d, sample_weight=w)),
        "recall": pytest.approx(sk.recall_score(y, d, sample_weight=w)),
        "f1": pytest.approx(sk.f1_score(y, d, sample_weight=w)),
        "log_loss": pytest.approx(sk.log_loss(y, p, sample_weight=w)),
        "brier": pytest.approx(sk.brier_score_loss(y, p, sample_weight=w)),
        "calibration_error": pytest.approx(expected_error(p, y == 1, np.ones(ROWS) if w is None else w)),
    }


@pytest.mark.parametrize("kind", ["unweighted", "weighted"])
def test_of_several_classes(kind: str) -> None:
    contest = several(weights(kind))
    one = contest.contenders[1]
    y, p, d, w = one.labels, one.scores, one.predicted, one.weights
    each = np.eye(4)[y]
    right = p.argmax(axis=1) == y
    assert values(contest) == {
        "auc": pytest.approx(sk.roc_auc_score(each, p, average="macro", sample_weight=w)),
        "accuracy": pytest.approx(sk.accuracy_score(y, d, sample_weight=w)),
        "pr_auc": pytest.approx(sk.average_precision_score(each, p, average="macro", sample_weight=w)),
        "precision": pytest.approx(sk.precision_score(y, d, average="macro", sample_weight=w)),
        "recall": pytest.approx(sk.recall_score(y, d, average="macro", sample_weight=w)),
        "f1": pytest.approx(sk.f1_score(y, d, average="macro", sample_weight=w)),
        "log_loss": pytest.approx(sk.log_loss(y, p, sample_weight=w)),
        "brier": pytest.approx(sk.brier_score_loss(y, p, sample_weight=w)),
        "calibration_error": pytest.approx(
            expected_error(p.max(axis=1), right, np.ones(ROWS) if w is None else w)
        ),
    }


@pytest.mark.parametrize("kind", ["unweighted", "weighted"])
def test_of_a_regression(kind: str) -> None:
    random = np.random.default_rng(6)
    labels = random.normal(50, 10, ROWS)
    contest = paired(labels, *[labels + random.normal(0, s, ROWS) for s in (3, 4)], weights=weights(kind))
    one: Contender = contest.contenders[1]
    assert values(contest) == {
        "rmse": pytest.approx(sk.root_mean_squared_error(labels, one.scores, sample_weight=one.weights)),
        "mae": pytest.approx(sk.mean_absolute_error(labels, one.scores, sample_weight=one.weights)),
    }


def test_more_positive_rows_than_resampled_thresholds_change_no_value() -> None:
    labels, scores = rivals(20_000, seed=8)
    found = values(paired(labels, *scores))
    assert found["pr_auc"] == pytest.approx(sk.average_precision_score(labels, scores[1]))


def test_a_weight_of_three_is_as_good_as_three_rows() -> None:
    weight = weights("weighted")
    assert weight is not None
    contest = binary(weight * 2)
    times = (weight * 2).astype(int)
    repeated = paired(
        np.repeat(contest.baseline.labels, times),
        *[np.repeat(one.scores, times) for one in contest.contenders],
    )
    assert values(contest) == pytest.approx(values(repeated))


@pytest.mark.parametrize("unit", [2.0**600, 2.0**-600])
def test_the_unit_of_weights_does_not_matter(unit: float) -> None:
    weight = weights("weighted")
    assert weight is not None
    settings = Settings(metrics=("all",), resamples=100)
    assert compare(binary(weight * unit), settings).entries == compare(binary(weight), settings).entries


def test_a_certain_mistake_costs_as_much_as_in_scikit_learn() -> None:
    labels, (first, second) = rivals(200, seed=1)
    second[:2] = [0.0, 1.0]
    found = values(paired(labels, first, second))
    assert found["log_loss"] == pytest.approx(sk.log_loss(labels, second))


def test_a_class_that_does_not_occur_has_no_part_in_the_mean() -> None:
    contest = several(None)
    kept = np.flatnonzero(contest.baseline.labels != 3)
    labels = contest.baseline.labels[kept]
    found = values(paired(labels, *[one.scores[kept] for one in contest.contenders]))
    scores = contest.contenders[1].scores[kept]
    recalls = sk.recall_score(labels, scores.argmax(axis=1), average=None, labels=[0, 1, 2])
    areas = [sk.roc_auc_score(labels == number, scores[:, number]) for number in range(3)]
    assert found["recall"] == pytest.approx(np.mean(recalls)) and found["auc"] == pytest.approx(
        np.mean(areas)
    )


def test_the_usual_metrics() -> None:
    assert [metric.name for metric in chosen_metrics("binary", ())] == [
        "auc", "accuracy", "log_loss", "brier",
    ]  # fmt: skip
    assert [metric.name for metric in chosen_metrics("regression", ())] == ["rmse", "mae"]
    assert chosen_metrics("multiclass", ["all"]) == metrics_of("multiclass")
    assert len({metric.name for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize(
    ("problem", "name", "message"),
    [
        ("binary", "acuracy", "no metric 'acuracy' of a binary model. Did you mean 'accuracy'?"),
        ("regression", "auc", "no metric 'auc' of a regression model. There are: all, mae, rmse."),
    ],
)
def test_a_metric_that_there_is_not(problem: str, name: str, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        chosen_metrics(problem, [name])  # type: ignore[arg-type]
