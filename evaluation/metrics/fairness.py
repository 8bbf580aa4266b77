"""Fairness indicators: rates at several thresholds, to be compared between slices.

TFMA knows them by the package fairness-indicators; here they need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from millwork.evaluation.metrics import confusion_rates as rates
from millwork.evaluation.metrics.binary_matrices import Matrices, matrices
from millwork.evaluation.metrics.metric import Family, Metric, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.metrics.confusion_rates import Rate
    from millwork.evaluation.metrics.tallies import Counted

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
INDICATORS: dict[str, Rate] = {
    "false_positive_rate": rates.false_positive_rate,
    "false_negative_rate": rates.false_negative_rate,
    "true_positive_rate": rates.true_positive_rate,
    "true_negative_rate": rates.true_negative_rate,
    "positive_rate": rates.predicted_positive_rate,
    "negative_rate": rates.predicted_negative_rate,
    "false_discovery_rate": rates.false_discovery_rate,
    "false_omission_rate": rates.false_omission_rate,
    "precision": rates.precision,
    "recall": rates.true_positive_rate,
}


def fairness_indicators(request: Request) -> Iterator[Metric]:
    """One metric for each rate and threshold, such as `fairness_indicators_metrics/recall@0.5`."""
    request.takes("thresholds")
    name = str(request.settings.get("name") or "fairness_indicators_metrics")
    found = matrices(request, thresholds=request.settings.get("thresholds") or THRESHOLDS)
    digits = max(1, *(len(str(threshold)) - 2 for threshold in found.thresholds))
    for place, threshold in enumerate(found.thresholds):
        for indicator, rate in INDICATORS.items():
            key = request.key(name=f"{name}/{indicator}@{threshold:.{digits}f}")
            yield Metric(key, (found.tally,), partial(_rate, rate, found, place))


def _rate(rate: Rate, found: Matrices, place: int, counted: Counted) -> NDArray[np.float64]:
    at = found(counted)
    return rate(at.tp, at.tn, at.fp, at.fn)[:, place]


METRICS: dict[str, Family] = {"FairnessIndicators": fairness_indicators}
