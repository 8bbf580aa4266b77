"""Components from functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar

from millwork.core.board import place
from millwork.core.callables import reference_to
from millwork.core.contract import check_arguments, hints_of, settle, signature_of_function
from millwork.core.errors import WrongArgument
from millwork.core.graph import Artifact, Kind, Step
from millwork.core.options import Options
from millwork.core.signature import Signature


class Outputs:
    """Several outputs of one function: subclass it and annotate one artifact a line.

    class Halves(Outputs):
        first: Examples
        second: Examples

    @component
    def halve(halves: Halves, examples: Examples) -> None: ...
    """

    def __init__(self, artifacts: Mapping[str, Artifact]) -> None:
        vars(self).update(artifacts)


_NOT_PLAIN = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)

P = ParamSpec("P")
W = TypeVar("W", bound=Artifact | Outputs)


@dataclass(frozen=True, eq=False)
class FunctionComponent(Generic[W, P]):
    """Call it to place a step in a pipeline and get the promise of what that step writes."""

    function: Callable[Concatenate[W, P], None]
    id: str = ""
    options: Options = field(default_factory=Options)

    def configured(self, *, id: str | None = None, options: Options | None = None) -> FunctionComponent[W, P]:
        """The same component with another id or other options for the next step."""
        return replace(self, id=self.id if id is None else id, options=options or self.options)

    @property
    def signature(self) -> Signature:
        """What goes in and what comes out."""
        return _contract(self.function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> W:
        """Place a step, and get what it will write."""
        written: W = self.step(*args, **kwargs).written
        return written

    def step(self, *args: P.args, **kwargs: P.kwargs) -> FunctionStep:
        """Place a step, and get the step itself."""
        name, signature = self.function.__name__, self.signature
        given = _by_name(self.function, args, kwargs)
        check_arguments(name, signature, given)
        defaults = {n: p.default for n, p in signature.parameters.items() if not p.required}
        arguments = settle(signature, {**dict.fromkeys(signature.inputs), **defaults, **given})
        return FunctionStep(self.id or name, self.function, signature, arguments, self.options)


def component(function: Callable[Concatenate[W, P], None]) -> FunctionComponent[W, P]:
    """Make a component of a function whose first parameter is what it writes: an artifact or `Outputs`."""
    if any(is_odd(function) for is_odd in _NOT_PLAIN):
        raise WrongArgument(
            f"{function.__qualname__}: a component is a plain function, because nobody would wait for this one. "
            "Write it without async and yield"
        )
    _written_types(function)
    return FunctionComponent(function)


class FunctionStep(Step):
    """A function component with its arguments."""

    kind: ClassVar[Kind] = "function"

    def __init__(
        self,
        id: str,
        function: Callable[..., None],
        signature: Signature,
        arguments: Mapping[str, object],
        options: Options,
    ) -> None:
        self.id = id
        self.options = options
        self._function = function
        self._signature = signature
        self._arguments = arguments
        self._outputs = {name: kind(producer=self) for name, kind in signature.outputs.items()}
        place(self)

    @property
    def reference(self) -> str:
        return reference_to(self._function)

    @property
    def signature(self) -> Signature:
        return self._signature

    @property
    def arguments(self) -> Mapping[str, object]:
        return self._arguments

    @property
    def outputs(self) -> Mapping[str, Artifact]:
        return self._outputs

    @property
    def written(self) -> Any:
        """What the function gets as its first argument, and what placing the step returns."""
        hint = _first_hint(self._function)
        return hint(self._outputs) if issubclass(hint, Outputs) else next(iter(self._outputs.values()))

    def bind(self, inputs: Mapping[str, Sequence[Artifact]], outputs: Mapping[str, str]) -> Self:
        lists = self.lists
        real = {n: list(a) if n in lists else a[0] for n, a in inputs.items()}
        arguments = {**self.arguments, **real}
        ready = type(self)(self.id, self._function, self.signature, arguments, self.options)
        for name, artifact in ready.outputs.items():
            artifact.uri = outputs[name]
        return ready

    def run(self) -> None:
        self._function(self.written, **self.arguments)


@functools.cache
def _contract(function: Callable[..., object]) -> Signature:
    return signature_of_function(function, _written_types(function))


@functools.cache
def _first_hint(function: Callable[..., object]) -> type[Any]:
    parameters = list(inspect.signature(function).parameters)
    hint = hints_of(function).get(parameters[0]) if parameters else None
    if not (isinstance(hint, type) and issubclass(hint, Artifact | Outputs)):
        raise WrongArgument(
            f"{function.__qualname__}: the first parameter of a component is what it writes. "
            "Annotate it with an artifact type, or with a subclass of Outputs for several"
        )
    return hint


def _written_types(function: Callable[..., object]) -> dict[str, type]:
    hint = _first_hint(function)
    if not issubclass(hint, Outputs):
        return {next(iter(inspect.signature(function).parameters)): hint}
    found = hints_of(hint)
    if not found or not all(isinstance(t, type) and issubclass(t, Artifact) for t in found.values()):
        raise WrongArgument(f"{hint.__qualname__}: annotate one artifact type a line, and nothing else")
    return found


def _by_name(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> dict[str, object]:
    _, *parameters = inspect.signature(function).parameters.values()
    positional = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    if len(args) > len(positional):
        raise WrongArgument(
            f"{function.__qualname__} takes {len(positional)} arguments by position, but got {len(args)}. "
            "Pass the others by name"
        )
    placed = dict(zip(positional, args, strict=False))
    if twice := next((name for name in placed if name in kwargs), None):
        raise WrongArgument(f"{function.__qualname__} got {twice} twice, by position and by name")
    return {**placed, **kwargs}
