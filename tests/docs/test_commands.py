"""Every command in the documentation is run, the way a reader would run it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import doc_pages
import pytest

QUICK: set[str] = set()
"""Pages that every run of the tests reads; the others take their time."""


def _marked(page: Path) -> object:
    name = page.relative_to(doc_pages.ROOT).as_posix()
    return pytest.param(page, id=name, marks=() if page.name in QUICK else pytest.mark.slow)


RUN = [page for page in doc_pages.pages() if any(block.is_run for block in doc_pages.blocks(page))]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", map(_marked, RUN))
def test_the_commands_of_the_page_work(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "page.sh"
    script.write_text(doc_pages.script(page, _free_port()), "utf-8")
    (tmp_path / "reader").mkdir()
    done = subprocess.run(
        ["bash", str(script)],
        cwd=tmp_path / "reader",
        env={
            **os.environ,
            "CI": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "REPO": str(doc_pages.ROOT),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"


@pytest.mark.parametrize(
    "page", doc_pages.pages(), ids=lambda page: page.relative_to(doc_pages.ROOT).as_posix()
)
def test_commands_are_where_they_are_run(page: Path) -> None:
    assert not doc_pages.commands_outside(page)


@pytest.mark.parametrize(
    "page", doc_pages.pages(), ids=lambda page: page.relative_to(doc_pages.ROOT).as_posix()
)
def test_links_lead_somewhere(page: Path) -> None:
    import re

    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
