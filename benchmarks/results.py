"""What a part of the benchmarks gives back, as data and as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

SCHEMA = "millwork/benchmarks/v1"

Record = dict[str, str | int | float | None]
"""One line of a table. What ends in `_seconds`, `_ms` or `_bytes` is in that unit."""


@dataclass(frozen=True)
class Settings:
    """What the user of `python -m benchmarks` may choose."""

    work: Path
    """A folder for data and runs."""
    rows: tuple[int, ...] = (15_000, 150_000, 1_500_000)
    executions: int = 100_000
    """In the store that is not empty."""
    times: int = 10
    """How often what takes less than a second is measured; the median counts."""


@dataclass(frozen=True)
class Part:
    """Something to measure. Aims are those of the project; nothing fails if one is missed."""

    name: str
    about: str
    measure: Callable[[Settings], Iterator[Record]]


def show(part: Part, records: Sequence[Record]) -> None:
    """For people."""
    names = list(dict.fromkeys(name for record in records for name in record))
    table = Table(title=part.about, title_justify="left", box=None, pad_edge=False)
    for name in names:
        is_text = all(isinstance(record.get(name, ""), str) for record in records)
        table.add_column(_heading(name), justify="left" if is_text else "right")
    for record in records:
        table.add_row(*(_cell(name, record.get(name)) for name in names))
    Console(width=170).print("", table)


def write_results(file: Path, content: dict[str, object]) -> None:
    """For programs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"schema": SCHEMA, **content}, indent=1) + "\n")


def _heading(name: str) -> str:
    unit = next((u for u in ("seconds", "ms", "bytes") if name.endswith(f"_{u}")), "")
    text = name.removesuffix(f"_{unit}").replace("_", " ")
    return f"{text} ({_UNITS[unit]})" if unit else text


_UNITS = {"seconds": "s", "ms": "ms", "bytes": "MiB"}


def _cell(name: str, value: str | int | float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if name.endswith("_bytes"):
        return f"{value / 2**20:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"
