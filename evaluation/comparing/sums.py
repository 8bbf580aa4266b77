"""Metrics that follow from sums over rows: what each row adds, and the value of given sums.

Resampling rows then means no more than adding them up another number of times, and that is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from millwork.evaluation.comparing.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CALIBRATION_BINS = 10
"""Of equal width, as TFMA's and most others' are."""
THRESHOLDS = 256
"""Of a resampled precision-recall curve: exact for as many positive rows; of more, the rows between two thresholds
count as ties. The curve's own area is always exact."""


Term = tuple[Union["NDArray[np.int64]", int], "NDArray[np.float64]"]


@dataclass(frozen=True, eq=False)
class Sums:
    """What rows add to the cells of a table."""

    terms: Sequence[Term]
    """To which cell each row adds how much; a number: all rows to the same cell."""
    cells: int
    value: Callable[[NDArray[Any]], NDArray[Any]]
    """Of tables (…, cells), the metric's values (…). Not a number where it is not defined."""
    exact: float | None = None
    """The value of all rows, where the table is too coarse for it. Its cells hold weights of rows: single precision
    does for resamples."""

    def by_group(self, groups: NDArray[np.int32], number: int) -> NDArray[np.float64]:
        """The table (groups, cells) of each group of rows."""
        import numpy as np

        table = np.zeros((number, self.cells))
        for cell, amount in self.terms:
            if isinstance(cell, int):
                table[:, cell] += np.bincount(groups, amount, minlength=number)
            else:
                at = groups.astype(np.int64) * self.cells + cell
                table += np.bincount(at, amount, minlength=table.size).reshape(table.shape)
        return table


Summed = Callable[[Rows], Iterator[Sums]]
"""The tables of a metric; its value is the mean of theirs. There are none if it is not defined."""


def decisions(rows: Rows) -> Iterator[Sums]:
    """How much weighs what is decided rightly, and all."""
    yield Sums([(0, rows.weight * rows.right), (1, rows.weight)], 2, _mean)


def log_loss(rows: Rows) -> Iterator[Sums]:
    """Minus the logarithm of the true class's probability."""
    import numpy as np

    least = np.finfo(np.float64).eps
    loss = -np.log(np.clip(_of_the_truth(rows), least, 1 - least))
    yield Sums([(0, rows.weight * loss), (1, rows.weight)], 2, _mean)


def brier(rows: Rows) -> Iterator[Sums]:
    """The squared error of the probability; of several classes, of each of them."""
    truth = _of_the_truth(rows)
    if rows.problem == "binary":
        loss = (1 - truth) ** 2
    else:
        loss = (rows.scores**2).sum(axis=1) - truth**2 + (1 - truth) ** 2
    yield Sums([(0, rows.weight * loss), (1, rows.weight)], 2, _mean)


def squared_error(rows: Rows) -> Iterator[Sums]:
    """Of a regression: the value is the root of the mean."""
    import numpy as np

    terms = [(0, rows.weight * (rows.scores - rows.labels) ** 2), (1, rows.weight)]
    yield Sums(terms, 2, lambda sums: np.sqrt(_mean(sums)))


def absolute_error(rows: Rows) -> Iterator[Sums]:
    """Of a regression."""
    yield Sums([(0, rows.weight * abs(rows.scores - rows.labels)), (1, rows.weight)], 2, _mean)


def calibration_error(rows: Rows) -> Iterator[Sums]:
    """In each bin, how far the mean probability is from the share of rows for which it came true."""
    import numpy as np

    if rows.problem == "binary":
        likely, came_true = rows.scores, rows.labels == 1
    else:
        top = rows.scores.argmax(axis=1)
        likely, came_true = rows.scores[np.arange(len(rows)), top], top == rows.labels
    place = np.minimum((likely * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    terms: list[Term] = [
        (place, rows.weight * (likely - came_true)),
        (CALIBRATION_BINS, rows.weight),
    ]

    def value(sums: NDArray[Any]) -> NDArray[Any]:
        return _ratio(abs(sums[..., :CALIBRATION_BINS]).sum(axis=-1), sums[..., CALIBRATION_BINS])

    yield Sums(terms, CALIBRATION_BINS + 1, value)


def precision(rows: Rows) -> Iterator[Sums]:
    """Of what was called positive, the share that is."""
    return _of_counts(rows, lambda hits, called, _: _ratio(hits, called))


def recall(rows: Rows) -> Iterator[Sums]:
    """Of what is positive, the share that was called so."""
    return _of_counts(rows, lambda hits, _, true: _ratio(hits, true))


def f1(rows: Rows) -> Iterator[Sums]:
    """The harmonic mean of precision and recall."""
    return _of_counts(rows, lambda hits, called, true: _ratio(2 * hits, called + true))


def average_precision(rows: Rows) -> Iterator[Sums]:
    """Σ (R_k - R_k-1) P_k over the thresholds, of each class against the rest."""
    import numpy as np

    for number in rows.curves():
        ranking = rows.ranking(number)
        thresholds = ranking.thresholds(THRESHOLDS)
        if not len(thresholds):
            return
        # Scores below the least positive one come last, and have no part in the sum.
        place = len(thresholds) - np.searchsorted(thresholds, ranking.scores, side="right")
        cells = len(thresholds) + 1
        terms: list[Term] = [(place + cells * ranking.positive, rows.weight)]
        yield Sums(terms, 2 * cells, _area, exact=ranking.average_precision())


def _area(sums: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    half = sums.shape[-1] // 2
    positive = sums[..., half:]
    hits = np.cumsum(positive, axis=-1, dtype=np.float64)
    called = hits + np.cumsum(sums[..., :half], axis=-1, dtype=np.float64)
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    return _ratio((precision * positive).sum(axis=-1), hits[..., -1])


Counted = Callable[[Any, Any, Any], Any]
"""A value of the weights of hits, of what was called positive and of what is, class by class."""


def _of_counts(rows: Rows, value: Counted) -> Iterator[Sums]:
    """The mean over the classes that occur."""
    if rows.problem == "binary":
        terms = [
            (0, rows.weight * (rows.right & (rows.labels == 1))),
            (1, rows.weight * (rows.predicted == 1)),
            (2, rows.weight * (rows.labels == 1)),
        ]
        yield Sums(terms, 3, lambda sums: value(sums[..., 0], sums[..., 1], sums[..., 2]))
        return
    classes, occurring = len(rows.classes), rows.occurring()
    if not len(occurring):
        return

    def mean(sums: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        counts = sums.reshape(*sums.shape[:-1], 3, classes)[..., occurring]
        each = value(counts[..., 0, :], counts[..., 1, :], counts[..., 2, :])
        # A class that nobody called has a precision of 0, as in scikit-learn; one that was not drawn does not count.
        drawn = counts[..., 2, :] > 0
        return _ratio(np.where(drawn, np.nan_to_num(each), 0).sum(axis=-1), drawn.sum(axis=-1))

    terms_of_classes = [
        (rows.labels, rows.weight * rows.right),
        (rows.predicted + classes, rows.weight),
        (rows.labels + 2 * classes, rows.weight),
    ]
    yield Sums(terms_of_classes, 3 * classes, mean)


def _of_the_truth(rows: Rows) -> NDArray[np.float64]:
    """The probability of each row's true class."""
    import numpy as np

    if rows.problem == "binary":
        return np.where(rows.labels == 1, rows.scores, 1 - rows.scores)
    truth: NDArray[np.float64] = rows.scores[np.arange(len(rows)), rows.labels]
    return truth


def _mean(sums: NDArray[Any]) -> NDArray[Any]:
    return _ratio(sums[..., 0], sums[..., 1])


def _ratio(part: Any, whole: Any) -> NDArray[Any]:
    import numpy as np

    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
