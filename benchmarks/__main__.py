"""Measure, show tables, and keep the results as JSON."""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

from benchmarks.against_beam import AGAINST_BEAM_PART
from benchmarks.classic import CLASSIC_PART
from benchmarks.commands import COMMANDS_PART
from benchmarks.comparing import COMPARING_PART
from benchmarks.components import COMPONENTS_PART
from benchmarks.evaluator import EVALUATOR_PART
from benchmarks.machine import commit, describe_machine, load, short_name, versions
from benchmarks.measuring import REPOSITORY, MeasurementFailed
from benchmarks.peer import SOURCE
from benchmarks.results import Part, Record, Settings, show, write_results
from benchmarks.steps import STEPS_PART
from benchmarks.store import STORE_PART

PARTS = {
    part.name: part
    for part in (
        *(COMMANDS_PART, STEPS_PART, CLASSIC_PART, COMPONENTS_PART, EVALUATOR_PART, AGAINST_BEAM_PART),
        *(COMPARING_PART, STORE_PART),
    )
}


def main() -> int:
    """Entry point. The exit code is 1 if something could not be measured; a missed aim is no failure."""
    chosen = _arguments()
    began = datetime.now()
    about = {
        "date": began.isoformat(timespec="seconds"),
        **commit(),
        "machine": describe_machine(),
        "load_before": load(),
        "versions": versions(),
        "peer": SOURCE,
    }
    failures: list[str] = []
    if chosen.work:
        parts = _measure_all(chosen, chosen.work.absolute(), failures)
    else:
        with tempfile.TemporaryDirectory(prefix="millwork-benchmarks-") as work:
            parts = _measure_all(chosen, Path(work), failures)
    output = chosen.output or REPOSITORY / f"benchmarks/results/{began:%Y-%m-%d-%H%M}-{short_name()}.json"
    write_results(output, {**about, "load_after": load(), "parts": parts, "failures": failures})
    print(f"\nkept in {output}")
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=_listed(), formatter_class=_Formatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="by default all")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=Settings.rows, help="sizes for `components` and `evaluator`"
    )
    parser.add_argument("--executions", type=int, default=Settings.executions, help="in the full store")
    parser.add_argument(
        "--times", type=int, default=Settings.times, help="how often to measure what is short"
    )
    parser.add_argument("--work", type=Path, help="keep data and runs in this folder, which should be new")
    parser.add_argument("--output", type=Path, help="the JSON file; by default in benchmarks/results")
    chosen = parser.parse_args()
    for name in chosen.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}, only: {', '.join(PARTS)}")
    return chosen


_Formatter = argparse.RawDescriptionHelpFormatter


def _listed() -> str:
    return "\n".join(f"{part.name:<14}{part.about}" for part in PARTS.values())


def _measure_all(chosen: argparse.Namespace, work: Path, failures: list[str]) -> dict[str, list[Record]]:
    settings = Settings(work, tuple(chosen.rows), chosen.executions, chosen.times)
    return {name: _measure(PARTS[name], settings, failures) for name in chosen.parts or PARTS}


def _measure(part: Part, settings: Settings, failures: list[str]) -> list[Record]:
    """If something cannot be measured, what came before it counts, and the other parts are measured all the same."""
    records: list[Record] = []
    try:
        for record in part.measure(settings):
            print(f"{part.name}: {record}", file=sys.stderr, flush=True)
            records.append(record)
    except MeasurementFailed as error:
        traceback.print_exc()
        failures.append(f"{part.name}: {error}")
    show(part, records)
    return records


if __name__ == "__main__":
    sys.exit(main())
