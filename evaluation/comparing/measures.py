"""Each metric of one model and slice, kept in the form from which its test takes the change between two models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing import sums
from millwork.evaluation.comparing.bootstrap import Replicates, Resamples, change_by_bootstrap, replicate
from millwork.evaluation.comparing.delong import Auc, auc, change_of_auc
from millwork.evaluation.comparing.enough import deciding_rows
from millwork.evaluation.comparing.estimate import Estimate
from millwork.evaluation.comparing.mcnemar import change_of_accuracy
from millwork.evaluation.comparing.metric_catalog import Metric
from millwork.evaluation.comparing.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUMMED: dict[str, sums.Summed] = {
    "accuracy": sums.decisions,
    "pr_auc": sums.average_precision,
    "precision": sums.precision,
    "recall": sums.recall,
    "f1": sums.f1,
    "log_loss": sums.log_loss,
    "brier": sums.brier,
    "calibration_error": sums.calibration_error,
    "rmse": sums.squared_error,
    "mae": sums.absolute_error,
}


@dataclass(frozen=True, eq=False)
class Right:
    """Accuracy of rows that all weigh the same."""

    value: float
    right: NDArray[np.bool_]


Measured = Auc | Right | Replicates


def measure(metric: Metric, rows: Rows, resamples: Resamples) -> Measured | None:
    """The metric of these rows. None: not defined."""
    if not len(rows) or not rows.weight.any():
        return None
    if metric.name == "auc":
        return auc(rows)
    if metric.name == "accuracy" and rows.weights is None:
        return Right(float(rows.right.mean()), rows.right)
    return replicate(SUMMED[metric.name](rows), resamples, deciding_rows(metric, rows))


def change_between(
    metric: Metric, baseline: Measured, challenger: Measured, paired: bool, confidence: float
) -> Estimate | None:
    """By the metric's own test. None: the rows are too few for one."""
    if isinstance(baseline, Auc) and isinstance(challenger, Auc):
        return change_of_auc(baseline, challenger, paired, confidence)
    if isinstance(baseline, Right) and isinstance(challenger, Right):
        return change_of_accuracy(baseline.right, challenger.right, paired, confidence)
    assert isinstance(baseline, Replicates)
    assert isinstance(challenger, Replicates)
    return change_by_bootstrap(baseline, challenger, paired, confidence, share=metric.share)
