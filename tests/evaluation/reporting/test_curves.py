"""Ranked rows, and the bands around their curves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from millwork.evaluation.reporting.bands import bands
from millwork.evaluation.reporting.curve_steps import MOST_STEPS, CurveSteps, curve_steps


def made(rows: int, seed: int = 3) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Labels, scores of which some are equal, and weights."""
    draw = np.random.default_rng(seed)
    positive = draw.random(rows) < 0.3
    scores = np.round(draw.normal(size=rows) + positive, 2)
    return positive, scores, draw.uniform(0.2, 3, rows)


def ranked(rows: int, *, weighted: bool = False, seed: int = 3) -> CurveSteps:
    positive, scores, weights = made(rows, seed)
    found = curve_steps(positive, scores, weights if weighted else None)
    assert found
    return found


@pytest.mark.parametrize("weighted", [False, True])
def test_areas_are_those_of_scikit_learn(weighted: bool) -> None:
    positive, scores, weights = made(5_000)
    used = weights if weighted else None
    found = curve_steps(positive, scores, used)
    assert found
    assert found.auc == pytest.approx(roc_auc_score(positive, scores, sample_weight=used), abs=1e-12)
    assert found.average_precision == pytest.approx(
        average_precision_score(positive, scores, sample_weight=used), abs=1e-12
    )


def test_few_scores_give_the_exact_curve() -> None:
    positive, scores, _ = made(200)
    fpr, tpr, _ = roc_curve(positive, scores, drop_intermediate=False)
    found = curve_steps(positive, scores, None)
    assert found
    np.testing.assert_allclose(found.rates[0], fpr)
    np.testing.assert_allclose(found.rates[1], tpr)


def test_many_scores_are_thinned_evenly_along_the_curve() -> None:
    draw = np.random.default_rng(0)
    positive = draw.random(100_000) < 0.02
    found = curve_steps(positive, draw.normal(size=100_000) + positive, None)
    assert found
    assert len(found.positive) <= MOST_STEPS
    fpr, recall, _ = found.rates
    assert np.hypot(np.diff(fpr), np.diff(recall)).max() < 0.02
    assert found.positive.sum() == positive.sum()


def test_one_class_alone_has_no_curve() -> None:
    assert curve_steps(np.ones(5, bool), np.arange(5.0), None) is None


def test_bands_are_those_of_resampled_rows() -> None:
    """Slow and plain: draw rows with replacement, and look at each curve's height."""
    positive, scores, _ = made(600)
    draw = np.random.default_rng(1)
    at = np.linspace(0, 1, 101)
    heights = []
    for _ in range(600):
        rows = draw.integers(600, size=600)
        fpr, tpr, _ = roc_curve(positive[rows], scores[rows], drop_intermediate=False)
        heights.append([tpr[fpr <= place + 1e-12].max() for place in at])
    lower, upper = np.quantile(heights, [0.025, 0.975], axis=0)
    found, _ = bands(ranked(600), 0.95, seed=0)
    assert np.abs(found.lower - lower).max() < 0.06
    assert np.abs(found.upper - upper).max() < 0.06
    assert np.abs(found.lower - lower).mean() < 0.015


def test_the_curve_lies_in_its_bands() -> None:
    found = ranked(2_000)
    of_roc, of_precision = bands(found, 0.95, seed=0)
    fpr, recall, precision = found.rates
    height = np.array([recall[fpr <= place + 1e-12].max() for place in of_roc.at])
    assert ((of_roc.lower <= height + 1e-9) & (height <= of_roc.upper + 1e-9)).mean() > 0.97
    reached = np.array([precision[recall >= place - 1e-12][0] for place in of_precision.at])
    assert ((of_precision.lower <= reached + 1e-9) & (reached <= of_precision.upper + 1e-9)).mean() > 0.95


def test_bands_hold_the_true_curve_as_often_as_they_say() -> None:
    """Two normal distributions, one apart: the true rate at a false positive rate of 0.2 is known."""
    true = 0.5620  # 1 - Φ(Φ⁻¹(0.8) - 1)
    held = 0
    for seed in range(150):
        draw = np.random.default_rng(seed)
        positive = np.arange(200) % 2 == 0
        found = curve_steps(positive, draw.normal(size=200) + positive, None)
        assert found
        band, _ = bands(found, 0.9, seed)
        held += bool(band.lower[20] <= true <= band.upper[20])
    assert 124 <= held <= 146  # 90 % of 150, within three standard errors


def test_equal_weights_change_nothing_and_unequal_ones_widen() -> None:
    positive, scores, weights = made(2_000)
    plain, doubled = curve_steps(positive, scores, None), curve_steps(positive, scores, np.full(2_000, 2.0))
    uneven = curve_steps(positive, scores, weights**3)
    assert plain and doubled and uneven
    width = [
        float(np.mean(b.upper - b.lower)) for b in (bands(r, 0.95, 0)[0] for r in (plain, doubled, uneven))
    ]
    assert width[1] == pytest.approx(width[0], rel=1e-9)
    assert width[2] > 1.3 * width[0]
