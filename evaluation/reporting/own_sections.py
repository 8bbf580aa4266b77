"""Metrics of one model by itself: on all rows, and in every slice."""

from __future__ import annotations

from collections.abc import Sequence

from millwork.evaluation.comparing.findings import MetricInfo
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import count, decimals_of_widths, plain, short
from millwork.evaluation.reporting.names import name, sentence, slice_name
from millwork.evaluation.reporting.own_values import OwnValue
from millwork.evaluation.reporting.panels import chooser, panel
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.scales import Scale

METRICS = """
<div class="scroll"><table class="key">
<caption>{{ model }} on all {{ rows }} rows, with {{ confidence }} % intervals</caption>
<thead><tr><th scope="col">Metric</th><th scope="col" class="n">Value</th>
<th scope="col" class="n">Interval</th></tr></thead>
<tbody>{% for row in values %}
<tr><th scope="row">{{ row.title }} <small>{{ row.aim }}</small></th><td class="n"><b>{{ row.value }}</b></td>
<td class="n">{{ row.interval }}</td></tr>{% endfor %}
</tbody></table></div>
{%- for note in notes %}<p class="note">{{ note }}</p>{% endfor %}
<p class="note">Intervals are DeLong’s for the ROC AUC, Wilson’s for accuracy, and of a bootstrap of
{{ resamples }} resamples for the rest.</p>
"""

SLICES = """
<svg class="definitions" aria-hidden="true"><symbol id="{{ id }}" overflow="visible">
{%- for x in lines %}<line class="grid" x1="{{ x }}%" x2="{{ x }}%" y2="100%"/>{% endfor -%}
<line class="zero" x1="{{ overall }}%" x2="{{ overall }}%" y2="100%"/></symbol></svg>
<table class="slices own" data-sortable>
<caption>{{ title }}. {{ aim }} The line is all rows together.</caption>
<thead><tr><th scope="col">Slice</th><th scope="col">Rows</th>
<th scope="col" data-fixed><span class="unseen">Value, drawn</span><svg class="axis" aria-hidden="true">
{%- for x, text in ticks %}<text class="middle" x="{{ x }}%" y="33">{{ text }}</text>{% endfor %}</svg></th>
<th scope="col">Value</th><th scope="col" data-fixed>{{ confidence }} % interval</th></tr></thead>
<tbody>
{%- for row in rows %}
<tr><th scope="row">{{ row.slice }}</th><td>{{ row.rows }}</td>
<td><svg class="forest" aria-hidden="true"><use href="#{{ id }}"/>
{%- if row.at %}<svg y="50%">
{%- if row.from %}<line x1="{{ row.from }}%" x2="{{ row.to }}%"/>{% endif -%}
<circle cx="{{ row.at }}%" r="5"/></svg>{% endif %}</svg></td><td>{{ row.value }}</td><td>{{ row.interval }}</td></tr>
{%- endfor %}
</tbody></table>
"""


def own_metrics_section(
    model: str,
    metrics: Sequence[MetricInfo],
    values: Sequence[OwnValue],
    notes: Sequence[str],
    confidence: float,
    resamples: int,
) -> ReportSection:
    """The values on all rows."""
    overall = values[0].slice
    shown = []
    for metric in metrics:
        [value] = [v for v in values if v.metric == metric.name and v.slice == overall]
        decimals = _decimals([value])
        shown.append(
            {
                "title": metric.title,
                "aim": _aim(metric),
                "value": plain(value.value, decimals),
                "interval": _interval(value, decimals),
            }
        )
    body = render(
        METRICS,
        model=name(model),
        rows=count(values[0].rows),
        confidence=short(100 * confidence),
        values=shown,
        notes=[f"{sentence(note)}." for note in notes],
        resamples=count(resamples),
    )
    return ReportSection("metrics", "Metrics", body)


def own_slices_section(
    metrics: Sequence[MetricInfo], values: Sequence[OwnValue], confidence: float
) -> ReportSection:
    """The same in every slice, for one metric at a time."""
    shown = chooser("forests", [("metric", "Metric", [metric.title for metric in metrics])])
    for place, metric in enumerate(metrics):
        of_metric = [value for value in values if value.metric == metric.name]
        shown += panel("forests", {"metric": place}, _panel(metric, of_metric, confidence, f"g{place}"))
    return ReportSection("slices", "Slices", shown)


def _panel(metric: MetricInfo, values: Sequence[OwnValue], confidence: float, id: str) -> str:
    scale, decimals = _scale(values), _decimals(values[:1])
    ticks = [(_percent(scale.at(tick)), short(tick)) for tick in scale.ticks(5)]
    return render(
        SLICES,
        id=id,
        lines=[x for x, _ in ticks],
        ticks=ticks,
        overall=_percent(scale.at(values[0].value or 0.0)),
        title=metric.title,
        aim=f"{_aim(metric).capitalize()}.",
        confidence=short(100 * confidence),
        rows=[_row(value, scale, decimals) for value in values],
    )


def _row(value: OwnValue, scale: Scale, decimals: int) -> dict[str, str]:
    ends = value.lower is not None and value.upper is not None
    return {
        "slice": slice_name(value.slice),
        "rows": count(value.rows),
        "at": "" if value.value is None else _percent(scale.at(value.value)),
        "from": _percent(scale.at(value.lower or 0.0)) if ends else "",
        "to": _percent(scale.at(value.upper or 0.0)) if ends else "",
        "value": plain(value.value, decimals),
        "interval": _interval(value, decimals),
    }


def _scale(values: Sequence[OwnValue]) -> Scale:
    """Over all values and intervals; those of tiny slices may reach beyond four times the usual width."""
    points = [v.value for v in values if v.value is not None] or [0.0]
    widths = sorted(v.upper - v.lower for v in values if v.lower is not None and v.upper is not None)
    reach = 2 * widths[len(widths) // 2] if widths else 0.0
    low, high = min(points) - reach, max(points) + reach
    pad = 0.04 * (high - low) or 0.5
    return Scale(low - pad, high + pad)


def _aim(metric: MetricInfo) -> str:
    return "higher is better" if metric.higher_is_better else "lower is better"


def _interval(value: OwnValue, decimals: int) -> str:
    if value.lower is None or value.upper is None:
        return "too few rows" if value.value is not None else ""
    return f"{plain(value.lower, decimals)} to {plain(value.upper, decimals)}"


def _decimals(values: Sequence[OwnValue]) -> int:
    widths = [v.upper - v.lower for v in values if v.lower is not None and v.upper is not None]
    return decimals_of_widths(widths, [v.value for v in values])


def _percent(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
