"""Two runs as the store has them: what was planned, what decided each step, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from millwork.analysis.differences.difference import RunInfo
from millwork.analysis.stores import last_executions
from millwork.core.errors import BadInput
from millwork.core.fingerprint import Parts
from millwork.core.plan import Plan, PlannedStep
from millwork.core.records import ArtifactRecord, ExecutionRecord, RunRecord, State
from millwork.core.snapshots import Environment, kept_environment
from millwork.core.store import MetadataStore
from millwork.core.values import canonical


@dataclass(frozen=True)
class RecordedStep:
    """One step of a run."""

    planned: PlannedStep
    execution: ExecutionRecord | None
    """None: the run did not get so far."""
    parts: Parts
    """Empty if the step ended before it had a fingerprint."""
    outputs: Mapping[str, Sequence[ArtifactRecord]]

    @property
    def id(self) -> str:
        return self.planned.id

    @property
    def state(self) -> str:
        return self.execution.state.value if self.execution else "not reached"

    @property
    def good(self) -> bool:
        """Whether there are outputs."""
        return self.execution is not None and self.execution.state.good

    @property
    def reason(self) -> str:
        return str(self.execution.properties.get("__reason__", "")) if self.execution else ""

    def digests(self, output: str) -> list[str]:
        """The content of an output."""
        return [artifact.digest for artifact in self.outputs.get(output, ())]


@dataclass(frozen=True)
class RecordedRun:
    """One run, with everything that is compared."""

    record: RunRecord
    plan: Plan
    steps: Mapping[str, RecordedStep]
    """In the order of the plan."""

    @property
    def root(self) -> str:
        return str(self.record.properties.get("__root__", ""))

    @cached_property
    def environment(self) -> Environment | None:
        """What was installed; None if that was not kept."""
        return kept_environment(self.root, str(self.record.properties.get("__environment__", "")))

    @cached_property
    def unselected(self) -> frozenset[str]:
        """Steps that this run was told to leave out, and that nothing stood in for."""
        selected = json.loads(str(self.record.properties.get("__selected__", "[]")))
        left_out = {id for id, step in self.steps.items() if step.state == State.SKIPPED.value}
        return frozenset(left_out.difference(selected)) if selected else frozenset()

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Of the pipeline, encoded."""
        return self.plan.parameters

    @property
    def info(self) -> RunInfo:
        r = self.record
        return RunInfo(r.id, r.pipeline, r.state.value, r.created)


def recorded_run(store: MetadataStore, run: RunRecord) -> RecordedRun:
    """Read everything about a run. BadInput if another tool made it, which left no plan."""
    text = str(run.properties.get("__plan__", ""))
    if not text:
        raise BadInput(
            f"Run {run.id} has no plan in the store: another tool made it, so nothing tells what decided its steps. "
            "Its artifacts can be looked at: millwork lineage, millwork artifacts show"
        )
    plan = Plan.from_json(text)
    executions = last_executions(store, run.id)
    steps = {step.id: _recorded_step(store, step, executions.get(step.id)) for step in plan.steps}
    return RecordedRun(run, plan, steps)


def _recorded_step(
    store: MetadataStore, planned: PlannedStep, execution: ExecutionRecord | None
) -> RecordedStep:
    if execution is None:
        return RecordedStep(planned, None, {}, {})
    outputs: dict[str, list[ArtifactRecord]] = {}
    if execution.state.good:
        resolved = planned.kind == "resolver"
        outputs = store.found_by(execution.id) if resolved else store.outputs_of(execution.id)
    return RecordedStep(planned, execution, _settled(planned, _parts(store, execution)), outputs)


def _parts(store: MetadataStore, execution: ExecutionRecord) -> Parts:
    """What decided an execution; of a step that was not selected, what decided the one that stood in for it."""
    text = execution.properties.get("__parts__")
    earlier = execution.properties.get("__cached_from__")
    if text is None and isinstance(earlier, int) and execution.state is State.CACHED:
        return _parts(store, store.execution(earlier))
    parts: Parts = json.loads(str(text)) if text else {}
    return parts


def _settled(planned: PlannedStep, parts: Parts) -> Parts:
    """Without what the runner told a step at the end of the run: how that went, which has its own causes."""
    return {
        name: value for name, value in parts.items() if not (planned.at_exit and _is_filled_in(planned, name))
    }


def _is_filled_in(planned: PlannedStep, part: str) -> bool:
    kind, _, name = part.partition(":")
    return kind == "parameter" and name not in planned.parameters


def parts_of_plan(planned: PlannedStep) -> Parts:
    """What is known of a step before it is reached: its component and its parameters, but for places."""
    known = {n: v for n, v in planned.parameters.items() if not (isinstance(v, dict) and "$path" in v)}
    return {"component": planned.reference, **{f"parameter:{n}": canonical(v) for n, v in known.items()}}
