"""A model server in a process of its own, for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from millwork.components.models.rest_client import ModelClient, Refused, Unreachable
from millwork.core.errors import BadInput
from millwork.core.orphans import die_with_parent

_LINES = 20
"""Of its log, shown when it fails."""
_GRACE = 5
"""Seconds to stop by itself before it is killed."""
_PAUSE = 0.05
PARENT = "MILLWORK_SERVE_WHILE"
"""In the server's environment: the process that it must not outlive, however that ends."""


class ServerFailed(BadInput):
    """The server did not come up, or went away."""

    def __init__(self, message: str, final: bool) -> None:
        super().__init__(message)
        self.final = final
        """True if another try would end in the same way."""


class ServerProcess:
    """Starts `command` and waits until it answers for the model `name`. It never outlives the `with` block.

    A command that has `{port}` in it is given a free one, and is polled. One that has not is `millwork serve`, which
    says its address when it is ready.
    """

    def __init__(self, command: Sequence[str], name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._port = _free_port() if any("{port}" in part for part in command) else 0
        self._command = [part.replace("{port}", str(self._port)) for part in command]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        # In the group of the step's processes, so that whoever kills the step kills the server, too.
        with self._stdout.open("wb") as out, self.log.open("wb") as err:
            try:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment()
                )
            except OSError as e:
                raise ServerFailed(f"{self._command[0]!r} cannot be started: {e}", final=True) from e
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        self._process.terminate()
        with self._process, contextlib.suppress(subprocess.TimeoutExpired):
            try:
                self._process.wait(_GRACE)
            finally:
                self._process.kill()

    @property
    def log(self) -> Path:
        """What it writes to stderr."""
        return self._folder / "server.log"

    @property
    def _stdout(self) -> Path:
        return self._folder / "server.out"

    def wait_until_loaded(self, seconds: float) -> str:
        """The address of the model. ServerFailed if there is none in time, or the server ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            if url := self._url() if self._port else self._announced():
                return url
            time.sleep(_PAUSE)
        raise ServerFailed(f"The server has not loaded the model within {seconds:g} s", final=False)

    def check(self) -> None:
        """ServerFailed if it is no longer running."""
        code = self._process.poll() if self._process else None
        if code is None:
            return
        # Millwork's own server has explained itself: exit codes above 0 are its decision, signals are accidents.
        said = self.last_lines()[-1:]
        raise ServerFailed(
            ": ".join([f"The server ended {_ending(code)}", *said]), code > 0 and not self._port
        )

    def check_soon(self) -> None:
        """The same for a server that has just lost a connection: it may be about to end."""
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        self.check()

    @property
    def peak_memory(self) -> int:
        """Bytes that it has held at most; 0 if the system does not say."""
        try:
            status = Path(f"/proc/{self._process.pid if self._process else 0}/status").read_text()
        except OSError:
            return 0
        found = re.search(r"VmHWM:\s*(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def last_lines(self) -> list[str]:
        """The end of its log."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        if self._port and self._stdout.exists():
            lines += self._stdout.read_text("utf-8", "replace").splitlines()
        return lines[-_LINES:]

    def _announced(self) -> str:
        line, newline, _ = self._stdout.read_text("utf-8", "replace").partition("\n")
        return str(json.loads(line)["url"]) if newline else ""

    def _url(self) -> str:
        """The address of a server that is polled, once it says that a version is available."""
        client = ModelClient(f"http://127.0.0.1:{self._port}/v1/models/{self._name}", tries=1, timeout=5)
        try:
            statuses = client.get().get("model_version_status", [])
        except (Unreachable, Refused):
            return ""
        finally:
            client.close()
        for status in statuses:
            if (error := status.get("status", {}).get("error_message")) and status.get("state") == "END":
                raise ServerFailed(f"The server cannot load the model: {error}", final=False)
        return client.url if any(status.get("state") == "AVAILABLE" for status in statuses) else ""


def end_with_parent() -> None:
    """Called by the server: if it was started for a trial, it dies with the process that started it."""
    if not (parent := os.environ.pop(PARENT, "")):
        return
    die_with_parent()
    if os.getppid() != int(parent):
        sys.exit("The process that this server was started for is gone")


def own_server(model: Path, name: str, *options: str) -> list[str]:
    """The command that serves a model with Millwork's server."""
    return [
        *(sys.executable, "-m", "millwork", "serve", str(model)),
        *("--name", name, "--port", "0", "--poll", "0", *options),
    ]


def _environment() -> dict[str, str]:
    """Ours, with the modules that we can import: a pickle names classes of the user's."""
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path if folder)
    return {**os.environ, "PYTHONPATH": path, PARENT: str(os.getpid())}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ending(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    return f"by signal {-code}" + (" (out of memory, or kill -9)" if code == -9 else "")
