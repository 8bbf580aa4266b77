"""What a regression gets wrong: how large its errors are, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.contest import Contender

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
GROUPS = 20
CELLS = 40
BARS = 60


@dataclass(frozen=True)
class ResidualSummary:
    """Of one model: predicted less actual."""

    mean: float
    """The bias."""
    rmse: float
    mae: float
    quantiles: tuple[float, ...]
    """At QUANTILES."""
    r_squared: float
    """The share of the variance that is explained. NaN if all labels are the same."""


def residual_summary(contender: Contender) -> ResidualSummary:
    """All honour the weights of the rows."""
    import numpy as np

    weights = np.ones(len(contender)) if contender.weights is None else contender.weights
    errors = contender.scores - contender.labels
    square = float(np.average(errors**2, weights=weights))
    centre = np.average(contender.labels, weights=weights)
    variance = float(np.average((contender.labels - centre) ** 2, weights=weights))
    return ResidualSummary(
        mean=float(np.average(errors, weights=weights)),
        rmse=square**0.5,
        mae=float(np.average(np.abs(errors), weights=weights)),
        quantiles=tuple(quantiles(errors, weights).tolist()),
        r_squared=1 - square / variance if variance else float("nan"),
    )


def quantiles(values: Floats, weights: Floats) -> Floats:
    """At QUANTILES: the lowest value below or at which there is at least that share of the weight."""
    import numpy as np

    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, np.array(QUANTILES) * reached[-1] * (1 - 1e-12))
    found: Floats = values[order][np.minimum(places, len(values) - 1)]
    return found


def density(contender: Contender, low: float, high: float) -> Floats:
    """The weight of the rows in CELLS x CELLS squares: predicted upwards, actual across; without those outside."""
    import numpy as np

    found: Floats
    found, _, _ = np.histogram2d(
        contender.scores, contender.labels, CELLS, [[low, high], [low, high]], weights=contender.weights
    )
    return found


def by_prediction(contender: Contender) -> list[tuple[float, Floats]]:
    """Rows in GROUPS of about equal size by their prediction: its mean, and the quantiles of predicted less actual."""
    import numpy as np

    weights = np.ones(len(contender)) if contender.weights is None else contender.weights
    order = np.argsort(contender.scores, kind="stable")
    errors = contender.scores - contender.labels
    groups = [rows for rows in np.array_split(order, GROUPS) if len(rows) and weights[rows].sum() > 0]
    return [(float(contender.scores[rows].mean()), quantiles(errors[rows], weights[rows])) for rows in groups]


def spread(values: Floats) -> tuple[float, float]:
    """The range of all but a few extreme values."""
    import numpy as np

    low, high = np.quantile(values, [0.002, 0.998]).tolist()
    return (low, high) if high > low else (low - 0.5, low + 0.5)
