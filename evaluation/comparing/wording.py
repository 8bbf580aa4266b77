"""How findings are told to people: numbers with the digits that matter, what decided, what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from millwork.evaluation.comparing.findings import Finding, Findings, MetricInfo, Verdict
from millwork.evaluation.pictures import printable

UNDEFINED = "n/a"
_NAMED = 3
"""So many findings a gate names."""


def metric_of(findings: Findings, name: str) -> MetricInfo:
    """What a reader must know about a metric."""
    return next(metric for metric in findings.metrics if metric.name == name)


def decimals(entry: Finding) -> int:
    """Places after the point: four digits of the larger of the two values."""
    size = max((abs(v) for v in (entry.baseline_value, entry.value) if v), default=0.0)
    return 4 if not size else min(max(3 - math.floor(math.log10(size)), 0), 12)


def change_decimals(entry: Finding) -> int:
    """Places of a change and its bounds: two digits of half the interval's width, and no fewer than values have."""
    places, width = decimals(entry), 0.0
    if entry.lower is not None and entry.upper is not None:
        width = (entry.upper - entry.lower) / 2
    return places if not width else min(max(places, 1 - math.floor(math.log10(width))), places + 4)


def number(value: float | None, places: int) -> str:
    """A value of a metric."""
    return UNDEFINED if value is None else f"{value:,.{places}f}"


def signed(value: float | None, places: int) -> str:
    """A change, with its sign; 0 only if there is none at all."""
    if value is None:
        return UNDEFINED
    return "0" if value == 0 else f"{value:+,.{places}f}"


def interval(entry: Finding) -> str:
    """Where the change lies. Empty if nobody knows."""
    if entry.lower is None or entry.upper is None:
        return ""
    places = change_decimals(entry)
    return f"{signed(entry.lower, places)} to {signed(entry.upper, places)}"


def rows_of(entry: Finding) -> str:
    """How many rows a finding is about: of the challenger too if it has others."""
    if entry.rows == entry.challenger_rows:
        return f"{entry.rows:,}"
    return f"{entry.rows:,} / {entry.challenger_rows:,}"


def name_of(text: str) -> str:
    """A name of a model, a feature or a value, in one line that no terminal takes for commands."""
    return printable(" ".join(text.split())) or "(empty)"


def deciding(findings: Findings, model: str) -> list[Finding]:
    """The entries that made the verdict on a challenger what it is, those of all rows first."""
    verdict, overall = findings.verdict_on(model), findings.slices[0]
    found = [
        entry
        for entry in findings.of(model)
        if entry.verdict is verdict and (verdict is Verdict.WORSE or entry.slice == overall)
    ]
    return sorted(found, key=lambda entry: entry.slice != overall)


def why(findings: Findings, model: str) -> str:
    """The verdict on a challenger in a sentence: the first reason, and how many more there are."""
    found = deciding(findings, model)
    if not found:
        return "There is nothing to compare"
    first = found[0]
    where = "" if first.slice == findings.slices[0] else f", {name_of(first.slice)}"
    told = f"{metric_of(findings, first.metric).title}{where}: {name_of(first.reason)}".rstrip(".")
    more = len(found) - 1
    return told if not more else f"{told}; {first.verdict} in {more} more"


def mattering(findings: Findings) -> list[Finding]:
    """The entries of slices, those to worry about first, those in which the models are alike last.

    Of one verdict, what has no value for either model comes last, such as a ROC AUC where all rows are of one class.
    """
    order = (Verdict.WORSE, Verdict.INCONCLUSIVE, Verdict.BETTER, Verdict.NO_WORSE)
    entries = [entry for entry in findings.entries if entry.slice != findings.slices[0]]
    return sorted(
        entries, key=lambda entry: (order.index(entry.verdict), entry.value is entry.baseline_value is None)
    )


def advice(findings: Findings) -> list[str]:
    """What would settle what is inconclusive on all rows: a sentence for each metric."""
    told: dict[str, str] = {}
    for entry in findings.of(slice=findings.slices[0]):
        unsettled = entry.verdict is Verdict.INCONCLUSIVE and entry.metric not in told
        if unsettled and entry.rows_needed is not None and entry.rows_needed > entry.rows:
            effect = f"a change of {entry.margin:.4g}" if entry.margin else "such a change"
            title, needed = metric_of(findings, entry.metric).title, float(f"{entry.rows_needed:.2g}")
            told[entry.metric] = (
                f"About {needed:,.0f} rows would show {effect} in {title} in 4 of 5 cases; "
                f"here there are {entry.rows:,}"
            )
    if not told:
        return []
    return [
        *told.values(),
        "Score both models on more rows, or say with --margin how large a loss you accept",
    ]


def remarks(findings: Findings) -> list[str]:
    """What a reader of the tables must know besides."""
    unpaired = [] if findings.paired else [f"Not paired: {findings.unpaired_because}"]
    return [*unpaired, *findings.notes, *advice(findings)]


def refusal(findings: Findings, fail_on: Sequence[str]) -> str:
    """What a gate stops for, in a sentence. Empty if there is nothing."""
    failing = findings.failing(fail_on)
    if not failing:
        return ""
    named = [
        f"{metric_of(findings, entry.metric).title} of {name_of(entry.model)} is {entry.verdict} in "
        f"{'all rows' if entry.slice == findings.slices[0] else name_of(entry.slice)}"
        for entry in failing[:_NAMED]
    ]
    more = [f"{len(failing) - _NAMED} more"] if len(failing) > _NAMED else []
    return f"Not good enough: {'; '.join([*named, *more])}"
