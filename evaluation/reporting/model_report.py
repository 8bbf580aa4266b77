"""One model by itself as one HTML file: its metrics, curves, calibration and confusion."""

from __future__ import annotations

import json
from dataclasses import asdict

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.reporting.frame import page
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.own_sections import own_metrics_section, own_slices_section
from millwork.evaluation.reporting.own_values import own_values
from millwork.evaluation.reporting.predictions_sections import (
    deciding_by,
    kind_of,
    lineage_section,
    predictions_sections,
    rows_of,
)
from millwork.evaluation.reporting.threshold_counts import threshold_counts


def model_report_html(contest: Contest, settings: Settings, *, lineage_svg: str = "", title: str = "") -> str:
    """Like `report_html`, of a contest that has one contender only."""
    contest = deciding_by(contest, settings.threshold)
    model = contest.baseline
    metrics, values, notes = own_values(contest, settings)
    counts = threshold_counts(contest, settings.threshold) if contest.problem == "binary" else None
    told = (*contest.notes, *notes)
    sections = [
        own_metrics_section(model.name, metrics, values, told, settings.confidence, settings.resamples),
        own_slices_section(metrics, values, settings.confidence) if contest.slices[1:] else None,
        *predictions_sections(contest, settings, counts),
        lineage_section(lineage_svg) if lineage_svg else None,
    ]
    document = {
        "schema": "millwork/model-report/v1",
        "model": model.name,
        "values": [asdict(v) for v in values],
    }
    documents = {"findings": json.dumps(document, allow_nan=False, separators=(",", ":"))}
    if counts:
        documents["threshold-counts"] = counts.document
    return page(
        [section for section in sections if section],
        kind="Model",
        title=sentence(title, 200) or name(model.name, 60),
        subtitle=f"{kind_of(contest)}. {rows_of(contest)}.",
        documents=documents,
    )
