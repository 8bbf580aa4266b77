"""Where and with what something was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from benchmarks.measuring import REPOSITORY

_PACKAGES = (
    "millwork",
    "apache-beam",
    "keras",
    "ml-metadata",
    "numpy",
    "pandas",
    "protobuf",
    "pyarrow",
    "scikit-learn",
    "tensorflow",
    "tensorflow-data-validation",
    "tensorflow-transform",
    "tfx-bsl",
)


def describe_machine() -> dict[str, object]:
    """Processor, cores, memory, kernel."""
    import psutil

    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
    }


def load() -> list[float]:
    """How many processes wanted to work in the last 1, 5 and 15 minutes: ours and others."""
    return [round(average, 2) for average in os.getloadavg()]


def versions() -> dict[str, str]:
    """Of Python and of what does the work."""
    return {"python": platform.python_version()} | {p: importlib.metadata.version(p) for p in _PACKAGES}


def commit() -> dict[str, object]:
    """What was measured, and whether files had been changed since."""
    return {"commit": _git("rev-parse", "HEAD"), "changed_files": len(_git("status", "--short").splitlines())}


def short_name() -> str:
    """For file names: `xeon-2-cores`."""
    kind = next((word for word in _cpu_model().replace("(R)", "").split() if word.lower() in _KINDS), "cpu")
    return f"{kind.lower()}-{os.cpu_count()}-cores"


_KINDS = {"xeon", "epyc", "core", "ryzen", "apple", "neoverse"}


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*command: str) -> str:
    done = subprocess.run(["git", *command], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()
