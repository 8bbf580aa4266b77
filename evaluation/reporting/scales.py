"""Scales of plots: from numbers to places, and the round numbers in between."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Puts `low` to 0 and `high` to `length`."""

    low: float
    high: float
    length: float = 100.0

    def at(self, value: float) -> float:
        """Where a value is. What is outside is put at the nearer end."""
        share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0) * self.length

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers within, about so many."""
        step = round_step((self.high - self.low) / about)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{n * step:.12g}") for n in range(first, last + 1)]


def round_step(about: float) -> float:
    """The nearest of 1, 2, 5, 10, 20, … at or above about this."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= about * (1 - 1e-9))


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """SVG path data through the points, in tenths of a unit."""
    return "M" + "L".join(f"{_tenths(x)} {_tenths(y)}" for x, y in points)


def _tenths(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
