"""Running something in a process of its own, and what that cost: time, processor, memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from millwork.core.callables import reference_to

REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Cost:
    """What something took, with all processes that it started and waited for."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, in user and kernel mode."""


@dataclass(frozen=True)
class Measured:
    """A function that ran in a fresh process: its result, and what it cost besides starting and importing."""

    value: Any
    imports: float
    """Seconds that the heavy libraries took to import, before the function was called."""
    work: Cost
    process: Cost
    """The whole process, from its start to its end."""
    memory_after_imports: int
    peak_memory: int
    """Bytes. Of the process itself the high-water mark of its resident memory; if it has children, the most that
    all of them held at a moment when one looked, with shared pages counted once."""


class MeasurementFailed(Exception):
    """What should have been measured ended with an error."""


def run_command(command: Sequence[str], folder: Path = REPOSITORY) -> Cost:
    """Run a command to its end; its output is shown only if it fails."""
    return _run(command, folder, lambda _: None)


def _run(command: Sequence[str], folder: Path, watch: Callable[[int], None]) -> Cost:
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        watch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace")[-4000:]
            raise MeasurementFailed(f"{' '.join(command)} ended with exit code {process.returncode}:\n{said}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def measure(
    function: Callable[..., object], *, libraries: Iterable[str] = (), **arguments: object
) -> Measured:
    """Call a module-level function in a fresh process that has imported `libraries`.

    Arguments and result are plain data, as JSON has it.
    """
    with tempfile.TemporaryDirectory() as folder:
        order, report = Path(folder, "order.json"), Path(folder, "report.json")
        wanted = {"function": reference_to(function), "libraries": list(libraries), "arguments": arguments}
        order.write_text(json.dumps(wanted))
        memory = _TreeMemory()
        command = [sys.executable, "-m", "benchmarks.child", str(order), str(report)]
        process = _run(command, REPOSITORY, memory.watch)
        content = json.loads(report.read_text())
    content["peak_memory"] = max(content["peak_memory"], memory.peak)
    return Measured(work=Cost(**content.pop("work")), process=process, **content)


def median_wall(times: int, command: Sequence[str], folder: Path = REPOSITORY) -> float:
    """Seconds that a command takes, once it has been run before."""
    run_command(command, folder)
    return statistics.median(run_command(command, folder).wall for _ in range(times))


def median_seconds(times: int, call: Callable[[], object]) -> float:
    """Seconds that a call takes in this process, once it has been made before."""
    call()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


class _TreeMemory:
    """The most memory that a process and its descendants were seen to hold."""

    def __init__(self) -> None:
        self.peak = 0

    def watch(self, pid: int) -> None:
        """Look twice a second, until the process has ended."""
        Thread(target=self._watch, args=[pid], daemon=True).start()

    def _watch(self, pid: int) -> None:
        import psutil

        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            while process.status() != psutil.STATUS_ZOMBIE:
                if children := process.children(recursive=True):
                    self.peak = max(self.peak, sum(map(_proportional_size, [process, *children])))
                time.sleep(0.5)


def _proportional_size(process: Any) -> int:
    """Resident memory, of which pages shared with others count in part. 0 once the process has ended."""
    import psutil

    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0


def _environment() -> dict[str, str]:
    """Ours, but compiled modules are kept as on any user's machine, and libraries say only what matters."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "2", "CI": "true"}
