"""A difference between two runs as the sections of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from millwork.analysis.differences.difference import Cause, Change, Kind, RunDifference
from millwork.analysis.differences.text import brief, changes_said
from millwork.evaluation.reporting.change_sections import ChangeSection, FileDiff

_TITLES = {
    Kind.PIPELINE: "Pipeline",
    Kind.DATA: "Data",
    Kind.SCHEMA: "Schema",
    Kind.FILES: "Files",
    Kind.PARAMETERS: "Hyperparameters and other parameters",
    Kind.CODE: "Code",
    Kind.ENVIRONMENT: "Environment",
    Kind.STORE: "What resolvers found",
    Kind.REPETITION: "Not deterministic",
}


def change_sections(
    difference: RunDifference, before: str = "", after: str = "", title: str = "{}"
) -> list[ChangeSection]:
    """Every kind of first cause, then what the differences look like. `title` may add with whom: `{}: A against B`."""
    names = (before or difference.before.id, after or difference.after.id)
    sections = [*_causes(difference, names), *_details(difference, names), *_drift(difference)]
    if difference.consequences:
        sections.append(_consequences(difference))
    if difference.packages:
        said = "Installed otherwise, whether or not a step imports it."
        sections.append(
            ChangeSection("Installed packages", said, ("package", *names), _rows(difference.packages))
        )
    if difference.notes:
        sections.append(ChangeSection("Not compared", ". ".join(difference.notes)))
    return [ChangeSection(title.format(s.title), s.text, s.columns, s.rows, s.diffs) for s in sections]


def _causes(difference: RunDifference, names: tuple[str, str]) -> Iterator[ChangeSection]:
    for kind in Kind:
        if causes := difference.of(kind):
            digests = kind in (Kind.DATA, Kind.SCHEMA, Kind.FILES, Kind.CODE)
            rows = () if digests else tuple(row for cause in causes for row in _rows(cause.changes, cause))
            diffs = tuple(FileDiff(cause.name, cause.diff) for cause in causes if cause.diff)
            columns = ("", *names) if rows else ()
            said = f"First cause: {'; '.join(map(_said, causes))}."
            yield ChangeSection(_TITLES[kind], said, columns, rows, diffs)


def _said(cause: Cause) -> str:
    return f"{cause.said} ({', '.join(cause.steps)})"


def _details(difference: RunDifference, names: tuple[str, str]) -> Iterator[ChangeSection]:
    for detail in difference.details:
        heading = f"{detail.title.capitalize()} of {detail.step}"
        said = _from(detail.step, detail.follows_from)
        yield ChangeSection(heading, said, ("", *names), _rows(detail.changes))


def _drift(difference: RunDifference) -> Iterator[ChangeSection]:
    for drift in difference.drift:
        rows = tuple(
            (f.feature, f.split, "" if f.distance is None else f"{f.distance:.3f}", changes_said(f.changes))
            for f in drift.noticeable
        )
        left = len(drift.features) - len(rows)
        said = _from(drift.step, drift.follows_from)
        said += f" {left} more features of splits hardly changed." if left else ""
        columns = ("feature", "split", "distance", "before → after") if rows else ()
        yield ChangeSection(f"Distributions, by {drift.step}", said.strip(), columns, rows)


def _from(step: str, follows_from: Sequence[str]) -> str:
    others = ", ".join(origin for origin in follows_from if origin != step)
    return f"Follows from {others}." if others else "A first cause."


def _consequences(difference: RunDifference) -> ChangeSection:
    rows = tuple(
        (one.step, ", ".join(one.follows_from), "the same" if one.same_result else "differs")
        for one in difference.consequences
    )
    return ChangeSection("What follows", "", ("step", "follows from", "its result"), rows)


def _rows(changes: Iterable[Change], cause: Cause | None = None) -> tuple[tuple[str, ...], ...]:
    place = f"{cause.steps[0]}: " if cause and len(cause.steps) == 1 else ""
    return tuple(
        (f"{place}{c.name}", *("–" if side is None else brief(side) for side in (c.before, c.after)))
        for c in changes
    )
