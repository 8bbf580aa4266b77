"""A difference between two runs as Markdown, for a pull request. Texts of users and of data stay text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from millwork.analysis.differences.difference import Cause, Change, Kind, RunDifference
from millwork.analysis.differences.text import MOST_ROWS, brief, told_pair
from millwork.evaluation.markdown_text import code, inert
from millwork.evaluation.pictures import printable

MOST_CODE = 100
"""Lines of the difference of one file."""


def as_markdown(difference: RunDifference) -> str:
    """The same as the text, folded where it is long."""
    return "\n".join(_lines(difference)).rstrip() + "\n"


def _lines(difference: RunDifference) -> Iterator[str]:
    yield f"### {code(difference.before.id)} → {code(difference.after.id)}\n"
    if difference.equal:
        yield "No differences: every step did the same work with the same result.\n"
    yield from _table("Parameters of the pipeline", difference.parameters)
    if difference.causes:
        yield "**First causes**\n"
        for cause in difference.causes:
            yield from _cause(cause)
        yield ""
    for cause in difference.of(Kind.CODE):
        yield from _code(cause)
    for detail in difference.details:
        yield from _table(f"{detail.title}: {detail.step}", detail.changes)
    yield from _drift(difference)
    if difference.consequences:
        steps = ", ".join(code(one.step) for one in difference.consequences)
        yield f"**What follows from them:** {steps}\n"
    yield from _table("What came of it", difference.outcomes)
    for note in difference.notes:
        yield f"{inert(note)}\n"


def _cause(cause: Cause) -> Iterator[str]:
    steps = ", ".join(map(code, cause.steps))
    shown = "" if cause.kind in (Kind.CODE, Kind.DATA, Kind.SCHEMA, Kind.FILES) else _pairs(cause.changes)
    yield f"- {cause.kind}: {inert(cause.said)} ({steps}){': ' if shown else ''}{shown}"


def _pairs(changes: Sequence[Change]) -> str:
    return ", ".join(f"{code(change.name)} {inert(told_pair(change))}" for change in changes)


def _code(cause: Cause) -> Iterator[str]:
    if not cause.diff:
        return
    content = printable(cause.diff).splitlines()
    kept = [*content[:MOST_CODE], *(["…"] if len(content) > MOST_CODE else [])]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", cause.diff)), default=0))
    yield f"<details><summary>{inert(cause.name)}</summary>\n"
    yield f"{fence}diff"
    yield from kept
    yield f"{fence}\n\n</details>\n"


def _drift(difference: RunDifference) -> Iterator[str]:
    for drift in difference.drift:
        rows = [
            (
                code(f.feature),
                inert(f.split),
                "" if f.distance is None else f"{f.distance:.3f}",
                _pairs(f.changes),
            )
            for f in list(drift.noticeable)[:MOST_ROWS]
        ]
        if rows:
            yield f"**distributions: {code(drift.step)}**\n"
            yield from _rows(("feature", "split", "distance", "before → after"), rows)


def _table(title: str, changes: Sequence[Change]) -> Iterator[str]:
    if changes:
        yield f"**{inert(title)}**\n"
        rows = [(code(c.name), inert(brief(c.before or "")), inert(brief(c.after or ""))) for c in changes]
        yield from _rows(("", "before", "after"), rows)


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""
