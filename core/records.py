"""What the metadata store says about runs, executions and artifacts, as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from millwork.core.callables import reference_to
from millwork.core.errors import BadInput
from millwork.core.graph import Artifact, property_names

Stored = int | float | str


class State(Enum):
    """How far a step, or a run, has come."""

    RUNNING = "running"
    COMPLETE = "complete"
    CACHED = "cached"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def good(self) -> bool:
        """True if the outputs are there to be used."""
        return self in (State.COMPLETE, State.CACHED)


@dataclass(frozen=True)
class ArtifactRecord:
    """An artifact of the store. `properties` are as stored: JSON text where they are not scalars."""

    id: int
    type_name: str
    uri: str
    digest: str
    properties: Mapping[str, Stored]
    signature: str = ""
    state: str = "live"
    created: float = 0.0

    def load(self, kind: type[Artifact]) -> Artifact:
        """The artifact as an object of its type."""
        stored = {n: v for n, v in self.properties.items() if n in property_names(kind)}
        properties = _from_stored(kind, stored)
        return kind(self.uri, id=self.id, digest=self.digest, signature=self.signature, **properties)


@dataclass(frozen=True)
class ExecutionRecord:
    """One attempt to have a step's outputs: run, found in the cache, skipped or failed."""

    id: int
    type: str
    node: str
    run: str
    state: State
    properties: Mapping[str, Stored]
    created: float
    updated: float

    @property
    def seconds(self) -> float:
        """How long the work took. 0 if there was none."""
        return float(self.properties.get("__seconds__", 0.0))


@dataclass(frozen=True)
class RunRecord:
    """One run of a pipeline."""

    id: str
    pipeline: str
    state: State
    properties: Mapping[str, Stored]
    created: float
    updated: float


@dataclass(frozen=True)
class SweepRecord:
    """Runs of one pipeline with different parameters, which belong together."""

    id: str
    properties: Mapping[str, Stored]
    created: float


@dataclass
class NewArtifact:
    """An artifact that is about to be recorded."""

    type_name: str
    base_type: str
    uri: str
    digest: str
    signature: str = ""
    declared: dict[str, Stored] = field(default_factory=dict)
    custom: dict[str, Stored] = field(default_factory=dict)
    external: bool = False


def new_artifact(artifact: Artifact, *, external: bool = False) -> NewArtifact:
    """What to record about a real artifact."""
    record = NewArtifact(
        artifact.type_name,
        artifact.base_type,
        artifact.uri,
        artifact.digest,
        artifact.signature,
        external=external,
    )
    custom = {f.name for f in fields(artifact) if f.metadata.get("custom")}
    for name, value in artifact.properties.items():
        stored = to_stored(value)
        as_text = isinstance(value, int | float) and isinstance(
            stored, str
        )  # its declared type cannot hold it
        (record.custom if name in custom or as_text else record.declared)[name] = stored
    for name in artifact.computed:
        record.custom[name] = to_stored(getattr(artifact, name))
    return record


def to_stored(value: object) -> Stored:
    """A property value as ML Metadata keeps it: TFX writes what is not a scalar as JSON text.

    Numbers that the store's back ends cannot hold (nan, inf, more than 64 bits) become text.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, int | float | str):
        return value
    return json.dumps(value, sort_keys=True)


def settle_properties(artifact: Artifact) -> None:
    """Hold what a step has set against the types of its properties; numbers of numpy become Python's."""
    for name, default in type(artifact)().properties.items():
        value = getattr(artifact, name)
        try:
            settled = _of_type(default, value)
            json.dumps(settled)
        except (TypeError, ValueError) as e:
            raise BadInput(
                f"The property {name} of {artifact.type_name} cannot be {value!r}: its type is {type(default).__name__}"
            ) from e
        setattr(artifact, name, settled)


def _of_type(default: object, value: Any) -> object:
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    value = _plain(value)
    if isinstance(default, float) and isinstance(value, int | float):
        return float(value)
    if isinstance(value, type(default)):
        return value
    raise TypeError


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def as_record(artifact: Artifact) -> ArtifactRecord:
    """A real artifact as the store has it, or will have it."""
    properties = {name: to_stored(value) for name, value in artifact.properties.items()}
    return ArtifactRecord(
        artifact.id, artifact.type_name, artifact.uri, artifact.digest, properties, artifact.signature
    )


def artifact_to_json(artifact: Artifact) -> dict[str, Any]:
    """A real artifact, to be sent to another process."""
    return {
        "type": reference_to(type(artifact)),
        "uri": artifact.uri,
        "id": artifact.id,
        "digest": artifact.digest,
        "signature": artifact.signature,
        "properties": {n: to_stored(v) for n, v in artifact.properties.items()},
    }


def artifact_from_json(content: Mapping[str, Any], kind: type[Artifact]) -> Artifact:
    """What `artifact_to_json` was given."""
    properties = _from_stored(kind, content["properties"])
    known = {name: content[name] for name in ("id", "digest", "signature")}
    return kind(content["uri"], **known, **properties)


def _from_stored(kind: type[Artifact], stored: Mapping[str, Stored]) -> dict[str, Any]:
    defaults = vars(kind())
    values: dict[str, Any] = {}
    for name, value in stored.items():
        default = defaults[name]
        if isinstance(default, tuple | Mapping):
            parsed = json.loads(value) if isinstance(value, str) and value else default
            values[name] = tuple(parsed) if isinstance(default, tuple) else parsed
        else:
            values[name] = type(default)(value)
    return values
