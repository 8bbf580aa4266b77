"""What reports of one model and of several share: what is drawn from the rows themselves, and the lineage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from millwork.evaluation.comparing.checking import with_threshold
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.reporting.calibration_section import calibration_section
from millwork.evaluation.reporting.confusion_section import confusion_section
from millwork.evaluation.reporting.curves_section import curves_section
from millwork.evaluation.reporting.figures import count
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.residuals_section import residuals_section
from millwork.evaluation.reporting.threshold_counts import ThresholdCounts


def predictions_sections(
    contest: Contest, settings: Settings, counts: ThresholdCounts | None
) -> Sequence[ReportSection]:
    """Curves, calibration and confusion; of regressions, errors."""
    if contest.problem == "regression":
        return [residuals_section(contest)]
    return [
        curves_section(contest, settings),
        calibration_section(contest, settings),
        confusion_section(contest, settings, counts),
    ]


def lineage_section(svg: str) -> ReportSection:
    """Drawings whose texts are escaped already."""
    return ReportSection(
        "lineage",
        "Lineage",
        Markup('<figure class="scroll lineage" tabindex="0" aria-label="Lineage, drawn">{}</figure>').format(
            Markup(svg)
        ),
    )


def deciding_by(contest: Contest, threshold: float | None) -> Contest:
    """The contest in which models decide by this threshold, if there is one."""
    return replace(contest, contenders=tuple(with_threshold(contest, threshold)))


def rows_of(contest: Contest) -> str:
    """How many rows the baseline scored, and whether some count more than others."""
    weighted = "" if contest.baseline.weights is None else "weighted "
    return f"{count(len(contest.baseline))} {weighted}rows"


def kind_of(contest: Contest) -> str:
    """What the models predict, in words."""
    if contest.problem == "multiclass":
        return f"{len(contest.baseline.classes)} classes"
    return {"binary": "Two classes", "regression": "Regression"}[contest.problem]
