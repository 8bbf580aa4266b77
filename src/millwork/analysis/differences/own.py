"""How one step of two runs differs by itself, and in which of its inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from millwork.analysis.differences.difference import Change
from millwork.analysis.differences.recorded import RecordedStep, parts_of_plan
from millwork.analysis.differences.values import stored_value, value_changes
from millwork.core.conditions import condition_text
from millwork.core.fingerprint import Parts
from millwork.core.plan import PlannedStep
from millwork.core.source import is_ours
from millwork.core.values import references_in

_MANY = re.compile(r"\d+ files")


@dataclass(frozen=True)
class OwnDifference:
    """What differs in one step, but for what it reads from other steps."""

    pipeline: tuple[Change, ...] = ()
    """Component, wires, conditions."""
    parameters: tuple[Change, ...] = ()
    code: tuple[Change, ...] = ()
    """The user's modules, with digests."""
    ours: tuple[Change, ...] = ()
    """Modules of Millwork's, with digests."""
    versions: tuple[Change, ...] = ()
    files: tuple[Change, ...] = ()
    state: tuple[Change, ...] = ()
    variables: bool = False
    """Environment variables of the step."""
    inputs: frozenset[str] = field(default=frozenset())
    """Inputs with other content, which come over the same wires."""

    def __bool__(self) -> bool:
        return bool(
            self.pipeline
            or self.parameters
            or self.code
            or self.ours
            or self.versions
            or self.files
            or self.state
            or self.variables
        )


def own_difference(before: RecordedStep, after: RecordedStep) -> OwnDifference:
    """Hold two executions of a step against each other."""
    was, has = before.parts, after.parts
    if not (was and has):  # one of them did not get so far
        was, has = parts_of_plan(before.planned), parts_of_plan(after.planned)
    wires = tuple(_wires(before.planned, after.planned))
    rewired = {change.name for change in wires}
    replaced = _replaced(was, has)
    code = [c for c in _changed(was, has, "code") if not (replaced and None in (c.before, c.after))]
    return OwnDifference(
        pipeline=(*_component(was, has), *wires, *_conditions(before.planned, after.planned)),
        parameters=tuple(_parameters(was, has)),
        code=tuple(c for c in code if not is_ours(c.name)),
        ours=tuple(c for c in code if is_ours(c.name)),
        versions=tuple(c for c in _changed(was, has, "version") if None not in (c.before, c.after)),
        files=tuple(_files(was, has)),
        state=tuple(_changed(was, has, "state")),
        variables=was.get("environment") != has.get("environment"),
        inputs=frozenset(_base(c.name) for c in _changed(was, has, "input")) - rewired,
    )


def _changed(before: Parts, after: Parts, kind: str) -> Iterator[Change]:
    for part in sorted({*before, *after}):
        of, _, name = part.partition(":")
        if of == kind and before.get(part) != after.get(part):
            yield Change(name, before.get(part), after.get(part))


def _base(name: str) -> str:
    """`examples` of `examples[2]`."""
    return name.partition("[")[0]


def _component(before: Parts, after: Parts) -> Iterator[Change]:
    if before.get("component") != after.get("component"):
        yield Change("component", before.get("component"), after.get("component"))


def _wires(before: PlannedStep, after: PlannedStep) -> Iterator[Change]:
    was, has = _sources(before), _sources(after)
    for name in dict.fromkeys([*was, *has]):
        if was.get(name) != has.get(name):
            yield Change(name, was.get(name), has.get(name))


def _sources(planned: PlannedStep) -> dict[str, str]:
    """Where each input comes from. One that nothing is wired to is none."""
    return {
        name: ", ".join(f"{w.step}.{w.output}" for w in wires)
        for name, wires in planned.inputs.items()
        if wires
    }


def _conditions(before: PlannedStep, after: PlannedStep) -> Iterator[Change]:
    was, has = (" and ".join(map(condition_text, p.conditions)) for p in (before, after))
    if was != has:
        yield Change("condition", was or None, has or None)


def _replaced(before: Parts, after: Parts) -> bool:
    """Whether the step was given other code to run, so that what this imports is no difference of its own."""
    if before.get("component") != after.get("component"):
        return True
    changes = _changed(before, after, "parameter")
    return any(references_in(stored_value(text)) for c in changes for text in (c.before, c.after) if text)


def _parameters(before: Parts, after: Parts) -> Iterator[Change]:
    """By the leaves that differ."""
    for change in _changed(before, after, "parameter"):
        yield from value_changes(change.name, stored_value(change.before), stored_value(change.after))


def _files(before: Parts, after: Parts) -> Iterator[Change]:
    """File by file; of very many there is only one digest, and then only their numbers are told."""
    changes = list(_changed(before, after, "file"))
    if not any(_MANY.fullmatch(change.name) for change in changes):
        yield from changes
        return
    was = [change.name for change in changes if change.before]
    has = [change.name for change in changes if change.after]
    yield Change("files", _number(was), _number(has))


def _number(files: list[str]) -> str | None:
    if not files:
        return None
    return files[0] if _MANY.fullmatch(files[0]) else f"{len(files)} files"
