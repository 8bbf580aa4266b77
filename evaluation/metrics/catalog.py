"""The metrics that are computed here, by the class that a config names."""

from __future__ import annotations

from millwork.evaluation.metrics import calibration, counts, regression
from millwork.evaluation.metrics.metric import Family

FAMILIES: dict[str, Family] = {
    **counts.METRICS,
    **calibration.METRICS,
    **regression.METRICS,
}
