"""How the features of two splits differ, by the statistics that TFDV has written of both. TFDV itself is not needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.analysis.differences.difference import Change, FeatureDrift
from millwork.analysis.differences.distances import Bucket, aligned, by_chance, jensen_shannon, shares

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

NOTICEABLE_DISTANCE = 0.01
"""A divergence this much larger than what chance alone makes of it is worth looking at."""
NOTICEABLE_SHARE = 0.01
"""The same for the share of rows without a value, and for one value's share."""
NOTICEABLE_SHIFT = 0.05
"""The same for mean, deviation and deciles, in standard deviations."""
MOST_VALUES = 5
"""Values whose shares are listed: those that changed most."""

_WHOLE = "All Examples"
_DECILES = {1: "10%", 3: "30%", 5: "median", 7: "70%", 9: "90%"}


@dataclass(frozen=True)
class _Side:
    """One feature of one split."""

    feature: Any
    rows: int

    @property
    def kind(self) -> str:
        return str(self.feature.Type.Name(self.feature.type))

    @property
    def common(self) -> Any:
        return getattr(self.feature, self.feature.WhichOneof("stats") or "num_stats").common_stats

    @property
    def missing(self) -> float:
        return (self.rows - self.common.num_non_missing) / self.rows if self.rows else 0.0

    @property
    def values(self) -> float:
        return float(self.common.tot_num_values or self.common.num_non_missing)


def num_rows(statistics: DatasetFeatureStatisticsList) -> int:
    """Rows of the whole split."""
    return int(_whole(statistics).num_examples)


def feature_drift(
    split: str, before: DatasetFeatureStatisticsList, after: DatasetFeatureStatisticsList
) -> Iterator[FeatureDrift]:
    """The features of one split that are not quite the same."""
    was, has = _sides(before), _sides(after)
    for name in dict.fromkeys([*was, *has]):
        found = _drift(split, name, was.get(name), has.get(name))
        if found.changes or found.distance:
            yield found


def _whole(statistics: DatasetFeatureStatisticsList) -> Any:
    """The statistics of all rows, where there are also those of slices."""
    named = [dataset for dataset in statistics.datasets if dataset.name == _WHOLE]
    return (named or statistics.datasets)[0]


def _sides(statistics: DatasetFeatureStatisticsList) -> dict[str, _Side]:
    dataset = _whole(statistics)
    rows = int(dataset.num_examples)
    return {".".join(f.path.step) or f.name: _Side(f, rows) for f in dataset.features}


def _drift(split: str, name: str, before: _Side | None, after: _Side | None) -> FeatureDrift:
    if before is None or after is None:
        was, has = before.kind if before else None, after.kind if after else None
        return FeatureDrift(name, split, None, None, True, (Change("type", was, has),))
    if _form(before) != _form(after):
        return FeatureDrift(name, split, None, None, True, (Change("type", before.kind, after.kind),))
    missing = tuple(_missing(before, after))
    noticeable = abs(before.missing - after.missing) > NOTICEABLE_SHARE
    form = _form(before)
    if form == "num_stats":
        distance, largest, moved, changes = _numbers(before, after)
    elif form == "string_stats":
        distance, largest, moved, changes = _texts(before, after)
    else:  # images, and groups of features
        distance, largest, moved, changes = None, None, False, []
    return FeatureDrift(name, split, distance, largest, noticeable or moved, (*missing, *changes))


def _form(side: _Side) -> str:
    return str(side.feature.WhichOneof("stats"))


def _missing(before: _Side, after: _Side) -> Iterator[Change]:
    if before.missing != after.missing:
        yield Change("missing", percent(before.missing), percent(after.missing))


_Found = tuple[float | None, float | None, bool, list[Change]]
"""Divergence, largest change of a share, whether it is noticeable, and what changed."""


def _texts(before: _Side, after: _Side) -> _Found:
    counts = [_counts(side) for side in (before, after)]
    was, has = map(shares, counts)
    if not (was and has):
        return None, None, bool(was or has), []
    distance = jensen_shannon(was, has)
    moves = {name: abs(was.get(name, 0.0) - has.get(name, 0.0)) for name in {*was, *has}}
    largest = max(moves.values())
    expected = by_chance(len(moves), sum(counts[0].values()), sum(counts[1].values()))
    order = sorted((name for name in moves if moves[name]), key=lambda name: (-moves[name], name))
    changes = [
        Change(repr(name), _share(was, name), _share(has, name))
        for name in order[:MOST_VALUES]
        if moves[name] >= NOTICEABLE_SHARE
    ]
    return distance, largest, distance > NOTICEABLE_DISTANCE + expected, changes


def _counts(side: _Side) -> dict[str, float]:
    """By value: all, or the most frequent ones and the rest as one."""
    stats = side.feature.string_stats
    counts = {b.label: float(b.sample_count) for b in stats.rank_histogram.buckets}
    counts = counts or {v.value: float(v.frequency) for v in stats.top_values}
    rest = side.values - sum(counts.values())
    return counts | ({"(other values)": rest} if rest > 0.5 else {})


def _share(shares_: Mapping[str, float], name: str) -> str | None:
    return percent(shares_[name]) if name in shares_ else None


def _numbers(before: _Side, after: _Side) -> _Found:
    was, has = before.feature.num_stats, after.feature.num_stats
    scale = max(was.std_dev, has.std_dev)
    measures = _measures(was), _measures(has)
    changes = [
        Change(name, f"{measures[0][name]:.6g}", f"{measures[1][name]:.6g}")
        for name in measures[0]
        if name in measures[1] and f"{measures[0][name]:.6g}" != f"{measures[1][name]:.6g}"
    ]
    moved = any(
        _shift(measures[0][name], measures[1].get(name, math.nan), scale) > NOTICEABLE_SHIFT
        for name in measures[0]
        if name not in ("min", "max")
    )
    cells = aligned(_histogram(was), _histogram(has))
    if not all(map(shares, cells)):
        return None, None, bool(before.values) != bool(after.values), changes
    distance = jensen_shannon(*map(shares, cells))
    expected = by_chance(len({*cells[0], *cells[1]}), before.values, after.values)
    return distance, None, moved and distance > NOTICEABLE_DISTANCE + expected, changes


def _shift(before: float, after: float, scale: float) -> float:
    difference = abs(before - after)
    return 0.0 if not difference else difference / scale if scale else math.inf


def _measures(stats: Any) -> dict[str, float]:
    """What is told of numbers."""
    found = {"mean": stats.mean, "std": stats.std_dev, "min": stats.min}
    quantiles = _buckets(stats, "QUANTILES")
    if len(quantiles) == 10:
        found |= {name: quantiles[place].low for place, name in _DECILES.items()}
    else:
        found["median"] = stats.median
    return found | {"max": stats.max}


def _histogram(stats: Any) -> list[Bucket]:
    """The buckets of equal width, as TFDV compares them."""
    found = _buckets(stats, "STANDARD") or _buckets(stats, "QUANTILES")
    return [bucket for bucket in found if bucket.count]


def _buckets(stats: Any, kind: str) -> Sequence[Bucket]:
    """Without those that reach to infinity."""
    for histogram in stats.histograms:
        if histogram.HistogramType.Name(histogram.type) == kind:
            found = [Bucket(b.low_value, b.high_value, b.sample_count) for b in histogram.buckets]
            return [b for b in found if math.isfinite(b.low) and math.isfinite(b.high)]
    return []


def percent(share: float) -> str:
    """A share with the digits people compare."""
    return f"{100 * share:.1f}%"
