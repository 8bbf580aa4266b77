"""A comparison as Markdown, for a pull request: the verdict, what matters, and the rest folded away."""

from __future__ import annotations

from collections.abc import Iterator

from millwork.evaluation.comparing.findings import Findings
from millwork.evaluation.comparing.tables import NAMES, NUMBERS, FindingsTable, overall_table, slices_table
from millwork.evaluation.comparing.wording import advice, why
from millwork.evaluation.markdown_text import code, inert

SHOWN, ALL = 10, 250
"""Rows of slices in the open and in the folded part: GitHub takes no more than 65,536 characters in a comment."""


def markdown(findings: Findings) -> str:
    """The text, safe to post whatever names and values contain."""
    return "\n".join(_lines(findings)).rstrip() + "\n"


def _lines(findings: Findings) -> Iterator[str]:
    yield f"### Model comparison: {findings.verdict}\n"
    for model in findings.challengers:
        verdict = findings.verdict_on(model)
        yield f"- {code(model)} against {code(findings.baseline)}: **{verdict}**. {inert(why(findings, model))}."
    yield ""
    yield from _table(overall_table(findings))
    if not findings.paired:
        yield f"The models are compared without pairs of rows: {inert(findings.unpaired_because)}\n"
    slices = slices_table(findings, SHOWN)
    if slices.rows:
        yield "Slices that are worse, inconclusive or better:\n"
        yield from _table(slices)
    if told := advice(findings):
        yield from (f"- {inert(sentence)}." for sentence in told)
        yield ""
    if slices.left_out:
        yield from _all_slices(findings)
    yield from _method(findings)


def _all_slices(findings: Findings) -> Iterator[str]:
    everything = slices_table(findings, limit=None)
    count = len(everything.rows)
    shown = f"The first {ALL} of {count:,}" if count > ALL else f"All {count:,}"
    yield f"<details><summary>{shown} results in slices</summary>\n"
    yield from _table(FindingsTable(everything.columns, everything.rows[:ALL]))
    yield "</details>\n"


def _method(findings: Findings) -> Iterator[str]:
    yield "<details><summary>How this was found</summary>\n"
    yield from (f"- {inert(fact)}" for fact in _facts(findings))
    yield "\n</details>"


def _facts(findings: Findings) -> Iterator[str]:
    settings = findings.settings
    yield "paired: both models scored the same rows" if findings.paired else "unpaired"
    methods = dict.fromkeys(e.method for e in findings.entries if e.method not in ("none", "identical"))
    if methods:
        yield f"tests: {', '.join(methods)}"
    if len(findings.slices) > 1:
        yield "corrected for the number of slices by Benjamini and Hochberg"
    margins = dict.fromkeys(f"{e.metric} {e.margin:.4g}" for e in findings.of(slice=findings.slices[0]))
    yield f"margins: {', '.join(margins)}"
    yield f"confidence {settings.confidence:g}, {settings.resamples:,} resamples, seed {settings.seed}"
    yield from findings.notes


def _table(table: FindingsTable) -> Iterator[str]:
    yield f"| {' | '.join(table.columns)} |"
    yield f"| {' | '.join('--:' if name in NUMBERS else '---' for name in table.columns)} |"
    for row in table.rows:
        cells = [
            code(cell) if name in NAMES else inert(cell)
            for name, cell in zip(table.columns, row, strict=True)
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
