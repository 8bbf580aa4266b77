"""What the data can show: the smallest change that would be seen, and the rows that a given one needs."""

from __future__ import annotations

import math

from millwork.evaluation.comparing.estimate import NORMAL

POWER = 0.8
"""How often a change of that size is found."""


def reach(confidence: float, family: int) -> float:
    """Standard errors from 0 at which a change is seen with that power.

    In a family of slices, one alone that changes must be seen at the first step of Benjamini and Hochberg, alpha / m.
    """
    alpha = (1 - confidence) / max(family, 1)
    return NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(POWER)


def rows_needed(rows: int, standard_error: float, target: float, reach: float) -> int | None:
    """How many rows like these show a change as large as the target. None: nobody can say."""
    if target <= 0 or standard_error <= 0:
        return None
    needed = rows * (standard_error * reach / target) ** 2
    return max(math.ceil(needed), 1) if math.isfinite(needed) else None
