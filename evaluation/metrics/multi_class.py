"""Metrics of all classes at once: how often the likeliest is right, and how likely the right one was thought.

They are Keras' in TFMA, which computes with 32 bits; what is compared is compared in 32 bits here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.metric import Family, Metric, NotHere, Request
from millwork.evaluation.metrics.tallies import Additions
from millwork.evaluation.metrics.views import BatchRows, one_hot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]

EPSILON = 1e-7
"""Keras'."""

ClassFunction = Callable[["Array", "Array"], "Array"]
"""Labels and scores, rows x classes, to a number for each row. Compared by value: no partial."""


@dataclass(frozen=True)
class RowMeans:
    """The weights of rows, and a weighted number of each that depends on all its classes."""

    weighted: bool
    function: ClassFunction
    components: int = 2

    def cells(self, classes: int) -> int:
        return 1

    def additions(self, rows: BatchRows) -> Additions:
        weights = rows.weights(weighted=self.weighted)
        return Additions((weights, weights * self.function(one_hot(rows.batch), rows.batch.scores)))


def accuracy(request: Request) -> Iterator[Metric]:
    """How often the class with the highest score is the label."""
    request.takes()
    yield _mean(request, _is_best)


def top_k_accuracy(request: Request) -> Iterator[Metric]:
    """How often the label is among the k classes with the highest scores."""
    request.takes("k")
    given = request.whole("k")
    if given is not None and given < 1:
        raise WrongArgument(f"eval_config: k of {request.name} must be 1 or more, but is {given}")
    yield _mean(request, InTop(given or 5))


def cross_entropy(
    request: Request, *, of: type[KerasCrossEntropy | PlainCrossEntropy], name: str
) -> Iterator[Metric]:
    """The mean of -log(score of the label); with `label_smoothing`, a little of each class is taken for the label."""
    request.takes("from_logits", "label_smoothing")
    smoothing = request.number("label_smoothing", 0.0)
    yield _mean(request, of(bool(request.settings.get("from_logits")), smoothing), name=name)


def sparse_cross_entropy(request: Request) -> Iterator[Metric]:
    request.takes("from_logits")
    yield _mean(request, SparseCrossEntropy(bool(request.settings.get("from_logits"))))


def _mean(request: Request, of: ClassFunction, *, name: str = "") -> Metric:
    if request.task is not Task.MULTI_CLASS:
        raise NotHere(f"the problem is {request.task}, and not of one class among several")
    if request.sub_key is not None or request.aggregation is not None:
        raise NotHere("it is about all classes at once, but is wanted of some, or averaged")
    key = request.key(name=str(request.settings.get("name") or name or request.default_name))
    return Metric(key, (RowMeans(request.weighted, of),), _mean_of)


def _mean_of(sums: Counted) -> Array:
    import numpy as np

    weights, totals = sums[:, :, 0]
    return np.where(weights == 0, 0.0, totals / weights)


def _is_best(labels: Array, scores: Array) -> Array:
    import numpy as np

    best: NDArray[np.bool_] = scores.astype(np.float32).argmax(axis=1) == labels.argmax(axis=1)
    return best.astype(np.float64)


@dataclass(frozen=True)
class InTop:
    """Whether fewer than k classes have a higher score than the label."""

    k: int

    def __call__(self, labels: Array, scores: Array) -> Array:
        import numpy as np

        if self.k > scores.shape[1]:
            raise BadInput(
                f"The EvalConfig wants the top {self.k} classes, but the model has {scores.shape[1]}"
            )
        small = scores.astype(np.float32)
        own = np.take_along_axis(small, labels.argmax(axis=1)[:, None], axis=1)
        found: NDArray[np.bool_] = (small > own).sum(axis=1) < self.k
        return found.astype(np.float64)


@dataclass(frozen=True)
class SparseCrossEntropy:
    """Keras clips probabilities, and then takes a softmax of their logarithms."""

    from_logits: bool

    def __call__(self, labels: Array, scores: Array) -> Array:
        import numpy as np

        logits = scores if self.from_logits else np.log(_clipped(scores))
        return _lost(labels, _log_softmax(logits))


@dataclass(frozen=True)
class KerasCrossEntropy:
    """Keras makes probabilities add up to 1, and then clips them."""

    from_logits: bool
    smoothing: float

    def __call__(self, labels: Array, scores: Array) -> Array:
        import numpy as np

        labels = _smoothed(labels, self.smoothing)
        if self.from_logits:
            return _lost(labels, _log_softmax(scores))
        shares = scores / scores.sum(axis=1, keepdims=True)
        return _lost(labels, np.log(_clipped(shares)))


@dataclass(frozen=True)
class PlainCrossEntropy:
    """TFMA's own: what has a score of 0 does not count."""

    from_logits: bool
    smoothing: float

    def __call__(self, labels: Array, scores: Array) -> Array:
        import numpy as np

        labels = _smoothed(labels, self.smoothing)
        parts = np.exp(scores) if self.from_logits else scores
        shares = parts / parts.sum(axis=1, keepdims=True)
        logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
        return _lost(labels, logs)


def _lost(labels: Array, logs: Array) -> Array:
    lost: Array = -(labels * logs).sum(axis=1)
    return lost


def _smoothed(labels: Array, smoothing: float) -> Array:
    return labels * (1.0 - smoothing) + smoothing / labels.shape[1]


def _clipped(shares: Array) -> Array:
    import numpy as np

    clipped: Array = np.clip(shares, EPSILON, float(np.float32(1) - np.float32(EPSILON)))
    return clipped


def _log_softmax(logits: Array) -> Array:
    import numpy as np

    shifted = logits - logits.max(axis=1, keepdims=True)
    softmax: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return softmax


METRICS: dict[str, Family] = {
    **dict.fromkeys(("SparseCategoricalAccuracy", "CategoricalAccuracy"), accuracy),
    **dict.fromkeys(("SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy"), top_k_accuracy),
    "SparseCategoricalCrossentropy": sparse_cross_entropy,
    "CategoricalCrossentropy": partial(cross_entropy, of=KerasCrossEntropy, name="categorical_crossentropy"),
    "CategoricalCrossEntropy": partial(cross_entropy, of=PlainCrossEntropy, name="categorical_crossentropy"),
}
