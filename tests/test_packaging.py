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


@pytest.mark.parametrize("folder", [*FOLDERS, "src/millwork/cli", "src/millwork/analysis"])
def test_the_wheel_holds_every_module(wheel: zipfile.ZipFile, folder: str) -> None:
    inside = f"millwork/{Path(folder).name}"
    modules = {f"{inside}/{p.relative_to(ROOT / folder)}" for p in (ROOT / folder).rglob("*.py")}
    assert modules
    assert modules <= set(wheel.namelist())


def test_the_wheel_holds_what_reports_are_drawn_with(wheel: zipfile.ZipFile) -> None:
    assert {f"millwork/evaluation/reporting/report.{kind}" for kind in ("css", "js")} <= set(wheel.namelist())


def test_the_wheel_holds_every_file_of_the_templates(wheel: zipfile.ZipFile) -> None:
    """Also those whose names begin with a dot, in folders whose names are expressions."""
    templates = [p.parent for p in (ROOT / "templates").glob("*/copier.yaml")]
    files = {
        f"millwork/templates/{file.relative_to(ROOT / 'templates')}"
        for template in templates
        for file in [template / "copier.yaml", *(template / "project").rglob("*")]
        if file.is_file() and not any(part in _LEFT_OUT for part in file.parts)
    }
    assert "millwork/templates/every-project/project/.github/workflows/compare.yml" in files
    inside = {name for name in wheel.namelist() if "/project/" in name or name.endswith("copier.yaml")}
    assert inside == files


_LEFT_OUT = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


def test_the_wheel_is_typed_and_installs_the_command(wheel: zipfile.ZipFile) -> None:
    assert "millwork/py.typed" in wheel.namelist()
    [entry_points] = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
    assert "millwork = millwork.cli.main:main" in wheel.read(entry_points).decode()


def test_nothing_records_where_packages_were_downloaded_from() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert "uv.lock" not in tracked
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text()
