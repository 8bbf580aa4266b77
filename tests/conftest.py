"""What every test may use: the sample parts, and a project of a user's own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sample_project import Project
from sample_servers import mariadb as mariadb
from sample_servers import postgresql as postgresql
from sample_servers import server_folder as server_folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A user's project, importable while the test runs."""
    made = Project(tmp_path / "project")
    made.folder.mkdir()
    sys.path.insert(0, str(made.folder))
    yield made
    made.forget()
    sys.path.remove(str(made.folder))


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for something to become true."""

    def wait(condition: Callable[[], object], seconds: float = 30, what: str = "the condition") -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come true within {seconds:g} s"
            time.sleep(0.01)

    return wait
