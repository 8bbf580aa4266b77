"""What a comparison shows in tables: the same on a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from millwork.evaluation.comparing.findings import Finding, Findings, MetricInfo, Verdict
from millwork.evaluation.comparing.wording import (
    change_decimals,
    decimals,
    interval,
    mattering,
    metric_of,
    name_of,
    number,
    rows_of,
    signed,
)

SHOWN = 25
"""Rows of slices that are shown unless all are asked for."""
NUMBERS = ("rows", "baseline", "challenger", "change")
"""Columns that are aligned to the right."""
NAMES = ("model", "slice")
"""Columns whose texts come from data and from users."""


@dataclass(frozen=True)
class FindingsTable:
    """Rows of texts, for people."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left_out: int = 0
    """How many rows there are besides."""


def overall_table(findings: Findings) -> FindingsTable:
    """All rows together: metric by metric, and of several challengers one after the other."""
    return _table(findings, findings.of(slice=findings.slices[0]), ())


def slices_table(findings: Findings, limit: int | None = SHOWN) -> FindingsTable:
    """The slices, those to worry about first. Unless `limit` is None, no more than that, and none that is no worse."""
    shown = entries = mattering(findings)
    if limit is not None:
        shown = [entry for entry in entries if entry.verdict is not Verdict.NO_WORSE][:limit]
    return _table(findings, shown, ("slice", "rows"), len(entries) - len(shown))


def _table(
    findings: Findings, entries: Iterable[Finding], where: tuple[str, ...], left_out: int = 0
) -> FindingsTable:
    """The name of the model is told only if there are several."""
    model = ("model",) if len(findings.challengers) > 1 else ()
    level = f"{100 * findings.settings.confidence:.4g} % interval"
    columns = (*model, *where, "metric", "baseline", "challenger", "change", level, "verdict")
    cells = (_cells(entry, metric_of(findings, entry.metric), level) for entry in entries)
    return FindingsTable(columns, [tuple(one[name] for name in columns) for one in cells], left_out)


def _cells(entry: Finding, metric: MetricInfo, level: str) -> dict[str, str]:
    places = decimals(entry)
    return {
        "model": name_of(entry.model),
        "slice": name_of(entry.slice),
        "rows": rows_of(entry),
        "metric": metric.title if metric.higher_is_better else f"{metric.title} (less is better)",
        "baseline": number(entry.baseline_value, places),
        "challenger": number(entry.value, places),
        "change": signed(entry.change, change_decimals(entry)),
        level: interval(entry),
        "verdict": entry.verdict.value,
    }
