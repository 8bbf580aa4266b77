"""What is installed is what is here."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ["core", "components", "runners", "evaluation", "templates"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from the sdist, as an index would have it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.parametrize("folder", [*FOLDERS, "src/millwork/cli"])
def test_the_wheel_holds_every_module(wheel: zipfile.ZipFile, folder: str) -> None:
    inside = f"millwork/{Path(folder).name}"
    modules = {f"{inside}/{p.relative_to(ROOT / folder)}" for p in (ROOT / folder).rglob("*.py")}
    assert modules
    assert modules <= set(wheel.namelist())


def test_the_wheel_holds_what_reports_are_drawn_with(wheel: zipfile.ZipFile) -> None:
    assert {f"millwork/evaluation/reporting/report.{kind}" for kind in ("css", "js")} <= set(wheel.namelist())


def test_the_wheel_is_typed_and_installs_the_command(wheel: zipfile.ZipFile) -> None:
    assert "millwork/py.typed" in wheel.namelist()
    [entry_points] = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
    assert "millwork = millwork.cli.main:main" in wheel.read(entry_points).decode()


def test_nothing_records_where_packages_were_downloaded_from() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert "uv.lock" not in tracked
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text()
