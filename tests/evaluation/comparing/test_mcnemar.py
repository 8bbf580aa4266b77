"""Tests and intervals of accuracy, beside scipy, statsmodels and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from millwork.evaluation.comparing.mcnemar import (
    FEW,
    change_of_accuracy,
    paired_shares,
    unpaired_shares,
    wilson,
)


@pytest.mark.parametrize(("gained", "lost"), [(0, 5), (3, 4), (12, 12), (1, 20)])
def test_few_differences_are_tested_exactly(gained: int, lost: int) -> None:
    assert gained + lost < FEW
    found = paired_shares(gained, lost, 100, 0.95)
    assert found.p_value == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert found.p_value == pytest.approx(mcnemar([[40, lost], [gained, 20]], exact=True).pvalue)


@pytest.mark.parametrize(("gained", "lost"), [(10, 15), (40, 20), (500, 430)])
def test_many_differences_are_tested_by_chi_square(gained: int, lost: int) -> None:
    theirs = mcnemar([[400, lost], [gained, 200]], exact=False, correction=False)
    assert paired_shares(gained, lost, 5_000, 0.95).p_value == pytest.approx(theirs.pvalue)


def score_statistic(change: float, gained: int, lost: int, rows: int) -> float:
    """Tango's, with the likeliest nuisance parameter found by search rather than by his formula."""

    def unlikelihood(share: float) -> float:
        cells = ((gained, share + change), (lost, share), (rows - gained - lost, 1 - 2 * share - change))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells if count)

    bounds = (max(0.0, -change) + 1e-12, (1 - change) / 2 - 1e-12)
    share = minimize_scalar(unlikelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return float((gained - lost - rows * change) / math.sqrt(rows * (2 * share + change - change**2)))


@pytest.mark.parametrize(
    ("gained", "lost", "rows"), [(40, 20, 160), (3, 9, 60), (1, 0, 40), (200, 260, 3_000)]
)
def test_intervals_end_where_the_score_test_rejects(gained: int, lost: int, rows: int) -> None:
    found = paired_shares(gained, lost, rows, 0.95)
    assert score_statistic(found.lower, gained, lost, rows) == pytest.approx(1.95996, abs=2e-3)
    assert score_statistic(found.upper, gained, lost, rows) == pytest.approx(-1.95996, abs=2e-3)
    assert found.lower < found.change < found.upper


def test_no_difference_at_all_is_no_certainty() -> None:
    found = paired_shares(0, 0, 302, 0.95)
    assert (found.change, found.p_value) == (0, 1)
    assert (found.lower, found.upper) == pytest.approx((-0.01256, 0.01256), abs=1e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("gained", "lost"), [(14, 15), (30, 12), (60, 90)])
def test_interval_and_test_agree(gained: int, lost: int, confidence: float) -> None:
    found = paired_shares(gained, lost, 700, confidence)
    assert (found.lower <= 0 <= found.upper) == (found.p_value > 1 - confidence)


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("second", "first", "interval"),
    [((56, 70), (48, 80), (0.0524, 0.3339)), ((10, 10), (0, 10), (0.6075, 1.0000))],
)
def test_published_intervals_of_different_rows(
    second: tuple[int, int], first: tuple[int, int], interval: tuple[float, float]
) -> None:
    found = unpaired_shares((first[0], second[0]), (first[1], second[1]), 0.95)
    assert (found.lower, found.upper) == pytest.approx(interval, abs=5e-5)
    theirs = confint_proportions_2indep(*second, *first, method="newcomb")
    assert (found.lower, found.upper) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("hits", "rows"), [(0, 20), (7, 20), (20, 20)])
def test_wilson(hits: int, rows: int) -> None:
    theirs = proportion_confint(hits, rows, method="wilson")
    assert wilson(hits, rows, 1.959963984540054) == pytest.approx(theirs, abs=1e-9)


def test_from_rows() -> None:
    baseline, challenger = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 1, 1], bool)
    assert change_of_accuracy(baseline, challenger, True, 0.95) == paired_shares(2, 1, 5, 0.95)
    assert change_of_accuracy(baseline, challenger[:4], False, 0.95) == unpaired_shares((3, 3), (5, 4), 0.95)
