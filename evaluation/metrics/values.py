"""What a metric's value can be: a number, matrices at thresholds, an interval around them, or a plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from millwork.evaluation.metrics.keys import MetricKey, SliceKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ConfusionMatrices:
    """Binary confusion matrices, one per threshold: all arrays have the length of `thresholds`."""

    thresholds: NDArray[np.float64]
    """Rising. Rows with a score above it are positive."""
    tp: NDArray[np.float64]
    tn: NDArray[np.float64]
    fp: NDArray[np.float64]
    fn: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassConfusionMatrices:
    """Multi-class confusion matrices at thresholds."""

    thresholds: NDArray[np.float64]
    counts: NDArray[np.float64]
    """Weights, thresholds x actual classes x (predicted classes + 1).

    The last column counts rows none of whose scores is above the threshold: TFMA's class -1.
    """


@dataclass(frozen=True, eq=False)
class LabelConfusionMatrices:
    """Multi-label confusion matrices at thresholds: rows that have one label, and the prediction of another.

    All arrays are thresholds x actual labels x predicted labels, except `thresholds`.
    """

    thresholds: NDArray[np.float64]
    tp: NDArray[np.float64]
    tn: NDArray[np.float64]
    fp: NDArray[np.float64]
    fn: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CalibrationHistogram:
    """Labels and scores of the rows whose score is in a bucket. All arrays have one element per bucket."""

    lower: NDArray[np.float64]
    """The lowest score of the bucket; -inf of the first."""
    upper: NDArray[np.float64]
    """The score just above the bucket; inf of the last."""
    weights: NDArray[np.float64]
    """The weight of the rows."""
    labels: NDArray[np.float64]
    """The sum of weight x label."""
    scores: NDArray[np.float64]
    """The sum of weight x score."""


Plain = Union[float, "NDArray[np.float64]", ConfusionMatrices, ClassConfusionMatrices, LabelConfusionMatrices]
"""A value without an interval. An array has one number per threshold, or per top k. NaN: not defined (0/0)."""

Plot = ConfusionMatrices | ClassConfusionMatrices | LabelConfusionMatrices | CalibrationHistogram


@dataclass(frozen=True, eq=False)
class BoundedValue:
    """A value with its 95 % interval by Student's t-distribution, TFMA's `ValueWithTDistribution`."""

    value: Plain
    """Of all rows."""
    mean: Plain
    """Of the resamples."""
    standard_error: Plain
    degrees_of_freedom: int
    lower: Plain
    upper: Plain


Value = Plain | BoundedValue


@dataclass(frozen=True)
class Results:
    """All that was computed, by slice and key. A slice smaller than `min_slice_size` is in `too_small` only."""

    metrics: dict[SliceKey, dict[MetricKey, Value]]
    plots: dict[SliceKey, dict[MetricKey, Plot]]
    too_small: dict[SliceKey, int]
    """The rows of each slice that was left out."""
