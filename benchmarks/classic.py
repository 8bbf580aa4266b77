"""The classic pipeline from end to end, as its user runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.commands import PLAN_AIM_SECONDS, plan_command
from benchmarks.measuring import Measured, measure, median_wall
from benchmarks.peer import CLASSIC
from benchmarks.results import Part, Record, Settings
from benchmarks.taxi.pipeline import taxi
from benchmarks.taxi.rows import write_csv
from millwork.runners.local import LocalRunner

ROWS = 15_000
AIM_SECONDS = 35.0


def run_taxi(data: str, root: str) -> dict[str, Any]:
    """Run it once; how every step went, and how good the model is."""
    described = taxi(data=Path(data), serving=Path(root, "serving"))
    run = LocalRunner(root, quiet=True).run(described)
    began = min(step.began for step in run.steps.values())
    return {
        "auc": run[described.produces.roc_curve].auc["eval"],
        "steps": [
            {
                "step": step.id,
                "state": step.state.value,
                "began_seconds": step.began - began,
                "wall_seconds": step.seconds,
                "peak_bytes": step.peak_memory,
            }
            for step in run.steps.values()
        ],
    }


def measure_classic(settings: Settings) -> Iterator[Record]:
    """Whole processes: empty cache, full cache, and the steps of the first run."""
    folder = settings.work / "classic"
    data = write_csv(folder / "data/trips.csv", ROWS).parent
    arguments = {"data": str(data), "root": str(folder / "root")}
    fresh = measure(run_taxi, **arguments)
    yield _whole("whole process, empty cache", fresh, AIM_SECONDS)
    yield _whole("whole process, full cache", measure(run_taxi, **arguments), None)
    planning = median_wall(settings.times, plan_command(data, folder / "root"))
    yield {"what": "millwork plan, full cache", "wall_seconds": planning, "aim_seconds": PLAN_AIM_SECONDS}
    yield {"what": "peer, empty cache (another day)", **CLASSIC}
    for step in fresh.value["steps"]:
        yield {"what": step.pop("step"), **step}


def _whole(what: str, measured: Measured, aim: float | None) -> Record:
    return {
        "what": what,
        "began_seconds": 0.0,
        "wall_seconds": measured.process.wall,
        "cpu_seconds": measured.process.cpu,
        "aim_seconds": aim,
        "peak_bytes": measured.peak_memory,
        "auc": measured.value["auc"],
    }


CLASSIC_PART = Part(
    "classic", f"The classic pipeline on {ROWS:,} taxi rows, 500 steps of training", measure_classic
)
