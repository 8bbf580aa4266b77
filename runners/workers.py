"""The processes in which a local run's steps do their work."""

from __future__ import annotations

import json
import os
import selectors
import shutil
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


_A_RESULT = 65_536
"""Bytes that must be free on a disk for a result to be written."""


@dataclass(frozen=True)
class Started:
    """A step's process has begun."""

    step: str
    process: int


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
        self._processes: dict[str, int] = {}
        self._unread = b""
        self._channel, theirs = socket.socketpair()
        path = [os.path.abspath(p) for p in sys.path]
        with theirs:
            self._process = subprocess.Popen(
                # Unbuffered, so that a step's output and its own processes' stay in order, and none is lost in a crash.
                [sys.executable, "-u", "-c", _BOOT, json.dumps(path), str(theirs.fileno()), *modules],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        selector.register(self._channel, selectors.EVENT_READ, self)

    def start(self, step: str, job: Job) -> None:
        """Begin the work; when it begins and how it ends comes from `news`."""
        job.result_file.unlink(missing_ok=True)
        file = Path(job.folder, "job.json")
        write_job(job, file)
        self._jobs[step] = job
        self._send({"start": step, "job": str(file), "log": str(job.log)})

    def kill(self, step: str) -> None:
        """Stop a step and everything that it started."""
        self._send({"kill": step})

    def news(self) -> Iterator[Started | Ended]:
        """Call when the selector says that there is some."""
        try:
            data = self._channel.recv(65_536)
        except ConnectionResetError:
            data = b""
        if not data:
            yield from self._all_lost()
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            news = json.loads(line)
            if "started" in news:
                self._processes[news["started"]] = news["process"]
                yield Started(news["started"], news["process"])
            else:
                yield self._ended(news["ended"], _crash(news["status"], self._jobs[news["ended"]]))

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

    def _ended(self, step: str, crash: JobResult) -> Ended:
        job = self._jobs.pop(step)
        self._processes.pop(step, None)
        return Ended(step, read_result(job.result_file) or crash)

    def _all_lost(self) -> Iterator[Ended]:
        """The process that starts the steps is gone, and its children with it."""
        self.close()
        end = _ending(self._process.returncode)
        for step, job in list(self._jobs.items()):
            process = self._processes.get(step)
            if process is None:
                message = (
                    f"The process that imports {', '.join(self.modules) or 'nothing'} for the steps {end}"
                )
            else:
                kill_group(process)  # what the step itself may have started
                message = f"The process that starts the steps {end}, and the step with it"
            yield self._ended(step, _died(message, job))


def kill_group(leader: int) -> None:
    """End a process and what it has started, unless that has made itself independent."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _crash(status: int, job: Job) -> JobResult:
    room = shutil.disk_usage(job.folder).free
    full = f": the disk of {job.folder} is full" if status > 0 and room < _A_RESULT else ""
    return _died(
        f"The step's process {_ending(status)}{full or (' before the step was done' if status >= 0 else '')}",
        job,
    )


def _died(message: str, job: Job) -> JobResult:
    return JobResult(failure=Failure("ProcessDied", message, traceback=_tail(job)))


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    why = {"SIGKILL": ": out of memory, or kill -9", "SIGSEGV": ": a crash in native code"}.get(name, "")
    return f"was killed by {name}{why}"


def _tail(job: Job) -> str:
    if not job.log.exists():
        return ""
    with job.log.open("rb") as file:
        file.seek(max(0, job.log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-20:])
