"""What a run would do, and why, without doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from millwork.core.cache import find_hit
from millwork.core.callables import load_reference
from millwork.core.conditions import holds, unmet_text
from millwork.core.errors import MillworkError
from millwork.core.execution import RunSettings, cache_is_off, is_needed
from millwork.core.explanation import why_run
from millwork.core.failures import failure_of
from millwork.core.fingerprint import Fingerprinter, fingerprint
from millwork.core.graph import Artifact
from millwork.core.importing import ImportStep
from millwork.core.inputs import gathered, missing
from millwork.core.plan import Plan, PlannedStep
from millwork.core.records import ArtifactRecord, ExecutionRecord, State
from millwork.core.resolution import resolution
from millwork.core.resolving import load_found
from millwork.core.storage import content_digest, local_path
from millwork.core.store import MetadataStore

Action = Literal["run", "cached", "find", "skip", "reuse", "fail"]


@dataclass(frozen=True)
class Preview:
    """What would happen to one step."""

    step: str
    action: Action
    reason: str
    run: str = ""
    """The run whose outputs would be used."""


def preview(plan: Plan, store: MetadataStore | None, settings: RunSettings) -> list[Preview]:
    """What would happen to each step. No store: nothing has been run yet."""
    planning = _Planning(plan, store, settings)
    return [planning.look_at(step) for step in plan.steps]


class _Planning:
    def __init__(self, plan: Plan, store: MetadataStore | None, settings: RunSettings) -> None:
        self._plan = plan
        self._store = store
        self._settings = settings
        self._fingerprints = Fingerprinter()
        self._known: dict[str, Mapping[str, Sequence[Artifact]]] = {}
        self._seen: dict[str, Preview] = {}

    def look_at(self, step: PlannedStep) -> Preview:
        try:
            found = self._look_at(step)
        except MillworkError as error:
            found = Preview(step.id, "fail", str(failure_of(error).message))
        self._seen[step.id] = found
        return found

    def _look_at(self, step: PlannedStep) -> Preview:
        settings = self._settings
        if settings.selected is not None and step.id not in settings.selected:
            return self._unselected(step)
        if step.at_exit:
            return Preview(step.id, "run", cache_is_off(step, settings))
        for action in ("fail", "skip"):
            if cause := next((w.step for w in step.needs() if self._seen[w.step].action == action), None):
                return Preview(step.id, "skip", f"needs {cause}")
        anew = sorted({w.step for w in step.needs() if w.step not in self._known})
        if anew:
            return Preview(step.id, "run", f"waits for what {', '.join(anew)} will write")
        for wire in missing(step, self._known):
            return Preview(step.id, "skip", f"{wire.step} {self._seen[wire.step].reason}")
        for condition in step.conditions:
            if not holds(condition, self._property):
                return Preview(step.id, "skip", unmet_text(condition, self._property))
        return self._resolve(step) if step.kind == "resolver" else self._by_fingerprint(step)

    def _property(self, step: str, output: str, name: str) -> Any:
        return getattr(self._known[step][output][0], name)

    def _resolve(self, step: PlannedStep, earlier: ExecutionRecord | None = None) -> Preview:
        inputs = gathered(step, self._known)
        parts = self._fingerprints.parts(step, inputs)
        found = resolution(step, parts, inputs, self._store, self._plan.pipeline, earlier=earlier)
        [output] = step.outputs
        self._take(step, {output: found.artifacts})
        return Preview(step.id, "find", found.said)

    def _take(self, step: PlannedStep, outputs: Mapping[str, Sequence[ArtifactRecord]]) -> None:
        self._known[step.id] = {
            name: [load_found(record, load_reference(step.outputs[name])) for record in records]
            for name, records in outputs.items()
        }

    def _by_fingerprint(self, step: PlannedStep) -> Preview:
        parts = self._fingerprints.parts(step, gathered(step, self._known))
        if off := cache_is_off(step, self._settings):
            return Preview(step.id, "run", off)
        if step.kind == "import":
            self._import(step)
        hit = find_hit(self._store, fingerprint(parts)) if self._store else ""
        if isinstance(hit, str):
            reason = hit or why_run(self._store, self._plan.pipeline, step.id, parts)
            return Preview(step.id, "run", reason)
        self._take(step, hit.outputs)
        run = hit.execution.run
        return Preview(step.id, "cached", f"unchanged since run {run}", run)

    def _import(self, step: PlannedStep) -> None:
        loaded = step.load({}, {})
        assert isinstance(loaded, ImportStep)
        artifact = loaded.outputs["imported"]
        artifact.digest = content_digest(local_path(artifact.uri))
        self._known[step.id] = {"imported": [artifact]}

    def _unselected(self, step: PlannedStep) -> Preview:
        if not is_needed(step, self._plan, self._settings):
            return Preview(step.id, "skip", "not selected")
        good = (State.COMPLETE, State.CACHED)
        earlier = self._store.latest_execution(self._plan.pipeline, step.id, good) if self._store else None
        if step.kind == "resolver":
            return self._resolve(step, earlier)
        if self._store is None or earlier is None:
            return Preview(
                step.id, "fail", "not selected, never run, and a selected step needs what it writes"
            )
        self._take(step, self._store.outputs_of(earlier.id))
        return Preview(step.id, "reuse", f"not selected: taken from run {earlier.run}", earlier.run)
