"""Metrics over all thresholds: areas under curves, and the best of one rate while another keeps a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.metrics.binary_matrices import Matrices, matrices
from millwork.evaluation.metrics.metric import Family, Metric, Request
from millwork.evaluation.metrics.values import ConfusionMatrices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]
    OfMatrices = Callable[[ConfusionMatrices], Array]
    """Samples x thresholds."""

CURVES = ("ROC", "PR")
SUMMATIONS = ("interpolation", "majoring", "minoring")


def area(request: Request, *, curve: str | None = None) -> Iterator[Metric]:
    """The area under the ROC, or under the precision-recall curve."""
    own = () if curve else ("curve",)
    request.takes("thresholds", "num_thresholds", "summation_method", "class_id", "top_k", *own)
    curve = curve or _choice(request, "curve", "ROC", CURVES)
    summation = _choice(request, "summation_method", "interpolation", SUMMATIONS)
    found = _matrices(request)
    result = partial(_area, curve, summation, found)
    yield Metric(request.key(tells_aggregation=True), (found.tally,), result)


def _choice(request: Request, setting: str, default: str, known: tuple[str, ...]) -> str:
    given = request.settings.get(setting) or default
    for name in known:
        if isinstance(given, str) and given.lower() == name.lower():
            return name
    raise WrongArgument(
        f"eval_config: {setting} of {request.name} cannot be {given!r}. {did_you_mean(str(given), known)}"
    )


def _matrices(request: Request) -> Matrices:
    return matrices(
        request,
        thresholds=request.settings.get("thresholds"),
        num_thresholds=request.whole("num_thresholds"),
    )


def _area(curve: str, summation: str, found: Matrices, counted: Counted) -> Array:
    import numpy as np

    at = found(counted)
    if curve == "PR" and summation == "interpolation":
        return _interpolated_precision_recall_area(at)
    x, y = (false_positive_rates(at), recalls(at)) if curve == "ROC" else (recalls(at), precisions(at))
    one, next_one = y[:, :-1], y[:, 1:]
    heights: dict[str, Callable[[], Array]] = {
        "interpolation": lambda: (one + next_one) / 2.0,
        "minoring": lambda: np.minimum(one, next_one),
        "majoring": lambda: np.maximum(one, next_one),
    }
    total: Array = np.nansum((x[:, :-1] - x[:, 1:]) * heights[summation](), axis=1)
    return total


def _interpolated_precision_recall_area(at: ConfusionMatrices) -> Array:
    """Davis and Goadrich, 2006: true positives are interpolated between thresholds, not the precision."""
    import numpy as np

    positive = at.tp + at.fp
    gained, shown, next_shown = at.tp[:, :-1] - at.tp[:, 1:], positive[:, :-1], positive[:, 1:]
    slope = gained / np.maximum(shown - next_shown, 0)
    intercept = at.tp[:, 1:] - slope * next_shown
    growth = np.where((shown > 0) & (next_shown > 0), shown / np.maximum(next_shown, 0), 1.0)
    parts = slope * (gained + intercept * np.log(growth)) / np.maximum(at.tp[:, 1:] + at.fn[:, 1:], 0)
    total: Array = np.nansum(parts, axis=1)
    return total


def best(
    request: Request, *, bound: str, bounded: OfMatrices, wanted: OfMatrices, at_most: bool = False
) -> Iterator[Metric]:
    """The highest rate at the thresholds where another rate is at least, or at most, a bound. There may be several."""
    request.takes("thresholds", "num_thresholds", "class_id", "top_k", bound)
    bounds = request.settings.get(bound)
    several = isinstance(bounds, list)
    numbers = bounds if isinstance(bounds, list) else [bounds]
    if not numbers or not all(isinstance(b, int | float) and 0 <= b <= 1 for b in numbers):
        raise WrongArgument(
            f"eval_config: {request.name} needs {bound}, a number from 0 to 1 or a list of them, but got {bounds!r}"
        )
    found = _matrices(request)
    result = partial(_best, tuple(map(float, numbers)), several, bounded, wanted, at_most, found)
    yield Metric(request.key(tells_aggregation=True), (found.tally,), result)


def _best(
    bounds: tuple[float, ...],
    several: bool,
    bounded: OfMatrices,
    wanted: OfMatrices,
    at_most: bool,
    found: Matrices,
    counted: Counted,
) -> Array:
    """0 where no threshold keeps the bound; NaN where the rate is not defined at any that does."""
    import numpy as np

    at = found(counted)
    rates, values = bounded(at), np.broadcast_to(wanted(at), at.tp.shape)
    highest = []
    for bound in bounds:
        kept = rates <= bound if at_most else rates >= bound
        defined = kept & ~np.isnan(values)
        most = np.where(defined, values, -np.inf).max(axis=1)
        highest.append(np.where(defined.any(axis=1), most, np.where(kept.any(axis=1), np.nan, 0.0)))
    return np.stack(highest, axis=1) if several else highest[0]


def recalls(at: ConfusionMatrices) -> Array:
    return at.tp / (at.tp + at.fn)


def precisions(at: ConfusionMatrices) -> Array:
    return at.tp / (at.tp + at.fp)


def specificities(at: ConfusionMatrices) -> Array:
    return at.tn / (at.tn + at.fp)


def false_positive_rates(at: ConfusionMatrices) -> Array:
    return at.fp / (at.fp + at.tn)


def thresholds(at: ConfusionMatrices) -> Array:
    return at.thresholds


METRICS: dict[str, Family] = {
    "AUC": area,
    "AUCPrecisionRecall": partial(area, curve="PR"),
    "SensitivityAtSpecificity": partial(best, bound="specificity", bounded=specificities, wanted=recalls),
    "SpecificityAtSensitivity": partial(best, bound="sensitivity", bounded=recalls, wanted=specificities),
    "PrecisionAtRecall": partial(best, bound="recall", bounded=recalls, wanted=precisions),
    "RecallAtPrecision": partial(best, bound="precision", bounded=precisions, wanted=recalls),
    "RecallAtFalsePositiveRate": partial(
        best, bound="false_positive_rate", bounded=false_positive_rates, wanted=recalls, at_most=True
    ),
    "ThresholdAtRecall": partial(best, bound="recall", bounded=recalls, wanted=thresholds),
}
