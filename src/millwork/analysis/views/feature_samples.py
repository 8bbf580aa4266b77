"""Statistics of one feature in several splits, in a form that can be drawn and held against one another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.analysis.previews import rows_with_value
from millwork.core.artifacts import ExampleStatistics

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

WHOLE = ("", "All Examples")
"""What TFDV calls the statistics of all rows."""
Bucket = tuple[float, float, float]
"""From, to, how many values."""
CROWDED = 0.9
"""The share of the values in one bucket above which a histogram shows little."""


@dataclass(frozen=True)
class Sample:
    """A feature in one split."""

    split: str
    rows: float
    feature: Any
    """TFDV's FeatureNameStatistics."""

    @property
    def common(self) -> Any:
        return getattr(self.feature, self.feature.WhichOneof("stats") or "num_stats").common_stats

    @property
    def missing(self) -> float:
        """The share of rows without a value."""
        return (self.rows - rows_with_value(self.common)) / self.rows if self.rows else math.nan

    @cached_property
    def buckets(self) -> list[Bucket]:
        """Of a number: the standard histogram, without what is not finite."""
        return self._histogram("STANDARD")

    @cached_property
    def lower(self) -> list[Bucket]:
        """The lowest nine tenths of the values, in buckets of equally many."""
        return self._histogram("QUANTILES")[:-1]

    def _histogram(self, kind: str) -> list[Bucket]:
        from tensorflow_metadata.proto.v0.statistics_pb2 import Histogram

        for histogram in self.feature.num_stats.histograms:
            if histogram.type == Histogram.HistogramType.Value(kind):
                found = [(b.low_value, b.high_value, b.sample_count) for b in histogram.buckets]
                return [b for b in found if math.isfinite(b[0]) and math.isfinite(b[1]) and b[2] > 0]
        return []

    @cached_property
    def values(self) -> dict[str, float]:
        """Of a category: how often each of its frequent values occurs, the most frequent first."""
        ranked = self.feature.string_stats.rank_histogram.buckets
        return {bucket.label: bucket.sample_count for bucket in ranked}


@dataclass(frozen=True)
class FeatureSamples:
    """A feature in all splits that have it."""

    name: str
    kind: str
    """`INT`, `FLOAT`, `STRING`, `BYTES` or `STRUCT`."""
    samples: tuple[Sample, ...]

    @property
    def is_number(self) -> bool:
        return any(sample.buckets for sample in self.samples)

    @property
    def is_category(self) -> bool:
        return any(sample.values for sample in self.samples)

    @cached_property
    def is_crowded(self) -> bool:
        """Nearly all values are in one bar of a histogram: its lower part alone tells more."""
        samples = [sample for sample in self.samples if sample.buckets]
        ends = [edge for sample in samples for bucket in sample.lower for edge in bucket[:2]]
        known = all(sample.lower for sample in samples) and bool(ends) and min(ends) < max(ends)
        return known and any(_largest_share(sample.buckets) > CROWDED for sample in samples)

    @cached_property
    def distance(self) -> float:
        """How far the splits are from the first, at most: from 0 (equal) to 1; NaN if it cannot be said.

        Of numbers the Jensen-Shannon divergence of the histograms (logarithms to base 2), of categories the largest
        change of a value's share (the L-infinity norm).
        """
        first, *others = self.samples
        if self.is_number:
            found = [_divergence(first.buckets, other.buckets) for other in others]
        elif self.is_category:
            found = [_largest_change(first.values, other.values) for other in others]
        else:
            found = []
        return max((value for value in found if not math.isnan(value)), default=math.nan)


@dataclass(frozen=True)
class SplitStatistics:
    """A split, with the names of the slices whose statistics there are, too."""

    split: str
    whole: DatasetFeatureStatistics
    slices: tuple[tuple[str, int], ...]


def split_statistics(artifact: ExampleStatistics) -> Iterator[SplitStatistics]:
    """What is stored for each split."""
    for split in artifact.split_names:
        datasets = read_datasets(artifact.split(split))
        if not datasets:
            continue
        whole = next((d for d in datasets if d.name in WHOLE), datasets[0])
        slices = tuple((d.name, d.num_examples) for d in datasets if d is not whole)
        yield SplitStatistics(split, whole, slices)


def read_datasets(folder: Path) -> Sequence[DatasetFeatureStatistics]:
    """TFDV's statistics of all rows and of slices, without TFDV."""
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

    found = DatasetFeatureStatisticsList.FromString((folder / "FeatureStats.pb").read_bytes())
    return list(found.datasets)


def by_feature(splits: Sequence[SplitStatistics]) -> list[FeatureSamples]:
    """The features of all splits, in the order in which they are first met."""
    found: dict[str, list[Sample]] = {}
    for one in splits:
        for feature in one.whole.features:
            name = ".".join(feature.path.step) or feature.name
            found.setdefault(name, []).append(Sample(one.split, one.whole.num_examples, feature))
    return [
        FeatureSamples(name, samples[0].feature.Type.Name(samples[0].feature.type), tuple(samples))
        for name, samples in found.items()
    ]


def _largest_share(buckets: Sequence[Bucket]) -> float:
    return max(count for _, _, count in buckets) / sum(count for _, _, count in buckets)


def _largest_change(one: dict[str, float], other: dict[str, float]) -> float:
    wholes = sum(one.values()), sum(other.values())
    if not all(wholes):
        return math.nan
    return max(
        abs(one.get(value, 0) / wholes[0] - other.get(value, 0) / wholes[1]) for value in {**one, **other}
    )


def _divergence(one: Sequence[Bucket], other: Sequence[Bucket]) -> float:
    """Within a bucket values are taken to be spread evenly; one without width is a place of its own."""
    if not one or not other:
        return math.nan
    edges = sorted({edge for low, high, _ in (*one, *other) for edge in (low, high)})
    shares = [_shares(buckets, edges) for buckets in (one, other)]
    total = 0.0
    for p, q in zip(*shares, strict=True):
        middle = (p + q) / 2
        total += sum(part * math.log2(part / middle) / 2 for part in (p, q) if part > 0)
    return min(max(total, 0.0), 1.0)


def _shares(buckets: Sequence[Bucket], edges: Sequence[float]) -> list[float]:
    """Of each edge, and of what lies between it and the next, the share of all values."""
    place = {edge: 2 * number for number, edge in enumerate(edges)}
    shares = [0.0] * (2 * len(edges) - 1)
    whole = sum(count for _, _, count in buckets)
    for low, high, count in buckets:
        if low == high:
            shares[place[low]] += count / whole
        for start in range(place[low], place[high], 2):
            left, right = edges[start // 2], edges[start // 2 + 1]
            shares[start + 1] += count / whole * (right - left) / (high - low)
    return shares
