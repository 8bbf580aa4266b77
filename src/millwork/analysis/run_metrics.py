"""The numbers that a run came to: what its artifacts hold as properties."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from millwork.analysis.stores import last_executions
from millwork.core.records import ArtifactRecord, RunRecord, Stored
from millwork.core.store import MetadataStore

_COUNTS = ("span", "version", "num_examples", "is_external")
"""Numbers that say nothing about how good a run is."""


def metrics_of(store: MetadataStore, run: RunRecord, *, everything: bool) -> dict[str, float]:
    """The numbers of a run by `step.output.property`: those of what no step of it has read, or of everything."""
    read = {
        f"{wire['step']}.{wire['output']}"
        for step in json.loads(str(run.properties.get("__plan__", "{}"))).get("steps", ())
        for wires in step["inputs"].values()
        for wire in wires
    }
    found: dict[str, float] = {}
    for step, execution in last_executions(store, run.id).items():
        if execution.state.good:
            for output, artifacts in store.outputs_of(execution.id).items():
                if everything or f"{step}.{output}" not in read:
                    found |= numbers_of(f"{step}.{output}", artifacts)
    return found


def numbers_of(place: str, artifacts: Sequence[ArtifactRecord]) -> Iterator[tuple[str, float]]:
    """The numbers of an output that is one artifact, below the name of their place: `evaluator.evaluation`."""
    if len(artifacts) == 1:
        for name, value in artifacts[0].properties.items():
            if name not in _COUNTS and not name.startswith("__"):
                yield from _flat(f"{place}.{name}", value)


def _flat(name: str, stored: Stored) -> Iterator[tuple[str, float]]:
    """A number, or the numbers of a mapping, which is stored as JSON."""
    if isinstance(stored, int | float):
        yield name, stored
    elif stored.startswith("{"):
        try:
            content = json.loads(stored)
        except ValueError:
            return
        for key, value in content.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield f"{name}.{key}", value
