"""Holding two runs of a store against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from millwork.analysis.differences.causes import first_causes
from millwork.analysis.differences.details import Details
from millwork.analysis.differences.difference import (
    Change,
    Consequence,
    Detail,
    Outline,
    RunDifference,
)
from millwork.analysis.differences.outcomes import outcomes
from millwork.analysis.differences.recorded import RecordedRun, RecordedStep, recorded_run
from millwork.analysis.differences.tracing import Tracing, differing_outputs, trace
from millwork.analysis.differences.values import mapping_changes
from millwork.core.records import RunRecord
from millwork.core.store import MetadataStore


def difference_between(store: MetadataStore, before: RunRecord, after: RunRecord) -> RunDifference:
    """What differs between two runs: the first causes, what follows from them, and what came of it."""
    return difference_of(trace(recorded_run(store, before), recorded_run(store, after)))


def difference_of(tracing: Tracing) -> RunDifference:
    """The same of runs that have been read."""
    before, after = tracing.before, tracing.after
    looked_into = Details(tracing)
    return RunDifference(
        before=before.info,
        after=after.info,
        parameters=tuple(mapping_changes(before.parameters, after.parameters)),
        causes=tuple(first_causes(tracing)),
        consequences=tuple(_consequences(tracing)),
        details=tuple(_once(looked_into.details())),
        drift=tuple(looked_into.drift()),
        packages=tuple(_packages(before, after)),
        outcomes=tuple(outcomes(tracing)),
        unchanged=tuple(tracing.unchanged()),
        notes=tuple(dict.fromkeys([*_notes(before, after), *looked_into.notes])),
        outlines=tuple(_outlines(tracing)),
    )


def _consequences(tracing: Tracing) -> Iterator[Consequence]:
    for before, after in tracing.shared:
        if origins := tracing.inherited[after.id]:
            same = before.good and after.good and not any(differing_outputs(before, after))
            yield Consequence(after.id, origins, same)


def _once(details: Iterable[Detail]) -> Iterator[Detail]:
    """Without the rows of later steps that differ just like those of earlier ones."""
    seen = set()
    for detail in details:
        known = (detail.title, frozenset(detail.changes))
        if known not in seen:
            seen.add(known)
            yield detail


def _outlines(tracing: Tracing) -> Iterator[Outline]:
    """In the order of the second run, then what only the first has."""
    for before, after in tracing.shared:
        yield _outline(after, tuple(differing_outputs(before, after)))
    for run, step in tracing.alone:
        yield _outline(step, (), "before" if run is tracing.before else "after")


def _outline(step: RecordedStep, differing: tuple[str, ...], only_in: str = "") -> Outline:
    needs = dict.fromkeys((wire.step, wire.output) for wire in step.planned.needs())
    return Outline(step.id, tuple(step.planned.outputs), differing, tuple(needs), only_in)


def _packages(before: RecordedRun, after: RecordedRun) -> Iterator[Change]:
    """All of the environment that differs."""
    was, has = before.environment, after.environment
    if was is None or has is None:
        return
    for name in ("python", "platform"):
        if getattr(was, name) != getattr(has, name):
            yield Change(name, getattr(was, name), getattr(has, name))
    yield from mapping_changes(was.packages, has.packages)


def _notes(before: RecordedRun, after: RecordedRun) -> Iterator[str]:
    if before.record.pipeline != after.record.pipeline:
        yield (
            f"The runs are of two pipelines, {before.record.pipeline} and {after.record.pipeline}: "
            "steps of one name are held against each other"
        )
    for run in (before, after):
        if run.unselected:
            yield f"Not selected in run {run.record.id}: {', '.join(i for i in run.steps if i in run.unselected)}"
    unknown = [run.record.id for run in (before, after) if run.environment is None]
    if unknown:
        yield f"What was installed was not kept of {' and '.join(dict.fromkeys(unknown))}"
