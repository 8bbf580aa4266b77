"""What is wrong with data: anomalies of each split, and how far apart compared splits are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from millwork.analysis.previews import excerpts
from millwork.analysis.views.bars import bar
from millwork.analysis.views.parts import excerpt_table, facts, paragraph, section, table
from millwork.core.artifacts import ExampleAnomalies
from millwork.evaluation.reporting.figures import plain
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.report_section import ReportSection

MOST = 1_000


def anomalies_sections(artifact: ExampleAnomalies) -> Iterator[ReportSection]:
    """A table for each split, or pair of splits, and the distances that were measured."""
    found = excerpts(artifact, MOST)
    verdict = artifact.remark or "No anomalies"
    shown = [
        excerpt_table(one) if one.rows else paragraph(f"{one.title.partition(':')[0]}: no anomalies")
        for one in found
    ]
    yield section("anomalies", "Anomalies", facts({"Found": verdict, **_blessed(artifact.blessed)}), *shown)
    for number, split in enumerate(artifact.split_names):
        file = artifact.path / f"SplitPair-{split}" / "distances.json"
        if file.is_file():
            yield _distances(number, split, file)


def _blessed(text: str) -> dict[str, str]:
    """TFX's verdicts, in words."""
    words = {0: "anomalous", 1: "good", 2: "nothing to compare with"}
    verdicts = json.loads(text) if text else {}
    return {name(split): words.get(value, str(value)) for split, value in verdicts.items()}


def _distances(number: int, pair: str, file: Path) -> ReportSection:
    content = json.loads(file.read_text("utf-8"))
    rows = [_distance(entry) for entry in content["distances"][:MOST]]
    columns = ("feature", "measure", "distance", "threshold", "", "verdict")
    measured = table(
        "The largest come first. Bars: distances; the line: the threshold", columns, rows, columns[2:4]
    )
    skipped = [
        (sentence(entry["feature"]), sentence(entry["reason"])) for entry in content["not_compared"][:MOST]
    ]
    told = table("Not compared", ("feature", "why"), skipped) if skipped else Markup()
    shown = measured if rows else paragraph("No distance was measured.")
    return section(
        f"distances-{number}", f"Distances, {name(pair)}", _counts(content["num_examples"]), shown, told
    )


def _counts(rows: dict[str, Any]) -> Markup:
    ratio = rows.get("ratio")
    return facts(
        {
            "Rows": f"{rows['current']:,.0f}",
            "Rows of the baseline": f"{rows['baseline']:,.0f}",
            "Ratio": "" if ratio is None else plain(ratio, 3),
        }
    )


def _distance(entry: dict[str, Any]) -> tuple[str | Markup, ...]:
    distance, threshold = entry["distance"], entry["threshold"]
    drawn = bar(distance, most=1.0, marks=[threshold], series=2 if entry["exceeded"] else 1)
    verdict = "above" if entry["exceeded"] else "within"
    measure = entry["measure"].replace("_", " ")
    return name(entry["feature"]), measure, plain(distance, 4), plain(threshold, 4), drawn, verdict
