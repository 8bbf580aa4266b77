"""The life of a step, the same under every runner. A runner decides only where and when.

live = LiveRun.begin(plan, store, root, RunSettings())
for step in order:
    prepared = live.prepare(step)        # resolve inputs, fingerprint, cache, register
    if isinstance(prepared, Job):
        result = perform(prepared)       # stage, run, move into place: anywhere
        live.complete(step, result)      # record: outputs live, execution complete, in one transaction
run = live.finish()
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from millwork.core.cache import find_hit
from millwork.core.conditions import holds, unmet_text
from millwork.core.errors import BadInput, NotFound, StoreError
from millwork.core.exit_handler import final_status, worst_of
from millwork.core.explanation import why_run
from millwork.core.failures import failure_of
from millwork.core.fingerprint import Fingerprinter, Parts, fingerprint
from millwork.core.graph import Artifact
from millwork.core.inputs import gathered, hindrance
from millwork.core.integrity import damage_to, damaged_output, signature_of
from millwork.core.job import Job, JobResult
from millwork.core.journal import Journal, OpenExecution
from millwork.core.plan import Plan, PlannedStep, final_status_parameters
from millwork.core.records import ExecutionRecord, State, Stored, artifact_to_json
from millwork.core.resolution import resolution
from millwork.core.run import Run, StepStatus
from millwork.core.snapshots import Snapshots
from millwork.core.storage import content_digest, is_remote, join, local_path
from millwork.core.store import MetadataStore
from millwork.core.values import canonical, encode


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
    """How to describe the pipeline again: `file.py:function`, or `module:function`."""
    sweep: str = ""
    """The sweep that the run belongs to."""
    combination: int = 0
    """Which combination of the sweep's parameters it tries, from 0."""


class LiveRun:
    """One run of a plan, while it happens."""

    def __init__(
        self,
        plan: Plan,
        store: MetadataStore,
        run: Run,
        journal: Journal,
        settings: RunSettings,
        finished_before: Mapping[str, ExecutionRecord],
    ) -> None:
        self.plan = plan
        self.run = run
        self._store = store
        self._journal = journal
        self._settings = settings
        self._fingerprints = Fingerprinter()
        self._snapshots = Snapshots(run.root)
        self._open: dict[str, OpenExecution] = {}
        self._finished_before = finished_before

    @classmethod
    def begin(
        cls, plan: Plan, store: MetadataStore, root: str, settings: RunSettings, run_id: str = ""
    ) -> LiveRun:
        """Record that a run starts."""
        earlier = store.executions_of_run(settings.resumes) if settings.resumes else []
        finished_before = {e.node: e for e in earlier if e.state.good}
        run = Run(run_id or new_run_id(), plan.pipeline, root)
        properties: dict[str, Stored] = {
            "__state__": State.RUNNING.value,
            "__root__": root,
            "__plan__": plan.without_secrets().to_json(),
            "__parameters__": canonical(dict(plan.parameters)),
            "__source__": settings.source,
            "__resumes__": settings.resumes,
            "__folder__": os.getcwd(),
            "__selected__": canonical(sorted(settings.selected or ())),
            "__environment__": Snapshots(root).keep_environment(),
        }
        if settings.sweep:
            properties |= {"__sweep__": settings.sweep, "__combination__": settings.combination}
        contexts = store.begin_run(plan.pipeline, run.id, [s.id for s in plan.steps], properties)
        return cls(plan, store, run, Journal(store, contexts, run), settings, finished_before)

    def may_begin(self, step: PlannedStep) -> bool:
        """Whether all that the step waits for has ended: what it needs, and at exit every other step."""
        ended = self.run.steps
        if step.at_exit and not all(s.id in ended for s in self.plan.steps if not s.at_exit):
            return False
        return all(wire.step in ended for wire in step.needs())

    def prepare(self, step: PlannedStep) -> Job | StepStatus:
        """Everything before the work: a job to be done, or how the step ended without one."""
        try:
            return self._prepare(step)
        except StoreError:
            raise
        except Exception as error:  # the user's module may raise anything when it is imported
            failure = failure_of(error)
            execution = self._open.pop(step.id, None)
            if execution:
                return self._journal.fail(execution, JobResult(failure=failure), 1)
            return self._journal.settle(step, State.FAILED, failure.message, failure=failure)

    def complete(self, step: PlannedStep, result: JobResult, attempts: int = 1) -> StepStatus:
        """Everything after the work: outputs live and execution complete, or a failure record."""
        execution = self._open.pop(step.id)
        record = self._journal.fail if result.failure else self._journal.succeed
        return record(execution, result, attempts)

    def cancel(self, step: PlannedStep, reason: str) -> StepStatus:
        """Record that a step was stopped, or never started, for a reason that is not its own."""
        execution = self._open.pop(step.id, None)
        if execution:
            return self._journal.stop(execution, reason)
        return self._journal.settle(step, State.CANCELLED, reason)

    def finish(self) -> Run:
        """Record how the run ended."""
        self._journal.end(worst_of(s.state for s in self.run.steps.values()))
        return self.run

    def _prepare(self, step: PlannedStep) -> Job | StepStatus:
        if self._settings.selected is not None and step.id not in self._settings.selected:
            return self._stand_in(step)
        if step.at_exit:
            step = self._told_how_it_ended(step)
        if hindered := hindrance(step, self.run):
            return self._journal.settle(step, hindered.state, hindered.reason)
        if unmet := next((c for c in step.conditions if not holds(c, self._property)), None):
            return self._journal.settle(step, State.SKIPPED, unmet_text(unmet, self._property))
        if step.kind == "resolver":
            return self._resolve(step, self._finished_before.get(step.id))
        inputs = self._inputs(step)
        parts = self._parts(step, inputs)
        found = self._look_in_cache(step, parts)
        if isinstance(found, StepStatus):
            return found
        execution = self._open[step.id] = self._journal.begin(step, parts, reason=found)
        if step.kind == "import":
            return self._import(step)
        execution.job = self._job(step, execution.id, inputs)
        return execution.job

    def _told_how_it_ended(self, step: PlannedStep) -> PlannedStep:
        ordinary = [s.id for s in self.plan.steps if not s.at_exit]
        status = encode(final_status(self.run, ordinary), step.id)
        filled_in = dict.fromkeys(final_status_parameters(step.signature), status)
        return dataclasses.replace(step, parameters={**step.parameters, **filled_in})

    def _inputs(self, step: PlannedStep) -> dict[str, list[Artifact]]:
        inputs = gathered(step, self.run.outputs)
        for name, artifacts in inputs.items():
            for artifact in artifacts:
                if damage := damage_to(artifact):
                    raise BadInput(
                        f"{step.id}: the {artifact.type_name} for {name!r} at {artifact.uri} {damage} since it was "
                        "written. Nothing may write into a published artifact. Run again: what made it will be run anew"
                    )
        return inputs

    def _parts(self, step: PlannedStep, inputs: Mapping[str, Sequence[Artifact]]) -> Parts:
        """What decides the step's outputs; of its code, the text is kept too."""
        parts = self._fingerprints.parts(step, inputs)
        self._snapshots.keep_sources(self._fingerprints.files(step))
        return parts

    def _look_in_cache(self, step: PlannedStep, parts: Parts) -> StepStatus | str:
        """How the step ended because equal work was found, or why it has to run."""
        name = fingerprint(parts)
        # A resumed run never repeats what its parent finished, but for what belongs to the end of every run.
        before = self._finished_before.get(step.id)
        finished = before and before.properties.get("__fingerprint__") == name and not step.at_exit
        if not finished and (off := cache_is_off(step, self._settings)):
            return off
        hit = find_hit(self._store, name)
        if isinstance(hit, str):
            return hit or why_run(self._store, self.plan.pipeline, step.id, parts)
        reason = f"unchanged since run {hit.execution.run}"
        return self._journal.take_over(step, hit.execution, hit.outputs, reason, parts)

    def _job(self, step: PlannedStep, execution: int, inputs: Mapping[str, Sequence[Artifact]]) -> Job:
        root, pipeline = self.run.root, self.plan.pipeline
        targets = {output: join(root, pipeline, step.id, output, str(execution)) for output in step.outputs}
        folder = execution_folder(root, pipeline, step.id, execution)
        folder.mkdir(parents=True, exist_ok=True)
        content = {name: [artifact_to_json(a) for a in artifacts] for name, artifacts in inputs.items()}
        path = tuple(os.path.abspath(p) for p in sys.path)  # the step works in another folder
        return Job(dataclasses.asdict(step), content, targets, str(folder), path)

    def _import(self, step: PlannedStep) -> StepStatus:
        artifact = step.load({}, {}).outputs["imported"]
        artifact.digest = content_digest(local_path(artifact.uri))
        artifact.signature = signature_of(local_path(artifact.uri))
        return self._journal.bring_in(self._open.pop(step.id), artifact)

    def _resolve(self, step: PlannedStep, earlier: ExecutionRecord | None) -> StepStatus:
        """A resolver. What an earlier run found is found again if this run stands in its place."""
        inputs = self._inputs(step)
        parts = self._parts(step, inputs)
        found = resolution(step, parts, inputs, self._store, self.plan.pipeline, self.run.id, earlier)
        return self._journal.resolve(step, found.artifacts, found.said, parts)

    def _stand_in(self, step: PlannedStep) -> StepStatus:
        """A step that is not to be run: what it wrote the last time stands in, if anything needs it."""
        if not is_needed(step, self.plan, self._settings):
            return self._journal.settle(step, State.SKIPPED, "not selected")
        good = (State.COMPLETE, State.CACHED)
        earlier = self._store.latest_execution(self.plan.pipeline, step.id, good)
        if step.kind == "resolver":
            return self._resolve(step, earlier)
        if earlier is None:
            raise NotFound(
                f"{step.id} is not selected and has never been run, but a selected step needs what it writes. "
                "Run the whole pipeline once, or select it too"
            )
        outputs = self._store.outputs_of(earlier.id)
        if damage := damaged_output(earlier.run, outputs):
            raise NotFound(f"{step.id} is not selected, and {damage}. Select it too")
        return self._journal.take_over(step, earlier, outputs, f"not selected: taken from run {earlier.run}")

    def _property(self, step: str, output: str, name: str) -> Any:
        return getattr(self.run.outputs[step][output][0], name)


def is_needed(step: PlannedStep, plan: Plan, settings: RunSettings) -> bool:
    """Whether a selected step needs what this one writes. Steps at exit make do without."""
    selected = [s for s in plan.steps if s.id in (settings.selected or ()) and not s.at_exit]
    return any(w.step == step.id for s in selected for w in s.needs())


def cache_is_off(step: PlannedStep, settings: RunSettings) -> str:
    """Why a step may not use the cache; '' if it may."""
    if step.at_exit:
        return "runs at the end of every run"
    if not step.options.cache:
        return "its cache is off"
    if step.not_cached:
        return step.not_cached
    if not settings.cache or step.id in settings.no_cache_for:
        return "the cache is off for this run"
    return ""


def new_run_id() -> str:
    """Unique, and in the order of time: 20261124-031500-3fa2c1."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def execution_folder(root: str, pipeline: str, step: str, execution: int) -> Path:
    """Where an execution works and keeps its log; on this machine even if the root is remote."""
    here = Path(".millwork") if is_remote(root) else local_path(root)
    return (here / pipeline / step / ".system" / str(execution)).absolute()
