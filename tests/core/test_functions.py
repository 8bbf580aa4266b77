"""A function's first parameter is what it writes; the others are inputs and parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sample_parts import Facts, Halves, Rows, add, facts, halve, number, retell, total, train

from millwork import Options, Outputs, component
from millwork.core.artifacts import Examples, Integer, Model, Report
from millwork.core.errors import WrongArgument
from millwork.core.testing import perform


def refused(message: str) -> Any:
    return pytest.raises(WrongArgument, match=re.escape(message))


def test_calling_a_component_gives_the_promise_of_what_it_writes() -> None:
    result = number(value=3)
    assert isinstance(result, Integer)
    assert result.producer is not None
    assert result.producer.id == "number"
    assert result.producer.parameters == {"value": 3}


def test_several_outputs_come_by_name() -> None:
    halves = halve(Rows().examples)
    assert isinstance(halves, Halves)
    assert isinstance(halves.low, Examples)
    assert halves.low is not halves.high
    assert halves.low.producer is halves.high.producer


def test_inputs_may_be_given_by_place_or_by_name() -> None:
    one = number(value=1)
    by_place, by_name = add(one, one, more=2).producer, add(first=one, second=one, more=2).producer
    assert by_place is not None
    assert by_name is not None
    assert by_place.arguments == by_name.arguments == {"first": one, "second": one, "more": 2}


def test_one_component_may_be_used_with_several_names_and_options() -> None:
    options = Options(retries=2)
    step = number.configured(id="seven", options=options).step(value=7)
    again = number.configured(id="eight").configured(options=options).step(value=8)
    assert (step.id, step.options) == ("seven", options)
    assert (again.id, again.options) == ("eight", options)
    assert number.step().id == "number"


def test_wrong_calls_are_refused_in_the_words_of_the_component() -> None:
    one = number(value=1)
    with refused("add needs first: Integer. Pass first=..."):
        add()  # type: ignore[call-arg]
    with refused("add has no argument 'mor'. Did you mean 'more'?"):
        add(one, mor=1)  # type: ignore[call-arg]
    with refused("add: second must be Integer | None, not Examples made by rows"):
        add(one, Rows().examples)  # type: ignore[arg-type]
    with refused("add takes 2 arguments by position, but got 3. Pass the others by name"):
        add(one, one, 3)  # type: ignore[call-arg]
    with refused("add got first twice, by position and by name"):
        add(one, first=one)  # type: ignore[misc]
    with refused("add writes 'result' itself: it is an output and cannot be given"):
        add(one, result=one)  # type: ignore[call-arg]
    with refused("total: numbers takes a list of Integer, not Integer made by number"):
        total(one)  # type: ignore[arg-type]
    with refused("train: fail must be bool, but got 'yes'"):
        train(Rows().examples, fail="yes")  # type: ignore[arg-type]


def test_the_first_parameter_must_be_annotated_with_what_is_written() -> None:
    message = "the first parameter of a component is what it writes. Annotate it with an artifact type"

    def nothing() -> None: ...
    def untyped(report, model: Model) -> None: ...  # type: ignore[no-untyped-def]
    def text(report: str) -> None: ...

    wrong: list[Any] = [nothing, untyped, text]
    for function in wrong:
        with refused(message):
            component(function)


def test_outputs_hold_artifacts_and_nothing_else() -> None:
    class Mixed(Outputs):
        model: Model
        accuracy: float

    class Empty(Outputs):
        pass

    def mixed(written: Mixed) -> None: ...
    def empty(written: Empty) -> None: ...

    for function in (mixed, empty):
        function.__annotations__ = {"written": {"mixed": Mixed, "empty": Empty}[function.__name__]}
        with refused("annotate one artifact type a line, and nothing else"):
            component(function)


def test_every_argument_needs_a_name_and_a_type() -> None:
    def untyped(report: Report, size=3) -> None: ...  # type: ignore[no-untyped-def]
    def loose(report: Report, *models: Model) -> None: ...
    def looser(report: Report, **settings: int) -> None: ...

    with refused("annotate 'size', so that it can be checked"):
        component(untyped)()
    for function in (loose, looser):
        with refused("*args and **kwargs have no types. Name each argument"):
            component(function)()


def test_a_function_that_python_would_not_wait_for_is_refused() -> None:
    async def later(report: Report) -> None: ...

    def lazily(report: Report) -> Any:
        yield report

    for function in (later, lazily):
        with refused(f"{function.__qualname__}: a component is a plain function"):
            component(function)  # type: ignore[arg-type]


def test_a_function_component_runs_by_itself(tmp_path: Path) -> None:
    one = perform(number.step(value=20), tmp_path / "one").outputs["result"]
    assert isinstance(one, Integer)
    both = perform(add.step(one, one, more=2), tmp_path / "both").outputs["result"]
    assert isinstance(both, Integer)
    assert both.value == 42
    many = perform(total.step([one, both, one]), tmp_path / "many").outputs["result"]
    assert isinstance(many, Integer)
    assert many.value == 82


def test_values_of_every_kind_pass_from_step_to_step(tmp_path: Path) -> None:
    step = perform(facts.step(real=0.1, flag=False), tmp_path / "facts")
    written = step.written
    assert isinstance(written, Facts)
    told = perform(retell.step(written.whole, written.real, written.text, written.flag), tmp_path / "told")
    assert (told.outputs["report"].path / "report.txt").read_text() == repr((3, 0.1, "héllo\n", False))
