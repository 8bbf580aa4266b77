"""Which artifact was made from which, collected from the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from millwork.core.records import ArtifactRecord, ExecutionRecord, RunRecord, State
from millwork.core.store import MetadataStore


@dataclass(frozen=True)
class Edge:
    """An input or an output."""

    execution: int
    artifact: int
    name: str
    written: bool
    """True for an output."""


@dataclass
class Lineage:
    """Artifacts, executions, and what connects them."""

    of: str
    up: bool = False
    down: bool = False
    starts: list[int] = field(default_factory=list)
    """The artifacts that a reader wants to know about."""
    artifacts: dict[int, ArtifactRecord] = field(default_factory=dict)
    executions: dict[int, ExecutionRecord] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    _at_artifact: dict[int, list[Edge]] = field(default_factory=dict)
    _at_execution: dict[int, list[Edge]] = field(default_factory=dict)

    def connect(self, edge: Edge) -> None:
        """Add an input or an output."""
        self.edges.append(edge)
        self._at_artifact.setdefault(edge.artifact, []).append(edge)
        self._at_execution.setdefault(edge.execution, []).append(edge)

    def writers(self, artifact: int) -> list[Edge]:
        """How an artifact came to be."""
        return [e for e in self._at_artifact.get(artifact, ()) if e.written]

    def readers(self, artifact: int) -> list[Edge]:
        """What was done with an artifact."""
        return [e for e in self._at_artifact.get(artifact, ()) if not e.written]

    def read_by(self, execution: int) -> list[Edge]:
        """The inputs of an execution."""
        return [e for e in self._at_execution.get(execution, ()) if not e.written]

    def written_by(self, execution: int) -> list[Edge]:
        """The outputs of an execution."""
        return [e for e in self._at_execution.get(execution, ()) if e.written]


def lineage_of_artifact(store: MetadataStore, id: int, *, up: bool, down: bool) -> Lineage:
    """What an artifact was made from, and what was made from it."""
    collected = _Collection(store, Lineage(str(id), up, down, [id]))
    collected.lineage.artifacts[id] = store.artifact(id)
    if up:
        collected.upwards([id])
    if down:
        collected.downwards([id])
    return collected.lineage


def lineage_of_run(store: MetadataStore, run: RunRecord, *, up: bool, down: bool) -> Lineage:
    """The artifacts of a run; what they were made from elsewhere, and what was made from them elsewhere."""
    collected = _Collection(store, Lineage(run.id, True, down))
    lineage = collected.lineage
    for execution in store.executions_of_run(run.id):
        collected.add(execution)
    known = list(lineage.artifacts)
    lineage.starts = [
        a for a in known if not any(lineage.written_by(e.execution) for e in lineage.readers(a))
    ]
    if up:
        collected.upwards([a for a in known if not lineage.writers(a)])
    if down:
        collected.downwards(known)
    return lineage


def neighbours_of(store: MetadataStore, id: int, most: int) -> Lineage:
    """What an artifact was made from directly, and the steps that read it: at most so many, the first ones."""
    collected = _Collection(store, Lineage(str(id), True, True, [id]))
    lineage = collected.lineage
    lineage.artifacts[id] = store.artifact(id)
    if producer := store.producer_of(id):
        collected.add(producer)
    readers = [reader for reader in store.consumers_of(id) if reader.state is not State.CACHED]
    for reader in readers[:most]:
        lineage.executions[reader.id] = reader
        lineage.connect(Edge(reader.id, id, "", False))
    return lineage


class _Collection:
    """Walks from artifact to artifact. Steps found in the cache made nothing, so they are passed over."""

    def __init__(self, store: MetadataStore, lineage: Lineage) -> None:
        self._store = store
        self.lineage = lineage

    def add(self, execution: ExecutionRecord) -> None:
        """Remember an execution with its inputs and outputs."""
        self.lineage.executions[execution.id] = execution
        for artifacts_of, written in ((self._store.inputs_of, False), (self._store.outputs_of, True)):
            for name, artifacts in artifacts_of(execution.id).items():
                for artifact in artifacts:
                    self.lineage.artifacts[artifact.id] = artifact
                    self.lineage.connect(Edge(execution.id, artifact.id, name, written))

    def upwards(self, artifacts: list[int]) -> None:
        """Producers, their inputs, and so on."""
        waiting = list(artifacts)
        while waiting:
            producer = self._store.producer_of(waiting.pop(0))
            if producer and producer.id not in self.lineage.executions:
                self.add(producer)
                waiting += [e.artifact for e in self.lineage.read_by(producer.id)]

    def downwards(self, artifacts: list[int]) -> None:
        """Consumers, their outputs, and so on."""
        waiting = list(artifacts)
        while waiting:
            for consumer in self._store.consumers_of(waiting.pop(0)):
                if consumer.id not in self.lineage.executions and consumer.state is not State.CACHED:
                    self.add(consumer)
                    waiting += [e.artifact for e in self.lineage.written_by(consumer.id)]
