"""A comparison of models as one HTML file: verdict first, then what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.document import SourceDocument
from millwork.evaluation.comparing.findings import Findings
from millwork.evaluation.reporting.change_sections import ChangeSection
from millwork.evaluation.reporting.changes_section import changes_section
from millwork.evaluation.reporting.embedded import findings_json
from millwork.evaluation.reporting.frame import page
from millwork.evaluation.reporting.metrics_section import metrics_section
from millwork.evaluation.reporting.names import listed, name, sentence
from millwork.evaluation.reporting.predictions_sections import (
    deciding_by,
    kind_of,
    lineage_section,
    predictions_sections,
    rows_of,
)
from millwork.evaluation.reporting.reading_section import reading_section
from millwork.evaluation.reporting.slices_section import slices_section
from millwork.evaluation.reporting.telling_slices import telling
from millwork.evaluation.reporting.threshold_counts import threshold_counts
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
    contest = deciding_by(contest, findings.settings.threshold)
    shown, left_out = telling(findings)
    counts = threshold_counts(contest, findings.settings.threshold) if contest.problem == "binary" else None
    sections = [
        verdict_section(findings, contest),
        metrics_section(findings),
        slices_section(shown, left_out),
        *predictions_sections(contest, findings.settings, counts),
        changes_section(changes) if changes else None,
        lineage_section(lineage_svg) if lineage_svg else None,
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
        documents=documents,
    )


def _subtitle(findings: Findings, contest: Contest) -> str:
    rows = rows_of(contest)
    paired = f"{rows}, compared in pairs" if findings.paired else f"{rows} of the baseline, not paired"
    return f"{kind_of(contest)}. {paired}."
