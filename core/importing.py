"""Bringing an existing folder into a pipeline as an artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar, cast

from millwork.core.board import place
from millwork.core.component import snake_case
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.graph import Artifact, Kind, Step
from millwork.core.options import Options
from millwork.core.signature import Parameter, PathRole, Signature
from millwork.core.storage import exists, is_remote, local_path

A = TypeVar("A", bound=Artifact)


def import_artifact(artifact: A, *, id: str = "") -> A:
    """Use a folder that is already there, from another pipeline or another tool.

        schema = import_artifact(Schema("data/schema"))
        examples = import_artifact(Examples("data/examples", split_names=("train", "eval")))

    The files stay where they are; their content counts for the cache.
    """
    if not isinstance(artifact, Artifact):
        raise WrongArgument(
            f"import_artifact takes an artifact such as Schema('path/to/folder'), but got {artifact!r}"
        )
    kind = type(artifact).__name__
    if artifact.producer is not None and not artifact.uri:
        raise WrongArgument(
            f"{kind} made by {artifact.producer.id} is already part of a pipeline: use it as it is"
        )
    if not artifact.uri:
        raise WrongArgument(f"import_artifact needs a place: import_artifact({kind}('path/to/folder'))")
    uri = artifact.uri if is_remote(artifact.uri) else str(local_path(artifact.uri).absolute())
    step = ImportStep(id or f"import_{snake_case(kind)}", type(artifact), uri, artifact.properties)
    return cast(A, step.outputs["imported"])


class ImportStep(Step):
    """Registers what is at `uri`; writes nothing."""

    kind: ClassVar[Kind] = "import"

    def __init__(self, id: str, type: type[Artifact], uri: str, properties: Mapping[str, Any]) -> None:
        self.id = id
        self.options = Options()
        self.uri = uri
        self.properties = dict(properties)
        self._type = type
        self._outputs = {"imported": type(producer=self, **properties)}
        place(self)

    @property
    def reference(self) -> str:
        return "millwork.core.importing:ImportStep"

    @property
    def signature(self) -> Signature:
        parameters = {
            "uri": Parameter("uri", str, MISSING, PathRole.READ),
            "properties": Parameter("properties", Mapping[str, Any], MISSING),
        }
        return Signature({}, parameters, {"imported": self._type})

    @property
    def arguments(self) -> Mapping[str, object]:
        return {"uri": self.uri, "properties": self.properties}

    @property
    def outputs(self) -> Mapping[str, Artifact]:
        return self._outputs

    def external_files(self) -> Iterable[Path]:
        self.run()
        path = local_path(self.uri)
        yield from [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())

    def bind(self, inputs: Mapping[str, Sequence[Artifact]], outputs: Mapping[str, str]) -> Self:
        ready = type(self)(self.id, self._type, self.uri, self.properties)
        ready.outputs["imported"].uri = self.uri
        return ready

    def run(self) -> None:
        if not exists(self.uri):
            raise BadInput(f"{self.id}: there is nothing at {self.uri!r} to import as {self._type.__name__}")
