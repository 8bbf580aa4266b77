"""A difference between two runs for people: lines of text, each with what it is, so that a terminal can colour it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from millwork.analysis.differences.causes import what_happened
from millwork.analysis.differences.difference import (
    Cause,
    Change,
    Detail,
    Drift,
    FeatureDrift,
    Kind,
    RunDifference,
)

MOST_LINES = 20
"""Of the difference of one file."""
MOST_ROWS = 10
"""Of one table."""
_LONGEST = 100
"""Letters of a value."""

_FILES = (Kind.DATA, Kind.SCHEMA, Kind.FILES)
"""Causes whose changes are digests, which say nothing to people."""


class Style(Enum):
    """What a line is."""

    PLAIN = "plain"
    TITLE = "title"
    HEADING = "heading"
    ADDED = "added"
    REMOVED = "removed"
    QUIET = "quiet"


@dataclass(frozen=True)
class Line:
    """One line of text."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True)
class Shown:
    """How much is told."""

    everything: bool = False
    """Features that hardly changed, and every package, too."""
    whole_code: bool = False
    """Every line of code that differs."""


def as_text(difference: RunDifference, shown: Shown = Shown()) -> str:
    """The lines as one text."""
    return "\n".join(line.text for line in lines(difference, shown))


def lines(difference: RunDifference, shown: Shown = Shown()) -> Iterator[Line]:
    """All there is to say: the first causes, what they look like, what follows, and what came of it."""
    yield from _heading(difference)
    if difference.parameters:
        yield from _titled("Parameters of the pipeline", _changes(difference.parameters))
    if difference.causes:
        causes = (line for cause in difference.causes for line in _cause(cause, difference, shown))
        yield from _titled("First causes", causes)
    yield from _contents(difference, shown)
    if difference.consequences:
        yield from _titled("What follows from them", _consequences(difference))
    if difference.outcomes:
        yield from _titled("What came of it", _changes(difference.outcomes))
    yield from _rest(difference, shown)


def _heading(difference: RunDifference) -> Iterator[Line]:
    before, after = difference.before, difference.after
    yield Line(f"{before.id}  {before.pipeline}  {before.state}")
    yield Line(f"{after.id}  {after.pipeline}  {after.state}")
    if difference.equal:
        yield Line("")
        yield Line("No differences: every step did the same work with the same result", Style.TITLE)


def _titled(title: str, content: Iterable[Line]) -> Iterator[Line]:
    yield Line("")
    yield Line(title, Style.TITLE)
    for line in content:
        yield Line(f"  {line.text}".rstrip(), line.style)


def _cause(cause: Cause, difference: RunDifference, shown: Shown) -> Iterator[Line]:
    others = [step for step in cause.steps if not cause.said.startswith(step)]
    where = f" ({', '.join(others)})" if others else ""
    yield Line(f"{cause.kind}: {cause.said}{where}", Style.HEADING)
    if cause.kind is Kind.CODE:
        yield from _indented(_code(cause.diff, shown))
    elif cause.kind in _FILES:
        yield from _indented(_files(cause.changes, shown))
    else:
        yield from _indented(_changes(cause.changes))
    rows = [d for d in difference.details if d.title == "rows" and d.step in cause.steps]
    if cause.kind is Kind.DATA:
        yield from _indented(line for detail in rows for line in _changes(detail.changes, "rows of {}"))


def _files(changes: Sequence[Change], shown: Shown) -> Iterator[Line]:
    """Their names, if there are several: one has been named already."""
    if len(changes) > 1:
        kept = changes if shown.everything else changes[:MOST_ROWS]
        yield from (Line(f"{change.name} {what_happened(change)}") for change in kept)
        if len(kept) < len(changes):
            yield Line(f"… {len(changes) - len(kept)} more: --all shows them", Style.QUIET)


def _code(diff: str, shown: Shown) -> Iterator[Line]:
    """Without the two lines of names, which stand above already."""
    content = diff.splitlines()[2:]
    kept = content if shown.whole_code else content[:MOST_LINES]
    styles = {"+": Style.ADDED, "-": Style.REMOVED, "@": Style.QUIET}
    for text in kept:
        yield Line(text, styles.get(text[:1], Style.PLAIN))
    if len(content) > len(kept):
        yield Line(f"… {len(content) - len(kept)} more lines: --code shows them", Style.QUIET)


def _contents(difference: RunDifference, shown: Shown) -> Iterator[Line]:
    """What differs inside of outputs, whether it is a cause or follows from one."""
    told = {step for cause in difference.of(Kind.DATA) for step in cause.steps}
    inside = [d for d in difference.details if d.title != "rows" or d.step not in told]
    content = [line for detail in inside for line in _detail(detail)]
    content += [line for drift in difference.drift for line in _drift(drift, shown)]
    if content:
        yield from _titled("What they look like", content)


def _detail(detail: Detail) -> Iterator[Line]:
    yield Line(f"{detail.title}: {detail.step}{_from(detail.step, detail.follows_from)}", Style.HEADING)
    yield from _indented(_changes(detail.changes))


def _drift(drift: Drift, shown: Shown) -> Iterator[Line]:
    features = list(drift.features if shown.everything else drift.noticeable)
    yield Line(f"distributions: {drift.step}{_from(drift.step, drift.follows_from)}", Style.HEADING)
    kept = features if shown.everything else features[:MOST_ROWS]
    rows = [(f.feature, f.split, _distance(f), changes_said(f.changes)) for f in kept]
    yield from _indented(_table(("feature", "split", "distance", "before → after"), rows) if rows else ())
    left = len(drift.features) - len(kept)
    if left:
        hidden = "more" if rows else "features of splits hardly changed"
        yield Line(f"  … {left} {hidden}: --all shows them", Style.QUIET)


def _distance(feature: FeatureDrift) -> str:
    return "" if feature.distance is None else f"{feature.distance:.3f}"


def changes_said(changes: Sequence[Change]) -> str:
    """`mean 1 → 2, missing 0.0% → 3.0%`."""
    return ", ".join(f"{change.name} {told_pair(change)}" for change in changes)


def _consequences(difference: RunDifference) -> Iterator[Line]:
    """The steps with one origin together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in difference.consequences:
        same = " (with the same result)" if one.same_result else ""
        groups.setdefault(one.follows_from, []).append(f"{one.step}{same}")
    for origins, steps in groups.items():
        yield Line(f"from {', '.join(origins)}: {', '.join(steps)}")


def _rest(difference: RunDifference, shown: Shown) -> Iterator[Line]:
    imported = {c.name for cause in difference.of(Kind.ENVIRONMENT) for c in cause.changes}
    packages = [change for change in difference.packages if change.name not in imported]
    if packages:
        title = "Also installed otherwise (no step imports these by itself)"
        kept = packages if shown.everything else packages[:MOST_ROWS]
        more = f"… {len(packages) - len(kept)} more: --all shows them"
        content = [*_changes(kept), *([Line(more, Style.QUIET)] if len(kept) < len(packages) else [])]
        yield from _titled(title, content)
    if difference.unchanged and not difference.equal:
        yield from _titled("Unchanged", [Line(", ".join(difference.unchanged))])
    if difference.notes:
        yield from _titled("Notes", map(Line, difference.notes))


def _from(step: str, follows_from: Sequence[str]) -> str:
    others = ", ".join(origin for origin in follows_from if origin != step)
    if not others:
        return ""
    return f", by itself and from {others}" if step in follows_from else f", from {others}"


def _changes(changes: Sequence[Change], name: str = "{}") -> Iterator[Line]:
    names = [name.format(change.name) for change in changes]
    width = max(map(len, names), default=0)
    for told, change in zip(names, changes, strict=True):
        yield Line(f"{told.ljust(width)}  {told_pair(change)}")


def told_pair(change: Change) -> str:
    """`300 → 400`, `new: 400`."""
    if change.before is None:
        return f"new: {brief(change.after)}"
    if change.after is None:
        return f"gone, was: {brief(change.before)}"
    return f"{brief(change.before)} → {brief(change.after)}"


def brief(text: str | None) -> str:
    """On one line, and not too long a one."""
    line = " ".join((text or "").split()) or "(empty)"
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _indented(content: Iterable[Line]) -> Iterator[Line]:
    return (Line(f"  {line.text}", line.style) for line in content)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Line]:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row, style in [(columns, Style.QUIET), *((row, Style.PLAIN) for row in rows)]:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield Line(padded.rstrip(), style)
