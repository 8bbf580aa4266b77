"""An evaluation: the verdict, metrics of all rows and of slices with intervals and the baseline, stored plots."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from millwork.analysis.views.bars import bar
from millwork.analysis.views.evaluation_plots import plots_section
from millwork.analysis.views.files import text_beginning
from millwork.analysis.views.parts import facts, folded, note, section, table
from millwork.core.artifacts import ModelEvaluation
from millwork.evaluation.comparing.contest import OVERALL
from millwork.evaluation.eval_files import EVAL_CONFIG, READABLE
from millwork.evaluation.reporting.figures import count, plain, signed, span
from millwork.evaluation.reporting.names import name, sentence, slice_name
from millwork.evaluation.reporting.panels import chooser, panel
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.written_evaluation import read_evaluation

Entry = Mapping[str, Any]

MOST_LINES, CONFIG_LINES = 2_500, 1_000
"""Of all tables of slices together, and of the configuration."""
DIGITS = 4


def evaluation_sections(artifact: ModelEvaluation) -> Iterator[ReportSection]:
    """From `metrics.json`; from TFMA's own files where TFX has written them."""
    content = _content(artifact)
    entries: Sequence[Entry] = content["metrics"]
    overall = [entry for entry in entries if entry["slice"] == OVERALL]
    yield _verdict(content, overall)
    slices = list(dict.fromkeys(entry["slice"] for entry in entries))
    if len(slices) > 1:
        yield _slices(entries, slices)
    if plots := plots_section(artifact):
        yield plots
    config = artifact.path / EVAL_CONFIG
    if config.is_file():
        yield section(
            "config", "Configuration", folded(config.name, text_beginning(config, lines=CONFIG_LINES))
        )


def _content(artifact: ModelEvaluation) -> dict[str, Any]:
    file = artifact.path / READABLE
    if file.is_file():
        content: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return content
    from millwork.evaluation.thresholds import slice_title
    from millwork.evaluation.verdicts import metric_title

    found = read_evaluation(artifact.path).metrics
    entries = [
        {"slice": slice_title(key), "metric": metric_title(metric), "value": written.number}
        for key, metrics in found.items()
        for metric, written in metrics.items()
        if written.number is not None
    ]
    return {"metrics": entries}


def _verdict(content: Mapping[str, Any], overall: Sequence[Entry]) -> ReportSection:
    known = {
        "Verdict": content.get("verdict", ""),
        "Rows": count(content["rows"]) if "rows" in content else "",
        "Without a label": count(content["rows_without_label"]) if content.get("rows_without_label") else "",
        "Model": content.get("model", ""),
        "Baseline": content.get("baseline") or "",
    }
    reasons = Markup().join(
        Markup("<li>{}</li>").format(sentence(reason)) for reason in content.get("reasons", ())
    )
    return section(
        "metrics",
        "Metrics",
        facts({label: sentence(value) for label, value in known.items()}),
        Markup('<ul class="notes">{}</ul>').format(reasons) if reasons else "",
        _table("All rows", "metric", overall),
    )


def _slices(entries: Sequence[Entry], slices: Sequence[str]) -> ReportSection:
    """A table for each metric, of which one is shown at a time."""
    metrics = list(dict.fromkeys(entry["metric"] for entry in entries))
    shown = chooser("slices", [("metric", "Metric", [name(metric) for metric in metrics])])
    kept = set(slices[: MOST_LINES // len(metrics)])
    for place, metric in enumerate(metrics):
        found = [entry for entry in entries if entry["metric"] == metric and entry["slice"] in kept]
        shown += panel("slices", {"metric": place}, _table(name(metric), "slice", found, sortable=True))
    left = len(slices) - len(kept)
    told = [f"Bars: the values{_told_of(entries)}."]
    told += [f"{left:,} more slices are not listed."] if left else []
    return section("slices", "Slices", shown, note(" ".join(told)))


def _told_of(entries: Sequence[Entry]) -> str:
    """What is drawn beside values."""
    intervals = any(entry.get("lower") is not None for entry in entries)
    baseline = any(entry.get("baseline") is not None for entry in entries)
    return ("; lines: their intervals" if intervals else "") + ("; strokes: the baseline" if baseline else "")


def _table(caption: str, first: str, entries: Sequence[Entry], *, sortable: bool = False) -> Markup:
    """What no entry has, such as a baseline, has no column."""
    known = {key for entry in entries for key, value in entry.items() if value is not None}
    columns = [first, "value"]
    columns += ["interval"] if "lower" in known else []
    columns += ["drawn"]
    columns += ["baseline", "change"] if "baseline" in known else []
    columns += ["interval of the change"] if "change_lower" in known else []
    most = max((abs(entry["value"]) for entry in entries if entry["value"] is not None), default=0.0)
    rows = [_row(entry, first, columns, most) for entry in entries]
    return table(caption, columns, rows, [c for c in columns[1:] if c != "drawn"], sortable=sortable)


def _row(entry: Entry, first: str, columns: Sequence[str], most: float) -> list[str | Markup]:
    lower, upper = entry.get("lower"), entry.get("upper")
    interval = (lower, upper) if lower is not None and upper is not None else None
    baseline = entry.get("baseline")
    whole = most if first == "slice" else abs(entry["value"] or 0.0)
    cells: dict[str, str | Markup] = {
        first: slice_name(entry[first]) if first == "slice" else name(entry[first]),
        "value": _number(entry["value"]),
        "interval": f"{_number(lower)} to {_number(upper)}" if interval else "",
        "drawn": bar(
            entry["value"],
            most=1.0 if whole <= 1 else whole,
            marks=[] if baseline is None else [baseline],
            interval=interval,
        ),
        "baseline": _number(baseline),
        "change": _change(entry),
        "interval of the change": span(entry.get("change_lower"), entry.get("change_upper"), DIGITS),
    }
    return [cells[column] for column in columns]


def _change(entry: Entry) -> str:
    change = entry.get("change")
    if change is None:
        return ""
    return signed(change, 0 if _is_count(entry["value"]) else _decimals(change))


def _is_count(value: float | None) -> bool:
    return value is not None and abs(value) >= 2 and value == round(value)


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return count(value) if _is_count(value) else plain(value, _decimals(value))


def _decimals(value: float | None) -> int:
    return DIGITS if value is None or abs(value) < 100 else 1
