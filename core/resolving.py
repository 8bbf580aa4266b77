"""Resolvers: steps whose output is not made, but found in the metadata store.

The process of the runner does it when the step's turn comes. A resolver is a frozen dataclass with a `find`, and its
fields are its parameters; `resolve(MyResolver(...), Model)` places it in a pipeline.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self, TypeVar, cast

from millwork.core.board import place
from millwork.core.callables import reference_to
from millwork.core.component import snake_case
from millwork.core.contract import check_arguments, hints_of
from millwork.core.errors import WrongArgument
from millwork.core.graph import Artifact, Kind, Step
from millwork.core.history import History
from millwork.core.options import Options
from millwork.core.records import ArtifactRecord
from millwork.core.signature import Input, Parameter, Signature
from millwork.core.storage import content_digest, local_path
from millwork.core.store import MetadataStore

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True, kw_only=True)
class Resolver(ABC):
    """Finds artifacts that earlier runs have left."""

    pipeline: str = ""
    """The pipeline that made them: this one by default, another by its name, or `*` for any."""
    node: str = ""
    """The step that made them. Any by default."""

    @abstractmethod
    def find(self, kind: type[Artifact], history: History) -> Iterable[ArtifactRecord]:
        """The artifacts, in the order in which consumers get them. None may be found."""

    @abstractmethod
    def sought(self, kind: type[Artifact]) -> str:
        """What is looked for, for people: `blessed Model`."""


def resolve(resolver: Resolver, kind: type[A], *, given: Sequence[A] = (), id: str = "") -> A:
    """Place a step that finds one artifact, or none: then optional inputs get None, and other consumers are skipped.

    `given` are artifacts of this run that the resolver shall know of, as `history.given`.
    """
    step = ResolverStep(id or snake_case(type(resolver).__name__), resolver, kind, given, several=False)
    return cast(A, step.outputs["artifact"])


def resolve_all(resolver: Resolver, kind: type[A], *, given: Sequence[A] = (), id: str = "") -> list[A]:
    """Place a step that finds any number of artifacts. The list, which is for list inputs, stands for all of them."""
    step = ResolverStep(id or snake_case(type(resolver).__name__), resolver, kind, given, several=True)
    return [cast(A, step.outputs["artifacts"])]


@dataclass(frozen=True)
class Found:
    """What a resolver found, and that in words."""

    artifacts: Sequence[ArtifactRecord]
    said: str


class ResolverStep(Step):
    """A resolver in a pipeline."""

    kind: ClassVar[Kind] = "resolver"

    def __init__(
        self,
        id: str,
        resolver: Resolver,
        type: type[Artifact],
        given: Sequence[Artifact] = (),
        *,
        several: bool,
    ) -> None:
        if not (isinstance(type, _TYPE) and issubclass(type, Artifact)):
            raise WrongArgument(f"{id} takes an artifact type, such as Model, but got {type!r}")
        self.id = id
        self.options = Options()
        self.several = several
        self.resolver = resolver
        self.given = list(given)
        self._type = type
        self._outputs = {"artifacts" if several else "artifact": type(producer=self)}
        check_arguments(id, self.signature, self.arguments)
        place(self)

    @property
    def reference(self) -> str:
        return reference_to(type(self.resolver))

    @property
    def signature(self) -> Signature:
        hints = hints_of(type(self.resolver))
        parameters = {f.name: Parameter(f.name, hints[f.name], MISSING) for f in fields(self.resolver)}
        inputs = inputs_of_resolver(self._type) if self.given else {}
        return Signature(inputs, parameters, dict.fromkeys(self._outputs, self._type))

    @property
    def arguments(self) -> Mapping[str, object]:
        parameters = {f.name: getattr(self.resolver, f.name) for f in fields(self.resolver)}
        return {**parameters, "given": self.given} if self.given else parameters

    @property
    def outputs(self) -> Mapping[str, Artifact]:
        return self._outputs

    def bind(self, inputs: Mapping[str, Sequence[Artifact]], outputs: Mapping[str, str]) -> Self:
        return type(self)(self.id, self.resolver, self._type, inputs.get("given", ()), several=self.several)

    def run(self) -> None:
        raise WrongArgument(f"{self.id} looks in a metadata store, which only a runner has")

    def look_up(self, store: MetadataStore | None, pipeline: str, run: str = "") -> Found:
        """Find the artifacts, for a run of a pipeline."""
        history = History(store, self.resolver.pipeline or pipeline, self.resolver.node, run, self.given)
        artifacts = list(self.resolver.find(self._type, history))
        if not artifacts:
            return Found([], f"found no {self.resolver.sought(self._type)} {history}")
        return Found(artifacts, said_of(artifacts))


def inputs_of_resolver(kind: type[Artifact]) -> dict[str, Input]:
    """The contract of what a resolver may be given of its own run."""
    return {"given": Input("given", kind, optional=True, one=False, many=True)}


_TYPE: Any = type
"""What the parameter called `type` hides."""


def said_of(artifacts: Sequence[ArtifactRecord]) -> str:
    """What was found, for people: `found Model 12`."""
    return f"found {artifacts[0].type_name} {', '.join(str(a.id) for a in artifacts)}"


def load_found(record: ArtifactRecord, kind: type[A]) -> A:
    """An artifact of the store; if another tool made it, its digest is taken now, because the cache goes by it."""
    artifact = record.load(kind)
    if not artifact.digest:
        artifact.digest = content_digest(local_path(artifact.uri))
    return cast(A, artifact)
