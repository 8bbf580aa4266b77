"""The processes in which a local run's steps do their work."""

from __future__ import annotations

import json
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from millwork.core.failures import Failure
from millwork.core.job import Job, JobResult, read_result, write_job

_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from millwork.runners.zygote import main
main()
"""


@dataclass(frozen=True)
class Ended:
    """A step's process has ended."""

    step: str
    result: JobResult


class Workers:
    """Starts steps in forks of one process that has already imported `modules`."""

    def __init__(self, modules: Sequence[str], selector: selectors.BaseSelector) -> None:
        self.modules = tuple(modules)
        self._selector = selector
        self._jobs: dict[str, Job] = {}
        self._unread = b""
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, json.dumps(sys.path), str(theirs.fileno()), *modules],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        selector.register(self._channel, selectors.EVENT_READ, self)

    def start(self, step: str, job: Job) -> None:
        """Begin the work; how it ended comes from `ended`."""
        job.result_file.unlink(missing_ok=True)
        file = Path(job.folder, "job.json")
        write_job(job, file)
        self._jobs[step] = job
        self._send({"start": step, "job": str(file), "log": str(job.log)})

    def kill(self, step: str) -> None:
        """Stop a step and everything that it started."""
        self._send({"kill": step})

    def ended(self) -> Iterator[Ended]:
        """Call when the selector says that there is news."""
        data = self._channel.recv(65_536)
        if not data:
            yield from self._all_lost()
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            news = json.loads(line)
            job = self._jobs.pop(news["ended"])
            yield Ended(news["ended"], read_result(job.result_file) or _crash(news["status"], job))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """Stop everything. The other process kills its children when the channel closes."""
        if self._channel.fileno() >= 0:
            self._selector.unregister(self._channel)
            self._channel.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, order: dict[str, str]) -> None:
        try:
            self._channel.sendall(json.dumps(order).encode() + b"\n")
        except OSError:
            # The process is gone: the selector reports that, and `ended` accounts for its steps.
            return

    def _all_lost(self) -> Iterator[Ended]:
        self.close()
        for step, job in self._jobs.items():
            yield Ended(step, read_result(job.result_file) or _crash(-signal.SIGKILL, job))
        self._jobs.clear()


def _crash(status: int, job: Job) -> JobResult:
    if status >= 0:
        message = f"The step's process ended with exit code {status} before the step was done"
    else:
        name = signal.Signals(-status).name
        why = {"SIGKILL": ": out of memory, or kill -9", "SIGSEGV": ": a crash in native code"}.get(name, "")
        message = f"The step's process was killed by {name}{why}"
    return JobResult(failure=Failure("ProcessDied", message, traceback=_tail(job)))


def _tail(job: Job) -> str:
    if not job.log.exists():
        return ""
    return "\n".join(job.log.read_text(errors="replace").splitlines()[-20:])
