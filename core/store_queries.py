"""Reading the metadata store. Lists come newest first, a page at a time while they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from millwork.core.errors import NotFound
from millwork.core.records import ArtifactRecord, ExecutionRecord, RunRecord, State, SweepRecord
from millwork.core.store_connection import Connection, connect
from millwork.core.store_messages import (
    FOUND,
    INPUT,
    OUTPUT,
    artifact_record,
    event_places,
    execution_record,
    run_record,
    sweep_record,
)


@dataclass(frozen=True)
class Use:
    """An execution that read, or wrote, an artifact under a name."""

    execution: ExecutionRecord
    artifact: int
    name: str


class StoreQueries:
    """What can be asked of a store."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._connection: Connection = connect(uri)

    # Executions

    def cached(self, fingerprint: str) -> Iterator[tuple[ExecutionRecord, dict[str, list[ArtifactRecord]]]]:
        """The completed executions with this fingerprint, newest first, each with what it wrote."""
        mlmd = self._connection.reading()
        context = mlmd.get_context_by_type_and_name("execution_cache", fingerprint)
        for found in self._executions(context.id, page=1) if context else ():
            yield found, self.outputs_of(found.id)

    def latest_execution(self, pipeline: str, node: str, states: Sequence[State]) -> ExecutionRecord | None:
        """The newest execution of a node in one of these states."""
        mlmd = self._connection.reading()
        context = mlmd.get_context_by_type_and_name("node", f"{pipeline}.{node}")
        if context is None:
            return None
        return next((e for e in self._executions(context.id, page=10) if e.state in states), None)

    def executions_of_run(self, run: str) -> list[ExecutionRecord]:
        """Every execution of a run, in the order in which they began."""
        mlmd = self._connection.reading()
        context = self._found(mlmd.get_context_by_type_and_name("pipeline_run", run), f"run {run}")
        return sorted(self._executions(context.id), key=lambda e: e.id)

    def execution(self, id: int) -> ExecutionRecord:
        """One execution."""
        found = self._connection.reading().get_executions_by_id([id])
        return execution_record(self._found(found[0] if found else None, f"execution {id}"))

    def home_of(self, execution: ExecutionRecord) -> tuple[str, str]:
        """Pipeline and node of an execution, also of one that another tool has recorded."""
        contexts = self._connection.reading().get_contexts_by_execution(execution.id)
        names = {context.type: context.name for context in contexts}
        pipeline = names.get("pipeline", "")
        return pipeline, execution.node or names.get("node", "").removeprefix(f"{pipeline}.")

    # Artifacts

    def artifacts(self, limit: int = 50, type_name: str = "", run: str = "") -> list[ArtifactRecord]:
        """The newest artifacts, newest first: of one type, read or written by one run."""
        page = min(limit, 100)
        if run:
            found = self._artifacts_in("pipeline_run", run, page)
        elif type_name:
            found = self._connection.newest("ArtifactsByType", page, type_name=type_name)
        else:
            found = self._connection.newest("Artifacts", page)
        wanted = (a for a in found if not type_name or a.type == type_name)
        return [artifact_record(a) for a in islice(wanted, limit)]

    def artifacts_of_type(
        self, type_name: str, pipeline: str = "", node: str = ""
    ) -> Iterator[ArtifactRecord]:
        """Every artifact of a type, newest first. With `pipeline` and `node`: those that this node read or wrote."""
        if node and pipeline:
            found = self._artifacts_in("node", f"{pipeline}.{node}", 100)
        else:
            found = self._connection.newest("ArtifactsByType", 100, type_name=type_name)
        return (artifact_record(a) for a in found if a.type == type_name)

    def artifact(self, id: int) -> ArtifactRecord:
        """One artifact."""
        # The store counts in 64 bits, and refuses to look for more.
        found = self._connection.reading().get_artifacts_by_id([id]) if id < 1 << 63 else []
        return artifact_record(self._found(found[0] if found else None, f"artifact {id}"))

    # What connects them

    def outputs_of(self, execution: int) -> dict[str, list[ArtifactRecord]]:
        """What an execution wrote, by output name."""
        return self._artifacts_of(execution, OUTPUT)

    def inputs_of(self, execution: int) -> dict[str, list[ArtifactRecord]]:
        """What an execution read, by input name."""
        return self._artifacts_of(execution, INPUT)

    def found_by(self, execution: int) -> dict[str, list[ArtifactRecord]]:
        """What the execution of a resolver found in the store, by output name."""
        return self._artifacts_of(execution, FOUND)

    def producer_of(self, artifact: int) -> ExecutionRecord | None:
        """The execution that wrote an artifact."""
        return next(iter(self._executions_at(artifact, OUTPUT)), None)

    def consumers_of(self, artifact: int) -> list[ExecutionRecord]:
        """The executions that read an artifact."""
        return self._executions_at(artifact, INPUT)

    def users_of(self, artifact: int) -> list[ExecutionRecord]:
        """Every execution that wrote an artifact, read it, or took it from the cache."""
        return self._executions_at(artifact, OUTPUT, INPUT)

    def writers(self, artifacts: Sequence[int]) -> list[Use]:
        """The executions that wrote these artifacts, or took them from the cache, in the order of their ids."""
        return self._uses(artifacts, OUTPUT)

    def readers(self, artifacts: Sequence[int]) -> list[Use]:
        """The executions that read these artifacts, in the order of their ids."""
        return self._uses(artifacts, INPUT)

    def written_by(self, executions: Sequence[int]) -> Mapping[int, list[ArtifactRecord]]:
        """What each of these executions wrote, or took from the cache."""
        mlmd = self._connection.reading()
        events = mlmd.get_events_by_execution_ids(executions) if executions else []
        wrote = [e for e in events if e.type == OUTPUT]
        ids = sorted({e.artifact_id for e in wrote})
        found = {a.id: artifact_record(a) for a in mlmd.get_artifacts_by_id(ids)} if ids else {}
        written: dict[int, list[ArtifactRecord]] = {id: [] for id in executions}
        for e in wrote:
            written[e.execution_id].append(found[e.artifact_id])
        return written

    # Runs

    def runs(
        self, limit: int = 50, pipeline: str = "", states: Sequence[State] = (), prefix: str = ""
    ) -> list[RunRecord]:
        """The newest runs, newest first: of one pipeline, in one of these states, with ids that begin so."""
        contexts = self._connection.newest("ContextsByType", min(limit, 100), type_name="pipeline_run")
        wanted = (
            r
            for r in map(run_record, contexts)
            if r.id.startswith(prefix)
            and (not pipeline or r.pipeline == pipeline)
            and (not states or r.state in states)
        )
        return list(islice(wanted, limit))

    def run(self, id: str) -> RunRecord:
        """One run, by its full id."""
        context = self._connection.reading().get_context_by_type_and_name("pipeline_run", id)
        return run_record(self._found(context, f"run {id}"))

    def sweeps(self, limit: int = 50, prefix: str = "") -> list[SweepRecord]:
        """The newest sweeps, newest first: with ids that begin so."""
        contexts = self._connection.newest("ContextsByType", min(limit, 100), type_name="sweep")
        return list(islice((s for s in map(sweep_record, contexts) if s.id.startswith(prefix)), limit))

    def runs_of_sweep(self, sweep: str) -> list[RunRecord]:
        """Every run of a sweep, in the order in which they began."""
        mlmd = self._connection.reading()
        context = self._found(mlmd.get_context_by_type_and_name("sweep", sweep), f"sweep {sweep}")
        found = [run_record(c) for c in mlmd.get_children_contexts_by_context(context.id)]
        return sorted(found, key=lambda run: (run.created, run.id))

    # Within

    def _executions(self, context: int, page: int = 100) -> Iterator[ExecutionRecord]:
        return map(execution_record, self._connection.newest("ExecutionsByContext", page, context_id=context))

    def _artifacts_in(self, type_name: str, name: str, page: int) -> Iterable[Any]:
        context = self._connection.reading().get_context_by_type_and_name(type_name, name)
        if context is None:
            return []
        return self._connection.newest("ArtifactsByContext", page, context_id=context.id)

    def _artifacts_of(self, execution: int, kind: int) -> dict[str, list[ArtifactRecord]]:
        mlmd = self._connection.reading()
        events = [e for e in mlmd.get_events_by_execution_ids([execution]) if e.type == kind]
        ids = [e.artifact_id for e in events]
        found = {a.id: artifact_record(a) for a in mlmd.get_artifacts_by_id(ids)} if ids else {}
        placed: dict[str, list[tuple[int, ArtifactRecord]]] = {}
        for e in events:
            for key, index in event_places(e):
                placed.setdefault(key, []).append((index, found[e.artifact_id]))
        return {key: [a for _, a in sorted(pairs, key=lambda p: p[0])] for key, pairs in placed.items()}

    def _executions_at(self, artifact: int, *kinds: int) -> list[ExecutionRecord]:
        mlmd = self._connection.reading()
        ids = [e.execution_id for e in mlmd.get_events_by_artifact_ids([artifact]) if e.type in kinds]
        found = mlmd.get_executions_by_id(ids) if ids else []
        return sorted(map(execution_record, found), key=lambda e: e.id)  # servers keep no order

    def _uses(self, artifacts: Sequence[int], kind: int) -> list[Use]:
        mlmd = self._connection.reading()
        events = mlmd.get_events_by_artifact_ids(artifacts) if artifacts else []
        uses = [(e, name) for e in events if e.type == kind for name, _ in event_places(e)]
        ids = sorted({e.execution_id for e, _ in uses})
        found = {x.id: execution_record(x) for x in mlmd.get_executions_by_id(ids)} if ids else {}
        made = [Use(found[e.execution_id], e.artifact_id, name) for e, name in uses]
        return sorted(made, key=lambda use: use.execution.id)

    def _found(self, message: Any, what: str) -> Any:
        if message is None:
            raise NotFound(f"There is no {what} in the store {self.uri}")
        return message
