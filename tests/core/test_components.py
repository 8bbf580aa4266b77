"""A class body is the spec: wrong calls are refused as soon as they are made, and told what to write."""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from typing import Any

import pytest
from sample_parts import Colour, Count, Everything, Reader, Rows, Sum, Window, count, number

from millwork import Component, Options, output
from millwork.core.artifacts import Examples, Float, Integer, Report
from millwork.core.component import contract_of, snake_case
from millwork.core.errors import WrongArgument
from millwork.core.signature import Input
from millwork.core.testing import perform


def refused(message: str) -> Any:
    return pytest.raises(WrongArgument, match=re.escape(message))


def test_artifact_fields_are_inputs_output_fields_are_outputs_the_rest_are_parameters() -> None:
    contract = contract_of(Sum)
    assert contract.inputs == {
        "examples": Input("examples", Examples, one=False, many=True),
        "extra": Input("extra", Integer, optional=True),
    }
    assert list(contract.parameters) == ["scale"]
    assert contract.outputs == {"total": Float, "report": Report}


def test_a_step_is_called_like_its_class_unless_it_is_named() -> None:
    assert Rows().id == "rows"
    assert Rows(id="mine").id == "mine"
    assert snake_case("CsvExampleGen") == "csv_example_gen"
    assert snake_case("TFModelPusher2") == "tf_model_pusher2"


def test_a_missing_input_is_named_with_its_type() -> None:
    with refused("Sum needs examples: list[Examples]. Pass examples=..."):
        Sum()  # type: ignore[call-arg]


def test_a_missing_parameter_is_named_with_its_type() -> None:
    with refused("Reader needs source: str | Path. Pass source=..."):
        Reader()  # type: ignore[call-arg]


def test_a_misspelt_argument_is_answered_with_the_nearest_name() -> None:
    with refused("Rows has no argument 'cuont'. Did you mean 'count'?"):
        Rows(cuont=3)  # type: ignore[call-arg]
    with refused("Rows has no argument 'st'. Did you mean 'start'?"):
        Rows(st=3)  # type: ignore[call-arg]
    with refused("Rows has no argument 'zzz'. There are: count, start."):
        Rows(zzz=3)  # type: ignore[call-arg]


def test_an_output_cannot_be_given() -> None:
    with refused("Rows writes 'examples' itself: it is an output and cannot be given"):
        Rows(examples=Examples())  # type: ignore[call-arg]


def test_arguments_are_given_by_name() -> None:
    with refused("Rows takes its arguments by name, but got 3. Write Rows(count=...)"):
        Rows(3)  # type: ignore[call-arg, arg-type]


def test_a_wrong_wire_says_what_was_expected_and_who_made_what_was_given() -> None:
    one = number(value=1)
    with refused("Sum: examples must be list[Examples], not Integer made by number"):
        Sum(examples=[Rows().examples, one])  # type: ignore[list-item]
    with refused("Sum: examples takes a list of Examples, not Examples made by rows"):
        Sum(examples=Rows().examples)  # type: ignore[arg-type]
    with refused("Sum: extra must be Integer | None, not Examples made by rows"):
        Sum(examples=[], extra=Rows().examples)  # type: ignore[arg-type]
    with refused("Sum: extra must be Integer | None, not 3 of type int"):
        Sum(examples=[], extra=3)  # type: ignore[arg-type]


def test_an_input_may_take_one_artifact_or_a_list() -> None:
    for contract in (contract_of(Count), count.signature):
        assert contract.inputs == {
            "examples": Input("examples", Examples, many=True),
            "more": Input("more", Examples, optional=True, many=True),
        }
    assert contract_of(Count).inputs["more"].hint == "Examples | list[Examples] | None"
    one = Rows().examples
    with refused("Count: examples must be Examples | list[Examples], not Integer made by number"):
        Count(examples=[one, number()])  # type: ignore[list-item]
    with refused("Count: more must be Examples | list[Examples] | None, not 3 of type int"):
        Count(examples=one, more=3)  # type: ignore[arg-type]
    with refused("count: examples must be Examples | list[Examples], not None of type NoneType"):
        count(None)  # type: ignore[arg-type]
    with refused("Sum: extra must be Integer | None, not [Integer("):
        Sum(examples=[], extra=[number()])  # type: ignore[arg-type]


class Mixed(Component):
    """Two artifact types in one input."""

    things: Examples | list[Report]

    def run(self) -> None: ...


def test_an_input_is_of_one_artifact_type() -> None:
    with refused(
        "Mixed: the input things must be of one artifact type, such as Examples | list[Examples] | None, but is "
        "annotated Examples | list[millwork.core.artifacts.Report]"
    ):
        Mixed(things=Rows().examples)


@pytest.mark.parametrize("step", [Count, count.step])
def test_the_field_holds_what_was_given(step: Any, tmp_path: Path) -> None:
    rows = perform(Rows(), tmp_path / "rows").examples

    def told(**given: Any) -> str:
        written: Path = perform(step(**given), tmp_path).outputs["report"].path
        return (written / "report.txt").read_text()

    assert told(examples=rows) == "one, nothing"
    assert told(examples=[rows], more=rows) == "list of 1, one"
    assert told(examples=[rows, rows], more=[]) == "list of 2, list of 0"


def test_none_is_only_for_optional_inputs() -> None:
    assert Sum(examples=[], extra=None).extra is None
    with refused("Sum: examples takes a list of Examples, not None of type NoneType"):
        Sum(examples=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("argument", "value", "wanted"),
    [
        ("text", 3, "str"),
        ("number", "3", "int"),
        ("number", True, None),  # Python says so, and mypy too: True is an int
        ("real", 3, None),
        ("real", "0.5", "float"),
        ("flag", 1, "bool"),
        ("nothing", "x", "int | None"),
        ("path", "somewhere", "Path"),
        ("colour", "red", "Colour"),
        ("window", {"first": 1}, "Window"),
        ("pair", (1, 2), "tuple[int, str]"),
        ("pair", (1, "a", "b"), "tuple[int, str]"),
        ("many", "eval", "tuple[str, ...]"),
        ("many", ("a", 1), "tuple[str, ...]"),
        ("many", [1], "tuple[str, ...]"),
        ("nested", {1: "a"}, "Mapping[str, Any]"),
        ("chosen", {"a"}, "frozenset[str]"),
        ("function", "double", "Callable[[int], int]"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused_with_the_value(
    argument: str, value: Any, wanted: str | None
) -> None:
    if wanted is None:
        Everything(**{argument: value})
        return
    with refused(f"Everything: {argument} must be {wanted}, but got {value!r}"):
        Everything(**{argument: value})


def test_a_parameter_cannot_take_an_artifact() -> None:
    one = number(value=1)
    with refused(
        "Rows: count is a parameter (int) and cannot take Integer made by number: its value is not known yet"
    ):
        Rows(count=one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrap", [lambda a: {"x": a}, lambda a: {"x": [1, (a,)]}, lambda a: {"x": {"y": {1: a}}}]
)
def test_a_parameter_cannot_hide_an_artifact(wrap: Any) -> None:
    with refused(
        "Everything: nested is a parameter (Mapping[str, Any]) and cannot take Integer made by number"
    ):
        Everything(nested=wrap(number(value=1)))


def test_a_component_may_refuse_arguments_itself() -> None:
    with refused("Rows: count must be 0 or more, but got -1"):
        Rows(count=-1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"id": 3}, "Rows: id must be str, but got 3"),
        ({"options": {"retries": 1}}, "Rows: options must be Options, but got {'retries': 1}"),
    ],
)
def test_what_every_step_has_is_checked_too(given: dict[str, Any], message: str) -> None:
    with refused(message):
        Rows(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"retries": -1}, "retries must be 0 or more, but got -1"),
        ({"backoff": -0.5}, "backoff must be 0 seconds or more, but got -0.5"),
        ({"timeout": 0}, "timeout must be more than 0 seconds, or None for no limit, but got 0"),
        ({"timeout": float("nan")}, "timeout must be more than 0 seconds, or None for no limit, but got nan"),
        ({"retries": "3"}, "retries must be int, but got '3'"),
        ({"cache": "no"}, "cache must be bool, but got 'no'"),
        ({"environment": {"A": 1}}, "environment must be Mapping[str, str], but got {'A': 1}"),
    ],
)
def test_options_that_cannot_work_are_refused(given: dict[str, Any], message: str) -> None:
    with refused(message):
        Options(**given)


def test_relative_paths_are_settled_where_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Reader(source="data.csv").source == str(tmp_path / "data.csv")
    assert Reader(source=Path("data.csv")).source == tmp_path / "data.csv"
    assert Reader(source="gs://bucket/data.csv").source == "gs://bucket/data.csv"
    assert Reader(source="~/data.csv").source == str(Path.home() / "data.csv")


def test_a_component_runs_by_itself_with_no_runner_and_no_store(tmp_path: Path) -> None:
    first = perform(Rows(count=2), tmp_path / "first")
    second = perform(Rows(count=3, start=10), tmp_path / "second")
    summed = perform(Sum(examples=[first.examples, second.examples], scale=2.0), tmp_path / "sum")
    assert summed.total.value == 2 * (0 + 1 + 10 + 11 + 12)
    assert (summed.report.path / "report.md").read_text().startswith("5 rows from 2 artifacts")


def test_an_optional_input_may_be_there_or_not(tmp_path: Path) -> None:
    extra = perform(number.step(value=5), tmp_path / "extra").outputs["result"]
    rows = perform(Rows(count=3), tmp_path / "rows").examples
    assert isinstance(extra, Integer)
    assert perform(Sum(examples=[rows]), tmp_path / "without").total.value == 3
    assert perform(Sum(examples=[rows], extra=extra), tmp_path / "with").total.value == 8


def test_a_component_may_extend_another() -> None:
    class MoreRows(Rows):
        more: int = 0

    step = MoreRows(count=1, more=2)
    assert step.parameters == {"count": 1, "start": 0, "more": 2}
    assert list(step.outputs) == ["examples"]
    with refused("MoreRows has no argument 'mor'. Did you mean 'more'?"):
        MoreRows(mor=1)  # type: ignore[call-arg]


def test_defaults_may_be_made_afresh() -> None:
    class Listing(Component):
        names: list[str] = field(default_factory=lambda: ["a"])
        report: Report = output()

        def run(self) -> None: ...

    assert Listing().names == ["a"]
    assert Listing().names is not Listing().names


def test_parameters_keep_what_they_are_given() -> None:
    step = Everything(colour=Colour.BLUE, window=Window(2), nested={"a": (1, 2)})
    assert step.parameters["colour"] is Colour.BLUE
    assert step.parameters["window"] == Window(2)
    assert step.parameters["nested"] == {"a": (1, 2)}


class Tuples(Component):
    """Takes tuples of several kinds."""

    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, int], ...] | None = None
    either: list[str] | str = ""
    report: Report = output()

    def run(self) -> None: ...


def test_a_list_may_be_written_for_a_tuple() -> None:
    step = Tuples(names=["a", "b"], pairs=[["c", 1], ("d", 2)], either=["e"])  # type: ignore[arg-type]
    assert (step.names, step.pairs, step.either) == (("a", "b"), (("c", 1), ("d", 2)), ["e"])


def test_what_is_in_the_list_is_checked_all_the_same() -> None:
    with pytest.raises(
        WrongArgument, match=r"Tuples: names must be tuple\[str, \.\.\.\], but got \['a', 1\]"
    ):
        Tuples(names=["a", 1])  # type: ignore[arg-type]
    with pytest.raises(WrongArgument, match="pairs"):
        Tuples(pairs=[["c", 1, 2]])  # type: ignore[arg-type]
