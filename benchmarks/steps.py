"""What a step costs that does nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.empty_steps import chain, side_by_side
from benchmarks.measuring import measure
from benchmarks.results import Part, Record, Settings
from millwork.runners.local import LocalRunner

STEPS = 200
AIM_MS = 20.0


def run(shape: str, steps: int, root: str) -> float:
    """Run it in this process, and return how many seconds that took without starting Python."""
    described = chain(steps) if shape == "chain" else side_by_side(steps)
    began = time.monotonic()
    LocalRunner(root, quiet=True).run(described)
    return time.monotonic() - began


def measure_steps(settings: Settings) -> Iterator[Record]:
    """Each shape with an empty cache, then found in the cache."""
    for shape in ("chain", "side by side"):
        root = str(settings.work / "steps" / shape.replace(" ", "_"))
        for cache in ("empty", "full"):
            measured = measure(run, shape=shape, steps=STEPS, root=root)
            yield {
                "shape": f"{STEPS} {shape}",
                "cache": cache,
                "wall_seconds": measured.value,
                "cpu_seconds": measured.process.cpu,
                "step_ms": 1000 * measured.value / STEPS,
                "aim_ms": AIM_MS,
            }


STEPS_PART = Part("steps", f"{STEPS} empty steps under the LocalRunner", measure_steps)
