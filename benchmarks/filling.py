"""A metadata store as it looks after many runs of a pipeline: every execution with all that ours record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from millwork.core.records import State
from millwork.core.store import MetadataStore
from millwork.core.store_connection import connect, proto
from millwork.core.store_messages import INPUT, LIVE, OUTPUT, event, set_custom, state_code

PIPELINE = "chain"
NODES = ["start", *(f"add_{i}" for i in range(1, 100))]
"""The steps of the pipeline that is said to have been run: `benchmarks.empty_steps.chain`."""


def fill(uri: str, executions: int) -> None:
    """Record that many executions, in runs of `NODES`, each step reading what the one before it wrote."""
    types = _register_types(uri)
    connection = connect(uri)
    for number in range(executions // len(NODES)):
        with connection.writing() as mlmd:
            _put_run(mlmd, types, number)


def _register_types(uri: str) -> dict[str, Any]:
    """Let the store make what our executions are filed under; then take types and contexts from there."""
    store = MetadataStore(uri)
    contexts = store.begin_run(PIPELINE, "first", NODES, {"__state__": State.COMPLETE.value})
    store.begin_run("rare", "rare", [], {"__state__": State.COMPLETE.value})
    connection = connect(uri)
    with connection.writing() as mlmd:
        pb = proto()
        execution = mlmd.put_execution_type(pb.ExecutionType(name="benchmarks.empty_steps.add"))
        artifact = mlmd.put_artifact_type(pb.ArtifactType(name="Integer"))
        cache = mlmd.put_context_type(pb.ContextType(name="execution_cache"))
    of_first = contexts.of(NODES[0])
    return {
        "execution": execution,
        "artifact": artifact,
        "cache": cache,
        "run": of_first[1].type_id,
        "pipeline": of_first[0],
        "nodes": [contexts.of(node)[2].id for node in NODES],
    }


def _put_run(mlmd: Any, types: dict[str, Any], number: int) -> None:
    pb = proto()
    names = [f"{number:032x}{place:032x}" for place in range(len(NODES))]
    executions = [_execution(types, number, place, name) for place, name in enumerate(names)]
    artifacts = [_artifact(types, name) for name in names]
    run = pb.Context(type_id=types["run"], name=f"run-{number:06}")
    set_custom(run, {"__pipeline__": PIPELINE, "__state__": State.COMPLETE.value, "__plan__": "x" * 20_000})
    edges = [(i, i, event(OUTPUT, ("total", 0))) for i in range(len(NODES))]
    edges += [(i, i - 1, event(INPUT, ("number", 0))) for i in range(1, len(NODES))]
    execution_ids, artifact_ids, contexts = mlmd.put_lineage_subgraph(
        executions, artifacts, [types["pipeline"], run], edges
    )
    mlmd.put_parent_contexts([pb.ParentContext(child_id=contexts[1], parent_id=contexts[0])])
    caches = mlmd.put_contexts([pb.Context(type_id=types["cache"], name=name) for name in names])
    filed = [*zip(execution_ids, types["nodes"], strict=True), *zip(execution_ids, caches, strict=True)]
    mlmd.put_attributions_and_associations(
        [
            pb.Attribution(artifact_id=a, context_id=n)
            for a, n in zip(artifact_ids, types["nodes"], strict=True)
        ],
        [pb.Association(execution_id=e, context_id=c) for e, c in filed],
    )


def _execution(types: dict[str, Any], number: int, place: int, fingerprint: str) -> Any:
    execution = proto().Execution(type_id=types["execution"], last_known_state=state_code(State.COMPLETE))
    parts = {"component": "benchmarks.empty_steps:add", "parameter:value": "1"}
    parts |= {f"code:package.module_{i}": fingerprint for i in range(8)}
    set_custom(
        execution,
        {
            "__node__": NODES[place],
            "__run__": f"run-{number:06}",
            "__fingerprint__": fingerprint,
            "__parts__": json.dumps(parts),
            "__seconds__": 0.1,
            "__attempts__": 1,
            "__peak_memory__": 100_000_000,
            "value": 1,
        },
    )
    return execution


def _artifact(types: dict[str, Any], digest: str) -> Any:
    artifact = proto().Artifact(type_id=types["artifact"], uri=str(Path("/nowhere", digest)), state=LIVE)
    set_custom(artifact, {"value": 1, "__digest__": digest})
    return artifact
