"""Do scores mean what they say? Bins, intervals, and what is done where scores are crowded."""

from __future__ import annotations

import numpy as np
import pytest
from sample_contests import binary_contest
from statsmodels.stats.proportion import proportion_confint

from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.reporting.reliability import are_probabilities, is_crowded, reliability


def test_the_interval_is_wilsons() -> None:
    positive = np.arange(40) < 36
    [found] = reliability(positive, np.full(40, 0.85), None, 0.9).bins
    expected = proportion_confint(36, 40, alpha=0.1, method="wilson")
    assert (found.lower, found.upper) == pytest.approx(expected)


def test_the_error_is_that_of_the_metric() -> None:
    contest = binary_contest(2_000, weighted=True)
    metric = compare(contest, Settings(metrics=("calibration_error",), resamples=100)).entries[0]
    model = contest.baseline
    found = reliability(model.labels == 1, model.scores, model.weights, 0.95)
    assert found.error == pytest.approx(metric.baseline_value, rel=1e-9)


def test_bins_hold_the_mean_score_and_the_share() -> None:
    scores = np.array([0.05, 0.1, 0.11, 0.95, 1.0])
    positive = np.array([False, True, False, True, True])
    found = reliability(positive, scores, None, 0.95)
    assert [(b.low, b.rows) for b in found.bins] == [(0.0, 1), (0.1, 2), (0.9, 2)]
    assert found.bins[1].mean_score == pytest.approx(0.105)
    assert found.bins[1].share == 0.5
    assert found.error == pytest.approx((0.05 + 2 * 0.395 + 2 * 0.025) / 5)


def test_weights_count_and_uneven_ones_make_it_less_sure() -> None:
    scores, positive = np.full(100, 0.55), np.arange(100) < 50
    weights = np.where(positive, 3.0, 1.0)
    [heavy] = reliability(positive, scores, weights, 0.95).bins
    [plain] = reliability(np.arange(100) < 75, scores, None, 0.95).bins
    assert heavy.share == plain.share == 0.75
    assert heavy.upper - heavy.lower > plain.upper - plain.lower
    [even] = reliability(np.arange(100) < 75, scores, np.full(100, 7.0), 0.95).bins
    assert (even.lower, even.upper) == pytest.approx((plain.lower, plain.upper))


def test_crowded_scores_are_put_into_bins_of_equally_many_rows() -> None:
    scores = np.linspace(0.001, 0.05, 1_000)
    assert is_crowded(scores)
    assert not is_crowded(np.linspace(0, 1, 1_000))
    found = reliability(np.arange(1_000) % 20 == 0, scores, None, 0.95, equal_width=False)
    assert [b.rows for b in found.bins] == pytest.approx([100] * 10, abs=1)
    assert sum(b.rows for b in found.bins) == 1_000


def test_equal_scores_are_one_bin() -> None:
    found = reliability(np.arange(10) < 3, np.full(10, 0.2), None, 0.95, equal_width=False)
    assert [(b.rows, b.share) for b in found.bins] == [(10, 0.3)]


def test_only_probabilities_can_be_held_against_shares() -> None:
    assert are_probabilities(np.array([0.0, 1.0]))
    assert not are_probabilities(np.array([-0.1, 0.5]))
    assert not are_probabilities(np.array([]))
