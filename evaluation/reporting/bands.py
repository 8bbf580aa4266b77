"""Pointwise confidence bands of ROC and precision-recall curves, by a Poisson bootstrap of the ranked rows.

In each resample every row occurs a Poisson(1) number of times (Chamandy and others, 2012), so that a step of n rows
occurs Poisson(n) times: drawing the steps costs the same whatever the number of rows. Rows of unequal weight are
drawn with the mean and the variance that they have together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.reporting.curve_steps import CurveSteps, rates

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 300
POINTS = 101
"""Where the bands are computed, evenly from 0 to 1."""


@dataclass(frozen=True, eq=False)
class Band:
    """Between which heights a curve lies at each place, with the given confidence at each by itself."""

    at: Floats
    lower: Floats
    upper: Floats


def bands(steps: CurveSteps, confidence: float, seed: int) -> tuple[Band, Band]:
    """Of the true positive rate at each false positive rate, and of the precision at each recall."""
    import numpy as np

    draw = np.random.default_rng(seed)
    positive = _resampled(steps.positive, steps.spread[0], draw)
    negative = _resampled(steps.negative, steps.spread[1], draw)
    fpr, recall, precision = rates(positive, negative)
    at = np.linspace(0, 1, POINTS)
    heights = np.stack([_highest(at, x, y) for x, y in zip(fpr, recall, strict=True)])
    reached = np.stack([y[_first(at, x)] for x, y in zip(recall, precision, strict=True)])
    return _band(at, heights, confidence), _band(at[1:], reached[:, 1:], confidence)


def _resampled(weight: Floats, squares: Floats, draw: Generator) -> Floats:
    """Resamples x steps."""
    import numpy as np

    unit = np.divide(squares, weight, out=np.ones_like(weight), where=(weight > 0) & (squares > 0))
    drawn: Floats = draw.poisson(weight / unit, (RESAMPLES, len(weight))) * unit
    return drawn


def _highest(at: Floats, x: Floats, y: Floats) -> Floats:
    """Of a rising curve: its height at each place; where it goes straight up, the upper end."""
    import numpy as np

    left = np.searchsorted(x, at, side="right") - 1
    right = np.minimum(left + 1, len(x) - 1)
    run = x[right] - x[left]
    share = np.divide(at - x[left], run, out=np.zeros_like(at), where=run > 0)
    height: Floats = y[left] + share * (y[right] - y[left])
    return height


def _first(at: Floats, x: Floats) -> NDArray[np.int64]:
    """The first point of a curve that is as far right as each place."""
    import numpy as np

    return np.minimum(np.searchsorted(x, at - 1e-12), len(x) - 1)


def _band(at: Floats, heights: Floats, confidence: float) -> Band:
    import numpy as np

    lower, upper = np.quantile(heights, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Band(at, lower, upper)
