"""What a run's code and environment were is kept, once for all runs that had them, and never costs a run."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import re
from pathlib import Path

import pytest
from sample_project import Project
from sample_runner import run_inline

from millwork.core.plan import compile_pipeline
from millwork.core.run import Run
from millwork.core.snapshots import Snapshots, environment, kept_environment, kept_source
from millwork.core.store import MetadataStore

STEPS = """
    from millwork import component, pipeline
    from millwork.core.artifacts import Integer
    from package.numbers import AMOUNT

    @component
    def one(r: Integer) -> None:
        r.value = AMOUNT

    @pipeline
    def chain() -> Integer:
        return one()
"""


@pytest.fixture
def run(project: Project, tmp_path: Path) -> Run:
    project.write("package/__init__.py", "")
    project.write("package/numbers.py", "AMOUNT = 1\n")
    project.write("package/steps.py", STEPS)
    return run_inline(compile_pipeline(project.load("package.steps").chain()), tmp_path / "root")


def _kept(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (root / ".system/sources").iterdir()}


def test_a_run_keeps_the_users_files_that_its_steps_consist_of(
    run: Run, project: Project, tmp_path: Path
) -> None:
    texts = {path.read_text() for path in project.folder.rglob("*.py")}
    kept = _kept(tmp_path / "root")
    assert set(kept.values()) == texts, "and neither Millwork's own files nor those of installed packages"
    assert all(hashlib.sha256(text.encode()).hexdigest() == name for name, text in kept.items())


def test_both_versions_of_a_file_are_kept(run: Run, project: Project, tmp_path: Path) -> None:
    project.write("package/numbers.py", "AMOUNT = 2\n")
    run_inline(compile_pipeline(project.load("package.steps").chain()), tmp_path / "root")
    assert {"AMOUNT = 1\n", "AMOUNT = 2\n"} <= set(_kept(tmp_path / "root").values())


def test_a_run_says_what_was_installed(run: Run, tmp_path: Path) -> None:
    store = MetadataStore(str(tmp_path / "root/metadata.sqlite"))
    found = kept_environment(run.root, str(store.run(run.id).properties["__environment__"]))
    assert found == environment()
    assert found.packages["ml-metadata"] == importlib.metadata.version("ml-metadata")


def test_folder_names_tell_the_same_as_the_packages_themselves() -> None:
    installed: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        installed.setdefault(name, distribution.version)
    assert environment().packages == installed


def test_what_was_not_kept_is_none(tmp_path: Path) -> None:
    assert kept_source(str(tmp_path), "0" * 64) is None
    assert kept_environment(str(tmp_path), "0" * 64) is None
    assert kept_environment(str(tmp_path), "") is None, "of runs before there were environments"


def test_a_remote_root_keeps_them_beside_its_artifacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLWORK_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "steps.py"
    file.write_text("x = 1\n")
    digest = hashlib.sha256(b"x = 1\n").hexdigest()
    snapshots = Snapshots("memory://snapshots")
    snapshots.keep_sources({digest: file})
    named = snapshots.keep_environment()
    assert kept_source("memory://snapshots", digest) == "x = 1\n"
    assert kept_environment("memory://snapshots", named) == environment()


def test_a_root_that_cannot_take_them_is_told_once_and_costs_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".system").write_text("a file where a folder should be")
    files = {}
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(name)
        files[hashlib.sha256(name.encode()).hexdigest()] = tmp_path / name
    with caplog.at_level(logging.WARNING, "millwork"):
        snapshots = Snapshots(str(tmp_path))
        assert len(snapshots.keep_environment()) == 64
        snapshots.keep_sources(files)
    assert [record.message.partition(",")[0] for record in caplog.records] == [
        "The code of this run cannot be kept"
    ]


def test_a_file_that_changes_while_the_run_begins_is_not_kept_under_a_wrong_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "steps.py").write_text("newer")
    digest = hashlib.sha256(b"older").hexdigest()
    with caplog.at_level(logging.WARNING, "millwork"):
        Snapshots(str(tmp_path)).keep_sources({digest: tmp_path / "steps.py"})
    assert kept_source(str(tmp_path), digest) is None
    assert "was changed while the run began" in caplog.text


def test_nothing_is_written_twice(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    Snapshots(str(tmp_path)).keep_sources({digest: tmp_path / "steps.py"})
    kept = tmp_path / ".system/sources" / digest
    before = kept.stat().st_mtime_ns
    Snapshots(str(tmp_path)).keep_sources({digest: tmp_path / "steps.py"})
    first = Snapshots(str(tmp_path)).keep_environment()
    assert Snapshots(str(tmp_path)).keep_environment() == first
    assert kept.stat().st_mtime_ns == before
    assert [p.name for p in kept.parent.iterdir()] == [digest], "and no partial file is left"
    assert kept.stat().st_mode == (tmp_path / "steps.py").stat().st_mode, "who shares the root can read it"
    assert json.loads((tmp_path / f".system/environments/{first}.json").read_text())["python"]
