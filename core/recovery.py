"""Runs that ended without saying so: their process was killed, or the machine went down."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from millwork.core.errors import StoreError
from millwork.core.execution import execution_folder
from millwork.core.records import ExecutionRecord, RunRecord, State
from millwork.core.storage import filesystem, is_remote, join, local_path, remove
from millwork.core.store import MetadataStore

log = logging.getLogger("millwork")


class RunLock:
    """Held by the process that runs; free once it has ended, however it ended."""

    def __init__(self, root: str, run: str) -> None:
        self.path = _folder(root) / f"{run}.lock"
        unseen = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = unseen.open("w")
        except OSError as e:
            raise StoreError(f"The root {root} cannot be written: {e.strerror}. Choose another root") from e
        fcntl.flock(self._file, fcntl.LOCK_EX)
        unseen.rename(self.path)  # so nobody's `recover` finds it before it is held

    def release(self, *, ended: bool) -> None:
        """Let go. If the run has not `ended` and said so in the store, `recover` will see to it."""
        if ended:
            self.path.unlink(missing_ok=True)
        self._file.close()


def recover(store: MetadataStore, root: str) -> list[str]:
    """Close runs whose process is gone, and remove what they left unfinished. Returns their ids."""
    closed = []
    for path in _unheld_locks(root):
        if _close(store, root, path.stem):
            closed.append(path.stem)
        path.unlink(missing_ok=True)
    return closed


def dead_runs(root: str) -> list[str]:
    """Runs that `recover` would look at."""
    return [path.stem for path in _unheld_locks(root)]


def _unheld_locks(root: str) -> Iterator[Path]:
    """Locks of processes that have ended. Each is held here until the next is asked for."""
    for path in sorted(_folder(root).glob("*.lock")):
        try:
            file = path.open()
        except FileNotFoundError:
            continue  # its run has ended just now
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its process lives
            yield path


def _close(store: MetadataStore, root: str, run: str) -> bool:
    known = [r for r in store.runs(prefix=run, states=[State.RUNNING]) if r.id == run]
    for record in known:
        for execution in store.executions_of_run(run):
            if execution.state is State.RUNNING:
                _clean_up(store, root, record, execution)
        store.update_run(run, {"__state__": State.CANCELLED.value})
        log.warning("Run %s ended without finishing. Continue it with: millwork resume %s", run, run)
    return bool(known)


def _clean_up(store: MetadataStore, root: str, run: RunRecord, execution: ExecutionRecord) -> None:
    message = "The process that ran this step ended without finishing it"
    store.close(execution.id, State.FAILED, {"__error_type__": "Interrupted", "__error__": message})
    folder = execution_folder(root, run.pipeline, execution.node, execution.id)
    for leftover in ("staged", "job.json"):
        remove(str(folder / leftover))
    for output in _output_folders(root, run.pipeline, execution.node):
        remove(join(output, str(execution.id)))


def _output_folders(root: str, pipeline: str, node: str) -> list[str]:
    if is_remote(root):
        fs, path = filesystem(join(root, pipeline, node))
        return [fs.unstrip_protocol(p) for p in fs.ls(path, detail=False)] if fs.exists(path) else []
    folder = local_path(root) / pipeline / node
    return [str(p) for p in folder.glob("*") if p.name != ".system"]


def _folder(root: str) -> Path:
    here = Path(".millwork") if is_remote(root) else local_path(root)
    return Path(os.path.abspath(here)) / ".runs"
