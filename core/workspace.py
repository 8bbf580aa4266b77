"""A folder for work that a step may go on with, if it is tried again after a failure or an interrupt."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_place: ContextVar[Callable[[], Path] | None] = ContextVar("place", default=None)


@contextmanager
def offering(place: Callable[[], Path]) -> Iterator[None]:
    """While a step runs: where it may keep what it has done so far. The same work has the same place."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


@contextmanager
def kept_folder() -> Iterator[Path]:
    """A folder that is there again, as it was left, when the same work is tried again. It goes once the work is done.

    Equal steps of two runs do not share it: the second gets a temporary one, and so does a step without a runner.
    """
    place = _place.get()
    folder = place() if place else None
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="millwork-") as temporary:
            yield Path(temporary)
        return
    with _locked(folder.with_suffix(".lock")) as ours:
        if not ours:
            with tempfile.TemporaryDirectory(prefix="millwork-") as temporary:
                yield Path(temporary)
            return
        folder.mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)
        folder.with_suffix(".lock").unlink(missing_ok=True)


@contextmanager
def _locked(file: Path) -> Iterator[bool]:
    """Whether the lock is ours, in this block. The file may be removed in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            if _is_there(file, lock.fileno()):
                yield True
                return


def _is_there(file: Path, opened: int) -> bool:
    """False if its owner has removed the file since we opened it: what we hold then locks nothing."""
    try:
        return os.path.samestat(os.stat(file), os.fstat(opened))
    except FileNotFoundError:
        return False
