"""Means of labels and scores, and how well the two agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.metric import Family, Metric, NotHere, Request
from millwork.evaluation.metrics.ratios import quotient_unless_tiny, quotient_unless_zero
from millwork.evaluation.metrics.tallies import Sums
from millwork.evaluation.metrics.views import Columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]


def one(columns: Columns) -> Array:
    import numpy as np

    return np.ones_like(columns.scores)


def label(columns: Columns) -> Array:
    return columns.labels


def score(columns: Columns) -> Array:
    return columns.scores


def label_times_score(columns: Columns) -> Array:
    return columns.labels * columns.scores


def _means(request: Request, *, result: Callable[[Counted], Array]) -> Iterator[Metric]:
    request.takes()
    if request.sub_key is not None and request.sub_key.top_k is not None:
        raise NotHere("TFMA's own calculation at the top k takes one class of them")
    yield Metric(request.key(), (Sums(request.view, (one, label, score)),), result)


def _mean_label(sums: Counted) -> Array:
    weights, labels, _ = sums[:, :, 0]
    return quotient_unless_tiny(labels, weights)


def _mean_prediction(sums: Counted) -> Array:
    weights, _, scores = sums[:, :, 0]
    return quotient_unless_tiny(scores, weights)


def _calibration(sums: Counted) -> Array:
    _, labels, scores = sums[:, :, 0]
    return quotient_unless_tiny(scores, labels)


def _discrimination(request: Request, *, result: Callable[[Counted], Array]) -> Iterator[Metric]:
    """Tjur's: the mean score of the positives against that of the negatives."""
    request.takes()
    if request.sub_key is not None:
        raise NotHere("TFMA computes it over all classes whatever the binarization")
    yield Metric(request.key(), (Sums(request.view, (one, label, score, label_times_score)),), result)


def _mean_scores(sums: Counted) -> tuple[Array, Array]:
    """Of the positives and of the negatives."""
    weights, positives, scores, scores_of_positives = sums[:, :, 0]
    negatives, scores_of_negatives = weights - positives, scores - scores_of_positives
    return (
        quotient_unless_zero(scores_of_positives, positives),
        quotient_unless_zero(scores_of_negatives, negatives),
    )


def _discrimination_coefficient(sums: Counted) -> Array:
    positives, negatives = _mean_scores(sums)
    return positives - negatives


def _relative_discrimination_coefficient(sums: Counted) -> Array:
    positives, negatives = _mean_scores(sums)
    return quotient_unless_zero(positives, negatives)


METRICS: dict[str, Family] = {
    "MeanLabel": partial(_means, result=_mean_label),
    "MeanPrediction": partial(_means, result=_mean_prediction),
    "Calibration": partial(_means, result=_calibration),
    "CoefficientOfDiscrimination": partial(_discrimination, result=_discrimination_coefficient),
    "RelativeCoefficientOfDiscrimination": partial(
        _discrimination, result=_relative_discrimination_coefficient
    ),
}
