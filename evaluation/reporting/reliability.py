"""Do scores mean what they say? Rows in bins of their score: the mean score, and the share that was right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.estimate import two_sided
from millwork.evaluation.comparing.mcnemar import wilson
from millwork.evaluation.comparing.sums import CALIBRATION_BINS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BINS = CALIBRATION_BINS
"""As in the metric: so the two tell the same."""
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

    edges, place = _equal_width(scores) if equal_width else _equal_rows(scores)
    weight = np.ones(len(scores)) if weights is None else weights
    of_bins = [np.ones(len(scores)), weight, weight**2, weight * positive, weight * scores]
    sums = np.array([np.bincount(place, of_rows, len(edges) - 1) for of_rows in of_bins])
    occupied = np.flatnonzero(sums[1] > 0)
    z = two_sided(confidence)
    bins = tuple(_bin(edges[number], edges[number + 1], sums[:, number], z) for number in occupied)
    error = sum(
        whole * abs(bin.mean_score - bin.share) for bin, whole in zip(bins, sums[1, occupied], strict=True)
    )
    return Reliability(bins, float(error / sums[1].sum()) if len(bins) else 0.0, equal_width)


def _bin(low: float, high: float, sums: Floats, z: float) -> Bin:
    rows, whole, squares, positive, scores = sums.tolist()
    share, alike = positive / whole, whole**2 / squares
    lower, upper = wilson(share * alike, alike, z)
    return Bin(float(low), float(high), int(rows), scores / whole, share, max(lower, 0.0), min(upper, 1.0))


def _equal_width(scores: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The edges of the bins, and the bin of each row."""
    import numpy as np

    return np.linspace(0, 1, BINS + 1), np.minimum((scores * BINS).astype(np.int64), BINS - 1)


def _equal_rows(scores: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Alike; fewer bins if many scores are equal."""
    import numpy as np

    edges = np.unique(np.quantile(scores, np.linspace(0, 1, BINS + 1), method="inverted_cdf"))
    edges = edges if len(edges) > 1 else np.repeat(edges, 2)
    return edges, np.clip(np.searchsorted(edges, scores) - 1, 0, len(edges) - 2)
