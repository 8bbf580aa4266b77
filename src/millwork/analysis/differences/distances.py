"""How far apart two distributions are: of values with counts, and of numbers in the buckets of histograms.

The Jensen-Shannon divergence is that of Lin (1991), with logarithms to base 2, as TFDV has it: 0 for equal
distributions, 1 for such that have nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bucket:
    """How many values lie between two numbers. A bucket of no width holds one value."""

    low: float
    high: float
    count: float


def jensen_shannon(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """The divergence of two distributions, each given by shares that sum to 1."""
    names = {*before, *after}
    pairs = [(before.get(name, 0.0), after.get(name, 0.0)) for name in names]
    total = sum(_half(p, q) + _half(q, p) for p, q in pairs)
    return min(1.0, max(0.0, total))


def by_chance(values: int, before: float, after: float) -> float:
    """The divergence to be expected of two samples of one distribution, which has so many values, of these sizes.

    For samples of n and m rows, 8 ln 2 · nm/(n+m) times the divergence is distributed as chi² with values - 1 degrees
    of freedom, if both are large.
    """
    if not before or not after:
        return 0.0
    return (values - 1) * (1 / before + 1 / after) / (8 * math.log(2))


def shares(counts: Mapping[str, float]) -> dict[str, float]:
    """Counts as shares of their sum."""
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total else {}


def aligned(before: Sequence[Bucket], after: Sequence[Bucket]) -> tuple[dict[str, float], dict[str, float]]:
    """Both histograms over the same cells: every bound of either is one. Values in a bucket count as spread evenly."""
    edges = sorted({edge for bucket in (*before, *after) for edge in (bucket.low, bucket.high)})
    return _rebinned(before, edges), _rebinned(after, edges)


def _rebinned(buckets: Sequence[Bucket], edges: Sequence[float]) -> dict[str, float]:
    """Counts by cell: `3` is that from the third edge to the next, `3.` the third edge itself."""
    places = {edge: place for place, edge in enumerate(edges)}
    counts: dict[str, float] = {}
    for bucket in buckets:
        first, last = places[bucket.low], places[bucket.high]
        if first == last:
            counts[f"{first}."] = counts.get(f"{first}.", 0.0) + bucket.count
            continue
        for place in range(first, last):
            share = (edges[place + 1] - edges[place]) / (bucket.high - bucket.low)
            counts[f"{place}"] = counts.get(f"{place}", 0.0) + bucket.count * share
    return counts


def _half(p: float, q: float) -> float:
    return 0.5 * p * math.log2(2 * p / (p + q)) if p > 0 else 0.0
