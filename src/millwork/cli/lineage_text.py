"""Lineage as a tree for people, as Mermaid or Graphviz for documents, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from millwork.analysis.lineage_graph import Edge, Lineage
from millwork.cli.documents import LineageDocument, LineageNode
from millwork.core.records import ArtifactRecord, ExecutionRecord, State


def document(lineage: Lineage) -> LineageDocument:
    """The graph for programs."""
    return {
        "schema": "millwork/lineage/v1",
        "of": lineage.of,
        "nodes": [
            *map(_artifact_node, lineage.artifacts.values()),
            *map(_execution_node, lineage.executions.values()),
        ],
        "edges": [
            {"source": source.replace("_", ":"), "target": target.replace("_", ":"), "name": edge.name}
            for source, target, edge in _arrows(lineage)
        ],
    }


def mermaid(lineage: Lineage) -> str:
    """A flowchart that GitHub and others draw."""
    lines = ["flowchart TD"]
    lines += [f'    artifact_{a.id}(["{a.type_name} {a.id}"])' for a in lineage.artifacts.values()]
    lines += [f'    execution_{e.id}["{_title(e)}"]' for e in lineage.executions.values()]
    lines += [f"    {source} -->|{edge.name}| {target}" for source, target, edge in _arrows(lineage)]
    return "\n".join(lines)


def dot(lineage: Lineage) -> str:
    """A graph for Graphviz."""
    lines = ["digraph lineage {"]
    lines += [
        f"    artifact_{a.id} [shape=ellipse, label={json.dumps(f'{a.type_name} {a.id}')}];"
        for a in lineage.artifacts.values()
    ]
    lines += [
        f"    execution_{e.id} [shape=box, label={json.dumps(_title(e))}];"
        for e in lineage.executions.values()
    ]
    lines += [
        f"    {source} -> {target} [label={json.dumps(edge.name)}];"
        for source, target, edge in _arrows(lineage)
    ]
    return "\n".join([*lines, "}"])


def tree(lineage: Lineage) -> str:
    """Each artifact with the step that made it below it, and so on; then what was made from it."""
    lines: list[str] = []
    if lineage.up:
        lines += ["made from", *_tree(lineage, lineage.writers, lineage.read_by)]
    if lineage.down:
        lines += ["used for", *_tree(lineage, lineage.readers, lineage.written_by)]
    return "\n".join(lines)


_Edges = Callable[[int], list[Edge]]


def _tree(lineage: Lineage, executions_at: _Edges, artifacts_at: _Edges) -> Iterator[str]:
    """The graph from its starts on; what comes again is only named."""
    shown: set[int] = set()
    for start in lineage.starts:
        yield _label(lineage, start)
        waiting = _branches(executions_at(start), "", to_execution=True)
        while waiting:
            edge, branch, deeper, to_execution = waiting.pop()
            if not to_execution:
                yield f"{branch}{edge.name}: {_label(lineage, edge.artifact)}"
                waiting += _branches(executions_at(edge.artifact), deeper, to_execution=True)
                continue
            execution, further = lineage.executions[edge.execution], artifacts_at(edge.execution)
            again = execution.id in shown and bool(further)
            yield f"{branch}{_title(execution)}, run {execution.run}" + (" (above)" if again else "")
            if not again:
                shown.add(execution.id)
                waiting += _branches(further, deeper, to_execution=False)


def _branches(edges: list[Edge], indent: str, *, to_execution: bool) -> list[tuple[Edge, str, str, bool]]:
    """The edges in the order in which a stack gives them back, each with its own indent and that of its branches."""
    last = len(edges) - 1
    drawn = [
        (
            edge,
            indent + ("└─ " if i == last else "├─ "),
            indent + ("   " if i == last else "│  "),
            to_execution,
        )
        for i, edge in enumerate(edges)
    ]
    return drawn[::-1]


def _label(lineage: Lineage, id: int) -> str:
    artifact = lineage.artifacts[id]
    state = "" if artifact.state == "live" else f", {artifact.state}"
    return f"{artifact.type_name} {id}{state}  {artifact.uri}"


def _artifact_node(artifact: ArtifactRecord) -> LineageNode:
    return {
        "id": f"artifact:{artifact.id}",
        "kind": "artifact",
        "name": artifact.type_name,
        "run": "",
        "state": artifact.state,
        "uri": artifact.uri,
    }


def _execution_node(execution: ExecutionRecord) -> LineageNode:
    return {
        "id": f"execution:{execution.id}",
        "kind": "execution",
        "name": execution.node,
        "run": execution.run,
        "state": execution.state.value,
        "uri": "",
    }


def _title(execution: ExecutionRecord) -> str:
    return (
        execution.node if execution.state is State.COMPLETE else f"{execution.node} ({execution.state.value})"
    )


def _arrows(lineage: Lineage) -> Iterator[tuple[str, str, Edge]]:
    for edge in lineage.edges:
        artifact, execution = f"artifact_{edge.artifact}", f"execution_{edge.execution}"
        yield (execution, artifact, edge) if edge.written else (artifact, execution, edge)
