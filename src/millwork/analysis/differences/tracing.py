"""Which steps differ by themselves, and which because of those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from millwork.analysis.differences.own import OwnDifference, own_difference
from millwork.analysis.differences.recorded import RecordedRun, RecordedStep
from millwork.core.records import State


@dataclass
class Tracing:
    """What two runs have of each step, and where the differences come from."""

    before: RecordedRun
    after: RecordedRun
    own: dict[str, OwnDifference] = field(default_factory=dict)
    """Of the steps of both runs."""
    repeated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Steps that did the same work with another result: the outputs that differ. Empty if one of the two failed."""
    found: set[str] = field(default_factory=set)
    """Resolvers that looked for the same and found something else."""
    inherited: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By step: the first causes among the steps before it."""

    @property
    def shared(self) -> Iterator[tuple[RecordedStep, RecordedStep]]:
        """The steps of both runs, in the order of the second."""
        return (
            (self.before.steps[id], step) for id, step in self.after.steps.items() if id in self.before.steps
        )

    @property
    def alone(self) -> Iterator[tuple[RecordedRun, RecordedStep]]:
        """The steps of only one run, and that run."""
        for run, other in ((self.before, self.after), (self.after, self.before)):
            yield from ((run, step) for id, step in run.steps.items() if id not in other.steps)

    def is_cause(self, step: str) -> bool:
        """Whether a step differs by itself."""
        alone = (step in self.before.steps) != (step in self.after.steps)
        return alone or bool(self.own.get(step)) or step in self.repeated or step in self.found

    def origins(self, step: str) -> tuple[str, ...]:
        """The first causes of what differs in a step: itself, steps before it, or both."""
        return (*([step] if self.is_cause(step) else []), *self.inherited.get(step, ()))

    def in_order(self, steps: Iterable[str]) -> tuple[str, ...]:
        """Each once, in the order of the plans."""
        wanted = set(steps)
        return tuple(id for id in dict.fromkeys([*self.after.steps, *self.before.steps]) if id in wanted)

    def unchanged(self) -> Iterator[str]:
        """The steps that did the same with the same result."""
        return (
            after.id
            for before, after in self.shared
            if not self.origins(after.id) and before.good and after.good
        )


def trace(before: RecordedRun, after: RecordedRun) -> Tracing:
    """Go through the steps in the order of the plan, in which each comes after those that it needs."""
    tracing = Tracing(before, after)
    for pair in tracing.shared:
        id = pair[1].id
        own = tracing.own[id] = own_difference(*pair)
        tracing.inherited[id] = tracing.in_order(_inherited(tracing, own, *pair))
        if pair[1].planned.kind == "resolver":
            _note_other_finding(tracing, *pair)
        elif not tracing.origins(id):
            _note_other_result(tracing, *pair)
    return tracing


def differing_outputs(before: RecordedStep, after: RecordedStep) -> Iterator[str]:
    """The outputs whose content is not the same in both runs."""
    for name in dict.fromkeys([*before.outputs, *after.outputs]):
        if before.digests(name) != after.digests(name):
            yield name


def _inherited(
    tracing: Tracing, own: OwnDifference, before: RecordedStep, after: RecordedStep
) -> Iterator[str]:
    """The causes behind inputs with other content, and behind a step that was skipped in one of the runs."""
    for name in sorted(own.inputs):
        suppliers = {w.step for s in (before, after) for w in s.planned.inputs.get(name, ())}
        yield from _behind(tracing, suppliers)
    left_out = tracing.before.unselected | tracing.after.unselected
    if before.state != after.state and not (before.good and after.good) and after.id not in left_out:
        suppliers = {wire.step for s in (before, after) for wire in s.planned.needs()}
        yield from (cause for step in sorted(suppliers) for cause in tracing.origins(step))


def _behind(tracing: Tracing, suppliers: set[str]) -> Iterator[str]:
    changed = sorted(step for step in suppliers if _has_other_outputs(tracing, step))
    for step in changed or sorted(suppliers):
        if not tracing.origins(step):  # equal files, but other properties
            tracing.repeated[step] = tuple(tracing.after.steps[step].outputs)
        yield from tracing.origins(step)


def _has_other_outputs(tracing: Tracing, step: str) -> bool:
    before, after = tracing.before.steps.get(step), tracing.after.steps.get(step)
    return before is None or after is None or any(differing_outputs(before, after))


def _note_other_result(tracing: Tracing, before: RecordedStep, after: RecordedStep) -> None:
    """The same work, and yet something else came of it."""
    if State.FAILED.value in (before.state, after.state) and before.state != after.state:
        tracing.repeated[after.id] = ()
    if not (before.good and after.good) or after.planned.at_exit:  # which is told how each run went
        return
    if outputs := tuple(differing_outputs(before, after)):
        tracing.repeated[after.id] = outputs


def _note_other_finding(tracing: Tracing, before: RecordedStep, after: RecordedStep) -> None:
    """What earlier runs left in the store is no output of this one's steps, whatever a resolver was given of them."""
    same_search = not tracing.own[after.id]
    if same_search and before.good and after.good and any(differing_outputs(before, after)):
        tracing.found.add(after.id)
