"""Labels and scores of several classes as binary ones: of one class, of the k-th best score, of the top k, of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.evaluation.metrics.keys import Aggregation, SubKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def binarized(
    labels: Array,
    scores: Array,
    weights: Array,
    sub_key: SubKey | None,
    aggregation: Aggregation | None,
    class_weights: tuple[tuple[int, float], ...],
) -> tuple[Array, Array, Array]:
    """What is seen of labels and scores, rows x classes. Weights are rows x 1, also in the answer if they may."""
    if sub_key is not None and sub_key.class_id is not None:
        chosen = slice(sub_key.class_id, sub_key.class_id + 1)
        return labels[:, chosen], scores[:, chosen], weights
    return labels, scores, weights
