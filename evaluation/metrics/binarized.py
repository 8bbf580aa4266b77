"""Labels and scores of several classes as binary ones: of one class, of the k-th best score, of the top k, of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.core.errors import BadInput
from millwork.evaluation.metrics.keys import Aggregation, SubKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ClassWeights = tuple[tuple[int, float], ...]


def binarized(
    labels: Array,
    scores: Array,
    weights: Array,
    sub_key: SubKey | None,
    aggregation: Aggregation | None,
    class_weights: ClassWeights,
) -> tuple[Array, Array, Array]:
    """What is seen of labels and scores, rows x classes. Weights are rows x 1; with weights of classes not any more.

    Of the top k, an average has k labels and scores in each row. Without one, all classes stay, and the scores of
    those that are not in the top k are -inf.
    """
    import numpy as np

    if sub_key is not None:
        _check(sub_key, scores.shape[1])
        if sub_key.k is not None:
            labels, scores = _taken(labels, scores, _best(scores, sub_key.k)[:, :1])
        elif sub_key.top_k is not None:
            best = _best(scores, sub_key.top_k)
            if aggregation is not None:
                labels, scores = _taken(labels, scores, best)
            else:
                kept = np.full_like(scores, -np.inf)
                np.put_along_axis(kept, best, np.take_along_axis(scores, best, axis=1), axis=1)
                scores = kept
        if sub_key.class_id is not None:
            chosen = slice(sub_key.class_id, sub_key.class_id + 1)
            labels, scores = labels[:, chosen], scores[:, chosen]
    if class_weights:
        by_class = dict(class_weights)
        weights = weights * np.array([by_class.get(number, 0.0) for number in range(scores.shape[1])])
    return labels, scores, weights


def _best(scores: Array, k: int) -> NDArray[np.int64]:
    """The numbers of the k classes with the highest scores, rows x k. The first of them is the k-th best."""
    import numpy as np

    best: NDArray[np.int64] = np.argpartition(scores, -k, axis=1)[:, -k:]
    return best


def _taken(labels: Array, scores: Array, classes: NDArray[np.int64]) -> tuple[Array, Array]:
    import numpy as np

    return np.take_along_axis(labels, classes, axis=1), np.take_along_axis(scores, classes, axis=1)


def _check(sub_key: SubKey, classes: int) -> None:
    if sub_key.class_id is not None and not 0 <= sub_key.class_id < classes:
        raise BadInput(
            f"The EvalConfig wants metrics of class {sub_key.class_id}, but the model has {classes} classes, from 0 to "
            f"{classes - 1}. Mend class_ids of binarize, or class_weights of aggregate"
        )
    for name in ("k", "top_k"):
        number = getattr(sub_key, name)
        if number is not None and not 1 <= number <= classes:
            raise BadInput(
                f"The EvalConfig wants metrics of the {name} {number}, but the model has {classes} classes. Mend "
                f"{name}_list, or {name} of the metric"
            )
