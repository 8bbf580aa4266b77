"""`millwork` in this process, in an empty folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import Said
from typer.testing import CliRunner

from millwork.cli.main import app

Millwork = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("MILLWORK_TEMPLATES", "MILLWORK_ROOT", "MILLWORK_STORE", "MILLWORK_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return here


@pytest.fixture
def millwork(folder: Path) -> Millwork:
    """Runs a command."""

    def run(*arguments: str | Path) -> Said:
        done = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="millwork")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    return run
