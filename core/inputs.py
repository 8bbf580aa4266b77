"""What a step gets from the steps before it, or why it does not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from millwork.core.graph import Artifact
from millwork.core.plan import PlannedStep, Wire
from millwork.core.records import State
from millwork.core.run import Run


@dataclass(frozen=True)
class Hindrance:
    """Why a step does not run, and the state that it is recorded in."""

    state: State
    reason: str


def hindrance(step: PlannedStep, run: Run) -> Hindrance | None:
    """What keeps a step from running, all steps that it needs having ended.

    A step at exit makes do without what is optional; any other step needs all its producers to have ended well.
    """
    if not step.at_exit:
        for wire in step.needs():
            state = run.steps[wire.step].state
            if not state.good:
                return Hindrance(
                    State.SKIPPED if state is State.SKIPPED else State.CANCELLED, _why(wire, run)
                )
    for wire in missing(step, run.outputs):
        return Hindrance(State.SKIPPED, _why(wire, run))
    return None


def missing(step: PlannedStep, outputs: Mapping[str, Mapping[str, Iterable[Artifact]]]) -> list[Wire]:
    """The wires without an artifact that the step cannot do without."""
    needed = list(step.condition_wires())
    for name, wires in step.inputs.items():
        empty = wires and not any(artifacts_of(w, outputs) for w in wires)
        if empty and not step.signature.inputs[name].optional:
            needed += wires
    return [wire for wire in needed if not artifacts_of(wire, outputs)]


def gathered(
    step: PlannedStep, outputs: Mapping[str, Mapping[str, Iterable[Artifact]]]
) -> dict[str, list[Artifact]]:
    """The artifacts for each input. An input for which there is none is left out, unless an empty list was given."""
    inputs = {
        name: [a for w in wires for a in artifacts_of(w, outputs)] for name, wires in step.inputs.items()
    }
    return {name: artifacts for name, artifacts in inputs.items() if artifacts or not step.inputs[name]}


def artifacts_of(wire: Wire, outputs: Mapping[str, Mapping[str, Iterable[Artifact]]]) -> list[Artifact]:
    """What came of an output: one artifact, several or none if it was resolved, none if its step has failed."""
    return list(outputs.get(wire.step, {}).get(wire.output, ()))


def _why(wire: Wire, run: Run) -> str:
    status = run.steps[wire.step]
    if status.state.good:
        return f"{wire.step} {status.reason}"
    return f"needs {wire.step}, which {'failed' if status.state is State.FAILED else f'was {status.state.value}'}"
