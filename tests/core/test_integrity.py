"""What was published is used again only as long as it is what was written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from sample_parts import number, total
from sample_runner import run_inline

from millwork import Pipeline
from millwork.core.artifacts import Integer
from millwork.core.execution import LiveRun, RunSettings
from millwork.core.integrity import damage_to, signature_of
from millwork.core.job import Job, perform
from millwork.core.plan import compile_pipeline
from millwork.core.records import State
from millwork.core.run import Run
from millwork.core.store import MetadataStore


def described() -> Pipeline[Integer]:
    return Pipeline("adding", total([number(value=1)]))


def states(run: Run) -> set[State]:
    return {status.state for status in run.steps.values()}


def test_a_signature_changes_with_names_sizes_and_times(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    before = signature_of(tmp_path)
    assert signature_of(tmp_path) == before
    os.utime(file, (0, 0))
    touched = signature_of(tmp_path)
    file.write_text("12")
    assert len({before, touched, signature_of(tmp_path)}) == 3


def test_touching_or_copying_files_is_no_damage(tmp_path: Path) -> None:
    run = run_inline(described(), tmp_path)
    [value] = run.outputs["number"]["result"]
    os.utime(value.path, (0, 0))
    assert damage_to(value) == ""
    assert states(run_inline(described(), tmp_path)) == {State.CACHED}


def test_a_changed_artifact_is_no_hit(tmp_path: Path) -> None:
    run = run_inline(described(), tmp_path)
    [value] = run.outputs["number"]["result"]
    value.path.write_text("7")
    assert damage_to(value) == "was changed"
    again = run_inline(described(), tmp_path)
    assert again.steps["number"].state is State.COMPLETE
    assert again.steps["number"].reason == f"result of run {run.id} was changed"
    assert again.steps["total"].state is State.CACHED, "the content is the same as it was"


def test_an_older_run_serves_if_the_newest_is_damaged(tmp_path: Path) -> None:
    first = run_inline(described(), tmp_path)
    second = run_inline(described(), tmp_path, cache=False)
    shutil.rmtree(second.outputs["number"]["result"][0].path.parent)
    third = run_inline(described(), tmp_path)
    assert third.steps["number"].state is State.CACHED
    assert third.steps["number"].reason == f"unchanged since run {first.id}"


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_an_input_that_was_harmed_during_the_run_is_refused(tmp_path: Path, harm: str) -> None:
    plan = compile_pipeline(described())
    live = LiveRun.begin(plan, MetadataStore(str(tmp_path / "metadata.sqlite")), str(tmp_path), RunSettings())
    here = os.getcwd()
    for step in plan.steps:
        prepared = live.prepare(step)
        if isinstance(prepared, Job):
            live.complete(step, perform(prepared))
            os.chdir(here)
            path = live.run.outputs[step.id]["result"][0].path
            path.write_text("7") if harm == "change" else path.unlink()
    run = live.finish()
    assert run.steps["total"].state is State.FAILED
    assert "Nothing may write into a published artifact" in run.steps["total"].reason
