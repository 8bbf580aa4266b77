"""The last part of a report: the settings, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping

from millwork.evaluation.comparing.findings import Findings, Settings, Verdict
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import count, short
from millwork.evaluation.reporting.names import listed, name
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.verdict_signs import badge

READING = """
<dl class="words">
{%- for sign, meaning in words %}<div><dt>{{ sign }}</dt><dd>{{ meaning }}</dd></div>{% endfor -%}
</dl>
<p class="note">A challenger as a whole is worse if it is worse in any metric on any slice; for the rest, what is
said of all rows counts. Slices are judged by p-values adjusted for their number, so that of equal models few are called
worse.</p>
<h3>Settings</h3>
<dl class="facts">{% for term, told in settings %}<div><dt>{{ term }}</dt><dd>{{ told }}</dd></div>{% endfor %}</dl>
{%- if embedded %}
<p class="note">All findings are in this file as JSON, in <code>&lt;script id="findings"&gt;</code>.</p>
{%- endif %}
"""

MEANINGS = {
    Verdict.BETTER: "There is a gain, no smaller than the minimum effect.",
    Verdict.NO_WORSE: "The whole interval lies above a loss as large as the margin.",
    Verdict.INCONCLUSIVE: "These rows can neither show a loss nor rule one out. More rows would tell.",
    Verdict.WORSE: "There is a loss, no smaller than the minimum effect, and it may be as large as the margin.",
}


def reading_section(findings: Findings, *, embedded: bool = True) -> ReportSection:
    """What each verdict says, and how the comparison was set up. `embedded`: the page holds the findings as JSON."""
    words = [(badge(verdict), MEANINGS[verdict]) for verdict in Verdict]
    body = render(READING, words=words, settings=_settings(findings.settings), embedded=embedded)
    return ReportSection("reading", "How to read this", body)


def _settings(settings: Settings) -> list[tuple[str, str]]:
    return [
        ("Metrics", listed(settings.metrics) or "the usual ones"),
        ("Slices by", listed([name(by) for by in settings.by]) or "none"),
        ("Margin", _amounts(settings.margin) or "each metric’s usual one"),
        ("Minimum effect", _amounts(settings.minimum_effect) or "none"),
        ("Confidence", f"{short(100 * settings.confidence)} %"),
        ("Resamples", count(settings.resamples)),
        ("Seed", str(settings.seed)),
        ("Threshold", "each model’s own" if settings.threshold is None else short(settings.threshold)),
    ]


def _amounts(given: Mapping[str, str]) -> str:
    return listed([f"{metric}: {amount}" if metric else amount for metric, amount in given.items()])
