"""Lineage as a picture."""

from __future__ import annotations

from collections.abc import Iterator

from millwork.analysis.lineage_graph import Edge, Lineage
from millwork.core.records import ExecutionRecord, State
from millwork.evaluation.reporting.graph_picture import Arrow, Box, Mark, Port, graph_svg
from millwork.evaluation.reporting.names import number_of


def lineage_svg(lineage: Lineage, title: str = "") -> str:
    """Each step with what it wrote, and arrows to the steps that read it. What no step here wrote has its own box."""
    writers = {id: edges[0] for id in lineage.artifacts if (edges := lineage.writers(id))}
    boxes = [_step(lineage, execution) for execution in lineage.executions.values()]
    boxes += [
        Box(f"artifact:{a.id}", f"{a.type_name} {a.id}", note=_state(a.state), is_step=False)
        for a in lineage.artifacts.values()
        if a.id not in writers
    ]
    arrows = [_arrow(edge, writers.get(edge.artifact)) for edge in lineage.edges if not edge.written]
    subtitle = (
        f"{number_of(len(lineage.executions), 'step')}, {number_of(len(lineage.artifacts), 'artifact')}"
    )
    return graph_svg(
        boxes, list(dict.fromkeys(arrows)), title=title or f"Lineage of {lineage.of}", subtitle=subtitle
    )


def _step(lineage: Lineage, execution: ExecutionRecord) -> Box:
    mark = Mark.FAILED if execution.state is State.FAILED else Mark.NONE
    note = "" if execution.state in (State.COMPLETE, State.FAILED) else execution.state.value
    return Box(f"execution:{execution.id}", execution.node, tuple(_ports(lineage, execution)), mark, note)


def _ports(lineage: Lineage, execution: ExecutionRecord) -> Iterator[Port]:
    for edge in lineage.written_by(execution.id):
        artifact = lineage.artifacts[edge.artifact]
        state = _state(artifact.state)
        yield Port(
            f"artifact:{artifact.id}", f"{artifact.type_name} {artifact.id}{f', {state}' if state else ''}"
        )


def _state(state: str) -> str:
    return "" if state == "live" else state


def _arrow(edge: Edge, writer: Edge | None) -> Arrow:
    artifact, reader = f"artifact:{edge.artifact}", f"execution:{edge.execution}"
    return Arrow(f"execution:{writer.execution}", reader, artifact) if writer else Arrow(artifact, reader)
