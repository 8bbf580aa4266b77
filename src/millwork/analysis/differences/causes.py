"""First causes in words: what differs in steps by themselves, each difference once for all steps that have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from millwork.analysis.differences.code import code_difference
from millwork.analysis.differences.difference import Cause, Change, Kind
from millwork.analysis.differences.own import OwnDifference
from millwork.analysis.differences.recorded import RecordedStep
from millwork.analysis.differences.tracing import Tracing
from millwork.core.artifacts import Examples, ExampleStatistics, Schema
from millwork.core.records import State

_SHORT = 12
"""Letters of a digest that people look at."""


def first_causes(tracing: Tracing) -> list[Cause]:
    """Every first cause, in the order of `Kind`."""
    found = chain(
        _alone(tracing),
        _step_by_step(tracing),
        _code(tracing),
        _ours(tracing),
        _versions(tracing),
        _results(tracing),
    )
    order = list(Kind)
    return sorted(found, key=lambda cause: order.index(cause.kind))


def _alone(tracing: Tracing) -> Iterator[Cause]:
    for run, step in tracing.alone:
        yield Cause(Kind.PIPELINE, (step.id,), f"{step.id} is only in run {run.record.id}")


def _step_by_step(tracing: Tracing) -> Iterator[Cause]:
    """What belongs to one step alone."""
    for _, step in tracing.shared:
        own, steps = tracing.own[step.id], (step.id,)
        if own.pipeline:
            yield Cause(Kind.PIPELINE, steps, _placed_otherwise(step, own.pipeline), own.pipeline)
        if own.parameters:
            said = f"{step.id} was given other values"
            yield Cause(Kind.PARAMETERS, steps, said, own.parameters)
        if own.files:
            yield Cause(_kind_of_files(step), steps, _files_said(own.files), _shortened(own.files))
        if own.state:
            said = f"what {step.id} reads has changed"
            yield Cause(_kind_of_files(step), steps, said, _shortened(own.state))
        if own.variables:
            yield Cause(Kind.ENVIRONMENT, steps, f"{step.id} has other environment variables")


def _code(tracing: Tracing) -> Iterator[Cause]:
    for change, steps in _shared_by(tracing, lambda own: own.code):
        said, diff = code_difference(change, tracing.before, tracing.after)
        yield Cause(Kind.CODE, steps, said, _shortened([change]), change.name, diff)


def _ours(tracing: Tracing) -> Iterator[Cause]:
    """Millwork itself, as one: its users do not work on it."""
    changes = list(_shared_by(tracing, lambda own: own.ours))
    if changes:
        steps = tuple(dict.fromkeys(step for _, users in changes for step in users))
        versions = [
            run.environment.packages.get("millwork") if run.environment else None
            for run in (tracing.before, tracing.after)
        ]
        modules = ", ".join(change.name for change, _ in changes[:3]) + (", …" if len(changes) > 3 else "")
        said = f"Millwork itself changed: {len(changes)} of its modules ({modules})"
        told = (Change("millwork", *versions),) if versions[0] != versions[1] else ()
        yield Cause(Kind.ENVIRONMENT, steps, said, told)


def _versions(tracing: Tracing) -> Iterator[Cause]:
    for change, steps in _shared_by(tracing, lambda own: own.versions):
        was, has = (version or "not installed" for version in (change.before, change.after))
        told = Change(change.name, was, has)
        yield Cause(Kind.ENVIRONMENT, steps, f"{change.name} has another version", (told,))


def _results(tracing: Tracing) -> Iterator[Cause]:
    """Steps that differ although nothing says why."""
    for before, after in tracing.shared:
        if after.id in tracing.found:
            changes = tuple(_found(before, after))
            yield Cause(Kind.STORE, (after.id,), f"{after.id} found something else in the store", changes)
        elif after.id in tracing.repeated:
            yield _repeated(tracing, before, after)


def _repeated(tracing: Tracing, before: RecordedStep, after: RecordedStep) -> Cause:
    outputs = tracing.repeated[after.id]
    if not outputs:
        run = tracing.before if before.state == State.FAILED.value else tracing.after
        said = (
            f"{after.id} failed in run {run.record.id}, though nothing that decides what it does has changed"
        )
        return Cause(Kind.REPETITION, (after.id,), said, (Change("state", before.state, after.state),))
    if why := after.planned.not_cached:
        said = f"{after.id} gave other {', '.join(outputs)}: {why}"
        return Cause(_kind_of_files(after), (after.id,), said)
    said = f"{after.id} is not deterministic: the same inputs, parameters and code gave other {', '.join(outputs)}"
    return Cause(Kind.REPETITION, (after.id,), said)


def _found(before: RecordedStep, after: RecordedStep) -> Iterator[Change]:
    """The artifacts, as `Model 12`."""
    for output in after.planned.outputs:
        was, has = (
            ", ".join(f"{a.type_name} {a.id}" for a in step.outputs.get(output, ())) or None
            for step in (before, after)
        )
        yield Change(output, was, has)


def _shared_by(
    tracing: Tracing, differing: Callable[[OwnDifference], Sequence[Change]]
) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """The same difference once, with the steps that have it."""
    steps: dict[Change, list[str]] = {}
    for id, own in tracing.own.items():
        for change in differing(own):
            steps.setdefault(change, []).append(id)
    return ((change, tuple(users)) for change, users in steps.items())


def _placed_otherwise(step: RecordedStep, changes: Sequence[Change]) -> str:
    words = {"component": "another component", "condition": "another condition"}
    told = dict.fromkeys(words.get(change.name, "other wires") for change in changes)
    return f"{step.id} has {' and '.join(told)}"


def _kind_of_files(step: RecordedStep) -> Kind:
    """What the files are to the pipeline, by what the step makes of them."""
    types = {reference.rpartition(":")[2] for reference in step.planned.outputs.values()}
    if types & {Examples.__name__, ExampleStatistics.__name__}:
        return Kind.DATA
    return Kind.SCHEMA if Schema.__name__ in types else Kind.FILES


def _files_said(files: Sequence[Change]) -> str:
    if len(files) == 1:
        [file] = files
        verb = "are" if file.name == "files" else "is"
        return f"{file.name} {what_happened(file, verb)}"
    new, gone = (sum(side is None for side in sides) for sides in _sides(files))
    told = {"changed": len(files) - new - gone, "new": new, "gone": gone}
    return f"files: {', '.join(f'{count:,} {word}' for word, count in told.items() if count)}"


def what_happened(change: Change, verb: str = "is") -> str:
    """`changed`, `is new`, `is gone`."""
    return f"{verb} new" if change.before is None else f"{verb} gone" if change.after is None else "changed"


def _sides(changes: Sequence[Change]) -> tuple[list[str | None], list[str | None]]:
    return [c.before for c in changes], [c.after for c in changes]


def _shortened(changes: Sequence[Change]) -> tuple[Change, ...]:
    return tuple(
        Change(c.name, c.before and c.before[:_SHORT], c.after and c.after[:_SHORT]) for c in changes
    )
