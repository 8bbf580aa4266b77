"""A plan is a JSON document: the same bytes for the same pipeline, complete, and readable anywhere."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from sample_parts import (
    Colour,
    Everything,
    Facts,
    Rows,
    Sum,
    Window,
    add,
    double,
    facts,
    halve,
    number,
    total,
)
from sample_project import Project
from sample_runner import run_inline

from millwork import Options, import_artifact, pipeline, when
from millwork.core.artifacts import Report, Schema
from millwork.core.errors import MillworkError, NotFound, UnportableFunction, WrongArgument
from millwork.core.plan import Plan, PlannedStep, Wire, compile_pipeline
from millwork.core.selection import select


@pipeline
def everything(folder: Path, rate: float = math.nan, names: tuple[str, ...] = ("a",)) -> tuple[Report, Facts]:
    rows = Rows(count=4).examples
    halves = halve.configured(
        id="halves", options=Options(retries=2, timeout=9.5, environment={"KEY": "hunter2"})
    )(rows)
    written = facts(real=rate, text=",".join(names))
    with when((written.whole >= 3) & ~written.flag.equals(False)):
        summed = Sum(examples=[halves.low, halves.high], extra=written.whole)
    schema = import_artifact(Schema(str(folder)), id="schema")
    assert schema
    told = Everything(
        window=Window(1, inner=Window(2)),
        colour=Colour.BLUE,
        chosen=frozenset("cab"),
        function=double,
        path=folder,
    )
    total([add(written.whole), written.whole])
    assert summed
    return told.report, written


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    plan = compile_pipeline(everything(tmp_path))
    again = Plan.from_json(plan.to_json())
    assert again == plan
    assert again.to_json() == plan.to_json()


def test_a_plan_says_everything_about_a_step(tmp_path: Path) -> None:
    plan = compile_pipeline(everything(tmp_path))
    assert plan["sum"] == PlannedStep(
        id="sum",
        kind="class",
        reference="sample_parts:Sum",
        base_type="mlmd.Evaluate",
        libraries=(),
        parameters={"scale": 1.0},
        inputs={
            "examples": (Wire("halves", "low"), Wire("halves", "high")),
            "extra": (Wire("facts", "whole"),),
        },
        lists=("examples",),
        outputs={"total": "millwork.core.value_artifacts:Float", "report": "millwork.core.artifacts:Report"},
        conditions=plan["sum"].conditions,
        at_exit=False,
        options=Options(),
    )
    assert plan["halves"].options == Options(retries=2, timeout=9.5, environment={"KEY": "hunter2"})
    assert plan["schema"].kind == "import"
    assert plan.parameters == {
        "folder": {"$path": str(tmp_path)},
        "rate": {"$float": "nan"},
        "names": {"$tuple": ["a"]},
    }


def test_the_document_has_a_version_and_is_strict_json(tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads(compile_pipeline(everything(tmp_path)).to_json(), parse_constant=refuse)
    assert content["schema"] == "millwork/plan/v1"
    assert content["pipeline"] == "everything"


def test_the_same_pipeline_gives_the_same_bytes_in_every_process(project: Project) -> None:
    project.write(
        "described.py",
        """
        import sys
        from millwork import pipeline
        from millwork.core.plan import compile_pipeline
        sys.path.insert(0, SAMPLES)
        from sample_parts import Everything, Rows, Sum

        @pipeline
        def described(names: frozenset[str]) -> None:
            rows = Rows().examples
            Sum(examples=[rows])
            Everything(chosen=names, nested={"b": 1, "a": {"x", "y", "z"}})

        if __name__ == "__main__":
            print(compile_pipeline(described(frozenset(["red", "green", "blue", "pink"]))).to_json())
        """.replace("SAMPLES", repr(str(Path(__file__).parents[1] / "conformance"))),
    )
    documents = {
        project.python("described.py", environment={"PYTHONHASHSEED": str(i)}).stdout for i in range(3)
    }
    assert len(documents) == 1
    assert json.loads(documents.pop())["steps"][2]["parameters"]["chosen"] == {
        "$frozenset": ["blue", "green", "pink", "red"]
    }


def test_a_plan_that_was_read_runs_as_well(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    plan = compile_pipeline(everything(tmp_path / "schema", names=("b", "c")))
    run = run_inline(Plan.from_json(plan.to_json()), tmp_path / "root")
    assert {id: s.state.value for id, s in run.steps.items()} == dict.fromkeys(run.steps, "complete")
    assert "window=Window(first=1" in (run.outputs["everything"]["report"][0].path / "report.txt").read_text()


def test_secrets_can_be_left_out(tmp_path: Path) -> None:
    plan = compile_pipeline(everything(tmp_path))
    assert "hunter2" in plan.to_json()
    hidden = plan.without_secrets()
    assert "hunter2" not in hidden.to_json()
    assert list(hidden["halves"].options.environment) == ["KEY"]


def test_describing_and_planning_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compile_pipeline(everything(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def test_a_lambda_is_refused_before_anything_runs() -> None:
    @pipeline
    def unportable() -> None:
        Everything(nested={"a": [1, {"b": lambda x: x}]})

    with pytest.raises(
        UnportableFunction, match=r"A lambda \(in .*test_plans\) cannot be sent to another process"
    ):
        compile_pipeline(unportable())


def test_a_component_inside_a_function_is_refused_before_anything_runs() -> None:
    from millwork import component

    @component
    def local(report: Report) -> None: ...

    @pipeline
    def unportable() -> None:
        local()

    with pytest.raises(UnportableFunction, match="Move local to the top of its module"):
        compile_pipeline(unportable())


def test_a_value_that_json_cannot_hold_is_refused_with_step_and_parameter() -> None:
    @pipeline
    def unportable(thing: Any = None) -> None:
        Everything(nested={"a": object()}, id="mine")

    with pytest.raises(WrongArgument, match="mine: nested: a object cannot be part of a plan"):
        compile_pipeline(unportable())
    with pytest.raises(WrongArgument, match="Pipeline parameter thing: a object cannot be part of a plan"):
        compile_pipeline(unportable(object()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This is not a plan: "),
        ("hello", "This is not a plan: "),
        ("[1, 2]", "This is not a plan of this version: its schema is None"),
        ("{}", "This is not a plan of this version: its schema is None"),
        ('{"schema": "millwork/plan/v99"}', "its schema is 'millwork/plan/v99'"),
        ('{"schema": "millwork/plan/v1", "pipeline": "x"}', "This is not a plan: 'parameters' is missing"),
        ('{"schema": "millwork/plan/v1", "pipeline": "x", "parameters": {}, "steps": [{}]}', "is missing"),
    ],
)
def test_what_is_not_a_plan_is_refused(text: str, message: str) -> None:
    with pytest.raises(MillworkError, match=re.escape(message)):
        Plan.from_json(text)


def test_a_step_that_is_not_there_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    plan = compile_pipeline(everything(tmp_path))
    with pytest.raises(NotFound, match="Pipeline 'everything' has no step 'halfs'. Did you mean 'halves'?"):
        plan["halfs"]


# Which steps are to be run


@pipeline
def diamond() -> None:
    one = number.configured(id="top")(value=1)
    left = add.configured(id="left")(one)
    right = add.configured(id="right")(one)
    bottom = add.configured(id="bottom")(left, right)
    with when(right > 0):
        number.configured(id="gated")(value=2)
    add.configured(id="last")(bottom)


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, None),
        ({"from_": ["left"]}, "left bottom last"),
        ({"from_": ["right"]}, "right bottom gated last"),
        ({"to": ["left"]}, "top left"),
        ({"to": ["gated"]}, "top right gated"),
        ({"from_": ["left"], "to": ["bottom"]}, "left bottom"),
        ({"from_": ["left", "right"], "to": ["gated", "left"]}, "left right gated"),
        ({"only": ["bottom"]}, "bottom"),
        ({"only": ["bottom", "top"]}, "bottom top"),
        ({"from_": ["bottom"], "to": ["top"]}, ""),
    ],
)
def test_steps_are_chosen_by_where_to_begin_where_to_end_or_by_name(given: Any, chosen: str | None) -> None:
    selected = select(compile_pipeline(diamond()), **given)
    assert selected == (None if chosen is None else frozenset(chosen.split()))


@pytest.mark.parametrize("option", ["from_", "to", "only"])
def test_a_step_to_choose_that_is_not_there_is_answered_with_the_nearest_name(option: str) -> None:
    with pytest.raises(NotFound, match="Pipeline 'diamond' has no step 'botom'. Did you mean 'bottom'?"):
        select(compile_pipeline(diamond()), **{option: ["botom"]})
