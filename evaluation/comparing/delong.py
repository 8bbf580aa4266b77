"""ROC AUC with the variance of DeLong, DeLong and Clarke-Pearson (1988), by the ranks of Sun and Xu (2014).

An AUC is a mean over rows: each positive row brings the share of negative rows below it, each negative row the share
of positive rows above it. How far those are from the AUC is the row's influence, and sums of products of influences
are the variances and covariances of several models' AUCs. With weights the shares and means are weighted ones, and
the variance is that of a ratio of sums; with equal weights it is DeLong's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.estimate import Estimate, normal_estimate, unseen_estimate
from millwork.evaluation.comparing.ranking import Ranking
from millwork.evaluation.comparing.rows import Rows, effective

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Auc:
    """The area of one model, and what each row contributes to its error."""

    value: float
    influence: NDArray[np.float64]
    """Its sum is 0; the sum of its squares is the variance of the value."""
    smaller: float
    """The effective rows of the rarer class."""


def auc(rows: Rows) -> Auc | None:
    """Of a binary model, or the mean of each class that occurs against the rest: the influences add up alike.

    None: not defined, as all rows are of one class.
    """
    import numpy as np

    classes, value, smaller = rows.curves(), 0.0, float("inf")
    influence = np.zeros(len(rows))
    for number in classes:
        area = area_under_curve(rows.ranking(number), rows.weights)
        if area is None:
            return None
        value += area.value / len(classes)
        influence += area.influence / len(classes)
        smaller = min(smaller, area.smaller)
    return Auc(value, influence, smaller) if classes else None


def area_under_curve(ranking: Ranking, weights: NDArray[np.float64] | None = None) -> Auc | None:
    """One class against the rest. A tie counts half. Weights: those of the ranking, unless all are the same."""
    import numpy as np

    positive, weight = ranking.positive, ranking.weight
    sides = [side & (weight > 0) for side in (positive, ~positive)]
    if not all(side.any() for side in sides):
        return None
    share = np.where(positive, ranking.share_below(~positive), 1 - ranking.share_below(positive))
    up = weight * positive
    value = float((up * share).sum() / up.sum())
    influence = np.zeros(len(share))
    for side in sides:
        number, total = np.count_nonzero(side), weight[side].sum()
        # One row has no spread: like the others', but for what one can know.
        unbiased = (number / (number - 1)) ** 0.5 if number > 1 else 1.0
        influence[side] = weight[side] * (share[side] - value) / total * unbiased
    smaller = min(effective(None if weights is None else weights[s], np.count_nonzero(s)) for s in sides)
    return Auc(value, influence, smaller)


def change_of_auc(baseline: Auc, challenger: Auc, paired: bool, confidence: float) -> Estimate:
    """DeLong's test; of different rows, the variances add up."""
    change = challenger.value - baseline.value
    if paired:
        variance = float(((challenger.influence - baseline.influence) ** 2).sum())
    else:
        variance = float((challenger.influence**2).sum() + (baseline.influence**2).sum())
    method = "DeLong" if paired else "unpaired DeLong"
    # Rounding leaves a trace of variance where two models order all rows alike.
    if variance < 1e-24:
        unseen = unseen_estimate(change, min(baseline.smaller, challenger.smaller), confidence, method)
        apart = float((challenger.influence**2).sum() + (baseline.influence**2).sum())
        if paired and 1e-24 < apart < unseen.standard_error**2:
            # Rows that both models scored say no less than as many other rows would.
            return normal_estimate(change, apart**0.5, confidence, method)
        return unseen
    return normal_estimate(change, variance**0.5, confidence, method)
