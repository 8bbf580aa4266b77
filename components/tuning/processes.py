"""Trials in processes of their own: side by side, and one that crashes harms only itself."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_SLOW_IMPORTS = ("tensorflow", "sklearn", "pandas", "optuna", "keras_tuner")


@dataclass(frozen=True)
class Child:
    """A process that talks with us."""

    process: BaseProcess
    connection: Connection

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self.connection.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join()

    def cause_of_death(self) -> str:
        """Why it is silent, for people. Waits until it is gone."""
        self.process.join()
        code = self.process.exitcode or 0
        if code >= 0:
            return f"its process ended with exit code {code}"
        name = signal.Signals(-code).name
        why = ": out of memory, or kill -9" if name == "SIGKILL" else ""
        return f"its process was killed by {name}{why}"


def start(work: Callable[..., None], *arguments: Any) -> Child:
    """Call `work(connection, *arguments)` in a new process."""
    context = _context()
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *arguments))
    process.start()
    theirs.close()
    return Child(process, ours)


def waiting(children: Sequence[Child]) -> list[Child]:
    """Those that have something to say, or have ended. Waits until there is one."""
    ready = wait([child.connection for child in children])
    return [child for child in children if child.connection in ready]


def sendable(error: Exception) -> Exception:
    """The error, or one with the same message if pickle cannot make it again in another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # its class cannot be made from its arguments, or holds what cannot be sent
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _context() -> ForkContext | ForkServerContext:
    """A fork of this process if that is safe, else one of a process that has imported the same libraries.

    A fork has only the thread that forked: where other threads hold a lock, as those of TensorFlow do once it has run
    an operation, it hangs. A step's process has one thread until it computes something.
    """
    if _threads() == 1:
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([name for name in _SLOW_IMPORTS if name in sys.modules])
    return context


def _threads() -> int | None:
    """Threads of this process, those of native libraries too. None if the system does not tell."""
    tasks = Path("/proc/self/task")
    return len(os.listdir(tasks)) if tasks.is_dir() else None
