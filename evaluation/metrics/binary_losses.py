"""Losses of binary problems, by TFMA's formula and by Keras', and Keras' other means of a function of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.calibration import one
from millwork.evaluation.metrics.metric import Family, Metric, NotHere, Request
from millwork.evaluation.metrics.regression import squared_error
from millwork.evaluation.metrics.tallies import RowFunction, Sums
from millwork.evaluation.metrics.views import Columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.tallies import Counted

    Array = NDArray[np.float64]

EPSILON = 1e-7
"""Keras'."""


def binary_cross_entropy(request: Request) -> Iterator[Metric]:
    """TFMA's, which is infinite or NaN for scores of 0 and 1."""
    request.takes("from_logits", "label_smoothing")
    _needs_one_score(request)
    key = request.key(name=str(request.settings.get("name") or "binary_crossentropy"))
    loss = _loss(request, _cross_entropy_of_probabilities)
    yield Metric(key, (Sums(request.view, (one, loss)),), _mean)


def keras_binary_cross_entropy(request: Request) -> Iterator[Metric]:
    request.takes("from_logits", "label_smoothing")
    _needs_one_score(request)
    loss = _loss(request, _clipped_cross_entropy)
    yield Metric(request.key(), (Sums(request.view, (one, loss)),), _mean_in_keras)


def keras_mean(request: Request, *, of: RowFunction, binary_only: bool = False) -> Iterator[Metric]:
    """The weighted mean of a function of label and score."""
    request.takes()
    _needs_one_score(request)
    if binary_only and request.task is not Task.BINARY:
        raise NotHere("what it makes of the labels depends on those that TFMA has in one batch")
    yield Metric(request.key(), (Sums(request.view, (one, of)),), _mean_in_keras)


def root_mean_squared_error(request: Request) -> Iterator[Metric]:
    request.takes()
    _needs_one_score(request)
    yield Metric(request.key(), (Sums(request.view, (one, squared_error)),), _root)


def _needs_one_score(request: Request) -> None:
    """Or several labels and as many scores, whose mean is that over all of them, as all weigh the same."""
    several = request.task is Task.MULTI_LABEL and request.sub_key is None and request.aggregation is None
    if not (request.view.is_scalar or several):
        raise NotHere("it is wanted over several scores of a row")


def _loss(request: Request, of_probabilities: RowFunction) -> RowFunction:
    from_logits = bool(request.settings.get("from_logits"))
    smoothing = request.number("label_smoothing", 0.0)
    return Smoothed(_cross_entropy_of_logits if from_logits else of_probabilities, smoothing)


def _mean(sums: Counted) -> Array:
    weights, totals = sums[:, :, 0]
    mean: Array = totals / weights
    return mean


def _mean_in_keras(sums: Counted) -> Array:
    """0 without weights."""
    import numpy as np

    weights, totals = sums[:, :, 0]
    return np.where(weights == 0, 0.0, totals / weights)


def _root(sums: Counted) -> Array:
    import numpy as np

    root: Array = np.sqrt(_mean_in_keras(sums))
    return root


@dataclass(frozen=True)
class Smoothed:
    """A loss, of labels that are drawn towards 0.5."""

    loss: RowFunction
    smoothing: float

    def __call__(self, columns: Columns) -> Array:
        import numpy as np

        labels = columns.labels * (1.0 - self.smoothing) + 0.5 * self.smoothing
        with np.errstate(divide="ignore", invalid="ignore"):
            losses: Array = self.loss(Columns(labels, columns.scores, columns.weights))
        return losses


def _cross_entropy_of_probabilities(columns: Columns) -> Array:
    import numpy as np

    loss: Array = -columns.labels * np.log(columns.scores) - (1 - columns.labels) * np.log(1 - columns.scores)
    return loss


def _cross_entropy_of_logits(columns: Columns) -> Array:
    import numpy as np

    softplus = np.log1p(np.exp(-np.abs(columns.scores)))
    loss: Array = np.maximum(columns.scores, 0) - columns.scores * columns.labels + softplus
    return loss


def _clipped_cross_entropy(columns: Columns) -> Array:
    """Keras keeps scores off 0 and 1, by as much as its 32 bits can tell."""
    import numpy as np

    scores = np.clip(columns.scores, EPSILON, float(np.float32(1) - np.float32(EPSILON)))
    loss: Array = -columns.labels * np.log(scores + EPSILON) - (1 - columns.labels) * np.log(
        1 - scores + EPSILON
    )
    return loss


def _equal(columns: Columns) -> Array:
    import numpy as np

    equal: NDArray[np.bool_] = columns.labels.astype(np.float32) == columns.scores.astype(np.float32)
    return equal.astype(np.float64)


def _log_cosh(columns: Columns) -> Array:
    import numpy as np

    error = np.abs(columns.scores - columns.labels)
    loss: Array = error + np.log1p(np.exp(-2.0 * error)) - np.log(2.0)
    return loss


def _hinge(columns: Columns) -> Array:
    """Labels 0 and 1 count as -1 and 1."""
    import numpy as np

    loss: Array = np.maximum(1.0 - (2.0 * columns.labels - 1.0) * columns.scores, 0.0)
    return loss


def _squared_hinge(columns: Columns) -> Array:
    return _hinge(columns) ** 2


def _kl_divergence(columns: Columns) -> Array:
    import numpy as np

    labels, scores = np.clip(columns.labels, EPSILON, 1), np.clip(columns.scores, EPSILON, 1)
    divergence: Array = labels * np.log(labels / scores)
    return divergence


def _poisson(columns: Columns) -> Array:
    import numpy as np

    loss: Array = columns.scores - columns.labels * np.log(columns.scores + EPSILON)
    return loss


METRICS: dict[str, Family] = {
    "BinaryCrossEntropy": binary_cross_entropy,
    "BinaryCrossentropy": keras_binary_cross_entropy,
    "RootMeanSquaredError": root_mean_squared_error,
    "Accuracy": partial(keras_mean, of=_equal),
    "LogCoshError": partial(keras_mean, of=_log_cosh),
    "Hinge": partial(keras_mean, of=_hinge, binary_only=True),
    "SquaredHinge": partial(keras_mean, of=_squared_hinge, binary_only=True),
    "KLDivergence": partial(keras_mean, of=_kl_divergence),
    "Poisson": partial(keras_mean, of=_poisson),
}
