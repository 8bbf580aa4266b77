"""What steps printed, read from their log files."""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator
from pathlib import Path

from millwork.analysis.stores import last_executions
from millwork.cli.documents import LogsDocument
from millwork.cli.printing import say
from millwork.cli.run_report import planned_steps, step_folder
from millwork.core.errors import NotFound, did_you_mean
from millwork.core.records import RunRecord, State
from millwork.core.store import MetadataStore

_PAUSE = 0.3
"""Seconds between two looks at logs that are being written."""


class _Log:
    """One step's log, read as far as it has been printed."""

    def __init__(self, step: str, path: Path) -> None:
        self.step = step
        self.path = path
        self.read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def news(self) -> Iterator[str]:
        """What was written since the last time."""
        with open(self.path, "rb") as file:
            file.seek(self.read)
            while data := file.read(1 << 20):
                self.read += len(data)
                yield self._decoder.decode(data)


def logs_document(store: MetadataStore, run: RunRecord, step: str) -> LogsDocument:
    """The logs for programs."""
    found = _logs(store, run, step)
    return {
        "schema": "millwork/logs/v1",
        "run": run.id,
        "logs": [{"step": log.step, "path": str(log.path), "text": "".join(log.news())} for log in found],
    }


def print_logs(store: MetadataStore, run: RunRecord, step: str) -> None:
    """The logs for people: one after the other, each under its step's name if there are several."""
    found = _logs(store, run, step)
    for log in found:
        _print(log, titled=not step)
    if not found:
        say(f"Run {run.id}{f', step {step}' if step else ''}: {_why_nothing(store, run, step)}")


def follow_logs(store: MetadataStore, run: RunRecord, step: str) -> None:
    """The logs as they grow, until the run ends."""
    followed: dict[Path, _Log] = {}
    last: _Log | None = None
    running = True
    while running:
        running = (
            store.run(run.id).state is State.RUNNING
        )  # asked first: what is written until then is still read
        for log in _logs(store, run, step):
            log = followed.setdefault(log.path, log)
            if log.path.stat().st_size > log.read:
                _print(log, titled=not step and log is not last)
                last = log
        if running:
            time.sleep(_PAUSE)


def _logs(store: MetadataStore, run: RunRecord, step: str) -> list[_Log]:
    executions = last_executions(store, run.id)
    known = sorted({*executions, *planned_steps(run)})
    if step and step not in known:
        raise NotFound(f"Run {run.id} has no step {step!r}. {did_you_mean(step, known)}")
    chosen = [e for e in executions.values() if step in ("", e.node)]
    logs = [_Log(e.node, step_folder(run, e) / "log.txt") for e in chosen]
    return [log for log in logs if log.path.exists() and log.path.stat().st_size]


def _print(log: _Log, *, titled: bool) -> None:
    if titled:
        print(f"==> {log.step} <==")
    for text in log.news():
        print(text, end="", flush=True)


def _why_nothing(store: MetadataStore, run: RunRecord, step: str) -> str:
    execution = last_executions(store, run.id).get(step)
    if step and execution is None:
        return "it has not begun"
    if execution is not None and (origin := execution.properties.get("__cached_from__")):
        earlier = store.execution(int(origin))
        return f"it did not run, so it printed nothing. See: millwork runs logs {earlier.run} {step}"
    return "nothing was printed, or the logs have been removed"
