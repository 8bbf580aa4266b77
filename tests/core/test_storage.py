"""Artifacts live in local folders, or in any store that fsspec reaches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from millwork import component, pipeline
from millwork.core import storage
from millwork.core.artifacts import Integer, Report
from millwork.core.errors import BadInput
from millwork.core.execution import LiveRun, RunSettings
from millwork.core.job import Job, perform
from millwork.core.plan import compile_pipeline
from millwork.core.records import State
from millwork.core.run import Run
from millwork.core.store import MetadataStore


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MILLWORK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield
    fsspec.filesystem("memory").store.clear()


def a_folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize("uri", ["{tmp}/store/model", "file://{tmp}/store/model", "memory://store/model"])
def test_what_is_published_is_all_there_and_can_be_removed(tmp_path: Path, uri: str) -> None:
    uri = uri.format(tmp=tmp_path)
    storage.publish(a_folder(tmp_path / "staged", one="1", two="2"), uri)

    assert not (tmp_path / "staged").exists()
    assert storage.exists(uri)
    assert sorted(p.name for p in storage.local_path(uri).iterdir()) == ["one", "two"]

    storage.remove(uri)
    assert not storage.exists(uri)


def test_what_is_remote_is_downloaded_once(tmp_path: Path) -> None:
    storage.publish(a_folder(tmp_path / "staged", one="1"), "memory://store/model")
    first = storage.local_path("memory://store/model")
    fsspec.filesystem("memory").store.clear()
    assert storage.local_path("memory://store/model") == first
    assert (first / "one").read_text() == "1"


def test_a_remote_place_with_nothing_in_it_is_an_error() -> None:
    with pytest.raises(BadInput, match="There is nothing at 'memory://nowhere'"):
        storage.local_path("memory://nowhere")


def test_a_digest_depends_on_names_and_contents_only(tmp_path: Path) -> None:
    first = a_folder(tmp_path / "a", one="1", two="2")
    again = a_folder(tmp_path / "b", two="2", one="1")
    os.utime(again / "one", (0, 0))
    assert storage.content_digest(first) == storage.content_digest(again)
    assert storage.content_digest(first) != storage.content_digest(a_folder(tmp_path / "c", one="1", two="3"))
    assert storage.content_digest(first) != storage.content_digest(
        a_folder(tmp_path / "d", one="1", zwei="2")
    )


@component
def count(number: Integer) -> None:
    """A value to be passed on."""
    number.value = 3


@component
def report(written: Report, number: Integer) -> None:
    """Reads the value and writes a file."""
    (written.path / "report.md").write_text(f"There are {number.value}.")


@pipeline
def counting() -> Report:
    return report(count())


def run_in_this_process(root: str, store: MetadataStore) -> Run:
    plan = compile_pipeline(counting())
    live = LiveRun.begin(plan, store, root, RunSettings())
    for step in plan.steps:
        prepared = live.prepare(step)
        if isinstance(prepared, Job):
            live.complete(step, perform(prepared))
    return live.finish()


def test_a_pipeline_runs_on_a_remote_root(tmp_path: Path) -> None:
    store = MetadataStore(str(tmp_path / "metadata.sqlite"))
    run = run_in_this_process("memory://artifacts", store)

    assert run.state is State.COMPLETE, run.failed
    [written] = run.outputs["report"]["written"]
    assert written.uri.startswith("memory://artifacts/counting/report/written/")
    assert (written.path / "report.md").read_text() == "There are 3."

    again = run_in_this_process("memory://artifacts", store)
    assert {s.state for s in again.steps.values()} == {State.CACHED}
