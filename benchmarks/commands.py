"""How long the command line takes to answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import median_wall
from benchmarks.results import Part, Record, Settings
from benchmarks.taxi.rows import write_csv

MILLWORK = str(Path(sys.executable).parent / "millwork")
PLAN_AIM_SECONDS = 0.6


def plan_command(data: Path, root: Path) -> list[str]:
    """What one types to see what a run of the classic pipeline would do."""
    parameters = ["-p", f"data={data}", "-p", f"serving={root / 'serving'}"]
    return [MILLWORK, "plan", "benchmarks.taxi.pipeline:taxi", *parameters, "--root", str(root)]


def measure_commands(settings: Settings) -> Iterator[Record]:
    """Whole processes, from start to end. `python -c pass` is what no Python program can do without."""
    folder = settings.work / "commands"
    data = write_csv(folder / "data/trips.csv", rows=15_000).parent
    commands: list[tuple[str, list[str], float | None]] = [
        ("python -c pass", [sys.executable, "-c", "pass"], None),
        ("millwork --help", [MILLWORK, "--help"], 0.3),
        ("millwork plan, nothing has been run yet", plan_command(data, folder / "root"), PLAN_AIM_SECONDS),
    ]
    for name, command, aim in commands:
        seconds = median_wall(settings.times, command)
        yield {"command": name, "wall_seconds": seconds, "aim_seconds": aim}


COMMANDS_PART = Part("commands", "Latency of commands (median of whole processes)", measure_commands)
