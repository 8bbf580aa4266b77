"""The life of a step, the same under every runner. A runner decides only where and when.

    live = LiveRun.begin(plan, store, root)
    for step in order:
        prepared = live.prepare(step)        # resolve inputs, fingerprint, cache, register
        if isinstance(prepared, Job):
            result = perform(prepared)       # stage, run, move into place: anywhere
            live.complete(step, result)      # record: outputs live, execution complete, in one transaction
    run = live.finish()
"""

from __future__ import annotations

import dataclasses
import secrets
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from millwork.core.callables import load_reference
from millwork.core.conditions import condition_text, holds
from millwork.core.errors import BadInput, MillworkError, NotFound
from millwork.core.failures import Failure, failure_of
from millwork.core.fingerprint import Fingerprinter, Parts, fingerprint
from millwork.core.graph import Artifact
from millwork.core.job import Job, JobResult
from millwork.core.plan import Plan, PlannedStep
from millwork.core.records import (
    ArtifactRecord,
    ExecutionRecord,
    State,
    Stored,
    artifact_from_json,
    artifact_to_json,
    new_artifact,
    to_stored,
)
from millwork.core.run import Run, StepStatus
from millwork.core.storage import content_digest, exists, is_remote, join, local_path, remove
from millwork.core.store import MetadataStore, RunContexts
from millwork.core.values import canonical


@dataclass(frozen=True)
class RunSettings:
    """What is special about one run."""

    cache: bool = True
    no_cache_for: tuple[str, ...] = ()
    selected: Collection[str] | None = None
    """Steps to run; of the others, what these need is taken from earlier runs."""
    resumes: str = ""
    """The run that this one continues."""
    source: str = ""
    """How to describe the pipeline again: a file, or module:function."""


class LiveRun:
    """One run of a plan, while it happens."""

    def __init__(
        self, plan: Plan, store: MetadataStore, root: str, run: Run, contexts: RunContexts, settings: RunSettings
    ) -> None:
        self.plan = plan
        self.run = run
        self._store = store
        self._root = root
        self._contexts = contexts
        self._settings = settings
        self._fingerprints = Fingerprinter()
        self._real: dict[str, dict[str, list[ArtifactRecord]]] = {}
        self._pending: dict[str, _Pending] = {}
        self._finished_before = _fingerprints_of(store, settings.resumes) if settings.resumes else {}

    @classmethod
    def begin(cls, plan: Plan, store: MetadataStore, root: str, settings: RunSettings, run_id: str = "") -> LiveRun:
        """Record that a run starts."""
        run = Run(run_id or new_run_id(), plan.pipeline, root)
        properties: dict[str, Stored] = {
            "__state__": State.RUNNING.value,
            "__root__": root,
            "__plan__": plan.to_json(),
            "__parameters__": canonical(dict(plan.parameters)),
            "__source__": settings.source,
            "__resumes__": settings.resumes,
        }
        contexts = store.begin_run(plan.pipeline, run.id, [s.id for s in plan.steps], properties)
        return cls(plan, store, root, run, contexts, settings)

    def prepare(self, step: PlannedStep) -> Job | StepStatus:
        """Everything before the work: a job to be done, or how the step ended without one."""
        try:
            return self._prepare(step)
        except MillworkError as error:
            return self._fail_early(step, failure_of(error))
        except Exception as error:  # the user's module may raise anything when it is imported
            return self._fail_early(step, failure_of(error))

    def complete(self, step: PlannedStep, result: JobResult, attempts: int = 1) -> StepStatus:
        """Everything after the work: outputs live and execution complete, or a failure record."""
        pending = self._pending.pop(step.id)
        if result.failure:
            return self._fail(step, pending, result.failure, attempts, result)
        real = {name: self._real_output(step, name, result) for name in step.outputs}
        properties: dict[str, Stored] = {
            "__seconds__": result.seconds,
            "__attempts__": attempts,
            "__peak_memory__": result.peak_memory,
        }
        news = {name: [new_artifact(a)] for name, a in real.items()}
        self._real[step.id] = self._store.finish(
            pending.execution, self._contexts, step.id, news, properties, fingerprint(pending.parts)
        )
        self.run.outputs[step.id] = real
        return self._note(
            StepStatus(
                step.id,
                State.COMPLETE,
                reason=pending.reason,
                began=pending.began,
                seconds=result.seconds,
                attempts=attempts,
                execution=pending.execution,
                log=str(pending.job.log),
                peak_memory=result.peak_memory,
            )
        )

    def cancel(self, step: PlannedStep, reason: str) -> StepStatus:
        """Record that a step was stopped, or never started, for a reason that is not its own."""
        pending = self._pending.pop(step.id, None)
        if pending:
            self._store.close(pending.execution, State.CANCELLED, {"__reason__": reason})
            self._remove_leftovers(pending)
            return self._note(
                StepStatus(step.id, State.CANCELLED, reason=reason, execution=pending.execution, log=str(pending.job.log))
            )
        return self._without_work(step, State.CANCELLED, reason, {}, {})

    def finish(self) -> Run:
        """Record how the run ended."""
        states = {s.state for s in self.run.steps.values()}
        if State.FAILED in states:
            self.run.state = State.FAILED
        elif State.CANCELLED in states:
            self.run.state = State.CANCELLED
        else:
            self.run.state = State.COMPLETE
        self._store.update_run(self.run.id, {"__state__": self.run.state.value, "__finished__": time.time()})
        return self.run

    # Before the work

    def _prepare(self, step: PlannedStep) -> Job | StepStatus:
        if blocked := self._blocked_by(step):
            return blocked
        if self._settings.selected is not None and step.id not in self._settings.selected:
            return self._reuse(step)
        if unmet := next((c for c in step.conditions if not holds(c, self._property)), None):
            return self._without_work(step, State.SKIPPED, f"not {condition_text(unmet)}", {}, {})
        inputs = self._inputs(step)
        parts = self._fingerprints.parts(step, inputs)
        name = fingerprint(parts)
        hit = self._store.cached(name) if self._may_use_cache(step, name) else None
        if hit and (missing := missing_output(hit[1])) is None:
            return self._use(step, *hit, f"unchanged since run {hit[0].run}", parts)
        reason = f"{missing} of run {hit[0].run} is gone" if hit and missing else ""
        return self._start(step, inputs, parts, reason)

    def _blocked_by(self, step: PlannedStep) -> StepStatus | None:
        for wire in step.needs():
            state = self.run.steps[wire.step].state
            if state is State.SKIPPED:
                return self._without_work(step, State.SKIPPED, f"needs {wire.step}, which was skipped", {}, {})
            if not state.good:
                return self._without_work(step, State.CANCELLED, f"needs {wire.step}, which {state.value}", {}, {})
        return None

    def _inputs(self, step: PlannedStep) -> dict[str, list[Artifact]]:
        inputs = {
            name: [self.run.outputs[w.step][w.output] for w in wires] for name, wires in step.inputs.items()
        }
        for name, artifacts in inputs.items():
            for artifact in artifacts:
                if not exists(artifact.uri):
                    raise BadInput(
                        f"{step.id}: the {artifact.type_name} for {name!r} is gone from {artifact.uri}. "
                        "Run again: what made it will be run anew"
                    )
        return inputs

    def _may_use_cache(self, step: PlannedStep, name: str) -> bool:
        if self._finished_before.get(step.id) == name:
            return True  # a resumed run never repeats what its parent finished
        return step.options.cache and self._settings.cache and step.id not in self._settings.no_cache_for

    def _start(
        self, step: PlannedStep, inputs: Mapping[str, Sequence[Artifact]], parts: Parts, reason: str
    ) -> Job | StepStatus:
        execution = self._store.register(
            self._contexts,
            step.id,
            type_name_of(step),
            step.base_type,
            {name: to_stored(value) for name, value in step.parameters.items() if value is not None},
            self._input_ids(step),
            {"__fingerprint__": fingerprint(parts), "__parts__": canonical(dict(parts))},
        )
        targets = {
            output: join(self._root, self.plan.pipeline, step.id, output, str(execution)) for output in step.outputs
        }
        folder = execution_folder(self._root, self.plan.pipeline, step.id, execution)
        folder.mkdir(parents=True, exist_ok=True)
        content = {n: [artifact_to_json(a) for a in artifacts] for n, artifacts in inputs.items()}
        job = Job(dataclasses.asdict(step), content, targets, str(folder), tuple(sys.path))
        self._pending[step.id] = _Pending(execution, parts, job, reason)
        if step.kind == "import":
            return self._import(step)
        return job

    def _import(self, step: PlannedStep) -> StepStatus:
        pending = self._pending.pop(step.id)
        artifact = step.load({}, {}).outputs["imported"]
        artifact.digest = content_digest(local_path(artifact.uri))
        self._real[step.id] = self._store.finish(
            pending.execution,
            self._contexts,
            step.id,
            {"imported": [new_artifact(artifact, external=True)]},
            {},
            fingerprint(pending.parts),
        )
        self.run.outputs[step.id] = {"imported": artifact}
        return self._note(StepStatus(step.id, State.COMPLETE, began=pending.began, execution=pending.execution))

    def _use(
        self,
        step: PlannedStep,
        earlier: ExecutionRecord,
        outputs: dict[str, list[ArtifactRecord]],
        reason: str,
        parts: Parts | None = None,
    ) -> StepStatus:
        """Take what an earlier execution wrote."""
        known: dict[str, Stored] = {"__cached_from__": earlier.id}
        if parts:
            known |= {"__fingerprint__": fingerprint(parts), "__parts__": canonical(dict(parts))}
        self._real[step.id] = outputs
        self.run.outputs[step.id] = {
            name: records[0].load(load_reference(step.outputs[name])) for name, records in outputs.items()
        }
        return self._without_work(step, State.CACHED, reason, known, outputs)

    def _reuse(self, step: PlannedStep) -> StepStatus:
        """A step that is not to be run: what it wrote the last time stands in, if anything needs it."""
        needed = any(
            w.step == step.id for s in self.plan.steps if s.id in (self._settings.selected or ()) for w in s.needs()
        )
        if not needed:
            return self._without_work(step, State.SKIPPED, "not selected", {}, {})
        good = (State.COMPLETE, State.CACHED)
        earlier = self._store.latest_execution(self.plan.pipeline, step.id, good)
        if earlier is None:
            raise NotFound(
                f"{step.id} is not selected and has never been run, but a selected step needs what it writes. "
                "Run the whole pipeline once, or select it too"
            )
        outputs = self._store.outputs_of(earlier.id)
        if missing := missing_output(outputs):
            raise NotFound(f"{step.id} is not selected, and {missing} of run {earlier.run} is gone. Select it too")
        return self._use(step, earlier, outputs, f"not selected: taken from run {earlier.run}")

    def _property(self, step: str, output: str, name: str) -> Any:
        artifact = self.run.outputs[step][output]
        return getattr(artifact, name)

    def _input_ids(self, step: PlannedStep) -> dict[str, list[int]]:
        return {
            name: [self._real[w.step][w.output][0].id for w in wires]
            for name, wires in step.inputs.items()
            if all(w.step in self._real for w in wires)
        }

    # After the work

    def _real_output(self, step: PlannedStep, name: str, result: JobResult) -> Artifact:
        return artifact_from_json(result.outputs[name], load_reference(step.outputs[name]))

    def _fail(
        self, step: PlannedStep, pending: _Pending, failure: Failure, attempts: int, result: JobResult
    ) -> StepStatus:
        properties = {**_failure_properties(failure), "__log__": str(pending.job.log), "__attempts__": attempts}
        self._store.close(pending.execution, State.FAILED, {**properties, "__seconds__": result.seconds})
        self._remove_leftovers(pending)
        return self._note(
            StepStatus(
                step.id,
                State.FAILED,
                reason=failure.message,
                began=pending.began,
                seconds=result.seconds,
                attempts=attempts,
                execution=pending.execution,
                log=str(pending.job.log),
                failure=failure,
                peak_memory=result.peak_memory,
            )
        )

    def _fail_early(self, step: PlannedStep, failure: Failure) -> StepStatus:
        pending = self._pending.pop(step.id, None)
        if pending:
            return self._fail(step, pending, failure, 1, JobResult())
        known = _failure_properties(failure)
        return self._without_work(step, State.FAILED, failure.message, known, {}, failure)

    def _without_work(
        self,
        step: PlannedStep,
        state: State,
        reason: str,
        known: Mapping[str, Stored],
        outputs: Mapping[str, Sequence[ArtifactRecord]],
        failure: Failure | None = None,
    ) -> StepStatus:
        execution = self._store.record(
            self._contexts,
            step.id,
            type_name_of(step),
            step.base_type,
            state,
            self._input_ids(step),
            {name: [a.id for a in artifacts] for name, artifacts in outputs.items()},
            {"__reason__": reason, **known},
        )
        return self._note(
            StepStatus(step.id, state, reason=reason, began=time.time(), execution=execution, failure=failure)
        )

    def _remove_leftovers(self, pending: _Pending) -> None:
        for place in [*pending.job.targets.values(), f"{pending.job.folder}/staged"]:
            remove(place)

    def _note(self, status: StepStatus) -> StepStatus:
        self.run.steps[status.id] = status
        return status


@dataclass
class _Pending:
    execution: int
    parts: Parts
    job: Job
    reason: str
    began: float = field(default_factory=time.time)


def new_run_id() -> str:
    """Unique, and in the order of time: 20261124-031500-3fa2."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def execution_folder(root: str, pipeline: str, step: str, execution: int) -> Path:
    """Where an execution works and keeps its log; on this machine even if the root is remote."""
    here = Path(".millwork") if is_remote(root) else local_path(root)
    return (here / pipeline / step / ".system" / str(execution)).absolute()


def type_name_of(step: PlannedStep) -> str:
    """The execution's type in ML Metadata: the qualified name of the component."""
    return step.reference.replace(":", ".")


def missing_output(outputs: Mapping[str, Sequence[ArtifactRecord]]) -> str | None:
    """The name of an output that is no longer live, or whose files are gone."""
    for name, records in outputs.items():
        for record in records:
            if record.state != "live" or not exists(record.uri):
                return name
    return None


def _failure_properties(failure: Failure) -> dict[str, Stored]:
    return {
        "__error_type__": failure.type,
        "__error__": failure.message,
        "__where__": failure.where,
        "__traceback__": failure.traceback,
    }


def _fingerprints_of(store: MetadataStore, run: str) -> dict[str, str]:
    good = [e for e in store.executions_of_run(run) if e.state.good]
    return {e.node: str(e.properties.get("__fingerprint__", "")) for e in good}
