"""A run as the store knows it: the document that programs get, and the table that people read."""

from __future__ import annotations

import json
from pathlib import Path

from millwork.analysis.stores import last_executions
from millwork.cli.documents import ArtifactReference, FailureDocument, RunDocument, StepDocument
from millwork.cli.printing import duration, file_size, iso, print_fields, print_table
from millwork.core.execution import execution_folder
from millwork.core.records import ExecutionRecord, RunRecord, State
from millwork.core.store import MetadataStore


def run_document(store: MetadataStore, run: RunRecord) -> RunDocument:
    """Everything about a run."""
    executions = last_executions(store, run.id)
    finished = float(run.properties.get("__finished__", 0.0))
    return {
        "schema": "millwork/run/v1",
        "id": run.id,
        "pipeline": run.pipeline,
        "state": run.state.value,
        "deleted": is_deleted(run),
        "began": iso(run.created),
        "ended": iso(finished),
        "seconds": run_seconds(run),
        "root": str(run.properties.get("__root__", "")),
        "store": store.uri,
        "source": str(run.properties.get("__source__", "")),
        "resumes": str(run.properties.get("__resumes__", "")),
        "parameters": json.loads(str(run.properties.get("__parameters__", "{}"))),
        "steps": [
            _step(store, run, executions[id]) if id in executions else _not_begun(run, id)
            for id in [*planned_steps(run), *(e for e in executions if e not in planned_steps(run))]
        ],
    }


def run_seconds(run: RunRecord) -> float:
    """How long a run took. 0 if it has not ended, or ended without saying so."""
    finished = float(run.properties.get("__finished__", 0.0))
    return round(max(0.0, finished - run.created), 3) if finished else 0.0


def is_deleted(run: RunRecord) -> bool:
    """True if `runs delete` has removed what only this run needed."""
    return "__deleted__" in run.properties


def planned_steps(run: RunRecord) -> list[str]:
    """The steps of a run in the order of its pipeline. Empty if another tool wrote it."""
    plan = json.loads(str(run.properties.get("__plan__", "{}")))
    return [step["id"] for step in plan.get("steps", ())]


def step_folder(run: RunRecord, execution: ExecutionRecord) -> Path:
    """Where an execution worked, if it did, with its log in `log.txt`."""
    root = str(run.properties.get("__root__", ""))
    return execution_folder(root, run.pipeline, execution.node, execution.id)


def print_run(document: RunDocument) -> None:
    """The run for people: what it is, its steps, and why steps failed."""
    print_fields(
        {
            "run": document["id"],
            "pipeline": document["pipeline"],
            "state": document["state"] + (", its files deleted" if document["deleted"] else ""),
            "began": (document["began"] or "").partition(".")[0].replace("T", " "),
            "took": duration(document["seconds"]),
            "source": document["source"],
            "resumes": document["resumes"],
            "parameters": ", ".join(f"{n}={json.dumps(v)}" for n, v in document["parameters"].items()),
            "root": document["root"],
        }
    )
    print()
    print_steps(document)
    for step in document["steps"]:
        if failure := step["failure"]:
            print(f"\n{step['id']} failed\n{failure_text(failure)}")
            if step["log"]:
                print(f"log: {step['log']}")


def print_steps(document: RunDocument) -> None:
    """A table of the steps, and what their outputs have to say."""
    rows = [
        (
            step["id"],
            step["state"],
            duration(step["seconds"]),
            file_size(step["peak_memory"]) if step["peak_memory"] else "",
            step["failure"]["message"] if step["failure"] else step["reason"],
        )
        for step in document["steps"]
    ]
    print_table(("step", "state", "time", "memory", "reason"), rows, right=("time", "memory"))
    remarks = [f"{step['id']}: {step['remark']}" for step in document["steps"] if step["remark"]]
    if remarks:
        print("\n" + "\n".join(remarks))


def failure_text(failure: FailureDocument) -> str:
    """The user's own line, then the error."""
    head = f"{failure['type']}: {failure['message']}" if failure["message"] else failure["type"]
    return f"{failure['where']}\n{head}" if failure["where"] else head


def _step(store: MetadataStore, run: RunRecord, execution: ExecutionRecord) -> StepDocument:
    known = execution.properties
    log = step_folder(run, execution) / "log.txt"
    return {
        "id": execution.node,
        "state": execution.state.value,
        "reason": str(known.get("__reason__", "")),
        "remark": str(known.get("__remark__", "")),
        "began": iso(execution.created),
        "seconds": execution.seconds,
        "attempts": int(known.get("__attempts__", 0)),
        "peak_memory": int(known.get("__peak_memory__", 0)),
        "execution": execution.id,
        "log": str(log) if log.exists() else "",
        "failure": _failure(execution),
        "outputs": {
            name: [ArtifactReference(id=a.id, type=a.type_name, uri=a.uri) for a in artifacts]
            for name, artifacts in store.outputs_of(execution.id).items()
        },
    }


def _not_begun(run: RunRecord, step: str) -> StepDocument:
    state = State.CANCELLED.value if run.state is not State.RUNNING else "waiting"
    return {
        "id": step,
        "state": state,
        "reason": "",
        "remark": "",
        "began": None,
        "seconds": 0.0,
        "attempts": 0,
        "peak_memory": 0,
        "execution": None,
        "log": "",
        "failure": None,
        "outputs": {},
    }


def _failure(execution: ExecutionRecord) -> FailureDocument | None:
    if execution.state is not State.FAILED:
        return None
    known = {
        n: str(execution.properties.get(f"__{n}__", ""))
        for n in ("error_type", "error", "where", "traceback")
    }
    return {
        "type": known["error_type"],
        "message": known["error"],
        "where": known["where"],
        "traceback": known["traceback"],
    }
