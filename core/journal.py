"""What happens to the steps of one run, written into the store and into the run as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from millwork.core.callables import load_reference
from millwork.core.failures import Failure
from millwork.core.fingerprint import Parts, fingerprint
from millwork.core.graph import Artifact
from millwork.core.job import Job, JobResult
from millwork.core.plan import PlannedStep
from millwork.core.records import (
    ArtifactRecord,
    ExecutionRecord,
    State,
    Stored,
    artifact_from_json,
    new_artifact,
    to_stored,
)
from millwork.core.resolving import load_found
from millwork.core.run import Run, StepStatus
from millwork.core.storage import remove
from millwork.core.store import MetadataStore, RunContexts
from millwork.core.values import canonical


@dataclass
class OpenExecution:
    """An execution that is RUNNING in the store."""

    step: PlannedStep
    id: int
    parts: Parts
    reason: str
    job: Job | None = None
    began: float = field(default_factory=time.time)

    def status(
        self,
        state: State,
        reason: str = "",
        result: JobResult | None = None,
        attempts: int = 0,
        remark: str = "",
    ) -> StepStatus:
        """How it ended."""
        result = result or JobResult()
        return StepStatus(
            self.step.id,
            state,
            reason=reason,
            remark=remark,
            began=self.began,
            seconds=result.seconds,
            attempts=attempts,
            execution=self.id,
            log=str(self.job.log) if self.job else "",
            failure=result.failure,
            peak_memory=result.peak_memory,
        )


class Journal:
    """Keeps store and run in agreement. Each method is one transaction."""

    def __init__(self, store: MetadataStore, contexts: RunContexts, run: Run) -> None:
        self._store = store
        self._contexts = contexts
        self._run = run
        self._real: dict[str, Mapping[str, Sequence[ArtifactRecord]]] = {}

    def begin(self, step: PlannedStep, parts: Parts, reason: str) -> OpenExecution:
        """The step is about to run."""
        type_name, inputs = type_name_of(step), self._input_ids(step)
        id = self._store.register(
            self._contexts,
            step.id,
            type_name,
            step.base_type,
            _stored_parameters(step),
            inputs,
            _fingerprint_properties(parts),
        )
        return OpenExecution(step, id, parts, reason)

    def succeed(self, execution: OpenExecution, result: JobResult, attempts: int) -> StepStatus:
        """The work is done: outputs become live."""
        types = execution.step.outputs
        outputs = {n: artifact_from_json(a, load_reference(types[n])) for n, a in result.outputs.items()}
        properties: dict[str, Stored] = {
            "__seconds__": result.seconds,
            "__attempts__": attempts,
            "__peak_memory__": result.peak_memory,
            "__reason__": execution.reason,
            **_remark_properties(remark := remark_of(outputs.values())),
        }
        self._publish(execution, outputs, properties, external=False)
        return self._note(execution.status(State.COMPLETE, execution.reason, result, attempts, remark))

    def bring_in(self, execution: OpenExecution, artifact: Artifact) -> StepStatus:
        """What was imported becomes live where it is."""
        self._publish(execution, {"imported": artifact}, {}, external=True)
        return self._note(execution.status(State.COMPLETE, execution.reason))

    def fail(self, execution: OpenExecution, result: JobResult, attempts: int) -> StepStatus:
        """The work failed: nothing of it stays but the record and the log."""
        assert result.failure is not None
        known = {
            **_failure_properties(result.failure),
            "__attempts__": attempts,
            "__seconds__": result.seconds,
        }
        if execution.job:
            known["__log__"] = str(execution.job.log)
        _remove_leftovers(execution)  # first: they may be what fills the disk
        self._store.close(execution.id, State.FAILED, known)
        return self._note(execution.status(State.FAILED, result.failure.message, result, attempts))

    def stop(self, execution: OpenExecution, reason: str) -> StepStatus:
        """The work was interrupted."""
        _remove_leftovers(execution)
        self._store.close(execution.id, State.CANCELLED, {"__reason__": reason})
        return self._note(execution.status(State.CANCELLED, reason))

    def take_over(
        self,
        step: PlannedStep,
        earlier: ExecutionRecord,
        outputs: Mapping[str, Sequence[ArtifactRecord]],
        reason: str,
        parts: Parts | None = None,
    ) -> StepStatus:
        """What an earlier execution wrote is this step's output."""
        known: dict[str, Stored] = {"__cached_from__": earlier.id}
        if parts:
            known |= _fingerprint_properties(parts)
        self._take(step, outputs)
        taken = self._run.outputs[step.id].values()
        remark = remark_of(artifact for artifacts in taken for artifact in artifacts)
        return self.settle(step, State.CACHED, reason, known, outputs, remark=remark)

    def resolve(
        self, step: PlannedStep, found: Sequence[ArtifactRecord], reason: str, parts: Parts
    ) -> StepStatus:
        """What a resolver found is its output. It may be nothing."""
        [output] = step.outputs
        self._take(step, {output: found})
        return self.settle(
            step,
            State.COMPLETE,
            reason,
            {**_stored_parameters(step), **_fingerprint_properties(parts)},
            found={output: found},
        )

    def settle(
        self,
        step: PlannedStep,
        state: State,
        reason: str,
        known: Mapping[str, Stored] | None = None,
        outputs: Mapping[str, Sequence[ArtifactRecord]] | None = None,
        failure: Failure | None = None,
        found: Mapping[str, Sequence[ArtifactRecord]] | None = None,
        remark: str = "",
    ) -> StepStatus:
        """The step ended without work: cached, resolved, skipped, cancelled, or failed before it began."""
        failed = _failure_properties(failure) if failure else {}
        execution = self._store.record(
            self._contexts,
            step.id,
            type_name_of(step),
            step.base_type,
            state,
            self._input_ids(step),
            _ids(outputs or {}),
            {"__reason__": reason, **(known or {}), **failed, **_remark_properties(remark)},
            _ids(found or {}),
        )
        status = StepStatus(
            step.id, state, reason, time.time(), execution=execution, failure=failure, remark=remark
        )
        return self._note(status)

    def end(self, state: State) -> None:
        """The run has ended."""
        self._store.update_run(
            self._run.id, {"__state__": state.value, "__finished__": round(time.time(), 3)}
        )
        self._run.state = state

    def _publish(
        self,
        execution: OpenExecution,
        outputs: Mapping[str, Artifact],
        properties: Mapping[str, Stored],
        external: bool,
    ) -> None:
        recorded = self._store.finish(
            execution.id,
            self._contexts,
            execution.step.id,
            {name: [new_artifact(a, external=external)] for name, a in outputs.items()},
            properties,
            fingerprint(execution.parts),
        )
        self._real[execution.step.id] = recorded
        for name, artifact in outputs.items():
            artifact.id = recorded[name][0].id
        self._run.outputs[execution.step.id] = {name: [artifact] for name, artifact in outputs.items()}

    def _take(self, step: PlannedStep, outputs: Mapping[str, Sequence[ArtifactRecord]]) -> None:
        """Use artifacts that are in the store already."""
        self._real[step.id] = outputs
        self._run.outputs[step.id] = {
            name: [load_found(record, load_reference(step.outputs[name])) for record in records]
            for name, records in outputs.items()
        }

    def _input_ids(self, step: PlannedStep) -> dict[str, list[int]]:
        return {
            name: [a.id for w in wires for a in self._real.get(w.step, {}).get(w.output, ())]
            for name, wires in step.inputs.items()
        }

    def _note(self, status: StepStatus) -> StepStatus:
        self._run.steps[status.id] = status
        return status


def remark_of(artifacts: Iterable[Artifact]) -> str:
    """What these artifacts have to say, in one text."""
    return "; ".join(artifact.remark for artifact in artifacts if artifact.remark)


def _remark_properties(remark: str) -> dict[str, Stored]:
    return {"__remark__": remark} if remark else {}


def type_name_of(step: PlannedStep) -> str:
    """The execution's type in ML Metadata: the qualified name of the component."""
    return step.reference.replace(":", ".")


def _stored_parameters(step: PlannedStep) -> dict[str, Stored]:
    return {name: to_stored(value) for name, value in step.parameters.items() if value is not None}


def _ids(artifacts: Mapping[str, Sequence[ArtifactRecord]]) -> dict[str, list[int]]:
    return {name: [a.id for a in records] for name, records in artifacts.items()}


def _remove_leftovers(execution: OpenExecution) -> None:
    if execution.job:
        for place in [*execution.job.targets.values(), f"{execution.job.folder}/staged"]:
            remove(place)


def _fingerprint_properties(parts: Parts) -> dict[str, Stored]:
    return {"__fingerprint__": fingerprint(parts), "__parts__": canonical(dict(parts))}


def _failure_properties(failure: Failure) -> dict[str, Stored]:
    return {
        "__error_type__": failure.type,
        "__error__": failure.message,
        "__where__": failure.where,
        "__traceback__": failure.traceback,
    }
