"""The command line in a user's folder with small pipelines, in a process of its own or in this one."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from millwork.cli.main import app

PIPELINES = '''
from millwork import Pipeline, component, pipeline, when
from millwork.core.artifacts import Integer


@component
def one(r: Integer, *, v: int = 1) -> None:
    print(f"one writes {v}")
    r.value = v


@component
def add(r: Integer, x: Integer, *, v: int = 1) -> None:
    r.value = x.value + v


@component
def boom(r: Integer, x: Integer) -> None:
    raise ValueError("no luck")


@pipeline
def chain(n: int = 2, v: int = 1) -> Integer:
    """Add one again and again."""
    x = one(v=v)
    for i in range(n):
        x = add.configured(id=f"add_{i}")(x)
    return x


@pipeline
def bad() -> None:
    x = one()
    add.configured(id="fine")(x, v=5)
    y = boom(x)
    add.configured(id="after")(y)
    with when(x > 5):
        add.configured(id="unlikely")(x)


def described(v: int = 7) -> Pipeline:
    return Pipeline("described", one(v=v))


ready = Pipeline("ready", one(v=9))
not_a_pipeline = 3


def returns_nothing() -> None:
    return None
'''


SINGLE = """
from millwork import pipeline
from millwork.core.artifacts import Integer
from pipelines import chain, one


@pipeline
def single(v: int = 1) -> Integer:
    return one(v=v)
"""


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """`millwork` in processes of their own, in a user's folder with `pipelines.py` and `single.py`."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "pipelines.py").write_text(PIPELINES)
        (self.folder / "single.py").write_text(SINGLE)

    def __call__(self, *arguments: str, **environment: str) -> Said:
        """Run a command and wait."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=120)
        return Said(process.returncode, out, err)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "millwork", *arguments],
            cwd=self.folder,
            env=clean_environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def here(self, *arguments: str) -> Said:
        """Run a command in this process, which is quicker."""
        before, path = os.getcwd(), sys.path[:]
        os.chdir(self.folder)
        try:
            return _invoke(arguments, root=".millwork")
        finally:
            os.chdir(before)
            sys.path[:] = path
            for name, module in list(sys.modules.items()):
                if str(getattr(module, "__file__", None)).startswith(str(self.folder)):
                    del sys.modules[name]


def clean_environment(**more: str) -> dict[str, str]:
    """Ours, without what changes how commands behave."""
    kept = {
        n: v for n, v in os.environ.items() if not n.startswith("MILLWORK_") and n not in ("CI", "NO_COLOR")
    }
    return {**kept, **more}


@functools.cache
def history() -> Path:
    """A root with three runs: `chain` done, `chain` from the cache, and `bad` failed. Only to be read."""
    folder = Path(tempfile.mkdtemp(prefix="millwork-history-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    millwork = CommandLine(folder)
    for name, code in (("chain", 0), ("chain", 0), ("bad", 1)):
        said = millwork("run", f"pipelines.py:{name}", "--quiet")
        assert said.code == code, said
    return folder / ".millwork"


def reading(*arguments: str) -> Said:
    """A command on the history, in this process: only for commands that read."""
    return _invoke(arguments, root=str(history()))


def _invoke(arguments: Sequence[str], root: str) -> Said:
    environment = dict.fromkeys(("CI", "NO_COLOR", "MILLWORK_STORE", "MILLWORK_DEBUG"), None)
    runner = CliRunner(env={**environment, "MILLWORK_ROOT": root})
    done = runner.invoke(app, arguments, prog_name="millwork")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)
