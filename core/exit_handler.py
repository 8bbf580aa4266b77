"""Steps that run at the end of a run, whatever happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from millwork.core.graph import open_exit
from millwork.core.records import State
from millwork.core.run import Run


@dataclass(frozen=True)
class FinalStatus:
    """How a run ended. A parameter of this type is filled in by the runner, in a step below `on_exit()`."""

    run: str = ""
    """The run's id."""
    pipeline: str = ""
    state: Literal["", "complete", "failed", "cancelled"] = ""
    """Empty until the run has ended."""
    steps: Mapping[str, str] = field(default_factory=dict)
    """The state of each step: complete, cached, skipped, failed or cancelled."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """The message of each step that failed."""


@contextmanager
def on_exit() -> Iterator[None]:
    """Run the steps created in this block at the end of the run, also after a failure or an interrupt.

        with on_exit():
            my_model.notify(trainer.model)

    `notify` is a component of yours: `def notify(told: Report, model: Model | None, *, status: FinalStatus)`.
    Inputs from steps that failed or were skipped are None, if they are optional.
    """
    token = open_exit.set(True)
    try:
        yield
    finally:
        open_exit.reset(token)


def final_status(run: Run, steps: Iterable[str]) -> FinalStatus:
    """How the run ended as far as these steps go: all but those at exit."""
    ended = {id: run.steps[id] for id in steps}
    failures = {id: s.reason for id, s in ended.items() if s.state is State.FAILED}
    state: Any = worst_of(s.state for s in ended.values()).value
    return FinalStatus(run.id, run.pipeline, state, {id: s.state.value for id, s in ended.items()}, failures)


def worst_of(states: Iterable[State]) -> State:
    """How a run with steps in these states has ended."""
    known = set(states)
    return next((s for s in (State.FAILED, State.CANCELLED) if s in known), State.COMPLETE)
