"""What a person sees while a pipeline runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from millwork.core.failures import Failure
from millwork.core.plan import Plan
from millwork.core.records import State
from millwork.core.run import Run, StepStatus

if TYPE_CHECKING:
    from rich.table import Table


class Progress:
    """Says nothing: for quiet runs, and the contract of the others."""

    def began(self, step: str, log: str, attempt: int) -> None:
        """A step has started to work."""

    def ended(self, status: StepStatus) -> None:
        """A step has ended, with or without work."""

    def will_retry(self, step: str, failure: Failure, pause: float) -> None:
        """A step failed and will be tried again."""


class Lines(Progress):
    """One line an event, with the time of day: what a log file wants."""

    def began(self, step: str, log: str, attempt: int) -> None:
        self.say(f"{step} started" + (f" (attempt {attempt})" if attempt > 1 else ""))

    def ended(self, status: StepStatus) -> None:
        self.say(f"{status.id} {_ending(status)}")

    def will_retry(self, step: str, failure: Failure, pause: float) -> None:
        self.say(f"{step} failed ({failure.type}: {failure.message}), trying again in {pause:g} s")

    def say(self, text: str) -> None:
        """One line, with the time."""
        _print(f"{datetime.now():%H:%M:%S.%f}"[:-3], text)


class LiveTable(Progress):
    """A row a step, redrawn while the run goes on."""

    def __init__(self, plan: Plan) -> None:
        self._rows: dict[str, tuple[str, str, float, float | None]] = {
            s.id: ("waiting", "", 0.0, None) for s in plan.steps
        }

    def began(self, step: str, log: str, attempt: int) -> None:
        note = f"attempt {attempt}" if attempt > 1 else ""
        self._rows[step] = ("running", note, time.monotonic(), None)

    def ended(self, status: StepStatus) -> None:
        note = _first_line(status)
        self._rows[status.id] = (status.state.value, note, 0.0, status.seconds)

    def will_retry(self, step: str, failure: Failure, pause: float) -> None:
        self._rows[step] = ("waiting", f"{failure.type}; next attempt in {pause:g} s", 0.0, None)

    def __rich__(self) -> Table:
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for title in ("step", "state", "time", ""):
            table.add_column(title, justify="right" if title == "time" else "left")
        for step, (state, note, since, seconds) in self._rows.items():
            taken = time.monotonic() - since if since else seconds
            shown = f"{taken:.1f} s" if taken else ""
            table.add_row(step, f"[{_STYLES.get(state, 'default')}]{state}", shown, f"[dim]{escape(note)}")
        return table


_STYLES = {
    "running": "cyan",
    "complete": "green",
    "cached": "blue",
    "skipped": "yellow",
    "failed": "red",
    "cancelled": "yellow",
    "waiting": "dim",
}


@contextmanager
def progress(run: Run, plan: Plan, *, quiet: bool) -> Iterator[Progress]:
    """The display that suits where stderr goes."""
    if quiet:
        yield Progress()
    elif sys.stderr.isatty() and not os.environ.get("CI"):
        from rich.console import Console
        from rich.live import Live

        table = LiveTable(plan)
        with Live(table, console=Console(stderr=True), refresh_per_second=8):
            yield table
    else:
        lines = Lines()
        lines.say(f"run {run.id} of {run.pipeline}")
        yield lines


def _print(*texts: str) -> None:
    with suppress(OSError, ValueError):  # a terminal that is gone must not end the run
        print(*texts, file=sys.stderr, flush=True)


def _ending(status: StepStatus) -> str:
    if status.state is State.COMPLETE:
        done = f"complete in {status.seconds:.2f} s"
        return f"{done}: {_one_line(status.remark)}" if status.remark else done
    return (
        f"{status.state.value}: {_first_line(status)}"
        if status.reason or status.failure
        else status.state.value
    )


def _first_line(status: StepStatus) -> str:
    """All of a failure is told at the end of the run."""
    if status.failure:
        return _one_line(f"{status.failure.type}: {status.failure.message}")
    return _one_line(f"{status.remark} ({status.reason})" if status.remark else status.reason)


def _one_line(text: str) -> str:
    return text.partition("\n")[0]
