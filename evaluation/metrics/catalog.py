"""The metrics that are computed here, by the class that a config names."""

from __future__ import annotations

from millwork.evaluation.metrics import (
    binary_losses,
    binary_plots,
    calibration,
    class_matrices,
    confusion_rates,
    counts,
    fairness,
    multi_class,
    regression,
    score_curves,
)
from millwork.evaluation.metrics.metric import Family

FAMILIES: dict[str, Family] = {
    **counts.METRICS,
    **calibration.METRICS,
    **regression.METRICS,
    **binary_losses.METRICS,
    **confusion_rates.METRICS,
    **score_curves.METRICS,
    **binary_plots.METRICS,
    **fairness.METRICS,
    **multi_class.METRICS,
    **class_matrices.METRICS,
}
