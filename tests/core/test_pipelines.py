"""A pipeline is a plain function. What is wrong with one is said before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from sample_parts import Halves, Rows, Sum, Window, add, fail, halve, number, total, train

from millwork import Pipeline, component, import_artifact, pipeline
from millwork.core.artifacts import Examples, Float, Integer, Model, Report, Schema
from millwork.core.errors import (
    CyclicPipeline,
    DescriptionError,
    DuplicateId,
    ForeignArtifact,
    NobodyProduces,
    UnknownParameter,
    WrongArgument,
)
from millwork.core.plan import compile_pipeline
from millwork.runners.local import LocalRunner


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


def refused(error: type[DescriptionError], message: str) -> Any:
    return pytest.raises(error, match=re.escape(message))


def ids(described: Pipeline[Any]) -> list[str]:
    return [step.id for step in described.steps]


# What a description becomes


def test_every_step_that_is_created_belongs_to_the_pipeline() -> None:
    @pipeline
    def side_effects() -> None:
        one = number(value=1)
        add(one)

    assert ids(side_effects()) == ["number", "add"]


def test_steps_come_in_the_order_in_which_they_were_written() -> None:
    @pipeline
    def ordered() -> None:
        number.configured(id="c")(value=1)
        b = number.configured(id="b")(value=1)
        number.configured(id="a")(value=1)
        add.configured(id="z")(b)

    assert ids(ordered()) == ["c", "b", "a", "z"]


def test_each_step_comes_after_what_it_needs_even_if_it_was_rewired_later() -> None:
    @pipeline
    def rewired() -> None:
        summed = Sum(examples=[])
        summed.examples = [Rows().examples]

    assert ids(rewired()) == ["rows", "sum"]


def test_what_the_function_returns_is_what_the_pipeline_produces() -> None:
    class Products(NamedTuple):
        rows: Examples
        sums: dict[str, Float]

    @pipeline
    def productive() -> Products:
        rows = Rows().examples
        return Products(rows, {"total": Sum(examples=[rows]).total})

    described = productive()
    assert isinstance(described.produces.rows, Examples)
    assert isinstance(described.produces.sums["total"], Float)


def test_products_may_be_in_dataclasses_lists_outputs_and_steps() -> None:
    @dataclass
    class Products:
        many: list[Examples]
        halves: Halves
        step: Sum
        nothing: None = None

    @pipeline
    def productive() -> Products:
        rows = Rows().examples
        return Products([rows], halve(rows), Sum(examples=[rows]))

    assert ids(productive()) == ["rows", "halve", "sum"]


def test_a_pipeline_can_be_made_without_a_function() -> None:
    result = add(number(value=1))
    made = Pipeline("made", result)
    assert ids(made) == ["number", "add"]


def test_a_pipeline_is_called_like_its_function_unless_it_is_named() -> None:
    @pipeline
    def plainly_named() -> None:
        number(value=1)

    @pipeline(name="other-name.v2")
    def function_name() -> None:
        number(value=1)

    assert plainly_named().name == "plainly_named"
    assert function_name().name == "other-name.v2"


def test_describing_twice_gives_two_independent_pipelines() -> None:
    @pipeline
    def again() -> Integer:
        return number(value=1)

    first, second = again(), again()
    assert first.steps[0] is not second.steps[0]
    assert compile_pipeline(first).to_json() == compile_pipeline(second).to_json()


def test_a_long_chain_is_no_problem() -> None:
    @pipeline
    def chain() -> Integer:
        x = number(value=0)
        for i in range(3000):
            x = add.configured(id=f"add_{i}")(x)
        return x

    assert len(chain().steps) == 3001


def test_a_pipeline_may_be_empty() -> None:
    @pipeline
    def empty() -> None: ...

    assert empty().steps == []
    assert compile_pipeline(empty()).steps == ()


# What is refused


def test_an_artifact_that_nobody_produces_is_refused() -> None:
    @pipeline
    def orphaned() -> Model:
        return train(Examples())

    @pipeline
    def unimported() -> Model:
        return train(Examples("some/folder"))

    @pipeline
    def unproduced() -> Model:
        return Model("some/folder")

    with refused(
        NobodyProduces,
        "train gets an empty Examples() as 'examples', and no step writes it. Use the output of a component, or "
        "bring an existing folder into the pipeline with import_artifact(Examples(uri=...))",
    ):
        orphaned()
    with refused(
        NobodyProduces, "train gets the Examples at 'some/folder' as 'examples', and no step writes it"
    ):
        unimported()
    with refused(NobodyProduces, "The pipeline gets the Model at 'some/folder' as 'produces'"):
        unproduced()


def test_a_cycle_is_refused_with_its_steps() -> None:
    @pipeline
    def circular() -> None:
        first = Sum(examples=[], id="first")
        second = train.configured(id="second").step(Rows().examples)
        third = Sum(examples=[], id="third")
        first.examples = [third.report]  # type: ignore[list-item]
        third.examples = [first.report]  # type: ignore[list-item]
        assert second

    with refused(
        CyclicPipeline, "These steps wait for one another: first → third → first. Remove one of these wires"
    ) as caught:
        circular()
    assert "second" not in str(caught.value)


def test_a_step_that_waits_for_itself_is_refused() -> None:
    @pipeline
    def narcissistic() -> None:
        step = Sum(examples=[])
        step.examples = [step.report]  # type: ignore[list-item]

    with refused(CyclicPipeline, "sum → sum"):
        narcissistic()


def test_two_steps_with_one_name_are_refused_with_a_name_to_use() -> None:
    @pipeline
    def twice() -> None:
        number(value=1)
        number(value=2)

    with refused(DuplicateId, "Two steps are called 'number'. Name one of them: id='number_2'"):
        twice()


def test_an_artifact_of_another_pipeline_is_refused() -> None:
    @pipeline
    def first() -> Examples:
        return Rows().examples

    @pipeline
    def second(rows: Any) -> Model:
        return train(rows)

    theirs = first().produces
    with refused(
        ForeignArtifact,
        "Step 'rows' belongs to pipeline 'first'; pipeline 'second' cannot use what it writes. Create the step inside "
        "this pipeline, or bring the folder of a finished run in with import_artifact(...)",
    ):
        second(theirs)


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "..", ".hidden", "-dash", "é", "x" * 64, "a\n", "a:b", "a\\b"]
)
def test_names_that_cannot_be_folders_are_refused(name: str) -> None:
    with refused(
        WrongArgument, f"{name!r} cannot be the name of a pipeline: it becomes a folder. Use up to 63 letters"
    ):
        Pipeline(name, number(value=1))
    if name:
        with refused(WrongArgument, f"{name!r} cannot be the name of a step"):
            Pipeline("fine", number.configured(id=name)(value=1))


@pytest.mark.parametrize("name", ["a", "9", "x" * 63, "a.b-c_d"])
def test_other_names_are_fine(name: str) -> None:
    assert Pipeline(name, number.configured(id=name)(value=1)).name == name


def test_a_pipeline_produces_artifacts_and_nothing_else() -> None:
    @pipeline
    def numeric() -> Any:
        return [number(value=1), 3]

    with refused(WrongArgument, "A pipeline produces artifacts, but this one returned 3 of type int"):
        numeric()


def test_a_wrong_wire_by_assignment_is_refused_before_anything_runs() -> None:
    @pipeline
    def assigned() -> None:
        step = Sum(examples=[])
        step.extra = Rows().examples  # type: ignore[assignment]

    with refused(WrongArgument, "Sum: extra must be Integer | None, not Examples made by rows"):
        compile_pipeline(assigned())


def test_running_a_pipeline_function_says_to_call_it(tmp_path: Path) -> None:
    @pipeline
    def uncalled() -> None:
        number(value=1)

    with refused(
        WrongArgument, "uncalled is a function that describes a pipeline. Call it: run(uncalled(...))"
    ):
        LocalRunner(tmp_path).run(uncalled)  # type: ignore[arg-type]
    with refused(WrongArgument, "run() takes a pipeline or a plan, but got 3"):
        LocalRunner(tmp_path).run(3)  # type: ignore[arg-type]


def test_a_step_given_in_place_of_its_output_is_refused_with_what_to_write() -> None:
    with refused(WrongArgument, "not the step 'rows': pass one of its outputs (examples)"):
        Sum(examples=[Rows()])  # type: ignore[list-item]


def test_an_error_in_the_description_leaves_nothing_behind() -> None:
    @pipeline
    def broken() -> None:
        number(value=1)
        number(valu=2)  # type: ignore[call-arg]

    @pipeline
    def whole() -> None:
        number(value=3)

    with refused(WrongArgument, "number has no argument 'valu'. Did you mean 'value'?"):
        broken()
    assert len(whole().steps) == 1


# Importing what exists


def test_an_existing_folder_becomes_an_artifact(tmp_path: Path) -> None:
    @pipeline
    def importing() -> Model:
        schema = import_artifact(Schema(str(tmp_path)))
        examples = import_artifact(Examples(str(tmp_path), split_names=("train",)), id="rows")
        return train(examples, schema)

    described = importing()
    assert ids(described) == ["import_schema", "rows", "train"]
    assert described.steps[1].parameters["properties"] == Examples(split_names=("train",)).properties


def test_an_import_needs_a_place() -> None:
    with refused(WrongArgument, "import_artifact needs a place: import_artifact(Schema('path/to/folder'))"):
        import_artifact(Schema())


def test_an_import_takes_an_artifact() -> None:
    with refused(
        WrongArgument, "import_artifact takes an artifact such as Schema('path/to/folder'), but got 'data'"
    ):
        import_artifact("data")  # type: ignore[type-var]
    with refused(WrongArgument, "Examples made by rows is already part of a pipeline: use it as it is"):
        import_artifact(Rows().examples)


# Parameters


@pipeline
def parametrised(
    data: Path,
    steps: int = 3,
    rate: float = 0.5,
    fast: bool = False,
    name: str = "x",
    splits: tuple[str, ...] = (),
    size: Size = Size.SMALL,
    limit: int | None = None,
    mode: Literal["a", "b"] = "a",
    weights: Mapping[str, float] | None = None,
    window: Window | None = None,
) -> Report:
    return describe(values=f"{(data, steps, rate, fast, name, splits, size, limit, mode, weights, window)}")


@component
def describe(report: Report, *, values: str) -> None:
    (report.path / "report.txt").write_text(values)


def test_parameters_have_names_values_and_defaults() -> None:
    described = parametrised(Path("d"), steps=5)
    assert described.parameters["data"] == Path("d")
    assert described.parameters["steps"] == 5
    assert described.parameters["rate"] == 0.5


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("data", "a/b", Path("a/b")),
        ("steps", "7", 7),
        ("rate", "7", 7.0),
        ("rate", "1e-3", 0.001),
        ("fast", "true", True),
        ("fast", "false", False),
        ("fast", "0", False),
        ("name", "7", "7"),
        ("name", "", ""),
        ("splits", '["train", "eval"]', ("train", "eval")),
        ("size", "large", Size.LARGE),
        ("limit", "4", 4),
        ("limit", "null", None),
        ("mode", "b", "b"),
        ("weights", '{"a": 0.5}', {"a": 0.5}),
        ("window", '{"first": 2}', Window(2)),
        ("steps", 7, 7),
        ("splits", ["train"], ("train",)),
        ("weights", {"a": 1}, {"a": 1.0}),
    ],
)
def test_parameters_from_a_command_line_or_file_become_what_is_annotated(
    name: str, text: Any, value: Any
) -> None:
    described = parametrised.with_parameters({"data": "d", name: text})
    assert described.parameters[name] == value
    assert type(described.parameters[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("steps", "many", "int"),
        ("steps", "1.5", "int"),
        ("fast", "maybe", "bool"),
        ("size", "huge", "Size"),
        ("mode", "c", "Literal['a', 'b']"),
        ("limit", "none", "int | None"),
        ("splits", "train", "tuple[str, ...]"),
        ("weights", ["a"], "Mapping[str, float] | None"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_with_its_text(name: str, text: Any, wanted: str) -> None:
    with refused(WrongArgument, f"parametrised: {name} must be {wanted}, but got {text!r}"):
        parametrised.with_parameters({"data": "d", name: text})


def test_an_unknown_parameter_is_answered_with_the_nearest_name() -> None:
    with refused(UnknownParameter, "Pipeline 'parametrised' has no parameter 'stesp'. Did you mean 'steps'?"):
        parametrised.with_parameters({"data": "d", "stesp": "3"})


def test_a_missing_parameter_says_how_to_pass_it() -> None:
    with refused(WrongArgument, "Pipeline 'parametrised' needs a value for data: Path. Pass -p data=..."):
        parametrised.with_parameters({"steps": "3"})


def test_parameters_may_shape_the_pipeline() -> None:
    @pipeline
    def shaped(models: int = 1, careful: bool = False) -> list[Integer]:
        numbers = [number.configured(id=f"number_{i}")(value=i) for i in range(models)]
        if careful:
            total(numbers)
        return numbers

    assert len(shaped(3).steps) == 3
    assert len(shaped.with_parameters({"models": "2", "careful": "yes"}).steps) == 3


def test_what_a_pipeline_function_needs_is_python_s_own_business() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'data'"):
        parametrised()  # type: ignore[call-arg]


def test_unused_parts_are_allowed() -> None:
    @pipeline
    def lonely() -> Integer:
        fail(message="nobody reads me")
        return number(value=1)

    assert ids(lonely()) == ["fail", "number"]
