"""What is counted per slice: sums that metrics are derived from. Equal tallies are counted once for all metrics."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from millwork.core.errors import BadInput
from millwork.evaluation.metrics.views import BatchRows, Columns, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counted = NDArray[np.float64]
    """What a tally found in one slice: components x samples x cells. The first sample is all rows."""

RowFunction = Callable[[Columns], Any]
"""Columns to an array, rows x m. A function of a module or a frozen dataclass: equal and alike in every process."""

FINE_BUCKETS = 10_000
"""The buckets of TFMA's histogram of scores, which its curves are computed from."""


@dataclass(frozen=True, eq=False)
class Additions:
    """What a batch adds: to which cell, and how much of each component."""

    amounts: tuple[NDArray[np.float64], ...]
    """One array for each component, rows or rows x m."""
    cells: NDArray[np.int64] | None = None
    """In the shape of the amounts. None: there is one cell."""


class Tally(Hashable, Protocol):
    """Sums over rows. They are linear: what is counted of two parts of the rows adds up to that of all rows."""

    @property
    def components(self) -> int:
        """How many sums each cell has."""

    def cells(self, classes: int) -> int:
        """How many cells each slice has."""

    def additions(self, rows: BatchRows) -> Additions:
        """What a batch adds."""


@dataclass(frozen=True)
class RowCount:
    """Rows, or their weights, whatever the classes."""

    weighted: bool = False
    components: int = 1

    def cells(self, classes: int) -> int:
        return 1

    def additions(self, rows: BatchRows) -> Additions:
        return Additions((rows.weights(weighted=self.weighted),))


@dataclass(frozen=True)
class Sums:
    """Weighted sums of functions of label and score."""

    view: View
    functions: tuple[RowFunction, ...]

    @property
    def components(self) -> int:
        return len(self.functions)

    def cells(self, classes: int) -> int:
        return 1

    def additions(self, rows: BatchRows) -> Additions:
        columns = rows.columns(self.view)
        return Additions(tuple(columns.weights * function(columns) for function in self.functions))


@dataclass(frozen=True)
class Histogram:
    """TFMA's calibration histogram: the weights, the weighted labels and the weighted scores by score.

    Cell 0 is of the scores below `left`, the last one of those from `right` on.
    """

    view: View
    buckets: int = FINE_BUCKETS
    left: float = 0.0
    right: float = 1.0
    components: int = 3

    def cells(self, classes: int) -> int:
        return self.buckets + 2

    def additions(self, rows: BatchRows) -> Additions:
        import numpy as np

        columns = rows.columns(self.view)
        if (self.left, self.right) == (0.0, 1.0):
            _check_shares(columns)
        place = (columns.scores - self.left) / (self.right - self.left) * self.buckets + 1
        cells = np.clip(place, 0, self.buckets + 1).astype(np.int64)
        weights = columns.weights
        with np.errstate(invalid="ignore"):  # -inf outside the top k, which no metric sums up
            return Additions((weights, weights * columns.labels, weights * columns.scores), cells)


@dataclass(frozen=True)
class AboveThresholds:
    """The weights of positives and of negatives by the number of thresholds that are below their score."""

    view: View
    thresholds: tuple[float, ...]
    """Rising."""
    components: int = 2

    def cells(self, classes: int) -> int:
        return len(self.thresholds) + 1

    def additions(self, rows: BatchRows) -> Additions:
        import numpy as np

        columns = rows.columns(self.view)
        _check_shares(columns)
        cells = np.searchsorted(np.asarray(self.thresholds), columns.scores, side="left")
        positive = columns.weights * columns.labels
        return Additions((positive, columns.weights - positive), cells)


def _check_shares(columns: Columns) -> None:
    """Labels of confusion matrices say how much of a row is positive."""
    wrong = (columns.labels < 0) | (columns.labels > 1)
    if wrong.any():
        raise BadInput(
            f"A label is {columns.labels[wrong][0]:g}, but a metric of the EvalConfig takes labels from 0 to 1 only, "
            "such as a confusion matrix, an AUC or a calibration plot. Take it out (or give the plot left and right)"
        )
