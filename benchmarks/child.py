"""The other end of `benchmarks.measuring.measure`: calls one function and reports what that cost.

python -m benchmarks.child ORDER_FILE REPORT_FILE
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path

from millwork.core.callables import load_reference


def main() -> None:
    """Entry point of the process."""
    order = json.loads(Path(sys.argv[1]).read_text())
    began = time.monotonic()
    function = load_reference(order["function"])
    for name in order["libraries"]:
        importlib.import_module(name)
    imported = time.monotonic()
    memory, cpu = _high_water_mark(), _cpu_seconds()
    value = function(**order["arguments"])
    report = {
        "value": value,
        "imports": imported - began,
        "work": {"wall": time.monotonic() - imported, "cpu": _cpu_seconds() - cpu},
        "memory_after_imports": memory,
        "peak_memory": _high_water_mark(),
    }
    Path(sys.argv[2]).write_text(json.dumps(report))


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _high_water_mark() -> int:
    """Bytes of this program. `ru_maxrss` would count what its parent held when it started this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status does not tell the peak memory: measure on Linux")


if __name__ == "__main__":
    main()
