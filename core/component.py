"""Components from classes: one class is both the spec and the executor."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, dataclass_transform

from millwork.core.board import place
from millwork.core.callables import reference_to
from millwork.core.contract import (
    FRAMEWORK_FIELDS,
    check_arguments,
    check_framework_fields,
    settle,
    signature_of_class,
)
from millwork.core.errors import WrongArgument
from millwork.core.graph import Artifact, Kind, Step
from millwork.core.options import Options
from millwork.core.signature import Signature


def output(*, init: Literal[False] = False) -> Any:
    """Mark a field as an output: the component writes it, the caller only reads it."""
    return field(init=False, repr=False, metadata={"output": True})


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(output, field))
@dataclass(kw_only=True, eq=False)
class Component(Step):
    """Artifact fields are inputs, `output()` fields are outputs, all others are parameters.

    `run` does the work. It reads `self.<input>.path`, writes below `self.<output>.path` and sets the
    properties of its outputs. `check` may refuse arguments as soon as the component is created.
    """

    kind: ClassVar[Kind] = "class"

    id: str = ""
    options: Options = field(default_factory=Options)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(kw_only=True, eq=False)(cls)
        cls.__init__ = _checked(cls.__init__)  # type: ignore[method-assign]  # as @dataclass itself does

    def __post_init__(self) -> None:
        self.id = self.id or snake_case(type(self).__name__)
        vars(self).update(settle(self.signature, self.arguments))
        self._promise_outputs()
        self.check()
        place(self)

    def check(self) -> None:
        """Refuse arguments that cannot work. Nothing has run yet; inputs are promises."""

    @property
    def reference(self) -> str:
        return reference_to(type(self))

    @property
    def signature(self) -> Signature:
        return contract_of(type(self))

    @property
    def arguments(self) -> Mapping[str, object]:
        return {name: getattr(self, name) for name in [*self.signature.inputs, *self.signature.parameters]}

    @property
    def outputs(self) -> Mapping[str, Artifact]:
        return {name: getattr(self, name) for name in self.signature.outputs}

    def bind(self, inputs: Mapping[str, Sequence[Artifact]], outputs: Mapping[str, str]) -> Self:
        ready, lists = copy(self), self.lists
        for name, artifacts in inputs.items():
            setattr(ready, name, list(artifacts) if name in lists else artifacts[0])
        ready._promise_outputs()
        for name, artifact in ready.outputs.items():
            artifact.uri = outputs[name]
        return ready

    def _promise_outputs(self) -> None:
        for name, kind in self.signature.outputs.items():
            setattr(self, name, kind(producer=self))


def snake_case(name: str) -> str:
    """`CsvExampleGen` becomes `csv_example_gen`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@functools.cache
def contract_of(cls: type[Component]) -> Signature:
    """What goes into a component and what comes out."""
    return signature_of_class(cls, Component)


def _checked(init: Callable[..., None]) -> Callable[..., None]:
    """Our own words for what Python's TypeError would say, and types checked as well."""

    @functools.wraps(init)
    def checked(self: Component, *by_place: object, **given: object) -> None:
        owner, signature = type(self).__name__, contract_of(type(self))
        if by_place:
            first = next(iter([*signature.inputs, *signature.parameters, "id"]))
            got = ", ".join(map(repr, by_place))
            raise WrongArgument(
                f"{owner} takes its arguments by name, but got {got}. Write {owner}({first}=...)"
            )
        check_framework_fields(owner, given)
        check_arguments(owner, signature, {n: v for n, v in given.items() if n not in FRAMEWORK_FIELDS})
        init(self, **given)

    return checked
