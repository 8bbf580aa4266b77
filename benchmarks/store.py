"""What a store full of earlier runs costs: it should be no more than an empty one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.empty_steps import chain
from benchmarks.filling import NODES, PIPELINE, fill
from benchmarks.measuring import median_seconds
from benchmarks.results import Part, Record, Settings
from millwork.core.execution import RunSettings
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.planning import preview
from millwork.core.records import NewArtifact, State
from millwork.core.store import MetadataStore, RunContexts
from millwork.runners.local import LocalRunner

STEPS = 10
_TYPE = "benchmarks.empty_steps.add"


def measure_store(settings: Settings) -> Iterator[Record]:
    """The same operations on both stores, one after the other."""
    folder = settings.work / "store"
    roots = {"empty": folder / "empty", "full": folder / "full"}
    began = time.monotonic()
    for name, root in roots.items():
        fill(str(root / "metadata.sqlite"), settings.executions if name == "full" else 0)
    filling = 1000 * (time.monotonic() - began)
    yield {
        "operation": f"(filling with {settings.executions:,} executions)",
        "empty_ms": None,
        "full_ms": filling,
    }
    for name, operation in OPERATIONS.items():
        empty, full = (1000 * operation(root, settings.times) for root in roots.values())
        yield {"operation": name, "empty_ms": empty, "full_ms": full, "ratio": full / empty}


Operation = Callable[[Path, int], float]
"""From a root, and how often to measure, to the median of the seconds it takes."""


def opening(root: Path, times: int) -> float:
    """Connect, and ask for something."""
    return median_seconds(times, lambda: _open(root).runs(limit=1))


def beginning_a_run(root: Path, times: int) -> float:
    """Of the pipeline that has been run so often."""
    store = _open(root)
    return median_seconds(times, lambda: _begin(store))


def one_step(root: Path, times: int) -> float:
    """Look in the cache in vain, register, finish, and look again."""
    store = _open(root)
    contexts = _begin(store)
    return median_seconds(10 * times, lambda: _step(store, contexts))


def one_cached_step(root: Path, times: int) -> float:
    """Look in the cache, and record that it was there."""
    store = _open(root)
    contexts = _begin(store)
    fingerprint = _step(store, contexts)

    def use() -> None:
        _, written = next(store.cached(fingerprint))
        outputs = {name: [a.id for a in artifacts] for name, artifacts in written.items()}
        store.record(contexts, NODES[0], _TYPE, "", State.CACHED, {}, outputs, {})

    return median_seconds(10 * times, use)


def latest_execution(root: Path, times: int) -> float:
    """What `plan` compares with, to say why a step would run."""
    store = _open(root)
    _step(store, _begin(store))
    good = (State.COMPLETE, State.CACHED)
    return median_seconds(times, lambda: store.latest_execution(PIPELINE, NODES[0], good))


def running_a_pipeline(root: Path, times: int) -> float:
    """None of its steps in the cache."""
    runner = LocalRunner(root, quiet=True)
    return median_seconds(min(times, 5), lambda: runner.run(chain(STEPS), cache=False))


def planning_what_is_cached(root: Path, times: int) -> float:
    """All of it is found."""
    LocalRunner(root, quiet=True).run(chain(STEPS))
    return _planning(root, times, compile_pipeline(chain(STEPS)))


def planning_what_changed(root: Path, times: int) -> float:
    """The first step is not found in the cache, and says why; the others wait for it."""
    return _planning(root, times, compile_pipeline(chain(STEPS, value=1)))


def listing_runs(root: Path, times: int) -> float:
    """The newest 50."""
    store = _open(root)
    return median_seconds(times, store.runs)


def listing_runs_of_a_pipeline(root: Path, times: int) -> float:
    """Of one that was run once, long ago."""
    store = _open(root)
    return median_seconds(times, lambda: store.runs(pipeline="rare"))


def looking_for_unfinished_runs(root: Path, times: int) -> float:
    """What every run does first, if an earlier one was killed."""
    store = _open(root)
    return median_seconds(times, lambda: store.runs(limit=200, states=(State.RUNNING,)))


def showing_a_run(root: Path, times: int) -> float:
    """Its executions."""
    run = LocalRunner(root, quiet=True).run(chain(STEPS))
    store = _open(root)
    return median_seconds(times, lambda: store.executions_of_run(run.id))


def listing_artifacts(root: Path, times: int) -> float:
    """The newest 50 of a type."""
    store = _open(root)
    return median_seconds(times, lambda: store.artifacts(type_name="Integer"))


def tracing_an_artifact(root: Path, times: int) -> float:
    """Who made it, who used it."""
    store = _open(root)
    newest = store.artifacts(limit=1)[0].id
    return median_seconds(times, lambda: (store.producer_of(newest), store.consumers_of(newest)))


OPERATIONS: dict[str, Operation] = {
    "opening the store": opening,
    f"beginning a run of {len(NODES)} steps": beginning_a_run,
    "a step: cache miss, register, finish, cache hit": one_step,
    "a cached step: look up, record": one_cached_step,
    f"running a chain of {STEPS} steps": running_a_pipeline,
    f"plan of {STEPS} cached steps": planning_what_is_cached,
    f"plan of {STEPS} steps, the first changed": planning_what_changed,
    "the latest execution of a step": latest_execution,
    "runs list": listing_runs,
    "runs list of one pipeline": listing_runs_of_a_pipeline,
    "runs that have not finished": looking_for_unfinished_runs,
    f"runs show, {STEPS} steps": showing_a_run,
    "artifacts list of one type": listing_artifacts,
    "producer and consumers of an artifact": tracing_an_artifact,
}


def _open(root: Path) -> MetadataStore:
    return MetadataStore(str(root / "metadata.sqlite"))


def _planning(root: Path, times: int, plan: Plan) -> float:
    store = _open(root)
    return median_seconds(times, lambda: preview(plan, store, RunSettings()))


def _begin(store: MetadataStore) -> RunContexts:
    return store.begin_run(PIPELINE, f"run-{time.time_ns()}", NODES, {"__state__": State.COMPLETE.value})


def _step(store: MetadataStore, contexts: RunContexts) -> str:
    """What `LiveRun` asks of the store for one step. Returns the fingerprint."""
    fingerprint = f"{time.time_ns():064x}"
    assert not list(store.cached(fingerprint))
    execution = store.register(contexts, NODES[0], _TYPE, "", {}, {}, {"__fingerprint__": fingerprint})
    new = NewArtifact("Integer", "", f"/nowhere/{fingerprint}", fingerprint)
    store.finish(execution, contexts, NODES[0], {"total": [new]}, {"__seconds__": 0.1}, fingerprint)
    assert list(store.cached(fingerprint))
    return fingerprint


STORE_PART = Part(
    "store", "A store with many executions against an empty one (median of each call)", measure_store
)
