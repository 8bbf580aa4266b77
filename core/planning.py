"""What a run would do, and why, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from millwork.core.cache import find_hit
from millwork.core.callables import load_reference
from millwork.core.conditions import holds, unmet_text
from millwork.core.errors import MillworkError
from millwork.core.execution import RunSettings, cache_is_off
from millwork.core.explanation import why_run
from millwork.core.failures import failure_of
from millwork.core.fingerprint import Fingerprinter, fingerprint
from millwork.core.graph import Artifact
from millwork.core.importing import ImportStep
from millwork.core.plan import Plan, PlannedStep
from millwork.core.records import State
from millwork.core.storage import content_digest, local_path
from millwork.core.store import MetadataStore

Action = Literal["run", "cached", "skip", "reuse", "fail"]


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
        self._known: dict[str, Mapping[str, Artifact]] = {}
        self._actions: dict[str, Action] = {}

    def look_at(self, step: PlannedStep) -> Preview:
        try:
            found = self._look_at(step)
        except MillworkError as error:
            found = Preview(step.id, "fail", str(failure_of(error).message))
        self._actions[step.id] = found.action
        return found

    def _look_at(self, step: PlannedStep) -> Preview:
        settings = self._settings
        if settings.selected is not None and step.id not in settings.selected:
            return self._unselected(step)
        for action in ("fail", "skip"):
            if cause := next((w.step for w in step.needs() if self._actions[w.step] == action), None):
                return Preview(step.id, "skip", f"needs {cause}")
        anew = sorted({w.step for w in step.needs() if w.step not in self._known})
        if anew:
            return Preview(step.id, "run", f"waits for what {', '.join(anew)} will write")
        for condition in step.conditions:
            if not holds(condition, lambda s, o, p: getattr(self._known[s][o], p)):
                return Preview(step.id, "skip", unmet_text(condition))
        return self._by_fingerprint(step)

    def _by_fingerprint(self, step: PlannedStep) -> Preview:
        inputs = {n: [self._known[w.step][w.output] for w in wires] for n, wires in step.inputs.items()}
        parts = self._fingerprints.parts(step, inputs)
        if off := cache_is_off(step, self._settings):
            return Preview(step.id, "run", off)
        if step.kind == "import":
            self._import(step)
        hit = find_hit(self._store, fingerprint(parts)) if self._store else ""
        if isinstance(hit, str):
            reason = hit or why_run(self._store, self._plan.pipeline, step.id, parts)
            return Preview(step.id, "run", reason)
        self._known[step.id] = {
            name: records[0].load(load_reference(step.outputs[name])) for name, records in hit.outputs.items()
        }
        run = hit.execution.run
        return Preview(step.id, "cached", f"unchanged since run {run}", run)

    def _import(self, step: PlannedStep) -> None:
        loaded = step.load({}, {})
        assert isinstance(loaded, ImportStep)
        artifact = loaded.outputs["imported"]
        artifact.digest = content_digest(local_path(artifact.uri))
        self._known[step.id] = {"imported": artifact}

    def _unselected(self, step: PlannedStep) -> Preview:
        wanted = [s for s in self._plan.steps if s.id in (self._settings.selected or ())]
        if not any(w.step == step.id for s in wanted for w in s.needs()):
            return Preview(step.id, "skip", "not selected")
        good = (State.COMPLETE, State.CACHED)
        earlier = self._store.latest_execution(self._plan.pipeline, step.id, good) if self._store else None
        if self._store is None or earlier is None:
            return Preview(
                step.id, "fail", "not selected, never run, and a selected step needs what it writes"
            )
        outputs = self._store.outputs_of(earlier.id)
        self._known[step.id] = {n: r[0].load(load_reference(step.outputs[n])) for n, r in outputs.items()}
        return Preview(step.id, "reuse", f"not selected: taken from run {earlier.run}", earlier.run)
