"""What the metrics are computed from: batches of labels, scores and weights, and the slices of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


STEP = 4_000_000
"""Numbers that are made of one step's rows at once, in each array."""


@dataclass(frozen=True)
class RowSlices:
    """The slices of the rows of a batch."""

    keys: Sequence[SliceKey]
    """By number. It grows from batch to batch, and numbers keep their meaning."""
    rows: NDArray[np.int64]
    """Row numbers in the batch; a row is there once for each of its slices."""
    slices: NDArray[np.int64]
    """Of each element of `rows`, the number of the slice."""


def in_steps(batch: Batch, slices: RowSlices, task: Task) -> Iterator[tuple[Batch, RowSlices]]:
    """The batch, in several parts if it has many classes: some tallies make a number of each pair of classes."""
    classes = batch.scores.shape[1] if batch.scores.ndim == 2 else 1
    step = max(1, STEP // (classes**2 if task is Task.MULTI_LABEL else classes))
    if len(batch.labels) <= step:
        yield batch, slices
        return
    for first in range(0, len(batch.labels), step):
        some = slice(first, first + step)
        inside = (slices.rows >= first) & (slices.rows < first + step)
        weights = batch.weights[some] if batch.weights is not None else None
        part = Batch(batch.labels[some], batch.scores[some], weights, batch.first_row + first)
        yield part, RowSlices(slices.keys, slices.rows[inside] - first, slices.slices[inside])
