"""A process that has imported what steps need, and forks one child for each step.

Importing TensorFlow and its family takes seconds; a fork takes milliseconds and starts every step from the same
clean state. The process only imports: forking after TensorFlow has run an operation hangs.

    argv: SOCKET_FD MODULE…

It speaks lines of JSON. In: {"start": id, "job": file, "log": file}, {"kill": id}.
Out: {"started": id, "process": n}, {"ended": id, "status": n}.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import selectors
import signal
import socket
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from millwork.core.failures import failure_of
from millwork.core.job import JobResult, perform, take_job, write_result
from millwork.core.orphans import die_with_parent
from millwork.runners.workers import kill_group


class Zygote:
    """Forks on request, reaps, and reports."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._children: dict[int, str] = {}
        self._unread = b""
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Until the runner closes the channel or dies; then no child survives."""
        selector = selectors.DefaultSelector()
        selector.register(self._channel, selectors.EVENT_READ, self._receive)
        selector.register(self._woken, selectors.EVENT_READ, self._reap)
        try:
            alive = True
            while alive:
                for key, _ in selector.select():
                    alive = key.data() and alive
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it says no more than the closed channel
            for child in self._children:
                _kill_family(child)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """The signal handler. As if the runner had closed the channel: an exception could strike while killing."""
        self._channel.shutdown(socket.SHUT_RD)

    def _receive(self) -> bool:
        data = self._channel.recv(65_536)
        if not data:
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
        return True

    def _obey(self, order: dict[str, Any]) -> None:
        if "start" in order:
            self._start(order["start"], Path(order["job"]), Path(order["log"]))
        for child, id in self._children.items():
            if id == order.get("kill"):
                _kill_family(child)

    def _start(self, id: str, job: Path, log: Path) -> None:
        zygote = os.getpid()
        try:
            child = os.fork()
        except OSError as error:  # too many processes, or no memory for one more
            write_result(JobResult(failure=failure_of(error)), job.with_name("result.json"))
            self._report({"ended": id, "status": 71})
            return
        if child == 0:
            self._become_step(job, log, zygote)
        self._children[child] = id
        self._report({"started": id, "process": child})

    def _reap(self) -> bool:
        self._woken.recv(4096)
        for child in list(self._children):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                kill_group(child)  # what the step itself may have started
                self._report(
                    {"ended": self._children.pop(child), "status": os.waitstatus_to_exitcode(status)}
                )
        return True

    def _report(self, news: dict[str, str | int]) -> None:
        self._channel.sendall(json.dumps(news).encode() + b"\n")

    def _become_step(self, job: Path, log: Path, zygote: int) -> NoReturn:
        """The child ends here, whatever happens."""
        code = 70
        try:
            os.setsid()
            die_with_parent()
            if os.getppid() != zygote:  # it died before we could ask to die with it
                os._exit(code)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            self._channel.close()
            _redirect(log)
            logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
            # A library that logged while it was imported has set the level already, to what is worse.
            logging.getLogger("millwork").setLevel(logging.INFO)
            order = take_job(job)
            write_result(perform(order), order.result_file)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                _flush()
            finally:
                os._exit(code)


def _redirect(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nothing, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # a full disk, or closed by the step: no reason to fail
            continue


def _kill_family(leader: int) -> None:
    """A step and all that it has started, also what has a session of its own by now."""
    family = [leader]
    for process in family:
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                family += map(int, children.read_text().split())
            except OSError:  # it ended just now
                continue
    for process in family:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
    kill_group(leader)


_OWN = ("typeguard", "millwork", "millwork.core.artifacts", "millwork.runners.local")
"""What every step or the user's module imports."""


def _preload(modules: list[str]) -> None:
    for name in (*_OWN, *modules):
        try:
            importlib.import_module(name)
        except (Exception, SystemExit):
            # The step that needs it will say so, with its own traceback.
            traceback.print_exc()


def main() -> None:
    """Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner decides what Ctrl-C means
    runner = os.getppid()
    die_with_parent()
    channel = socket.socket(fileno=int(sys.argv[1]))
    os.environ["MILLWORK_IN_STEP"] = "1"
    _preload(sys.argv[2:])
    gc.collect()
    gc.freeze()  # keeps the children from copying what the imports made
    zygote = Zygote(channel)
    signal.signal(signal.SIGTERM, zygote.stop)
    die_with_parent(signal.SIGTERM)  # gently from now on, for there will be children to take along
    if os.getppid() == runner:
        zygote.serve()
