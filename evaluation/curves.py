"""ROC curves by scikit-learn: of one class against the rest, and their averages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from millwork.evaluation.predictions import Slice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Curve:
    """False and true positive rates, from 0 to 1, as the threshold falls."""

    slice: Slice
    class_name: str | None
    """None: an average."""
    average: Literal["macro", "micro"] | None
    auc: float | None
    """The area under the curve, of all its points. None: there is no curve, for `reason`."""
    reason: str | None
    positives: float
    """The weight of the rows of the class."""
    negatives: float
    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    threshold: NDArray[np.float64] | None
    """Rows with at least this score are positive. The first is infinite. A macro average has none."""

    @property
    def name(self) -> str:
        return f"{self.average} average" if self.class_name is None else self.class_name

    def thinned(self, most: int) -> Curve:
        """At most this many points, evenly spaced along the curve; the area stays that of all points.

        What is left out is less than 2 / (most - 1) away from what is kept, both rates taken together.
        """
        import numpy as np

        if len(self.fpr) <= most:
            return self
        # Both rates rise, so their sum is a position along the curve.
        kept = np.unique(np.searchsorted(self.fpr + self.tpr, np.linspace(0, 2, most)[:-1]))
        kept = np.append(kept[kept < len(self.fpr) - 1], len(self.fpr) - 1)
        threshold = None if self.threshold is None else self.threshold[kept]
        return replace(self, fpr=self.fpr[kept], tpr=self.tpr[kept], threshold=threshold)


def one_against_rest(
    of: Slice,
    class_name: str,
    positive: NDArray[np.bool_],
    scores: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Curve:
    """The curve of one class."""
    curve = _curve(of, positive, scores, weights)
    if curve.positives == 0:
        return replace(curve, class_name=class_name, reason=f"there are no rows of class {class_name!r}")
    if curve.negatives == 0:
        return replace(curve, class_name=class_name, reason=f"all rows are of class {class_name!r}")
    return replace(curve, class_name=class_name)


def micro_average(
    of: Slice, labels: NDArray[np.int64], scores: Sequence[NDArray[np.float64]], weights: NDArray[np.float64]
) -> Curve:
    """Each pair of a row and a class is one decision: is the row of this class?"""
    import numpy as np

    classes = len(scores)
    positive = np.concatenate([labels == number for number in range(classes)])
    curve = _curve(of, positive, np.concatenate(scores), np.tile(weights, classes))
    return replace(curve, average="micro", reason="there are no rows" if curve.auc is None else None)


def macro_average(of: Slice, curves: Sequence[Curve]) -> Curve:
    """The mean true positive rate of the classes at each false positive rate, and the mean of their areas."""
    import numpy as np

    positives, negatives = sum(c.positives for c in curves), sum(c.negatives for c in curves)
    average = replace(_nothing(of), average="macro", positives=positives, negatives=negatives)
    missing = [c for c in curves if c.auc is None]
    if missing:
        return replace(average, reason=missing[0].reason)
    area = float(np.mean([c.auc for c in curves if c.auc is not None]))
    at = np.unique(np.concatenate([c.fpr for c in curves]))
    # Where a curve goes straight up it has two values: the mean goes up from the mean of the lower ones
    # (interpolating from the right finds those) to the mean of the upper ones.
    lower = np.mean([np.interp(-at, -c.fpr[::-1], c.tpr[::-1]) for c in curves], axis=0)
    upper = np.mean([np.interp(at, c.fpr, c.tpr) for c in curves], axis=0)
    return replace(average, auc=area, fpr=np.repeat(at, 2), tpr=np.stack([lower, upper], axis=1).ravel())


def _curve(
    of: Slice, positive: NDArray[np.bool_], scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> Curve:
    from sklearn.metrics import auc, roc_curve

    positives, negatives = float(weights[positive].sum()), float(weights[~positive].sum())
    curve = replace(_nothing(of), positives=positives, negatives=negatives)
    if positives == 0 or negatives == 0:
        return curve
    fpr, tpr, threshold = roc_curve(positive, scores, sample_weight=weights)
    return replace(curve, auc=float(auc(fpr, tpr)), fpr=fpr, tpr=tpr, threshold=threshold)


def _nothing(of: Slice) -> Curve:
    import numpy as np

    empty = np.empty(0)
    return Curve(of, None, None, None, None, 0.0, 0.0, empty, empty, None)
