"""A pipeline: a name, steps in an order that works, and what the describing function returned."""

from __future__ import annotations

import functools
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, get_type_hints, overload

from millwork.core.board import drawing
from millwork.core.contract import hint_text
from millwork.core.errors import (
    DuplicateId,
    ForeignArtifact,
    UnknownParameter,
    WrongArgument,
)
from millwork.core.function import Outputs
from millwork.core.graph import Artifact, Step, upstream

P = ParamSpec("P")
R = TypeVar("R")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class Pipeline(Generic[R]):
    """Steps in an order that works: each after the steps it needs.

    `produces` is what the pipeline is for: artifacts, in any tuple, list, dict or dataclass. After a run,
    `run[artifact]` is the real one.
    """

    def __init__(
        self,
        name: str,
        produces: R,
        *,
        steps: Iterable[Step] = (),
        parameters: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        self.name = _checked_name("pipeline", name)
        self.produces = produces
        self.parameters = dict(parameters or {})
        self.source = source
        """`file.py:function` of the describing function, if it can be found there again."""
        given = list(steps)
        self.steps = _in_given_order(list(upstream([*_products_in(produces), *given])), given)
        self._check_ids()
        self._check_exit()
        self._own()

    def _check_ids(self) -> None:
        for id, times in Counter(step.id for step in self.steps).items():
            _checked_name("step", id)
            if times > 1:
                raise DuplicateId(id)

    def _check_exit(self) -> None:
        for step in self.steps:
            for needed in step.needs():
                if needed.producer and needed.producer.at_exit and not step.at_exit:
                    raise WrongArgument(
                        f"{step.id} needs what {needed.producer.id} writes, which runs at the end, after {step.id}. "
                        "Place both below `with on_exit():`, or none"
                    )

    def _own(self) -> None:
        for step in self.steps:
            owner: Pipeline[Any] | None = getattr(step, "_pipeline", None)
            if owner is not None and owner.name != self.name:
                raise ForeignArtifact(step.id, owner.name, self.name)
        for step in self.steps:
            step._pipeline = self  # type: ignore[attr-defined]  # a note of ours on it, read above only


@dataclass(frozen=True, eq=False)
class PipelineFunction(Generic[P, R]):
    """A function that describes a pipeline. Its parameters are the pipeline's."""

    function: Callable[P, R]
    name: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Pipeline[R]:
        """Describe the pipeline with these parameters. Nothing runs."""
        with drawing() as steps:
            produces = self.function(*args, **kwargs)
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        parameters = bound.arguments
        return Pipeline(
            self.name, produces, steps=steps, parameters=parameters, source=_source_of(self.function)
        )

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The pipeline parameters by name."""
        return inspect.signature(self.function).parameters

    def with_parameters(self, given: Mapping[str, object]) -> Pipeline[R]:
        """Describe the pipeline with parameters from outside: a command line or a file.

        A text is read as the type that the parameter is annotated with.
        """
        return self(**parameter_values(self.name, self.function, given))  # type: ignore[call-arg]  # checked against its signature


@overload
def pipeline(function: Callable[P, R], /) -> PipelineFunction[P, R]: ...
@overload
def pipeline(*, name: str) -> Callable[[Callable[P, R]], PipelineFunction[P, R]]: ...
def pipeline(function: Callable[P, R] | None = None, /, *, name: str = "") -> Any:
    """Make a pipeline of a function: every step that is created inside belongs to it.

    @pipeline
    def classic(data: Path, steps: int = 200) -> Model:
        examples = CsvExampleGen(input_base=data).examples
        ...
    """
    if function is None:
        return functools.partial(_pipeline_function, name=name)
    return _pipeline_function(function, name)


def parameter_values(
    name: str, function: Callable[..., object], given: Mapping[str, object]
) -> dict[str, Any]:
    """What to call the describing function of pipeline `name` with, each value of the type that is annotated."""
    parameters = inspect.signature(function).parameters
    hints = get_type_hints(function, include_extras=True)
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in parameters:
            raise UnknownParameter(name, key, parameters)
        values[key] = _typed(f"{name}: {key}", hints.get(key, str), value)
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in values:
            hint = hint_text(hints.get(key, str))
            raise WrongArgument(f"Pipeline {name!r} needs a value for {key}: {hint}. Pass -p {key}=...")
    return values


def _pipeline_function(function: Callable[P, R], name: str) -> PipelineFunction[P, R]:
    return PipelineFunction(function, name or function.__name__)


def _source_of(function: Callable[..., object]) -> str:
    try:
        file = inspect.getsourcefile(function)
    except TypeError:
        return ""
    found_there = file and Path(file).is_file() and "<locals>" not in function.__qualname__
    return f"{Path(str(file)).absolute()}:{function.__qualname__}" if found_there else ""


def _in_given_order(found: list[Step], given: list[Step]) -> list[Step]:
    """Steps as the user wrote them where that order works, so that plans and logs read like the source.

    Those at exit come last.
    """
    place = {step: i for i, step in enumerate(given)}
    remaining = sorted(found, key=lambda s: (s.at_exit, place.get(s, -1)))
    ordered: list[Step] = []
    done: set[Step] = set()
    while remaining:
        step = next(s for s in remaining if all(a.producer in done for a in s.needs()))
        remaining.remove(step)
        done.add(step)
        ordered.append(step)
    return ordered


def _products_in(value: object) -> Iterator[Artifact | Step]:
    if isinstance(value, Artifact | Step):
        yield value
    elif isinstance(value, Outputs):
        yield from _products_in(vars(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _products_in(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _products_in(item)
    elif is_dataclass(value):
        for f in fields(value):
            yield from _products_in(getattr(value, f.name))
    elif value is not None:
        raise WrongArgument(
            f"A pipeline produces artifacts, but this one returned {value!r} of type {type(value).__name__}"
        )


def _checked_name(what: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WrongArgument(
            f"{name!r} cannot be the name of a {what}: it becomes a folder. Use up to 63 letters, digits, "
            "'_', '-' and '.', beginning with a letter or digit"
        )
    return name


def _typed(where: str, hint: Any, value: object) -> object:
    """`value` as the type that `hint` asks for; YAML and command lines know only text and numbers."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError:
        if not isinstance(value, str):
            raise WrongArgument(f"{where} must be {hint_text(hint)}, but got {value!r}") from None
    try:
        return TypeAdapter(hint).validate_json(value)
    except ValidationError:
        raise WrongArgument(f"{where} must be {hint_text(hint)}, but got {value!r}") from None
