"""What a test says about one change: how large it is, how sure that is, and how likely by chance."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()


@dataclass(frozen=True)
class Estimate:
    """The change of a metric from the baseline to a challenger."""

    change: float
    lower: float
    upper: float
    p_value: float
    """Two-sided, of no change."""
    standard_error: float
    method: str


def two_sided(confidence: float) -> float:
    """How many standard errors a normal interval reaches to either side."""
    return NORMAL.inv_cdf((1 + confidence) / 2)


def p_value_of(z: float) -> float:
    """How often a standard normal number is at least as far from 0."""
    return 2 * NORMAL.cdf(-abs(z))


def normal_estimate(change: float, standard_error: float, confidence: float, method: str) -> Estimate:
    """The interval of Wald. The error is not 0."""
    reach = two_sided(confidence) * standard_error
    p_value = p_value_of(change / standard_error)
    return Estimate(change, change - reach, change + reach, p_value, standard_error, method)


def unseen_estimate(change: float, rows: float, confidence: float, method: str) -> Estimate:
    """Of shares, where all rows agree on the change: those that do not may be rarer than 1 in so many rows.

    Wilson's bound for 0 of n: z² / (n + z²), about 4 rows in n at 95 %. The p-value is that of the z whose bound is
    as large as the change: 1 where there is none.
    """
    z = two_sided(confidence)
    reach, size = z**2 / (rows + z**2), abs(change)
    p_value = p_value_of((rows * size / (1 - size)) ** 0.5) if size < 1 else 0.0
    lower, upper = max(change - reach, -1.0), min(change + reach, 1.0)
    return Estimate(change, lower, upper, p_value, reach / z, method)
