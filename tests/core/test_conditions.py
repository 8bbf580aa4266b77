"""Steps under `when(...)` run only if something about artifacts holds, and are else recorded as skipped."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sample_parts import Rows, add, facts, number
from sample_runner import run_inline

from millwork import pipeline, when
from millwork.core.artifacts import Boolean, Float, Integer, Model, String
from millwork.core.conditions import condition_text, condition_to_json, holds
from millwork.core.errors import WrongArgument
from millwork.core.graph import Condition, Property
from millwork.core.plan import compile_pipeline
from millwork.core.records import State


def refused(message: str) -> Any:
    return pytest.raises(WrongArgument, match=re.escape(message))


@pytest.mark.parametrize(
    ("condition", "value", "held"),
    [
        (lambda x: x > 3, 4, True),
        (lambda x: x > 3, 3, False),
        (lambda x: x >= 3, 3, True),
        (lambda x: x < 3, 3, False),
        (lambda x: x <= 3, 3, True),
        (lambda x: x.equals(3), 3, True),
        (lambda x: x.equals(3), 4, False),
        (lambda x: x.prop("value").one_of(1, 3), 3, True),
        (lambda x: x.prop("value").one_of(1, 3), 2, False),
        (lambda x: ~(x > 3), 4, False),
        (lambda x: (x > 1) & (x < 5), 3, True),
        (lambda x: (x > 1) & (x < 5), 6, False),
        (lambda x: (x < 1) | (x > 5), 6, True),
        (lambda x: (x < 1) | (x > 5), 3, False),
        (lambda x: ~((x < 1) | ((x > 5) & ~x.equals(7))), 7, True),
    ],
)
def test_conditions_compare_and_combine(condition: Any, value: int, held: bool) -> None:
    planned = condition_to_json(condition(number(value=0)))
    assert (
        holds(planned, lambda step, output, name: {"number.result.value": value}[f"{step}.{output}.{name}"])
        is held
    )


def test_a_condition_reads_like_what_was_written() -> None:
    x = number(value=0)
    planned = condition_to_json(~((x > 1) & x.prop("value").one_of(2, 3)) | x.equals(0))
    assert (
        condition_text(planned)
        == "(not ((number.result.value > 1 and number.result.value in [2, 3])) or number.result.value == 0)"
    )


def test_properties_of_artifacts_can_decide(tmp_path: Path) -> None:
    @pipeline
    def gated() -> None:
        rows = Rows().examples
        with when(rows.prop("version").equals(0)):
            number.configured(id="yes")(value=1)
        with when(rows.prop("file_format").equals("tfrecord")):
            number.configured(id="no")(value=1)

    run = run_inline(gated(), tmp_path)
    assert run.steps["yes"].state is State.COMPLETE
    assert run.steps["no"].state is State.SKIPPED
    assert run.steps["no"].reason == "not rows.examples.file_format == 'tfrecord': it is 'parquet'"


def test_values_of_every_kind_can_decide(tmp_path: Path) -> None:
    @pipeline
    def decided() -> None:
        written = facts(whole=3, real=0.25, text="a", flag=True)
        conditions: dict[str, Condition | Property] = {
            "whole": written.whole.equals(3),
            "real": written.real < 0.3,
            "text": written.text.equals("a"),
            "flag": written.flag.equals(True),
            "bare": written.flag.prop("value"),
        }
        for name, condition in conditions.items():
            with when(condition):
                number.configured(id=f"{name}_yes")(value=1)
            if isinstance(condition, Condition):
                with when(~condition):
                    number.configured(id=f"{name}_no")(value=1)

    states = {id: status.state for id, status in run_inline(decided(), tmp_path).steps.items()}
    assert {id for id, state in states.items() if state is State.SKIPPED} == {
        "whole_no",
        "real_no",
        "text_no",
        "flag_no",
    }


def test_what_needs_a_skipped_step_is_skipped_with_the_reason(tmp_path: Path) -> None:
    @pipeline
    def skipping() -> None:
        one = number(value=1)
        with when(one > 5):
            two = number.configured(id="two")(value=2)
        three = add.configured(id="three")(two)
        add.configured(id="four")(three)
        add.configured(id="free")(one)

    run = run_inline(skipping(), tmp_path)
    assert run.state is State.COMPLETE
    assert {id: (s.state, s.reason) for id, s in run.steps.items()} == {
        "number": (State.COMPLETE, "never run"),
        "two": (State.SKIPPED, "not number.result.value > 5: it is 1"),
        "three": (State.SKIPPED, "needs two, which was skipped"),
        "four": (State.SKIPPED, "needs three, which was skipped"),
        "free": (State.COMPLETE, "never run"),
    }


def test_conditions_nest(tmp_path: Path) -> None:
    @pipeline
    def nested() -> None:
        one = number(value=1)
        with when(one > 0):
            number.configured(id="outer")(value=1)
            with when(one > 5):
                number.configured(id="inner")(value=1)
            number.configured(id="after")(value=1)
        number.configured(id="outside")(value=1)

    described = nested()
    assert [len(step.conditions) for step in described.steps] == [0, 1, 2, 1, 0]
    run = run_inline(described, tmp_path)
    assert [id for id, status in run.steps.items() if not status.state.good] == ["inner"]
    assert run.steps["inner"].reason == "not number.result.value > 5: it is 1"


def test_a_condition_makes_its_step_wait_for_the_artifact() -> None:
    @pipeline
    def waiting() -> None:
        late = number.step(value=1)
        with when(Integer(producer=late) > 0):
            pass
        with when(late.written > 0):
            number.configured(id="gated")(value=1)

    plan = compile_pipeline(waiting())
    assert [(w.step, w.output) for w in plan["gated"].needs()] == [("number", "result")]


def test_an_exception_in_the_block_closes_it() -> None:
    with pytest.raises(ZeroDivisionError), when(number(value=1) > 3):
        raise ZeroDivisionError
    assert number.step(value=2).conditions == ()


def test_python_s_if_and_or_not_are_refused_with_what_to_write() -> None:
    x = number(value=1)
    message = "Write `with when(condition): ...` instead of `if`, and & | ~ instead of and, or, not"
    with refused(message):
        bool(x > 3)
    with refused(message):
        _ = x > 3 and x < 5
    with refused(message):
        _ = not x > 3
    with refused(message):
        _ = 1 < x < 5


@pytest.mark.parametrize("wrong", [True, 3, "x", None])
def test_when_takes_a_condition(wrong: Any) -> None:
    with refused("when() takes a condition on an artifact, such as accuracy >= 0.8 or"), when(wrong):
        pass
    with (
        refused(f"but got {wrong!r}. What is known while the pipeline is described needs only `if`"),
        when(wrong),
    ):
        pass


def test_a_property_that_is_not_there_is_answered_with_the_nearest_name() -> None:
    with refused("Examples has no property 'num_exampels'. Did you mean 'num_examples'?"):
        Rows().examples.prop("num_exampels")
    with refused("Model has no property 'value'. There are: framework, span."):
        Model().prop("value")


def test_a_condition_needs_the_output_of_a_step() -> None:
    @pipeline
    def unproduced() -> None:
        with when(Float() > 3):
            number(value=1)

    with pytest.raises(Exception, match="number gets an empty Float\\(\\) as 'when', and no step writes it"):
        unproduced()


def test_a_comparison_that_makes_no_sense_fails_that_step_only(tmp_path: Path) -> None:
    @pipeline
    def senseless() -> None:
        text = facts().text
        with when(text.prop("value") > 3):
            number.configured(id="senseless")(value=1)
        number(value=1)

    run = run_inline(senseless(), tmp_path)
    assert run.steps["senseless"].state is State.FAILED
    assert "facts.text.value > 3" in run.steps["senseless"].reason
    assert run.steps["number"].state is State.COMPLETE


def test_types_of_values_are_kept() -> None:
    written = facts()
    assert [type(a) for a in (written.whole, written.real, written.text, written.flag)] == [
        Integer,
        Float,
        String,
        Boolean,
    ]
