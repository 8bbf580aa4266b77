"""Where a challenger differs: every slice and metric at a glance, and the intervals behind it."""

from __future__ import annotations

from markupsafe import Markup

from millwork.evaluation.comparing.findings import Finding, Findings, MetricInfo
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import chance, count, decimals_for, short, signed, span
from millwork.evaluation.reporting.forest import Forest, forest
from millwork.evaluation.reporting.names import name, number_of, slice_name
from millwork.evaluation.reporting.panels import chooser, panel
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.verdict_signs import css_class

GRID = """
<div class="scroll"><table class="grid">
<caption><bdi>{{ model }}</bdi> against <bdi>{{ baseline }}</bdi>: the verdict in every slice</caption>
<thead><tr><th scope="col">Slice</th><th scope="col" class="n">Rows</th>
{%- for title in titles %}<th scope="col">{{ title }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><th scope="row">{{ row.slice }}</th><td class="n">{{ row.rows }}</td>
{%- for cell in row.cells %}<td class="{{ cell.css }}"><span>{{ cell.word }}</span></td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
"""

PANEL = """
<svg class="definitions" aria-hidden="true"><symbol id="{{ id }}" overflow="visible">{{ ground }}</symbol></svg>
<table class="slices" data-sortable>
<caption>{{ title }}: <bdi>{{ model }}</bdi> against <bdi>{{ baseline }}</bdi>. {{ aim }}</caption>
<thead><tr><th scope="col">Slice</th><th scope="col">Rows</th>
<th scope="col" data-fixed><span class="unseen">Change, drawn</span>{{ axis }}</th>
<th scope="col">Change</th><th scope="col" data-fixed>{{ confidence }} % interval</th>
<th scope="col">p, adjusted</th><th scope="col">Verdict</th></tr></thead>
<tbody>
{%- for row in rows %}
<tr class="{{ row.css }}"><th scope="row">{{ row.slice }}</th><td>{{ row.rows }}</td><td>{{ row.forest }}</td>
{%- for text in row.numbers %}<td>{{ text }}</td>{% endfor %}<td>{{ row.word }}</td></tr>
{%- endfor %}
</tbody></table>
"""


def slices_section(findings: Findings, left_out: int = 0) -> ReportSection | None:
    """None if there are no slices. `left_out` is how many more there are than are shown."""
    if not findings.slices[1:]:
        return None
    models = [("model", "Model", [name(model) for model in findings.challengers])]
    shown = chooser("grids", models)
    for number, model in enumerate(findings.challengers):
        shown += panel("grids", {"model": number}, _grid(findings, model))
    metrics = ("metric", "Metric", [metric.title for metric in findings.metrics])
    shown += Markup("<h3>Differences and their intervals</h3>\n") + chooser("forests", [metrics, *models])
    for place, metric in enumerate(findings.metrics):
        for number, model in enumerate(findings.challengers):
            drawn = _panel(findings, metric, model, f"g{place}-{number}")
            shown += panel("forests", {"metric": place, "model": number}, drawn)
    note = (
        f"{NOTE} {number_of(left_out, 'more slice')} left out, in which less was found." if left_out else NOTE
    )
    return ReportSection("slices", "Slices", shown + Markup('<p class="note">{}</p>').format(note))


NOTE = (
    "Point and interval: the change and how sure it is. Band: the margin. An arrow: the interval goes on. "
    "Intervals are each for itself; verdicts of slices go by p-values adjusted for the number of slices "
    "(Benjamini and Hochberg). Column heads sort."
)


def _grid(findings: Findings, model: str) -> str:
    found = {(f.slice, f.metric): f for f in findings.of(model)}
    rows_of = {f.slice: _rows(f) for f in found.values()}
    rows = [
        {
            "slice": slice_name(slice),
            "rows": rows_of.get(slice, ""),
            "cells": [_cell(found.get((slice, metric.name))) for metric in findings.metrics],
        }
        for slice in findings.slices
    ]
    titles = [metric.title for metric in findings.metrics]
    return render(GRID, model=name(model), baseline=name(findings.baseline), titles=titles, rows=rows)


def _cell(finding: Finding | None) -> dict[str, str]:
    if finding is None:
        return {"css": "", "word": "not measured"}
    return {"css": css_class(finding.verdict), "word": finding.verdict.value}


def _rows(finding: Finding) -> str:
    if finding.challenger_rows == finding.rows:
        return count(finding.rows)
    return f"{count(finding.rows)} / {count(finding.challenger_rows)}"


def _panel(findings: Findings, metric: MetricInfo, model: str, id: str) -> str:
    found = list(findings.of(model, metric.name))
    drawn, ground = forest(metric, found), Markup('<use href="#{}"/>').format(id)
    decimals = decimals_for(findings.of(model, metric.name, findings.slices[0]))
    return render(
        PANEL,
        id=id,
        ground=drawn.ground,
        axis=drawn.axis,
        title=metric.title,
        aim="Higher is better." if metric.higher_is_better else "Lower is better.",
        model=name(model),
        baseline=name(findings.baseline),
        confidence=short(100 * findings.settings.confidence),
        rows=[_row(finding, drawn, ground, decimals) for finding in found],
    )


def _row(finding: Finding, drawn: Forest, ground: Markup, decimals: int) -> dict[str, object]:
    return {
        "css": css_class(finding.verdict),
        "slice": slice_name(finding.slice),
        "rows": _rows(finding),
        "forest": drawn.row(finding, ground),
        "numbers": (
            signed(finding.change, decimals),
            span(finding.lower, finding.upper, decimals),
            chance(finding.p_value if finding.adjusted_p_value is None else finding.adjusted_p_value),
        ),
        "word": finding.verdict.value,
    }
