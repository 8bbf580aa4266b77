"""`millwork catalog scaffold`: a component of one's own, whose test passes as it is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import Said
from sample_templates import tree

Millwork = Callable[..., Said]


def passes(folder: Path, *command: str) -> str:
    """What the command said, which must succeed."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_in_a_project_they_go_to_its_components_and_its_tests(millwork: Millwork, folder: Path) -> None:
    assert millwork("init", "p", "-t", "image", "--defaults", "-a", "package=parts").code == 0
    os.chdir(folder / "p/tests")
    said = millwork("catalog", "scaffold", "TakeNewest", "--json")
    assert json.loads(said.out) == {
        "schema": "millwork/scaffold/v1",
        "name": "TakeNewest",
        "files": [
            str(folder / "p" / path)
            for path in (
                "src/parts/components/__init__.py",
                "src/parts/components/take_newest.py",
                "tests/test_take_newest.py",
            )
        ],
    }
    assert millwork("catalog", "scaffold", "count_rows").code == 0
    project = folder / "p"
    tests = ["tests/test_take_newest.py", "tests/test_count_rows.py"]
    assert "3 passed" in passes(project, "python", "-m", "pytest", "-q", *tests)
    components = ["src/parts/components", *tests]
    passes(project, "ruff", "check", *components)
    passes(project, "ruff", "format", "--check", *components)
    passes(project, "mypy", *components)
    assert "FirstRows" not in "".join(path.read_text() for path in project.rglob("*newest.py"))


@pytest.mark.parametrize("arguments", [[], ["--to", "elsewhere"]])
def test_anywhere_else_the_test_lies_beside(millwork: Millwork, folder: Path, arguments: list[str]) -> None:
    for name in ("TakeNewest", "count_rows"):
        assert millwork("catalog", "scaffold", name, *arguments).code == 0
    where = folder / "/".join(arguments[1:])
    assert sorted(p.name for p in where.iterdir()) == [
        "count_rows.py",
        "take_newest.py",
        "test_count_rows.py",
        "test_take_newest.py",
    ]
    passes(where, "ruff", "check", "--no-cache", ".")
    passes(where, "ruff", "format", "--no-cache", "--check", "--line-length=110", ".")
    if not arguments:
        assert "3 passed" in passes(folder, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_a_folder_of_the_project_s_package_is_imported_from_there(millwork: Millwork, folder: Path) -> None:
    assert millwork("init", "p", "-t", "image", "--defaults").code == 0
    os.chdir(folder / "p")
    said = millwork("catalog", "scaffold", "TakeNewest", "--to", "src/p/special/parts")
    assert said.out.splitlines()[-1] == "tests/test_take_newest.py"
    assert (
        "from p.special.parts.take_newest import TakeNewest" in Path("tests/test_take_newest.py").read_text()
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("take-newest", "Write 'TakeNewest' for a class, or 'take_newest' for a function"),
        ("Take_Newest", "Write 'TakeNewest' for a class"),
        ("../x", "Write 'X' for a class"),
        ("class", "Python uses that name"),
        ("json", "Python uses that name"),
        ("Json", "Python uses that name"),
        ("Trainer", "Millwork has a component 'Trainer'"),
        ("model_card", "Millwork has a component 'model_card'"),
    ],
)
def test_a_name_that_cannot_be_is_refused(millwork: Millwork, folder: Path, name: str, message: str) -> None:
    said = millwork("catalog", "scaffold", name)
    assert (said.code, message in said.err) == (2, True), said
    assert list(folder.iterdir()) == []


def test_nothing_is_overwritten(millwork: Millwork, folder: Path) -> None:
    (folder / "test_take_newest.py").write_text("mine")
    said = millwork("catalog", "scaffold", "TakeNewest")
    assert (said.code, "test_take_newest.py. Nothing was written" in said.err) == (2, True)
    assert tree(folder) == {"test_take_newest.py": b"mine"}
