"""A folder of a user's Python files, as tests write and run them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import psutil


@dataclass
class Project:
    """A folder of a user's Python files."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file, its text dedented."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())
        return path

    def load(self, name: str) -> ModuleType:
        """Import a module of the project as it is now, its neighbours too."""
        self.forget()
        importlib.invalidate_caches()
        return importlib.import_module(name)

    def forget(self) -> None:
        """Let the next import read the files again."""
        here = str(self.folder)
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__path__", ())  # of things that only look like modules, anything
            places = [getattr(module, "__file__", None), *(path if isinstance(path, Iterable) else ())]
            if any(str(p).startswith(here) for p in places if p):
                del sys.modules[name]

    def python(
        self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder and wait."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Python in the folder, in a session of its own."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
