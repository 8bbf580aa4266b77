"""The exact area under the precision-recall curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.evaluation.comparing.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def average_precision(rows: Rows) -> float:
    """Of the positive class, or the mean of each class that occurs against the rest."""
    import numpy as np

    numbers = [1] if rows.problem == "binary" else list(rows.occurring())
    return float(np.mean([_area(*rows.of_class(number), rows.weight) for number in numbers]))


def _area(positive: NDArray[np.bool_], scores: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Σ (R_k - R_k-1) P_k over falling thresholds, as scikit-learn's average_precision_score."""
    import numpy as np

    order = np.argsort(-scores)
    ordered = scores[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    called = np.cumsum(weights[order])[last]
    hits = np.cumsum((weights * positive)[order])[last]
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    return float((np.diff(hits, prepend=0.0) * precision).sum() / hits[-1]) if hits[-1] > 0 else float("nan")
