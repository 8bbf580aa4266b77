"""The table of all metrics on all rows."""

from __future__ import annotations

from millwork.evaluation.comparing.findings import Finding, Findings, MetricInfo
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import chance, decimals_for, plain, short, signed, span
from millwork.evaluation.reporting.forest import Forest, forest
from millwork.evaluation.reporting.names import listed, name
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.verdict_signs import badge, css_class

METRICS = """
<div class="scroll"><table class="metrics">
<caption>Change from <bdi>{{ baseline }}</bdi> on all rows, with {{ confidence }} % intervals</caption>
<thead><tr><th scope="col">Metric</th>
{%- if single %}<th scope="col" class="n"><bdi>{{ baseline }}</bdi></th>
<th scope="col" class="n"><bdi>{{ single }}</bdi></th>
{%- else %}<th scope="col">Model</th><th scope="col" class="n">Value</th>{% endif -%}
<th scope="col" class="n">Change</th><th scope="col" class="n wide">Interval</th>
<th scope="col" class="plot wide"><span class="sides"><span>← worse</span><span>better →</span></span></th>
<th scope="col" class="n wide">p</th><th scope="col">Verdict</th></tr></thead>
{%- for group in groups %}
<tbody>
{%- if not single %}
<tr class="reference"><th scope="rowgroup" rowspan="{{ group.rows | length + 1 }}">{{ group.title }}
<small>{{ group.aim }}</small></th>
<td><bdi>{{ baseline }}</bdi></td><td class="n">{{ group.baseline_value }}</td><td class="n soft">baseline</td>
<td class="wide"></td><td class="wide"></td><td class="wide"></td><td></td></tr>
{%- endif %}
{%- for row in group.rows %}
<tr class="{{ row.css }}">
{%- if single %}<th scope="row">{{ group.title }}<small>{{ group.aim }}</small></th>
<td class="n">{{ group.baseline_value }}</td>
{%- else %}<td><bdi>{{ row.model }}</bdi></td>{% endif -%}
<td class="n">{{ row.value }}</td><td class="n"><b>{{ row.change }}</b></td><td class="n wide">{{ row.span }}</td>
<td class="plot wide">{{ row.forest }}</td><td class="n wide">{{ row.p }}</td><td>{{ row.badge }}</td></tr>
{%- endfor %}
</tbody>
{%- endfor %}
</table></div>
<p class="note">Intervals are of the change, and drawn each on its own scale. The band is the margin: a loss within it
counts as no worse. p is two-sided, of no change at all.{% if methods %} Methods: {{ methods }}.{% endif %}</p>
"""


def metrics_section(findings: Findings) -> ReportSection:
    """Value, change, interval and verdict of each metric and challenger."""
    overall = {m.name: list(findings.of(metric=m.name, slice=findings.slices[0])) for m in findings.metrics}
    body = render(
        METRICS,
        baseline=name(findings.baseline),
        single=name(findings.challengers[0]) if len(findings.challengers) == 1 else "",
        confidence=short(100 * findings.settings.confidence),
        groups=[_group(metric, overall[metric.name]) for metric in findings.metrics if overall[metric.name]],
        methods=_methods(findings),
    )
    return ReportSection("metrics", "Metrics", body)


def _group(metric: MetricInfo, found: list[Finding]) -> dict[str, object]:
    decimals, drawn = decimals_for(found), forest(metric, found)
    return {
        "title": metric.title,
        "aim": "higher is better" if metric.higher_is_better else "lower is better",
        "baseline_value": plain(found[0].baseline_value, decimals),
        "rows": [_row(finding, drawn, decimals) for finding in found],
    }


def _row(finding: Finding, drawn: Forest, decimals: int) -> dict[str, object]:
    return {
        "css": css_class(finding.verdict),
        "model": name(finding.model),
        "value": plain(finding.value, decimals),
        "change": signed(finding.change, decimals),
        "span": span(finding.lower, finding.upper, decimals),
        "forest": drawn.row(finding, drawn.ground),
        "p": chance(finding.p_value),
        "badge": badge(finding.verdict),
    }


def _methods(findings: Findings) -> str:
    """`DeLong (ROC AUC), McNemar (Accuracy)`."""
    titles: dict[str, list[str]] = {}
    for metric in findings.metrics:
        for method in dict.fromkeys(
            f.method for f in findings.of(metric=metric.name, slice=findings.slices[0])
        ):
            titles.setdefault(method, []).append(metric.title)
    return "; ".join(f"{method} for {listed(of)}" for method, of in titles.items())
