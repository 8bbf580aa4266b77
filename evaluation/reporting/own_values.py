"""Metrics of one model by itself, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from millwork.evaluation.comparing.bootstrap import Replicates, draw
from millwork.evaluation.comparing.checking import metrics_for
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.delong import Auc
from millwork.evaluation.comparing.enough import too_few
from millwork.evaluation.comparing.findings import MetricInfo, Settings
from millwork.evaluation.comparing.mcnemar import wilson
from millwork.evaluation.comparing.measures import Measured, measure
from millwork.evaluation.comparing.rows import rows_of


@dataclass(frozen=True)
class OwnValue:
    """One metric in one slice. None: not defined for these rows, or too few for an interval."""

    metric: str
    slice: str
    rows: int
    value: float | None
    lower: float | None
    upper: float | None


def own_values(
    contest: Contest, settings: Settings
) -> tuple[Sequence[MetricInfo], Sequence[OwnValue], Sequence[str]]:
    """Of the only model: metrics, their values by metric and then slice, and notes on what was left out.

    Intervals are DeLong's for the ROC AUC, Wilson's for accuracy, and for the rest the bootstrap's, as in comparisons.
    """
    metrics, notes = metrics_for(contest, settings)
    resamples = draw(len(contest.baseline), settings.resamples, settings.seed)
    found = {}
    for of in contest.slices:
        rows = rows_of(contest.baseline, of.rows[0])
        among = resamples.among(of.rows[0])
        for metric in metrics:
            measured = measure(metric, rows, among)
            ends = None
            if measured is not None and not too_few(metric, rows):
                ends = interval(measured, settings.confidence)
            lower, upper = ends or (None, None)
            value = measured.value if measured else None
            found[metric.name, of.name] = OwnValue(metric.name, of.name, len(rows), value, lower, upper)
    ordered = [found[metric.name, of.name] for metric in metrics for of in contest.slices]
    return [metric.info for metric in metrics], ordered, notes


def interval(measured: Measured, confidence: float) -> tuple[float, float] | None:
    """None: not defined in most resamples."""
    import numpy as np
    from scipy.special import ndtri

    z = float(ndtri((1 + confidence) / 2))
    if isinstance(measured, Auc):
        half = z * float((measured.influence**2).sum()) ** 0.5
        return max(measured.value - half, 0.0), min(measured.value + half, 1.0)
    if not isinstance(measured, Replicates):
        return wilson(float(measured.right.sum()), float(len(measured.right)), z)
    errors = measured.errors[np.isfinite(measured.errors)]
    if len(errors) * 2 < len(measured.errors):
        return None
    half = z * float((errors**2).mean()) ** 0.5
    return measured.value - half, measured.value + half
