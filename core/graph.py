"""The things a pipeline is made of: artifacts, the steps that write them, and conditions on them.

An artifact plays two parts. While a pipeline is described it is a promise: it has a producer
and no uri. While a step runs it is real: the runner gave it a uri.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeGuard

from millwork.core.errors import CyclicPipeline, NobodyProduces, UnboundArtifact, WrongArgument, did_you_mean
from millwork.core.options import Options
from millwork.core.signature import PathRole, Signature
from millwork.core.storage import files_below, local_path

Scalar = str | int | float | bool
Operator = Literal["<", "<=", ">", ">=", "==", "in"]

Kind = Literal["class", "function", "import", "resolver"]
"""What a step is made from."""

open_conditions: ContextVar[tuple[Condition, ...]] = ContextVar("open_conditions", default=())
open_exit: ContextVar[bool] = ContextVar("open_exit", default=False)


def custom_property(default: Any) -> Any:
    """A property that ML Metadata keeps beside the type's declared ones.

    Types that TFX also has declare exactly TFX's properties; what we add to them goes here.
    """
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata={"custom": True})
    return field(default=default, metadata={"custom": True})


@dataclass(eq=False)
class Artifact:
    """A folder of files at `uri`. A subclass is an artifact type; its fields are its properties.

    A property is a str, int, float, bool, a tuple of str, or a dict from str to numbers.
    """

    type_name: ClassVar[str] = "Artifact"
    base_type: ClassVar[str] = ""
    """ML Metadata's base type, such as `mlmd.Model`, if there is one."""
    computed: ClassVar[tuple[str, ...]] = ()
    """Names of what is read from the files, and recorded beside the properties."""
    file: ClassVar[str] = ""
    """Set where the artifact is one file in its folder, and the uri names that file."""

    uri: str = ""
    producer: Step | None = field(default=None, repr=False, kw_only=True)
    digest: str = field(default="", repr=False, kw_only=True)
    """sha256 over names and contents of the files. Known once published."""
    signature: str = field(default="", repr=False, kw_only=True)
    """The same over names, sizes and times: tells cheaply that nobody touched the files."""
    id: int = field(default=0, repr=False, kw_only=True)
    """Its id in the metadata store. Known once published."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "type_name" not in vars(cls):
            cls.type_name = cls.__name__

    def __post_init__(self) -> None:
        if type(self) not in _sound:
            _check_declaration(type(self))
            _sound.add(type(self))

    @property
    def path(self) -> Path:
        """Where the files are on this machine. Only a real artifact has one."""
        if not self.uri:
            raise UnboundArtifact(type(self).__name__, self.producer.id if self.producer else "nobody")
        return local_path(self.uri)

    @property
    def properties(self) -> dict[str, object]:
        """What describes this artifact besides its files."""
        return {name: getattr(self, name) for name in property_names(type(self))}

    @property
    def remark(self) -> str:
        """What a person who follows a run should be told of it, if anything."""
        return ""

    def prop(self, name: str) -> Property:
        """One of the properties, to be compared in `when(...)` before its value is known."""
        known = [*property_names(type(self)), *self.computed]
        if name not in known:
            raise WrongArgument(
                f"{type(self).__name__} has no property {name!r}. {did_you_mean(name, known)}"
            )
        return Property(self, name)


_sound: set[type] = set()
"""The artifact types that have been checked."""


def _check_declaration(kind: type[Artifact]) -> None:
    declared = [n for n, hint in vars(kind).get("__annotations__", {}).items() if "ClassVar" not in str(hint)]
    if declared and "__dataclass_fields__" not in vars(kind):
        raise WrongArgument(
            f"{kind.__name__} declares {', '.join(declared)}, which would be lost. "
            "Decorate the class with @dataclass(eq=False)"
        )
    for f in fields(kind):
        if kind is Artifact or f.name not in declared:
            continue
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if hasattr(Artifact, f.name):
            raise WrongArgument(
                f"{kind.__name__}: {f.name!r} means something else for every artifact. Give the property another name"
            )
        if not isinstance(default, str | int | float | tuple | Mapping):
            raise WrongArgument(
                f"{kind.__name__}: the default of {f.name} is {default!r}, which tells no type. Use a str, int, float, "
                "bool, a tuple of str, or a dict"
            )


def property_names(kind: type[Artifact]) -> list[str]:
    """The properties of an artifact type, in the order of their declaration."""
    return [f.name for f in fields(kind) if f.name not in ("uri", "producer", "digest", "signature", "id")]


@dataclass(frozen=True, eq=False)
class Condition:
    """Something about artifacts that is known only while the pipeline runs."""

    operator: Operator | Literal["and", "or", "not"]
    operands: tuple[Condition | Property | Scalar | tuple[Scalar, ...], ...]

    def __and__(self, other: Condition) -> Condition:
        return Condition("and", (self, other))

    def __or__(self, other: Condition) -> Condition:
        return Condition("or", (self, other))

    def __invert__(self) -> Condition:
        return Condition("not", (self,))

    def __bool__(self) -> bool:
        raise WrongArgument(
            "A condition on an artifact has no value while the pipeline is described. "
            "Write `with when(condition): ...` instead of `if`, and & | ~ instead of and, or, not"
        )

    def artifacts(self) -> Iterator[Artifact]:
        """The artifacts whose properties decide."""
        for operand in self.operands:
            if isinstance(operand, Condition):
                yield from operand.artifacts()
            elif isinstance(operand, Property):
                yield operand.artifact


@dataclass(frozen=True, eq=False)
class Property:
    """A property of an artifact that is not known yet. Comparing it makes a condition."""

    artifact: Artifact
    name: str

    def __lt__(self, other: Scalar) -> Condition:
        return Condition("<", (self, other))

    def __le__(self, other: Scalar) -> Condition:
        return Condition("<=", (self, other))

    def __gt__(self, other: Scalar) -> Condition:
        return Condition(">", (self, other))

    def __ge__(self, other: Scalar) -> Condition:
        return Condition(">=", (self, other))

    def equals(self, other: Scalar) -> Condition:
        """True if the property has this value."""
        return Condition("==", (self, other))

    def one_of(self, *values: Scalar) -> Condition:
        """True if the property has one of these values."""
        return Condition("in", (self, values))


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether several artifacts were given, as opposed to one by itself."""
    return isinstance(value, list | tuple)


class Step(ABC):
    """A piece of work, described but not done."""

    kind: ClassVar[Kind]
    base_type: ClassVar[str] = ""
    """ML Metadata's base type of the execution: mlmd.Train, Transform, Process, Evaluate or Deploy."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """Heavy modules that `run` imports: loaded ahead by runners, and their versions count for the cache."""

    id: str
    options: Options
    conditions: tuple[Condition, ...]
    at_exit: bool = False
    """It runs at the end of the run, whatever happened."""
    several: bool = False
    """What it promises stands for any number of artifacts."""

    @property
    @abstractmethod
    def reference(self) -> str:
        """`module:qualname` of the code that does the work."""

    @property
    @abstractmethod
    def signature(self) -> Signature:
        """What goes in and what comes out."""

    @property
    @abstractmethod
    def arguments(self) -> Mapping[str, object]:
        """Inputs and parameters by name."""

    @property
    @abstractmethod
    def outputs(self) -> Mapping[str, Artifact]:
        """What this step writes, by name."""

    @abstractmethod
    def bind(self, inputs: Mapping[str, Sequence[Artifact]], outputs: Mapping[str, str]) -> Self:
        """A copy that can run: with real inputs, and a place (uri) for each output."""

    @abstractmethod
    def run(self) -> None:
        """Read the inputs, write the outputs. Knows nothing of runners or metadata."""

    @property
    def inputs(self) -> dict[str, tuple[Artifact, ...]]:
        """The artifacts this step reads. An absent optional input is left out."""
        found: dict[str, tuple[Artifact, ...]] = {}
        for name in self.signature.inputs:
            value = self.arguments.get(name)
            if isinstance(value, Artifact):
                found[name] = (value,)
            elif is_list(value):
                found[name] = tuple(value)
        return found

    @property
    def lists(self) -> tuple[str, ...]:
        """The inputs that were given as a list: `run` gets them as a list, also if it holds one artifact."""
        return tuple(name for name in self.inputs if is_list(self.arguments[name]))

    @property
    def parameters(self) -> dict[str, object]:
        """The arguments that are not artifacts."""
        return {name: self.arguments[name] for name in self.signature.parameters}

    @property
    def not_cached(self) -> str:
        """Why it runs every time: it looks at something that may change without a trace. Empty if it does not."""
        return ""

    def external_files(self) -> Iterable[Path]:
        """Files outside the store whose content decides what this step writes: those below paths that it reads."""
        for name, parameter in self.signature.parameters.items():
            place = self.arguments[name]
            if parameter.role is PathRole.READ and isinstance(place, str | Path):
                yield from files_below(Path(place))

    def external_state(self) -> Mapping[str, str]:
        """What else outside the store decides what this step writes, by name: a digest, or a version."""
        return {}

    def needs(self) -> Iterator[Artifact]:
        """Every artifact that must exist before this step may start."""
        for artifacts in self.inputs.values():
            yield from artifacts
        for condition in self.conditions:
            yield from condition.artifacts()


def upstream(wanted: Iterable[Artifact | Step]) -> Iterator[Step]:
    """The wanted steps, the producers of wanted artifacts, and theirs: each once, and after the steps it needs."""
    done: set[Step] = set()
    for item in wanted:
        step = item.producer if isinstance(item, Artifact) else item
        if isinstance(item, Artifact) and step is None:
            raise NobodyProduces(type(item).__name__, "The pipeline", "produces", item.uri)
        if step is not None and step not in done:
            yield from _climb(step, done)


def _climb(start: Step, done: set[Step]) -> Iterator[Step]:
    """`start` after all that it needs. A loop, because chains may be longer than Python's stack."""
    trail = {start: _producers(start)}
    while trail:
        step, needed = next(reversed(trail.items()))
        following = next((p for p in needed if p not in done), None)
        if following is None:
            del trail[step]
            done.add(step)
            yield step
        elif following in trail:
            waiting = list(trail)
            raise CyclicPipeline([s.id for s in [*waiting[waiting.index(following) :], following]])
        else:
            trail[following] = _producers(following)


def _producers(step: Step) -> Iterator[Step]:
    for name, needed in _needs_by_name(step):
        if needed.producer is None:
            raise NobodyProduces(type(needed).__name__, step.id, name, needed.uri)
        yield needed.producer


def _needs_by_name(step: Step) -> Iterator[tuple[str, Artifact]]:
    for name, artifacts in step.inputs.items():
        for artifact in artifacts:
            yield name, artifact
    for condition in step.conditions:
        for artifact in condition.artifacts():
            yield "when", artifact
