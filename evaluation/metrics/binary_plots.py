"""Confusion matrices and calibration over all scores, as plots and as metrics."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from millwork.core.errors import WrongArgument
from millwork.evaluation.metrics.binary_matrices import HistogramMatrices, first_buckets, matrices
from millwork.evaluation.metrics.metric import Family, Metric, Request
from millwork.evaluation.metrics.tallies import FINE_BUCKETS, Histogram
from millwork.evaluation.metrics.values import CalibrationHistogram

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

PLOTTED = 1000
"""Thresholds of a plot, buckets of a calibration plot."""


def confusion_matrix_plot(request: Request) -> Iterator[Metric]:
    """Matrices at evenly spaced thresholds."""
    request.takes("num_thresholds")
    number = _number(request, "num_thresholds")
    found = HistogramMatrices(request.view, (-1e-6, *(i * 1.0 / number for i in range(number + 1))))
    yield Metric(request.key(), (found.tally,), found, is_plot=True)


def confusion_matrix_at_thresholds(request: Request) -> Iterator[Metric]:
    request.takes("thresholds", "class_id", "top_k")
    if not request.settings.get("thresholds"):
        raise WrongArgument(f"eval_config: {request.name} needs thresholds, such as [0.25, 0.5, 0.75]")
    found = matrices(request, thresholds=request.settings["thresholds"])
    yield Metric(request.key(tells_aggregation=True), (found.tally,), found)


def calibration_plot(request: Request) -> Iterator[Metric]:
    """Labels and scores by score, between `left` and `right` (0 and 1), and what is outside."""
    request.takes("num_buckets", "left", "right")
    left, right = request.number("left", 0.0), request.number("right", 1.0)
    if left >= right:
        raise WrongArgument(
            f"eval_config: {request.name} needs left below right, but got {left:g} and {right:g}"
        )
    result = partial(_buckets, _number(request, "num_buckets"), left, right)
    histogram = Histogram(request.view, left=left, right=right)
    yield Metric(request.key(), (histogram,), result, is_plot=True)


def _number(request: Request, setting: str) -> int:
    number = request.whole(setting)
    if number is not None and number < 1:
        raise WrongArgument(f"eval_config: {setting} of {request.name} must be 1 or more, but got {number}")
    return number or PLOTTED


def _buckets(number: int, left: float, right: float, counted: Counted) -> CalibrationHistogram:
    import numpy as np

    ends = np.array([left + i * (right - left) / number for i in range(number + 1)])
    starts = np.concatenate([[0], first_buckets(ends, FINE_BUCKETS, left, right)])
    weights, labels, scores = _between(counted, starts)
    return CalibrationHistogram(
        np.concatenate([[-np.inf], ends]), np.concatenate([ends, [np.inf]]), weights, labels, scores
    )


def _between(counted: Counted, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums over the cells from each start to the next."""
    import numpy as np

    sums = np.concatenate([np.zeros_like(counted[..., :1]), np.cumsum(counted, axis=-1)], axis=-1)
    ends = np.append(starts[1:], counted.shape[-1])
    between: NDArray[np.float64] = sums[..., ends] - sums[..., starts]
    return between


METRICS: dict[str, Family] = {
    "ConfusionMatrixPlot": confusion_matrix_plot,
    "ConfusionMatrixAtThresholds": confusion_matrix_at_thresholds,
    "CalibrationPlot": calibration_plot,
}
