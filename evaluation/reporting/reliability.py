"""Do scores mean what they say? Rows in bins of their score: the mean score, and the share that was right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BINS = 10
CROWDED = 0.9
"""If this share of the rows is in one bin of equal width, bins of equally many rows say more."""


@dataclass(frozen=True)
class Bin:
    """Rows with scores between two numbers."""

    low: float
    high: float
    rows: int
    mean_score: float
    share: float
    """Of those rows, weighted if rows have weights, that are positive."""
    lower: float
    """Of the share: Wilson's interval. With weights, for the number of equal rows that would know as much (Kish)."""
    upper: float


@dataclass(frozen=True)
class Reliability:
    """The bins that have rows, the lowest first, and by how much scores are wrong in the mean over rows."""

    bins: tuple[Bin, ...]
    error: float
    equal_width: bool


def are_probabilities(scores: Floats) -> bool:
    """Other scores cannot be held against shares."""
    return bool(len(scores)) and float(scores.min()) >= 0.0 and float(scores.max()) <= 1.0


def is_crowded(scores: Floats) -> bool:
    """True if bins of equal width would leave nearly all rows in one."""
    import numpy as np

    counts, _ = np.histogram(scores, BINS, (0.0, 1.0))
    return int(counts.max()) > CROWDED * len(scores)


def reliability(
    positive: NDArray[np.bool_],
    scores: Floats,
    weights: Floats | None,
    confidence: float,
    *,
    equal_width: bool = True,
) -> Reliability:
    """Bins of equal width from 0 to 1, or of about equally many rows; rows of one score are in one bin."""
    import numpy as np

    if equal_width:
        edges = np.linspace(0, 1, BINS + 1)
        place = np.clip(np.ceil(scores * BINS).astype(int) - 1, 0, BINS - 1)
    else:
        edges = np.unique(np.quantile(scores, np.linspace(0, 1, BINS + 1), method="inverted_cdf"))
        edges = edges if len(edges) > 1 else np.repeat(edges, 2)
        place = np.clip(np.searchsorted(edges, scores) - 1, 0, len(edges) - 2)
    weight = np.ones(len(scores)) if weights is None else weights
    count = len(edges) - 1
    rows = np.bincount(place, minlength=count)
    whole, squares = np.bincount(place, weight, count), np.bincount(place, weight**2, count)
    shares = _ratio(np.bincount(place, weight * positive, count), whole)
    means = _ratio(np.bincount(place, weight * scores, count), whole)
    lower, upper = wilson(shares, _ratio(whole**2, squares), confidence)
    numbers = [edges[:-1], edges[1:], rows, means, shares, lower, upper]
    columns = zip(*(column[whole > 0].tolist() for column in numbers), strict=True)
    error = float(np.nansum(whole * np.abs(means - shares)) / whole.sum()) if whole.sum() else 0.0
    return Reliability(tuple(Bin(*column) for column in columns), error, equal_width)


def wilson(share: Floats, rows: Floats, confidence: float) -> tuple[Floats, Floats]:
    """The score interval of a share of rows (Wilson, 1927)."""
    import numpy as np
    from scipy.special import ndtri

    z = float(ndtri((1 + confidence) / 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
        half = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    import numpy as np

    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
