"""Binary confusion matrices at thresholds: counted exactly, or from the fine histogram, just where TFMA does so.

TFMA takes its histogram of 10,000 buckets for evenly spaced thresholds, and counts single ones exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.core.errors import WrongArgument
from millwork.evaluation.metrics.metric import Request
from millwork.evaluation.metrics.tallies import FINE_BUCKETS, AboveThresholds, Histogram, Tally
from millwork.evaluation.metrics.values import ConfusionMatrices
from millwork.evaluation.metrics.views import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]

EPSILON = 1e-7
KERAS_THRESHOLDS = 200


@dataclass(frozen=True)
class ExactMatrices:
    """Matrices at given thresholds."""

    view: View
    thresholds: tuple[float, ...]

    @property
    def tally(self) -> Tally:
        return AboveThresholds(self.view, tuple(sorted(set(self.thresholds))))

    def __call__(self, counted: Counted) -> ConfusionMatrices:
        import numpy as np

        at = np.searchsorted(sorted(set(self.thresholds)), self.thresholds)
        positives, negatives = counted
        return ConfusionMatrices(
            np.asarray(self.thresholds),
            tp=_from_right(positives)[:, at + 1],
            tn=_from_left(negatives)[:, at],
            fp=_from_right(negatives)[:, at + 1],
            fn=_from_left(positives)[:, at],
        )


@dataclass(frozen=True)
class HistogramMatrices:
    """Matrices at the thresholds of a curve or a plot. A bucket lies above a threshold if its lower end does."""

    view: View
    thresholds: tuple[float, ...]
    """Rising."""

    @property
    def tally(self) -> Tally:
        return Histogram(self.view)

    def __call__(self, counted: Counted) -> ConfusionMatrices:
        import numpy as np

        thresholds = np.asarray(self.thresholds)
        at = first_buckets(thresholds + EPSILON * (thresholds != 0))
        if thresholds[0] < 0:
            at[0] = 0  # TFMA's first bucket takes all that is below the second threshold
        weights, positives, _ = counted
        negatives = weights - positives
        tp, fp = _from_right(positives, more=1)[:, at], _from_right(negatives, more=1)[:, at]
        fn, tn = _from_left(positives, more=1)[:, at], _from_left(negatives, more=1)[:, at]
        beyond = thresholds >= 1 + EPSILON
        return ConfusionMatrices(
            thresholds,
            tp=np.where(beyond, 0.0, tp),
            tn=np.where(beyond, fp[:, :1], tn),
            fp=np.where(beyond, 0.0, fp),
            fn=np.where(beyond, tp[:, :1], fn),
        )


@dataclass(frozen=True)
class AnyScoreMatrices:
    """The matrix at a threshold below 0: any score is positive, but those of classes outside the top k (-inf).

    As TFMA has it: there are buckets of scores below 0, below 1 and from 1 on, and the lowest that has rows is left
    out if it is not the only one.
    """

    view: View
    thresholds: tuple[float, ...]

    @property
    def tally(self) -> Tally:
        return Histogram(self.view, buckets=1)

    def __call__(self, counted: Counted) -> ConfusionMatrices:
        import numpy as np

        weights, positives, _ = counted
        filled = weights > 0
        lowest = np.arange(3) == filled.argmax(axis=1)[:, None]
        left_out = lowest & (filled.sum(axis=1) > 1)[:, None]
        negatives = weights - positives

        def summed(values: Array, chosen: Any) -> Array:
            total: Array = np.where(chosen, values, 0.0).sum(axis=1, keepdims=True)
            return total

        return ConfusionMatrices(
            np.asarray(self.thresholds),
            tp=summed(positives, ~left_out),
            tn=summed(negatives, left_out),
            fp=summed(negatives, ~left_out),
            fn=summed(positives, left_out),
        )


Matrices = ExactMatrices | HistogramMatrices | AnyScoreMatrices


def matrices(
    request: Request,
    *,
    default: float | None = None,
    thresholds: float | Sequence[float] | None = None,
    num_thresholds: int | None = None,
) -> Matrices:
    """The matrices that a metric needs: at thresholds, or at so many evenly spaced ones, or at a default threshold."""
    if thresholds is None and num_thresholds is None:
        if request.sub_key is not None and request.sub_key.top_k is not None:
            thresholds = [float("-inf")]
        elif default is not None:
            thresholds = [default]
    given = _floats(request, thresholds)
    if given and not num_thresholds and given == evenly_spaced(len(given)):
        given, num_thresholds = (), len(given)
    elif given and num_thresholds in (FINE_BUCKETS, KERAS_THRESHOLDS) and len(given) == num_thresholds - 2:
        given = ()  # Keras says both
    if given and num_thresholds is not None:
        raise WrongArgument(
            f"eval_config: {request.name} has thresholds and num_thresholds. Leave one of them"
        )
    if given:
        low = len(given) == 1 and given[0] < 0
        return AnyScoreMatrices(request.view, given) if low else ExactMatrices(request.view, given)
    number = FINE_BUCKETS if num_thresholds is None else num_thresholds
    if number < 2:
        raise WrongArgument(
            f"eval_config: num_thresholds of {request.name} must be 2 or more, but is {number}"
        )
    return HistogramMatrices(request.view, evenly_spaced(number))


def evenly_spaced(number: int) -> tuple[float, ...]:
    """Keras' thresholds of a curve, with one below 0 and one above 1."""
    if number < 2:
        return ()
    return -EPSILON, *((i + 1) * 1.0 / (number - 1) for i in range(number - 2)), 1.0 + EPSILON


def first_buckets(
    thresholds: Array, buckets: int = FINE_BUCKETS, left: float = 0.0, right: float = 1.0
) -> NDArray[np.int64]:
    """For each threshold, the first bucket of a histogram whose lower end is not below it."""
    import numpy as np

    lower = np.arange(buckets) / buckets * (right - left) + left
    found: NDArray[np.int64] = np.searchsorted(
        np.concatenate([[-np.inf], lower, [np.inf]]), thresholds, side="left"
    )
    return found


def _floats(request: Request, thresholds: float | Sequence[float] | None) -> tuple[float, ...]:
    if thresholds is None:
        return ()
    given = [thresholds] if isinstance(thresholds, int | float) else thresholds
    if not given or not all(isinstance(t, int | float) and t == t for t in given):
        raise WrongArgument(
            f"eval_config: thresholds of {request.name} must be a number or numbers, but got {thresholds!r}"
        )
    return tuple(float(t) for t in given)


def _from_left(values: Array, more: int = 0) -> Array:
    """Sums up to each cell, it included; with `more`, a first sum of nothing."""
    import numpy as np

    sums: Array = np.cumsum(values, axis=1)
    return np.concatenate([np.zeros_like(sums[:, :more]), sums], axis=1)


def _from_right(values: Array, more: int = 0) -> Array:
    """Sums from each cell on, it included; with `more`, a last sum of nothing."""
    import numpy as np

    return np.ascontiguousarray(_from_left(values[:, ::-1], more)[:, ::-1])
