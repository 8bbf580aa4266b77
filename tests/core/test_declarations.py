"""Mistakes in declaring an artifact type or a component are told when it is first used, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from sample_project import Project

from millwork import Artifact, Component, Outputs, component, output
from millwork.core.artifacts import Examples, Model, Report
from millwork.core.errors import WrongArgument

if TYPE_CHECKING:
    from collections import OrderedDict as Imaginary


def refused(message: str) -> Any:
    return pytest.raises(WrongArgument, match=re.escape(message))


# Artifact types


class Undecorated(Artifact):
    rate: int = 0
    colour: str = ""
    told: ClassVar[str] = "not a property"


class OnlyRenamed(Model):
    """Adds nothing, so it needs no decorator."""


@dataclass(eq=False)
class Hides(Artifact):
    path: str = ""  # type: ignore[assignment]


@dataclass(eq=False)
class Vague(Artifact):
    rate: int | None = None


@dataclass(eq=False)
class Demanding(Artifact):
    rate: int = 0

    def __init__(self, rate: int) -> None: ...


def test_annotations_without_the_decorator_would_be_lost() -> None:
    with refused(
        "Undecorated declares rate, colour, which would be lost. Decorate the class with @dataclass(eq=False)"
    ):
        Undecorated()


def test_a_type_that_adds_nothing_needs_no_decorator() -> None:
    assert OnlyRenamed().type_name == "OnlyRenamed"
    assert OnlyRenamed().properties == {"framework": "", "span": 0}


def test_a_property_cannot_have_the_name_of_something_that_every_artifact_has() -> None:
    with refused("Hides: 'path' means something else for every artifact. Give the property another name"):
        Hides()


def test_an_artifact_of_no_special_type_is_fine() -> None:
    assert Artifact("somewhere").properties == {}


def test_a_property_needs_a_default_that_tells_its_type() -> None:
    with refused(
        "Vague: the default of rate is None, which tells no type. "
        "Use a str, int, float, bool, a tuple of str, or a dict"
    ):
        Vague()


# Components


class HidesInputs(Component):
    inputs: Examples  # type: ignore[assignment]
    report: Report = output()

    def run(self) -> None: ...


class HidesId(Component):
    id: int = 3  # type: ignore[assignment]

    def run(self) -> None: ...


class Settled(Component):
    libraries: ClassVar[tuple[str, ...]] = ("numpy",)
    base_type: ClassVar[str] = "mlmd.Train"
    report: Report = output()

    def run(self) -> None: ...


class Unknown(Component):
    thing: Imaginary[str, int]
    report: Report = output()

    def run(self) -> None: ...


class WritesNumbers(Component):
    number: int = output()

    def run(self) -> None: ...


class Many(Component):
    reports: list[Report] = output()

    def run(self) -> None: ...


class DefaultArtifact(Component):
    examples: Examples = Examples("somewhere")
    report: Report = output()

    def run(self) -> None: ...


class NoRun(Component):
    report: Report = output()


class UnknownOutputs(Outputs):
    thing: Imaginary[str, int]


@pytest.mark.parametrize(("kind", "name"), [(HidesInputs, "inputs"), (HidesId, "id")])
def test_a_field_cannot_have_the_name_of_something_that_every_component_has(
    kind: type[Any], name: str
) -> None:
    with refused(
        f"{kind.__name__}: {name!r} means something else for every component. Give the field another name"
    ):
        kind(**{name: None})


def test_what_a_class_says_about_itself_is_no_field() -> None:
    step = Settled()
    assert step.parameters == {}
    assert step.libraries == ("numpy",)


def test_an_annotation_that_cannot_be_found_is_told_with_what_to_do() -> None:
    message = (
        "name 'Imaginary' is not defined. Import it outside `if TYPE_CHECKING:` too: annotations are read"
    )
    with refused(f"Unknown: {message}"):
        Unknown(thing=None)  # type: ignore[arg-type]

    def unknown(report: Report, thing: Imaginary[str, int]) -> None: ...
    def written(outputs: UnknownOutputs) -> None: ...

    written.__annotations__["outputs"] = UnknownOutputs
    with refused(message):
        component(unknown)
    with refused(f"UnknownOutputs: {message}"):
        component(written)


def test_an_output_is_one_artifact() -> None:
    with refused("WritesNumbers: the output number must be an artifact type, such as Integer, not int"):
        WritesNumbers()
    with refused("Many: the output reports must be an artifact type, such as Integer, not list"):
        Many()


def test_an_input_may_not_have_an_artifact_as_default() -> None:
    with refused("DefaultArtifact: the default of the input examples can only be None"):
        DefaultArtifact()


def test_a_component_without_run_is_told_by_python() -> None:
    with pytest.raises(TypeError, match="abstract method '?run"):
        NoRun()  # type: ignore[abstract]


def test_a_class_in_place_of_a_component_call_is_refused(project: Project, tmp_path: Path) -> None:
    from millwork.core.plan import Plan

    text = (
        '{"schema": "millwork/plan/v1", "pipeline": "p", "parameters": {}, "steps": [{"id": "s", "kind": "function", '
        '"reference": "os.path:join", "base_type": "", "libraries": [], "parameters": {}, "inputs": {}, "outputs": {}, '
        '"lists": [], "conditions": [], "at_exit": false, "options": {}}]}'
    )
    with refused("os.path:join is a plain function, not a component. Decorate it with @component"):
        Plan.from_json(text)["s"].load({}, {})
