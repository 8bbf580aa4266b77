"""DeLong's test: published numbers, the definition row by row, and what a bootstrap says."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from paired_models import rivals

from millwork.evaluation.comparing.delong import Auc, area_under_curve, change_of_auc
from millwork.evaluation.comparing.ranking import Ranking

# Albumin, total protein, K-G score and outcome of the 43 patients of DeLong, DeLong and Clarke-Pearson (1988) that
# have all three, as in the documentation of SAS's PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves".
PATIENTS = """
3.0 5.8 10 0  3.2 6.3  5 1  3.9 6.8  3 1  2.8 4.8  6 0  3.2 5.8  3 1  0.9 4.0  5 0  2.5 5.7  8 0  1.6 5.6  5 1
3.8 5.7  5 1  3.7 6.7  6 1  3.2 5.4  4 1  3.8 6.6  6 1  4.1 6.6  5 1  3.6 5.7  5 1  4.3 7.0  4 1  3.6 6.7  4 0
2.3 4.4  6 1  4.2 7.6  4 0  4.0 6.6  6 0  3.5 5.8  6 1  3.8 6.8  7 1  3.0 4.7  8 0  4.5 7.4  5 1  3.7 7.4  5 1
3.1 6.6  6 1  4.1 8.2  6 1  4.3 7.0  5 1  4.3 6.5  4 1  3.2 5.1  5 1  2.6 4.7  6 1  3.3 6.8  6 0  1.7 4.0  7 0
3.7 6.1  5 1  3.3 6.3  7 1  4.2 7.7  6 1  3.5 6.2  5 1  2.9 5.7  9 0  2.1 4.8  7 1  2.8 6.2  8 0  4.0 7.0  7 1
3.3 5.7  6 1  3.7 6.9  5 1  3.6 6.6  5 1
"""


def area(positive: Any, scores: Any, weights: NDArray[np.float64] | None = None) -> Auc:
    """Of arrays, lists or both."""
    positive, scores = np.asarray(positive, bool), np.asarray(scores, float)
    found = area_under_curve(
        Ranking(positive, scores, np.ones(len(scores)) if weights is None else weights), weights
    )
    assert found is not None
    return found


def error(found: Auc) -> float:
    """Its standard error."""
    return float((found.influence**2).sum() ** 0.5)


def test_the_published_example() -> None:
    table = np.array(PATIENTS.split(), float).reshape(-1, 4)
    outcome = table[:, 3] == 1
    albumin, protein, score = (area(outcome, x) for x in (table[:, 0], table[:, 1], 10 - table[:, 2]))
    assert [found.value for found in (albumin, score, protein)] == pytest.approx(
        [0.7366, 0.7258, 0.6478], abs=5e-5
    )
    assert [error(found) for found in (albumin, score, protein)] == pytest.approx(
        [0.0927, 0.1028, 0.1000], abs=5e-5
    )
    against_albumin = change_of_auc(score, albumin, True, 0.95)
    assert against_albumin.change == pytest.approx(0.0108, abs=5e-5)
    assert against_albumin.standard_error == pytest.approx(0.0953, abs=5e-5)
    assert (against_albumin.lower, against_albumin.upper) == pytest.approx((-0.1761, 0.1976), abs=5e-5)
    assert against_albumin.p_value == pytest.approx(0.9102, abs=5e-5)
    against_protein = change_of_auc(score, protein, True, 0.95)
    assert against_protein.change == pytest.approx(-0.0780, abs=5e-5)
    assert (against_protein.lower, against_protein.upper) == pytest.approx((-0.2830, 0.1271), abs=5e-5)
    assert against_protein.p_value == pytest.approx(0.4561, abs=5e-5)


@pytest.mark.parametrize("digits", [1, 9])
def test_covariances_are_those_of_the_definition(digits: int) -> None:
    labels, scores = rivals(60, seed=1, noise=(0.5, 1.0, 2.0))
    positive = labels == 1
    models = [s.round(digits) for s in scores]
    found = np.array([area(positive, model).influence for model in models])
    ours = found @ found.T

    def placements(model: NDArray[np.float64]) -> tuple[list[float], list[float]]:
        up, down = model[positive], model[~positive]
        wins = (up[:, None] > down) + (up[:, None] == down) / 2
        return list(wins.mean(axis=1)), list(wins.mean(axis=0))

    of_positive, of_negative = zip(*(placements(model) for model in models), strict=True)
    theirs = np.cov(of_positive) / positive.sum() + np.cov(of_negative) / (~positive).sum()
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_equal_weights_change_nothing() -> None:
    labels, (scores, _) = rivals(200, seed=2)
    plain, heavy = area(labels == 1, scores), area(labels == 1, scores, np.full(200, 7.0))
    assert (heavy.value, error(heavy)) == pytest.approx((plain.value, error(plain)))


def test_rows_of_weight_0_are_as_good_as_none() -> None:
    labels, (scores, _) = rivals(200, seed=2)
    weights = (np.arange(200) % 3 > 0) * 2.0
    kept = weights > 0
    weighted, fewer = area(labels == 1, scores, weights), area(labels[kept] == 1, scores[kept])
    assert (weighted.value, error(weighted)) == pytest.approx((fewer.value, error(fewer)))


@pytest.mark.parametrize("weighted", [False, True])
def test_a_bootstrap_says_the_same(weighted: bool) -> None:
    random = np.random.default_rng(3)
    labels, models = rivals(400, seed=3, noise=(0.5, 1.2))
    weights = random.gamma(2, 1, 400) if weighted else None
    one, other = (area(labels == 1, model, weights) for model in models)
    changes = []
    for _ in range(1_000):
        drawn = random.integers(0, 400, 400)
        w = None if weights is None else weights[drawn]
        first, second = (area(labels[drawn] == 1, model[drawn], w).value for model in models)
        changes.append(second - first)
    estimate = change_of_auc(one, other, True, 0.95)
    # A standard deviation of 1,000 resamples is itself off by 2 %.
    assert np.std(changes) == pytest.approx(estimate.standard_error, rel=0.08)


def test_of_different_rows_the_variances_add_up() -> None:
    labels, (first, second) = rivals(300, seed=4)
    one, other = area(labels[:100] == 1, first[:100]), area(labels[100:] == 1, second[100:])
    estimate = change_of_auc(one, other, False, 0.95)
    assert estimate.standard_error == pytest.approx((error(one) ** 2 + error(other) ** 2) ** 0.5)
    assert estimate.method == "unpaired DeLong"


@pytest.mark.parametrize("classes", [[0, 0, 0], [1, 1]])
def test_one_class_has_no_area(classes: list[int]) -> None:
    positive = np.array(classes) == 1
    weights = np.ones(len(classes))
    assert area_under_curve(Ranking(positive, np.arange(len(classes)) / 5, weights)) is None


def test_two_perfect_models_are_as_sure_as_their_rarer_class_allows() -> None:
    positive = [1] * 20 + [0] * 80
    one, other = area(positive, np.arange(100)[::-1]), area(positive, np.arange(100)[::-1] ** 2)
    estimate = change_of_auc(one, other, True, 0.95)
    assert one.value == 1 and error(one) == 0
    assert estimate.change == 0 and estimate.upper == -estimate.lower
    assert estimate.upper == pytest.approx(1.96**2 / (20 + 1.96**2), abs=1e-4)


def test_two_models_of_the_same_order_are_at_least_as_sure_as_on_different_rows() -> None:
    labels, (scores, _) = rivals(200, seed=5)
    one, other = area(labels == 1, scores), area(labels == 1, scores**3)
    together, apart = (change_of_auc(one, other, paired, 0.95) for paired in (True, False))
    assert one.value < 1 and together.change == 0
    assert 0 < together.upper <= apart.upper


def test_all_pairs_of_three_rows() -> None:
    for scores in product([0.0, 1.0, 2.0], repeat=3):
        wins = [(scores[0] > s) + (scores[0] == s) / 2 for s in scores[1:]]
        assert area([1, 0, 0], scores).value == pytest.approx(sum(wins) / 2)
