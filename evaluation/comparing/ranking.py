"""Scores in order, with ties: what the areas under both curves are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows sorted by their scores; sorting is most of the work, so both areas share it."""

    positive: NDArray[np.bool_]
    scores: NDArray[np.float64]
    weight: NDArray[np.float64]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Places of the rows by rising score."""
        import numpy as np

        return np.argsort(self.scores)

    @cached_property
    def ordered(self) -> NDArray[np.float64]:
        """The scores, rising."""
        return self.scores[self.order]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Where in the order each distinct score begins."""
        import numpy as np

        return np.flatnonzero(np.concatenate([[True], self.ordered[1:] != self.ordered[:-1]]))

    def tied(self, side: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The weight of the rows of one side, of each distinct score."""
        import numpy as np

        weights: NDArray[np.float64] = np.add.reduceat((self.weight * side)[self.order], self.first)
        return weights

    def share_below(self, side: NDArray[np.bool_]) -> NDArray[np.float64]:
        """For each row, the share of one side's weight with lower scores, and half of that with the same."""
        import numpy as np

        tied = self.tied(side)
        middle = (np.cumsum(tied) - tied / 2) / tied.sum()
        shares = np.empty(len(self.scores))
        shares[self.order] = np.repeat(middle, np.diff(self.first, append=len(self.scores)))
        return shares

    def average_precision(self) -> float:
        """Σ (R_k - R_k-1) P_k over falling thresholds, as scikit-learn's average_precision_score."""
        import numpy as np

        gains, others = (self.tied(side)[::-1] for side in (self.positive, ~self.positive))
        hits = np.cumsum(gains)
        called = hits + np.cumsum(others)
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        return float((gains * precision).sum() / hits[-1]) if hits[-1] > 0 else float("nan")

    def thresholds(self, most: int) -> NDArray[np.float64]:
        """Rising scores of positive rows: all distinct ones, or of more than `most` one in equal numbers of rows."""
        import numpy as np

        scores = self.ordered[self.positive[self.order]]
        distinct: NDArray[np.float64] = np.unique(scores)
        if len(distinct) > most:
            distinct = np.unique(scores[np.arange(most) * len(scores) // most])
        return distinct
