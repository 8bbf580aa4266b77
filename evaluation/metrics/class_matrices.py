"""Confusion matrices of several classes, at thresholds: of one class among several, and of several at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from millwork.core.errors import WrongArgument
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.binary_matrices import EPSILON, evenly_spaced
from millwork.evaluation.metrics.keys import MetricKey
from millwork.evaluation.metrics.metric import Family, Metric, Request
from millwork.evaluation.metrics.tallies import Additions
from millwork.evaluation.metrics.values import ClassConfusionMatrices, LabelConfusionMatrices
from millwork.evaluation.metrics.views import BatchRows, one_hot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class ClassPairs:
    """The weights of rows by label, by likeliest class, and by the number of thresholds below its score."""

    weighted: bool
    thresholds: tuple[float, ...]
    """Not falling."""
    components: int = 1

    def cells(self, classes: int) -> int:
        return classes * classes * (len(self.thresholds) + 1)

    def additions(self, rows: BatchRows) -> Additions:
        import numpy as np

        scores, labels = rows.batch.scores, one_hot(rows.batch).argmax(axis=1)
        best = scores.argmax(axis=1)
        above = np.searchsorted(self.thresholds, np.take_along_axis(scores, best[:, None], axis=1)[:, 0])
        cells = (labels * scores.shape[1] + best) * (len(self.thresholds) + 1) + above
        return Additions((rows.weights(weighted=self.weighted),), cells)


@dataclass(frozen=True)
class LabelPairs:
    """The weights of rows that have one label, by another class: those that have it too, and those that do not.

    By the number of thresholds that are below the score of the other class.
    """

    weighted: bool
    thresholds: tuple[float, ...]
    """Rising."""
    components: int = 2

    def cells(self, classes: int) -> int:
        return classes * classes * (len(self.thresholds) + 1)

    def additions(self, rows: BatchRows) -> Additions:
        import numpy as np

        labels, scores = one_hot(rows.batch) != 0, rows.batch.scores
        count, classes = scores.shape
        has_one = labels[:, :, None] * rows.weights(weighted=self.weighted)[:, None, None]
        has_both = (has_one * labels[:, None, :]).reshape(count, -1)
        has_one = np.repeat(has_one, classes, axis=2).reshape(count, -1)
        above = np.searchsorted(self.thresholds, scores)
        pairs = np.arange(classes * classes).reshape(classes, classes) * (len(self.thresholds) + 1)
        cells = (pairs[None] + above[:, None, :]).reshape(count, -1)
        return Additions((has_both, has_one - has_both), cells)


def class_matrices(request: Request, *, default: float, is_plot: bool) -> Iterator[Metric]:
    """Which class is taken for which: the likeliest, if its score is above a threshold, else none."""
    request.takes("thresholds", *(["num_thresholds"] if is_plot else []))
    _needs_classes(request)
    thresholds = _thresholds(request, default)
    # As in TFMA, a class that is given up at one threshold stays so at those that follow, should they be lower.
    highest = tuple(max(thresholds[: place + 1]) for place in range(len(thresholds)))
    result = partial(_class_matrices, thresholds)
    yield Metric(_key(request), (ClassPairs(request.weighted, highest),), result, is_plot=is_plot)


def label_matrices(request: Request) -> Iterator[Metric]:
    """For rows that have one label: is another class predicted, and do they have it?"""
    request.takes("thresholds", "num_thresholds")
    _needs_classes(request)
    thresholds = tuple(sorted(set(_thresholds(request, 0.5))))
    result = partial(_label_matrices, thresholds)
    yield Metric(_key(request), (LabelPairs(request.weighted, thresholds),), result, is_plot=True)


def _key(request: Request) -> MetricKey:
    """TFMA's have no sub key: they are about all classes whatever is binarized."""
    return replace(request.key(), sub_key=None)


def _needs_classes(request: Request) -> None:
    if request.task not in (Task.MULTI_CLASS, Task.MULTI_LABEL):
        raise WrongArgument(
            f"eval_config: {request.class_name} needs a score for each of several classes, but the problem is "
            f"{request.task}"
        )


def _thresholds(request: Request, default: float) -> tuple[float, ...]:
    given, number = request.settings.get("thresholds"), request.whole("num_thresholds")
    if given and number is not None:
        raise WrongArgument(
            f"eval_config: {request.name} has thresholds and num_thresholds. Leave one of them"
        )
    if number is not None:
        if number < 2:
            raise WrongArgument(
                f"eval_config: num_thresholds of {request.name} must be 2 or more, but is {number!r}"
            )
        return evenly_spaced(number)
    thresholds = given or [default]
    if not isinstance(thresholds, list) or not all(isinstance(t, int | float) for t in thresholds):
        raise WrongArgument(f"eval_config: thresholds of {request.name} must be numbers, but got {given!r}")
    return tuple(float(threshold) for threshold in thresholds)


def _class_matrices(thresholds: tuple[float, ...], counted: Counted) -> ClassConfusionMatrices:
    """Samples x thresholds x labels x predictions; the last of these stands for none."""
    import numpy as np

    by_level = _by_level(counted[0], len(thresholds))
    none = _below(by_level).sum(axis=3, keepdims=True)
    counts = np.concatenate([_above(by_level), none], axis=3)
    order = np.argsort(thresholds, kind="stable")
    return ClassConfusionMatrices(np.asarray(thresholds)[order], counts[:, order])


def _label_matrices(thresholds: tuple[float, ...], counted: Counted) -> LabelConfusionMatrices:
    import numpy as np

    has_both, has_one = (_by_level(component, len(thresholds)) for component in counted)
    return LabelConfusionMatrices(
        np.array([{-EPSILON: 0.0, 1.0 + EPSILON: 1.0}.get(t, t) for t in thresholds]),
        tp=_above(has_both),
        tn=_below(has_one),
        fp=_above(has_one),
        fn=_below(has_both),
    )


def _by_level(counts: Array, thresholds: int) -> Array:
    """Samples x levels x classes x classes. A level is the number of thresholds below the score."""
    import numpy as np

    classes = round((counts.shape[1] / (thresholds + 1)) ** 0.5)
    return np.moveaxis(counts.reshape(-1, classes, classes, thresholds + 1), 3, 1)


def _above(by_level: Array) -> Array:
    import numpy as np

    sums: Array = np.cumsum(by_level[:, ::-1], axis=1)[:, ::-1]
    return sums[:, 1:]


def _below(by_level: Array) -> Array:
    import numpy as np

    sums: Array = np.cumsum(by_level, axis=1)
    return sums[:, :-1]


METRICS: dict[str, Family] = {
    "MultiClassConfusionMatrixPlot": partial(class_matrices, default=0.0, is_plot=True),
    "MultiClassConfusionMatrixAtThresholds": partial(class_matrices, default=0.5, is_plot=False),
    "MultiLabelConfusionMatrixPlot": label_matrices,
}
