"""The steps of a model's ROC and precision-recall curves: few enough to draw, and to draw again in a bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.ranking import Ranking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_STEPS = 400
"""More cannot be seen in a plot: neighbours are a pixel or two apart."""


@dataclass(frozen=True, eq=False)
class CurveSteps:
    """Rows from the highest score to the lowest, in steps of neighbouring scores: at most MOST_STEPS."""

    positive: Floats
    """Of each step, the weight of its positive rows."""
    negative: Floats
    spread: tuple[Floats, Floats]
    """Of each step, the squared weights of its positive and of its negative rows. Without weights, their number."""
    auc: float
    """Of all scores, not only of the steps; as the average precision."""
    average_precision: float

    @property
    def rates(self) -> tuple[Floats, Floats, Floats]:
        """False positive rate, true positive rate (the recall) and precision, from the highest threshold on."""
        return rates(self.positive, self.negative)


def curve_steps(positive: NDArray[np.bool_], scores: Floats, weights: Floats | None) -> CurveSteps | None:
    """None if one of the two classes has no weight."""
    import numpy as np

    weight = np.ones(len(scores)) if weights is None else weights
    if not (weight[positive].any() and weight[~positive].any()):
        return None
    ranked = Ranking(positive, scores, weight)
    tied = [ranked.tied(side)[::-1] for side in (positive, ~positive)]
    squares = tied if weights is None else [_squares(ranked, side) for side in (positive, ~positive)]
    begin = _along_the_curve(tied)
    fpr, recall, _ = rates(*tied)
    return CurveSteps(
        np.add.reduceat(tied[0], begin),
        np.add.reduceat(tied[1], begin),
        (np.add.reduceat(squares[0], begin), np.add.reduceat(squares[1], begin)),
        float(np.sum(np.diff(fpr) * (recall[1:] + recall[:-1]) / 2)),
        ranked.average_precision(),
    )


def rates(positive: Floats, negative: Floats) -> tuple[Floats, Floats, Floats]:
    """Of steps, perhaps of several samples of them (samples x steps). The first point is that of no row at all."""
    import numpy as np

    start = np.zeros((*positive.shape[:-1], 1))
    tp = np.concatenate([start, np.cumsum(positive, axis=-1)], axis=-1)
    fp = np.concatenate([start, np.cumsum(negative, axis=-1)], axis=-1)
    shown = tp + fp
    precision = np.divide(tp, shown, out=np.ones_like(tp), where=shown > 0)
    return _share(fp), _share(tp), precision


def _share(cumulated: Floats) -> Floats:
    import numpy as np

    whole = cumulated[..., -1:]
    return np.divide(cumulated, whole, out=np.zeros_like(cumulated), where=whole > 0)


def _squares(ranked: Ranking, side: NDArray[np.bool_]) -> Floats:
    """The squared weights of the rows of one side, of each distinct score, falling."""
    import numpy as np

    summed: Floats = np.add.reduceat((ranked.weight**2 * side)[ranked.order], ranked.first)
    return summed[::-1]


def _along_the_curve(tied: list[Floats]) -> NDArray[np.int64]:
    """Where steps begin that are evenly spaced along the ROC curve, on which both rates rise from 0 to 1."""
    import numpy as np

    if len(tied[0]) <= MOST_STEPS:
        return np.arange(len(tied[0]))
    place = sum(np.cumsum(of_class) / of_class.sum() for of_class in tied)
    ends = np.searchsorted(place, np.linspace(0, 2, MOST_STEPS + 1)[1:-1])
    begin: NDArray[np.int64] = np.unique(np.append(0, ends[ends < len(place) - 1] + 1))
    return begin
