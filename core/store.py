"""The metadata store: ML Metadata, in the layout that TFX writes and its tools read.

Contexts `pipeline`, `pipeline_run` (a child of its pipeline), `node`, `execution_cache`, and `sweep` (a parent of its
runs); executions typed by the component's qualified name; artifacts with TFX's types and properties. What TFX has no
place for is a custom property whose name begins and ends with `__`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from millwork.core.records import ArtifactRecord, NewArtifact, State, Stored
from millwork.core.store_connection import proto
from millwork.core.store_messages import (
    DELETED,
    FOUND,
    INPUT,
    LIVE,
    OUTPUT,
    artifact_record,
    event,
    set_custom,
    set_declared,
    state_code,
)
from millwork.core.store_queries import StoreQueries


class MetadataStore(StoreQueries):
    """Reads and writes one store. One process writes: the runner's."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self._types: dict[tuple[str, ...], int] = {}

    # Writing

    def begin_run(
        self, pipeline: str, run: str, nodes: Iterable[str], properties: Mapping[str, Stored]
    ) -> RunContexts:
        """Record that a run has started, and prepare what its executions are filed under."""
        with self._connection.writing() as mlmd:
            parent = self._context("pipeline", pipeline)
            child = self._context("pipeline_run", run, {"__pipeline__": pipeline, **properties})
            pb = proto()
            mlmd.put_parent_contexts([pb.ParentContext(child_id=child.id, parent_id=parent.id)])
            if sweep := properties.get("__sweep__"):
                group = self._found(mlmd.get_context_by_type_and_name("sweep", sweep), f"sweep {sweep}")
                mlmd.put_parent_contexts([pb.ParentContext(child_id=child.id, parent_id=group.id)])
            by_node = {node: self._context("node", f"{pipeline}.{node}") for node in nodes}
        return RunContexts(pipeline, run, parent, child, by_node)

    def begin_sweep(self, sweep: str, properties: Mapping[str, Stored]) -> None:
        """Record that a sweep has started: what its runs are filed under, besides their pipeline."""
        with self._connection.writing():
            self._context("sweep", sweep, properties)

    def update_run(self, run: str, properties: Mapping[str, Stored]) -> None:
        """Add to what is known about a run."""
        with self._connection.writing() as mlmd:
            context = self._found(mlmd.get_context_by_type_and_name("pipeline_run", run), f"run {run}")
            set_custom(context, properties)
            mlmd.put_contexts([context])

    def register(
        self,
        contexts: RunContexts,
        node: str,
        type_name: str,
        base_type: str,
        parameters: Mapping[str, Stored],
        inputs: Mapping[str, Sequence[int]],
        properties: Mapping[str, Stored],
    ) -> int:
        """Record that a step has started, with what it reads. Returns the execution's id."""
        with self._connection.writing():
            execution = self._new_execution(contexts, node, type_name, base_type, State.RUNNING)
            set_custom(execution, {**parameters, **properties})
            return self._put(execution, self._input_events(inputs), contexts.of(node))

    def finish(
        self,
        execution: int,
        contexts: RunContexts,
        node: str,
        outputs: Mapping[str, Sequence[NewArtifact]],
        properties: Mapping[str, Stored],
        fingerprint: str,
    ) -> dict[str, list[ArtifactRecord]]:
        """Make outputs live and the execution complete, in one transaction."""
        with self._connection.writing() as mlmd:
            [found] = mlmd.get_executions_by_id([execution])
            found.last_known_state = state_code(State.COMPLETE)
            set_custom(found, properties)
            events = [
                (self._artifact(new), event(OUTPUT, (key, index)))
                for key, news in outputs.items()
                for index, new in enumerate(news)
            ]
            filed = contexts.of(node)
            if fingerprint:
                filed = [*filed, self._context("execution_cache", fingerprint)]
            _, ids, _ = mlmd.put_execution(found, events, filed)
            artifacts = {a.id: a for a in mlmd.get_artifacts_by_id(ids)} if ids else {}
        remaining = iter(ids)
        return {k: [artifact_record(artifacts[next(remaining)]) for _ in news] for k, news in outputs.items()}

    def close(self, execution: int, state: State, properties: Mapping[str, Stored]) -> None:
        """Record that an execution ended without outputs."""
        with self._connection.writing() as mlmd:
            [found] = mlmd.get_executions_by_id([execution])
            found.last_known_state = state_code(state)
            set_custom(found, properties)
            mlmd.put_executions([found])

    def record(
        self,
        contexts: RunContexts,
        node: str,
        type_name: str,
        base_type: str,
        state: State,
        inputs: Mapping[str, Sequence[int]],
        outputs: Mapping[str, Sequence[int]],
        properties: Mapping[str, Stored],
        found: Mapping[str, Sequence[int]] | None = None,
    ) -> int:
        """Record a step that did no work: taken from the cache, skipped, or a resolver with what it `found`."""
        with self._connection.writing():
            execution = self._new_execution(contexts, node, type_name, base_type, state)
            set_custom(execution, properties)
            events = self._input_events(inputs) + self._events(outputs, OUTPUT)
            events += self._events(found or {}, FOUND)
            return self._put(execution, events, contexts.of(node))

    def mark_deleted(self, artifacts: Sequence[int]) -> None:
        """Record that the files of these artifacts are gone."""
        with self._connection.writing() as mlmd:
            found = mlmd.get_artifacts_by_id(artifacts)
            for artifact in found:
                artifact.state = DELETED
            mlmd.put_artifacts(found)

    # Within

    def _context(self, type_name: str, name: str, properties: Mapping[str, Stored] | None = None) -> Any:
        """Get or create. Only while writing, so that two processes do not create it twice."""
        mlmd, pb = self._connection.store, proto()
        found = mlmd.get_context_by_type_and_name(type_name, name)
        if found is not None:
            return found
        context = pb.Context(type_id=self._type("context", type_name), name=name)
        set_custom(context, properties or {})
        [context.id] = mlmd.put_contexts([context])
        return mlmd.get_contexts_by_id([context.id])[0]

    def _type(
        self, kind: str, name: str, base_type: str = "", properties: Mapping[str, int] | None = None
    ) -> int:
        """The id of a type, registered when first used. Fields that others have added are left alone."""
        key = (kind, name, *(properties or ()))
        if key not in self._types:
            mlmd, pb = self._connection.store, proto()
            message = {"context": pb.ContextType, "execution": pb.ExecutionType, "artifact": pb.ArtifactType}[
                kind
            ]
            wanted = message(name=name, properties=properties or {})
            if base_type:
                base = base_type.removeprefix("mlmd.").upper()
                wanted.base_type = message.SystemDefinedBaseType.Value(base)
            put = getattr(mlmd, f"put_{kind}_type")
            self._types[key] = put(wanted, can_add_fields=True, can_omit_fields=True)
        return self._types[key]

    def _new_execution(
        self, contexts: RunContexts, node: str, type_name: str, base_type: str, state: State
    ) -> Any:
        execution = proto().Execution(
            type_id=self._type("execution", type_name, base_type),
            last_known_state=state_code(state),
        )
        set_custom(execution, {"__node__": node, "__run__": contexts.run})
        if state is State.SKIPPED:
            set_custom(execution, {"__skipped__": 1})
        return execution

    def _artifact(self, new: NewArtifact) -> Any:
        pb = proto()
        kinds = {int: pb.INT, float: pb.DOUBLE, str: pb.STRING}
        declared = {name: kinds[type(value)] for name, value in new.declared.items()}
        artifact = pb.Artifact(
            type_id=self._type("artifact", new.type_name, new.base_type, declared), uri=new.uri, state=LIVE
        )
        set_declared(artifact, new.declared)
        set_custom(artifact, {**new.custom, "__digest__": new.digest, "__files__": new.signature})
        if new.external:
            set_custom(artifact, {"is_external": 1})
        return artifact

    def _put(self, execution: Any, events: list[tuple[Any, Any]], contexts: list[Any]) -> int:
        id, _, _ = self._connection.store.put_execution(execution, events, contexts)
        return int(id)

    def _input_events(self, inputs: Mapping[str, Sequence[int]]) -> list[tuple[Any, Any]]:
        return self._events(inputs, INPUT)

    def _events(self, artifacts: Mapping[str, Sequence[int]], kind: int) -> list[tuple[Any, Any]]:
        """One event an artifact: if it serves under several names, the path has all of them, as TFX's has."""
        places: dict[int, list[tuple[str, int]]] = {}
        for key, ids in artifacts.items():
            for index, id in enumerate(ids):
                places.setdefault(id, []).append((key, index))
        found = (
            {a.id: a for a in self._connection.store.get_artifacts_by_id(sorted(places))} if places else {}
        )
        return [(found[id], event(kind, *where)) for id, where in places.items()]


class RunContexts:
    """What the executions of a run are filed under."""

    def __init__(self, pipeline: str, run: str, parent: Any, child: Any, by_node: Mapping[str, Any]) -> None:
        self.pipeline = pipeline
        self.run = run
        self._all = (parent, child)
        self._by_node = by_node

    def of(self, node: str) -> list[Any]:
        """Pipeline, run and node."""
        return [*self._all, self._by_node[node]]
