"""What a comparison shows in tables: the same on a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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
DIRECTION = " (less is better)"
NAMES = ("model", "slice")
"""Columns whose texts come from data and from users."""


@dataclass(frozen=True)
class FindingsTable:
    """Rows of texts, for people."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left_out: int = 0
    """How many rows there are besides."""

    @property
    def width(self) -> int:
        """Characters of its longest line, with two between columns."""
        longest = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        return sum(longest) + 2 * (len(longest) - 1)


def overall_table(findings: Findings) -> FindingsTable:
    """All rows together: metric by metric, and of several challengers one after the other."""
    return _table(findings, findings.of(slice=findings.slices[0]), ())


def slices_table(findings: Findings, limit: int | None = SHOWN) -> FindingsTable:
    """The slices, those to worry about first. Unless `limit` is None, no more than that, and none that is no worse."""
    shown = entries = mattering(findings)
    if limit is not None:
        shown = [entry for entry in entries if entry.verdict is not Verdict.NO_WORSE][:limit]
    return _table(findings, shown, ("slice", "rows"), len(entries) - len(shown))


def fitted(table: FindingsTable, width: int) -> list[tuple[str, FindingsTable]]:
    """The table, without what a narrow terminal has no room for, and the model that it is about, or "" for all.

    First goes which direction is better, as verdicts tell it; then each model has a table of its own; then the two
    values go, of which the change is the difference. A table that is still too wide is for the terminal to fold.
    """
    if table.width <= width:
        return [("", table)]
    plain = _without_direction(table)
    if plain.width <= width:
        return [("", plain)]
    return [
        (model, part if part.width <= width else _without(part, "baseline", "challenger"))
        for model, part in _by_model(plain)
    ]


def _without_direction(table: FindingsTable) -> FindingsTable:
    place = table.columns.index("metric")
    rows = [(*row[:place], row[place].removesuffix(DIRECTION), *row[place + 1 :]) for row in table.rows]
    return replace(table, rows=rows)


def _by_model(table: FindingsTable) -> Iterator[tuple[str, FindingsTable]]:
    if "model" not in table.columns:
        yield "", table
        return
    place = table.columns.index("model")
    for model in dict.fromkeys(row[place] for row in table.rows):
        rows = [row for row in table.rows if row[place] == model]
        yield model, _without(replace(table, rows=rows), "model")


def _without(table: FindingsTable, *names: str) -> FindingsTable:
    kept = [place for place, name in enumerate(table.columns) if name not in names]
    rows = [tuple(row[place] for place in kept) for row in table.rows]
    return replace(table, columns=tuple(table.columns[place] for place in kept), rows=rows)


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
        "metric": metric.title if metric.higher_is_better else metric.title + DIRECTION,
        "baseline": number(entry.baseline_value, places),
        "challenger": number(entry.value, places),
        "change": signed(entry.change, change_decimals(entry)),
        level: interval(entry),
        "verdict": entry.verdict.value,
    }
