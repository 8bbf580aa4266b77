"""Whether two models are right equally often: McNemar's test, and score intervals that hold with few differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.estimate import Estimate, p_value_of, two_sided

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW = 25
"""Rows that only one model gets right: with fewer the test is exact."""


def change_of_accuracy(
    baseline: NDArray[np.bool_], challenger: NDArray[np.bool_], paired: bool, confidence: float
) -> Estimate:
    """From whether each row is right: McNemar's test, or with different rows that of two shares."""
    if paired:
        gained, lost = int((challenger & ~baseline).sum()), int((baseline & ~challenger).sum())
        return paired_shares(gained, lost, len(baseline), confidence)
    hits = (int(baseline.sum()), int(challenger.sum()))
    return unpaired_shares(hits, (len(baseline), len(challenger)), confidence)


def paired_shares(gained: int, lost: int, rows: int, confidence: float) -> Estimate:
    """McNemar (1947): only rows that one model alone gets right count. Tango's (1998) interval.

    With many such rows the interval holds exactly the changes that the test would not reject.
    """
    change, differing = (gained - lost) / rows, gained + lost
    if differing == 0:
        p_value = 1.0
    elif differing < FEW:
        fewer = sum(math.comb(differing, count) for count in range(min(gained, lost) + 1))
        p_value = min(1.0, 2 * fewer / 2**differing)
    else:
        p_value = p_value_of((gained - lost) / differing**0.5)
    lower, upper = _tango(gained, lost, rows, confidence)
    error = (differing - (gained - lost) ** 2 / rows) ** 0.5 / rows
    if error == 0:
        error = (upper - lower) / 2 / two_sided(confidence)
    return Estimate(change, lower, upper, p_value, error, "McNemar")


def unpaired_shares(hits: tuple[int, int], rows: tuple[int, int], confidence: float) -> Estimate:
    """The test of two independent shares, with Newcombe's (1998) hybrid of Wilson's intervals."""
    z = two_sided(confidence)
    (first, second), pooled = (hits[0] / rows[0], hits[1] / rows[1]), sum(hits) / sum(rows)
    low_1, high_1 = wilson(hits[0], rows[0], z)
    low_2, high_2 = wilson(hits[1], rows[1], z)
    change = second - first
    lower = change - ((second - low_2) ** 2 + (high_1 - first) ** 2) ** 0.5
    upper = change + ((high_2 - second) ** 2 + (first - low_1) ** 2) ** 0.5
    pooled_error = (pooled * (1 - pooled) * (1 / rows[0] + 1 / rows[1])) ** 0.5
    p_value = p_value_of(change / pooled_error) if pooled_error else 1.0
    error = (first * (1 - first) / rows[0] + second * (1 - second) / rows[1]) ** 0.5
    return Estimate(change, lower, upper, p_value, error or (upper - lower) / 2 / z, "unpaired shares")


def wilson(hits: float, rows: float, z: float) -> tuple[float, float]:
    """Wilson's (1927) interval of a share."""
    middle, whole = hits + z**2 / 2, rows + z**2
    reach = z * (hits * (rows - hits) / rows + z**2 / 4) ** 0.5
    return (middle - reach) / whole, (middle + reach) / whole


def _tango(gained: int, lost: int, rows: int, confidence: float) -> tuple[float, float]:
    """All changes that a score test accepts: its statistic falls as the supposed change rises."""
    z = two_sided(confidence)
    seen = (gained - lost) / rows

    def statistic(change: float) -> float:
        # The likeliest share of lost rows, were this the true change.
        half = 2 * rows - gained + lost
        b, c = change * half - gained - lost, -lost * change * (1 - change)
        share = (math.sqrt(max(b * b - 8 * rows * c, 0.0)) - b) / (4 * rows)
        variance = rows * (2 * share + change * (1 - change))
        difference = gained - lost - rows * change
        if variance <= 0:
            return math.copysign(math.inf, difference) if difference else 0.0
        return difference / math.sqrt(variance)

    def crossing(low: float, high: float, level: float) -> float:
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if statistic(middle) > level else (low, middle)
        return (low + high) / 2

    return crossing(-1.0, seen, z), crossing(seen, 1.0, -z)
