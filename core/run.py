"""What a runner gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast, overload

from millwork.core.errors import GateNotMet, NotFound, RunFailed, RunStopped
from millwork.core.failures import Failure
from millwork.core.graph import Artifact
from millwork.core.records import State

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True)
class StepStatus:
    """How one step of a run ended."""

    id: str
    state: State
    reason: str = ""
    """Why it was run, found in the cache, skipped or cancelled."""
    began: float = 0.0
    """Seconds since the epoch."""
    seconds: float = 0.0
    attempts: int = 0
    execution: int = 0
    """Its id in the metadata store."""
    log: str = ""
    failure: Failure | None = None
    peak_memory: int = 0
    """Bytes, of the process that did the work."""
    remark: str = ""
    """What its outputs have to say: a verdict, say."""


@dataclass
class Run:
    """One execution of a pipeline: `run[promise]` is the real artifact, of the same type.

    Of a list of promises it is the list of artifacts, as many as resolvers have found.
    """

    id: str
    pipeline: str
    root: str
    state: State = State.RUNNING
    steps: dict[str, StepStatus] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Sequence[Artifact]]] = field(default_factory=dict, repr=False)
    """Real artifacts by step and output name: one, unless a resolver found several or none."""

    @overload
    def __getitem__(self, promise: A) -> A: ...
    @overload
    def __getitem__(self, promise: list[A]) -> list[A]: ...
    def __getitem__(self, promise: A | list[A]) -> A | list[A]:
        if isinstance(promise, list):
            return [artifact for p in promise for artifact in self._all(p)]
        found = self._all(promise)
        if len(found) > 1:
            step = promise.producer.id if promise.producer else ""
            raise NotFound(
                f"Run {self.id}: {step} found {len(found)} artifacts. Write run[[promise]] for a list"
            )
        if not found:
            raise self._nothing(promise)
        return found[0]

    def _all(self, promise: A) -> list[A]:
        producer = promise.producer
        if producer is None or producer.id not in self.outputs:
            raise self._nothing(promise)
        name = next(n for n, a in producer.outputs.items() if a is promise)
        return [cast(A, artifact) for artifact in self.outputs[producer.id][name]]

    def _nothing(self, promise: Artifact) -> NotFound:
        step = promise.producer.id if promise.producer else ""
        status = self.steps.get(step)
        why = (
            f": {step} {status.reason if status.state.good else f'is {status.state.value}'}" if status else ""
        )
        return NotFound(f"Run {self.id} has no {type(promise).__name__} of {step or 'nobody'}{why}")

    @property
    def failed(self) -> list[StepStatus]:
        """The steps that failed by themselves, not because of others."""
        return [s for s in self.steps.values() if s.state is State.FAILED]

    def check(self) -> None:
        """Raise RunFailed, with every failure in its message, unless all went well.

        RunStopped if nothing but checks failed, which were told to stop the run.
        """
        if self.state in (State.COMPLETE, State.CACHED):
            return
        elsewhere = "" if self.root == str(Path(".millwork").absolute()) else f" --root {self.root}"
        proceed = f"Continue it with: millwork resume {self.id}{elsewhere}"
        if self.state is State.CANCELLED:
            raise RunFailed(f"Run {self.id} was interrupted. {proceed}", self.id)
        said = "\n\n".join(failure_text(s) for s in self.failed)
        if self.failed and all(s.failure and s.failure.type == GateNotMet.__name__ for s in self.failed):
            raise RunStopped(f"Run {self.id} was stopped by a check.\n\n{said}\n\n{proceed}", self.id)
        raise RunFailed(f"Run {self.id} failed.\n\n{said}\n\n{proceed}", self.id)


def failure_text(status: StepStatus) -> str:
    """A failed step for people: the user's own line first, then where everything is."""
    attempts = f" after {status.attempts} attempts" if status.attempts > 1 else ""
    log = f"\nlog: {status.log}" if status.log else ""
    return f"{status.id} failed{attempts}\n{status.failure or status.reason}{log}"
