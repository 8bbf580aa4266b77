"""One model's rows of one slice: what metrics are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from millwork.evaluation.comparing.contest import Contender, Problem
from millwork.evaluation.comparing.ranking import Ranking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Rows:
    """Arrays of one length; see `Contender`."""

    problem: Problem
    classes: tuple[str, ...]
    labels: NDArray[Any]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]
    weights: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def weight(self) -> NDArray[np.float64]:
        """Of each row."""
        import numpy as np

        return np.ones(len(self)) if self.weights is None else self.weights

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Where the model decided for the true class."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right

    @property
    def effective(self) -> float:
        """How many rows of equal weight say as much as these: Kish's (Σw)² / Σw²."""
        return effective(self.weights, len(self))

    def occurring(self) -> NDArray[np.int64]:
        """The classes of which there are rows that weigh something."""
        import numpy as np

        labels = self.labels if self.weights is None else self.labels[self.weights > 0]
        return np.flatnonzero(np.bincount(labels, minlength=len(self.classes)))

    def curves(self) -> list[int]:
        """The classes that have a curve: the positive one, or of several each that occurs."""
        return [1] if self.problem == "binary" else self.occurring().tolist()

    def ranking(self, number: int) -> Ranking:
        """The rows by how likely they are of this class."""
        if self.problem == "binary":
            return self._ranking
        return Ranking(self.labels == number, self.scores[:, number], self.weight)

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking(self.labels == 1, self.scores, self.weight)


def effective(weights: NDArray[np.float64] | None, rows: int) -> float:
    """Kish's effective number of rows."""
    if weights is None:
        return float(rows)
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _scaled(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same weights, the largest between ½ and 1: squares and sums of any others may be too large for a float.

    A power of two rounds nothing, and no metric asks for more than proportions.
    """
    import numpy as np

    _, exponent = np.frexp(weights.max(initial=0.0))
    scaled: NDArray[np.float64] = np.ldexp(weights, -exponent)
    return scaled


def rows_of(contender: Contender, places: NDArray[np.int64]) -> Rows:
    """The rows at these places."""
    every = len(places) == len(contender)
    # All rows need no copy: places are distinct and in order.
    at: Any = slice(None) if every else places
    weights = None if contender.weights is None else _scaled(contender.weights[at])
    predicted = contender.predicted if contender.problem == "regression" else contender.predicted[at]
    return Rows(
        contender.problem, contender.classes, contender.labels[at], contender.scores[at], predicted, weights
    )
