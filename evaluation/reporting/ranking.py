"""Rows ranked by a model's score: what lies above each threshold, and the areas under the two curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_STEPS = 400
"""More cannot be seen in a plot: neighbours are a pixel or two apart."""


@dataclass(frozen=True, eq=False)
class Ranking:
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


def ranking(positive: NDArray[np.bool_], scores: Floats, weights: Floats | None) -> Ranking | None:
    """None if one of the two classes has no weight."""
    import numpy as np

    order = np.argsort(-scores)
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    weight = np.ones(len(scores)) if weights is None else weights[order]
    of_positives = weight * positive[order]
    of_negatives = weight - of_positives
    tp, fp = np.cumsum(of_positives)[ends], np.cumsum(of_negatives)[ends]
    if not (tp[-1] > 0 and fp[-1] > 0):
        return None
    kept = _along_the_curve(fp / fp[-1] + tp / tp[-1])
    squares = tuple(_steps(np.cumsum(of_class**2)[ends], kept) for of_class in (of_positives, of_negatives))
    fpr, recall, precision = rates(_steps(tp), _steps(fp))
    return Ranking(
        _steps(tp, kept),
        _steps(fp, kept),
        (squares[0], squares[1]),
        float(np.sum(np.diff(fpr) * (recall[1:] + recall[:-1]) / 2)),
        float(np.sum(np.diff(recall) * precision[1:])),
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


def _along_the_curve(place: Floats) -> NDArray[np.int64]:
    """Steps that are evenly spaced along the ROC curve, on which both rates rise from 0 to 1."""
    import numpy as np

    if len(place) <= MOST_STEPS:
        return np.arange(len(place))
    kept = np.searchsorted(place, np.linspace(0, 2, MOST_STEPS + 1)[1:-1])
    steps: NDArray[np.int64] = np.unique(np.append(kept, len(place) - 1))
    return steps


def _steps(cumulated: Floats, kept: NDArray[np.int64] | slice = slice(None)) -> Floats:
    import numpy as np

    return np.diff(cumulated[kept], prepend=0.0)
