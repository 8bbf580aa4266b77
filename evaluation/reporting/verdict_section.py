"""The first part of a report: what can be said of each challenger, and why, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Finding, Findings, Verdict
from millwork.evaluation.comparing.wording import deciding, metric_of
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import count, decimals_for, short, signed, span
from millwork.evaluation.reporting.names import listed, name, number_of, sentence, slice_name
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.verdict_signs import css_class, sign

MOST_REASONS = 5

VERDICTS = """
{%- for card in cards %}
<article class="verdict {{ card.css }}">
<h3>{{ card.sign }}<b>{{ card.word }}</b>
<span><bdi><b>{{ card.model }}</b></bdi> against <bdi>{{ baseline }}</bdi></span></h3>
<p>{{ card.why }}</p>
{%- if card.reasons %}
<ul>{% for reason in card.reasons %}<li class="{{ reason.css }}">{{ reason.sign }}<span><b>{{ reason.where }}</b>
 {{ reason.what }}</span></li>{% endfor %}
{%- if card.more %}<li class="more"><span>and {{ card.more }} more, below</span></li>{% endif %}</ul>
{%- endif %}
</article>
{%- endfor %}
<dl class="facts">{% for term, told in facts %}<div><dt>{{ term }}</dt><dd>{{ told }}</dd></div>{% endfor %}</dl>
{%- if notes %}
<ul class="notes">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
{%- endif %}
"""


def verdict_section(findings: Findings, contest: Contest) -> ReportSection:
    """A card for each challenger, then what holds for all: rows, pairing, confidence, margin."""
    body = render(
        VERDICTS,
        cards=[_card(findings, model) for model in findings.challengers],
        baseline=name(findings.baseline, 60),
        facts=_facts(findings, contest),
        notes=[sentence(note) for note in findings.notes],
    )
    return ReportSection("verdict", "Verdict", body)


def _card(findings: Findings, model: str) -> dict[str, object]:
    verdict, reasons = findings.verdict_on(model), deciding(findings, model)
    return {
        "css": css_class(verdict),
        "sign": sign(verdict),
        "model": name(model, 60),
        "word": verdict.value.capitalize(),
        "why": _why(findings, model),
        "reasons": [_reason(findings, f) for f in reasons[:MOST_REASONS]],
        "more": max(len(reasons) - MOST_REASONS, 0),
    }


def _why(findings: Findings, model: str) -> str:
    titles: dict[Verdict, list[str]] = {}
    for entry in findings.of(model, slice=findings.slices[0]):
        titles.setdefault(entry.verdict, []).append(metric_of(findings, entry.metric).title)
    order = (Verdict.WORSE, Verdict.INCONCLUSIVE, Verdict.BETTER, Verdict.NO_WORSE)
    said = [f"{_words(verdict)} in {listed(titles[verdict])}" for verdict in order if verdict in titles]
    return f"On all rows it is {'; '.join(said) or 'not measured'}. {_of_slices(findings, model)}".strip()


def _of_slices(findings: Findings, model: str) -> str:
    slices = findings.slices[1:]
    if not slices:
        return ""
    losing = {f.slice for f in findings.of(model) if f.verdict is Verdict.WORSE}
    worse = [slice for slice in slices if slice in losing]
    if len(slices) == 1:
        return f"In {slice_name(slices[0])} it is {'' if worse else 'not shown to be '}worse."
    whole = number_of(len(slices), "slice")
    if not worse:
        return f"In none of {whole} is it shown to be worse."
    return f"It is worse in {len(worse)} of {whole}: {listed([slice_name(s) for s in worse])}."


def _words(verdict: Verdict) -> str:
    return "not settled" if verdict is Verdict.INCONCLUSIVE else verdict.value


def _reason(findings: Findings, finding: Finding) -> dict[str, object]:
    decimals = decimals_for(findings.of(finding.model, finding.metric, findings.slices[0]))
    told = f"{signed(finding.change, decimals)} ({span(finding.lower, finding.upper, decimals)})"
    where = metric_of(findings, finding.metric).title
    if finding.slice != findings.slices[0]:
        where = f"{where}, {slice_name(finding.slice)} ({number_of(finding.rows, 'row')})"
    return {
        "css": css_class(finding.verdict),
        "sign": sign(finding.verdict),
        "where": f"{where}:",
        "what": sentence(finding.reason) or told,
    }


def _facts(findings: Findings, contest: Contest) -> Sequence[tuple[str, str]]:
    rows = [len(contender) for contender in contest.contenders]
    if findings.paired:
        told, pairing = f"{count(rows[0])}, the same for every model", "yes, row by row"
    else:
        told = "; ".join(f"{name(c.name, 30)}: {count(len(c))}" for c in contest.contenders)
        because = sentence(findings.unpaired_because) or "the models were given different rows"
        pairing = f"no: {because}"
    return [
        ("Rows", told),
        ("Paired", pairing),
        ("Confidence", f"{short(100 * findings.settings.confidence)} %"),
        ("Margin", _margins(findings)),
        ("Slices", count(len(findings.slices) - 1) if findings.slices[1:] else "none were asked for"),
    ]


def _margins(findings: Findings) -> str:
    """How much worse is no worse: `0.01 in ROC AUC and Accuracy; 0.0125 in Log loss`."""
    margins = {
        f.metric: short(float(f"{f.margin:.3g}")) for f in findings.of(slice=findings.slices[0]) if f.margin
    }
    titles: dict[str, list[str]] = {}
    for metric in findings.metrics:
        if metric.name in margins:
            titles.setdefault(margins[metric.name], []).append(metric.title)
    if len(titles) == 1 and len(margins) == len(findings.metrics):
        return next(iter(titles))
    return (
        "; ".join(f"{amount} in {listed(of, 3)}" for amount, of in titles.items()) or "none: any loss counts"
    )
