"""Steps at exit: they run last, whatever happened, and are told how the run ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_parts import Rows, add, fail, last_words, number, train
from sample_runner import run_inline

from millwork import Pipeline, on_exit, pipeline, when
from millwork.core.artifacts import Integer, Report
from millwork.core.errors import WrongArgument
from millwork.core.execution import RunSettings
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.planning import preview
from millwork.core.records import State
from millwork.core.run import Run
from millwork.core.store import MetadataStore


@pipeline
def watched(fails: bool = False) -> Report:
    model = train(Rows(count=2).examples, fail=fails)
    with on_exit():
        return last_words(model)


def told(run: Run, described: Pipeline[Report]) -> list[str]:
    return (run[described.produces].path / "report.txt").read_text().splitlines()


def test_it_is_told_how_the_run_ended(tmp_path: Path) -> None:
    described = watched()
    run = run_inline(described, tmp_path)
    assert told(run, described) == ["watched", "complete", "rows complete", "train complete", "model True"]


def test_it_runs_after_a_failure_and_its_optional_inputs_are_none(tmp_path: Path) -> None:
    described = watched(fails=True)
    run = run_inline(described, tmp_path)
    assert run.state is State.FAILED
    assert told(run, described) == [
        "watched",
        "failed",
        "rows complete",
        "train failed",
        "train: told to fail",
        "model False",
    ]


def test_it_runs_in_every_run_although_nothing_changed(tmp_path: Path) -> None:
    described = watched()
    run_inline(described, tmp_path)
    run = run_inline(described, tmp_path)
    assert {id: s.state.value for id, s in run.steps.items()} == {
        "rows": "cached",
        "train": "cached",
        "last_words": "complete",
    }
    assert run.steps["last_words"].reason == "runs at the end of every run"


def test_it_runs_when_other_steps_are_selected(tmp_path: Path) -> None:
    run = run_inline(watched(), tmp_path, only=["rows"])
    assert run.steps["train"].state is State.SKIPPED
    assert run.steps["last_words"].state is State.COMPLETE


def test_one_that_cannot_do_without_its_input_is_skipped(tmp_path: Path) -> None:
    @pipeline
    def needy() -> None:
        broken = fail(message="no")
        with on_exit():
            train(Rows(count=1).examples)
            number.configured(id="other")(value=1)
            with when(broken >= 0):
                number.configured(id="conditional")(value=1)

    run = run_inline(needy(), tmp_path)
    assert {id: s.state.value for id, s in run.steps.items()} == {
        "fail": "failed",
        "rows": "complete",
        "train": "complete",
        "other": "complete",
        "conditional": "skipped",
    }
    assert run.steps["conditional"].reason == "needs fail, which failed"


def test_a_failure_at_exit_fails_the_run(tmp_path: Path) -> None:
    @pipeline
    def described() -> Integer:
        made = number(value=1)
        with on_exit():
            fail(message="no mail server")
        return made

    run = run_inline(described(), tmp_path)
    assert run.state is State.FAILED
    assert [s.id for s in run.failed] == ["fail"]


def test_it_survives_the_plan_and_comes_last_in_it(tmp_path: Path) -> None:
    plan = compile_pipeline(watched())
    assert [s.at_exit for s in plan.steps] == [False, False, True]
    assert Plan.from_json(plan.to_json()) == plan
    run_inline(Plan.from_json(plan.to_json()), tmp_path)
    shown = preview(plan, MetadataStore(str(tmp_path / "metadata.sqlite")), RunSettings())
    assert [(p.step, p.action) for p in shown] == [
        ("rows", "cached"),
        ("train", "cached"),
        ("last_words", "run"),
    ]


def test_an_ordinary_step_cannot_need_one_at_exit() -> None:
    @pipeline
    def backwards() -> Integer:
        with on_exit():
            made = number(value=1)
        return add(made)

    with pytest.raises(WrongArgument, match="add needs what number writes, which runs at the end, after add"):
        backwards()


def test_an_ordinary_step_cannot_be_told_how_the_run_ended() -> None:
    with pytest.raises(
        WrongArgument, match="only steps at its end can know. Place the step below `with on_exit"
    ):
        compile_pipeline(Pipeline("p", last_words()))
