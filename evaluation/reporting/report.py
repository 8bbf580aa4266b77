"""A comparison of models as one HTML file: verdict first, then what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.document import SourceDocument
from millwork.evaluation.comparing.findings import Findings, Settings
from millwork.evaluation.reporting.calibration_section import calibration_section
from millwork.evaluation.reporting.change_sections import ChangeSection
from millwork.evaluation.reporting.changes_section import changes_section
from millwork.evaluation.reporting.confusion_section import confusion_section
from millwork.evaluation.reporting.curves_section import curves_section
from millwork.evaluation.reporting.embedded import findings_json
from millwork.evaluation.reporting.figures import count
from millwork.evaluation.reporting.frame import page
from millwork.evaluation.reporting.metrics_section import metrics_section
from millwork.evaluation.reporting.names import listed, name, sentence
from millwork.evaluation.reporting.reading_section import reading_section
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.residuals_section import residuals_section
from millwork.evaluation.reporting.slices_section import slices_section
from millwork.evaluation.reporting.telling_slices import telling
from millwork.evaluation.reporting.threshold_counts import ThresholdCounts, threshold_counts
from millwork.evaluation.reporting.verdict_section import verdict_section


def report_html(
    findings: Findings,
    contest: Contest,
    *,
    changes: Sequence[ChangeSection] | None = None,
    lineage_svg: str = "",
    title: str = "",
    sources: Mapping[str, SourceDocument] | None = None,
) -> str:
    """One page that opens without a network. `lineage_svg` is drawings, whose texts are escaped already.

    `sources` say where each model's predictions are from.
    The same findings and contest give the same bytes.
    """
    shown, left_out = telling(findings)
    counts = threshold_counts(contest, findings.settings.threshold) if contest.problem == "binary" else None
    sections = [
        verdict_section(findings, contest),
        metrics_section(findings),
        slices_section(shown, left_out),
        *_of_predictions(contest, findings.settings, counts),
        changes_section(changes) if changes else None,
        _lineage(lineage_svg) if lineage_svg else None,
        reading_section(findings),
    ]
    documents = {"findings": findings_json(shown, sources)}
    if counts:
        documents["threshold-counts"] = counts.document
    return page(
        [section for section in sections if section],
        kind="Model comparison",
        title=sentence(title, 200)
        or f"{listed([name(c, 60) for c in findings.challengers])} against {name(findings.baseline, 60)}",
        subtitle=_subtitle(findings, contest),
        footer="Written by Millwork. This file needs no network, and sends nothing anywhere.",
        documents=documents,
    )


def _of_predictions(
    contest: Contest, settings: Settings, counts: ThresholdCounts | None
) -> Sequence[ReportSection]:
    """What is drawn from the rows themselves."""
    if contest.problem == "regression":
        return [residuals_section(contest)]
    return [
        curves_section(contest, settings),
        calibration_section(contest, settings),
        confusion_section(contest, settings, counts),
    ]


def _lineage(svg: str) -> ReportSection:
    return ReportSection(
        "lineage", "Lineage", Markup('<figure class="scroll lineage">{}</figure>').format(Markup(svg))
    )


def _subtitle(findings: Findings, contest: Contest) -> str:
    kinds = {
        "binary": "Two classes",
        "multiclass": f"{len(contest.baseline.classes)} classes",
        "regression": "A number",
    }
    rows = count(len(contest.baseline))
    paired = (
        f"{rows} rows, compared in pairs" if findings.paired else f"{rows} rows of the baseline, not paired"
    )
    return f"{kinds[contest.problem]}. {paired}."
