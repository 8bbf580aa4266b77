"""What the metrics are computed from: batches of labels, scores and weights, and the slices of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.keys import SliceKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Task(StrEnum):
    """The shape of labels and scores."""

    BINARY = "binary"
    MULTI_CLASS = "multi_class"
    MULTI_LABEL = "multi_label"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Batch:
    """Some rows of one model's predictions.

    task         labels (float64)              scores (float64)
    binary       (n,), 0 or 1, or between      (n,), the probability of 1
    multi_class  (n,), class ids (int64)       (n, classes)
    multi_label  (n, classes), 0 or 1          (n, classes)
    regression   (n,)                          (n,)
    """

    labels: NDArray[Any]
    scores: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    """(n,), 0 or more. None: every row weighs 1."""
    first_row: int = 0
    """Where the batch starts in its data set.

    It seeds the resampling, so that a baseline's intervals use the same samples as the candidate's, and so that
    no two batches use the same. Give every batch of one data set (over all shards) another number.
    """


@dataclass(frozen=True)
class RowSlices:
    """The slices of the rows of a batch."""

    keys: Sequence[SliceKey]
    """By number. It grows from batch to batch, and numbers keep their meaning."""
    rows: NDArray[np.int64]
    """Row numbers in the batch; a row is there once for each of its slices."""
    slices: NDArray[np.int64]
    """Of each element of `rows`, the number of the slice."""
