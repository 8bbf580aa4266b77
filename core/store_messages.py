"""ML Metadata's messages as plain data, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from millwork.core.records import ArtifactRecord, ExecutionRecord, RunRecord, State, Stored, SweepRecord
from millwork.core.store_connection import proto

LIVE, DELETED = 2, 4
_EXACT = "__exact__"
"""Holds numbers that would else be rounded."""
INPUT, OUTPUT = 3, 4
FOUND = 6
"""INTERNAL_OUTPUT, which TFX's Resolver records: the execution did not write the artifact."""

_ARTIFACT_STATES = ("unknown", "pending", "live", "marked for deletion", "deleted", "abandoned", "reference")
_CODES = {State.RUNNING: 2, State.COMPLETE: 3, State.FAILED: 4, State.CACHED: 5}
_CANCELED = 6


def state_code(state: State) -> int:
    """ML Metadata's number. It has none for a skipped step: that is CANCELED with `__skipped__`."""
    return _CODES.get(state, _CANCELED)


def set_custom(message: Any, properties: Mapping[str, Stored]) -> None:
    """Add custom properties."""
    _set(message, message.custom_properties, properties)


def set_declared(message: Any, properties: Mapping[str, Stored]) -> None:
    """Set properties that the type declares."""
    _set(message, message.properties, properties)


def _set(message: Any, fields: Any, properties: Mapping[str, Stored]) -> None:
    for name, value in properties.items():
        if isinstance(value, int):
            fields[name].int_value = int(value)
        elif isinstance(value, float):
            fields[name].double_value = value
            if repr(_as_kept(value)) != repr(value):
                _keep_exactly(message, name, value)
        else:
            # NUL would end the text in SQLite, and half a character is an error.
            fields[name].string_value = (
                value.encode(errors="backslashreplace").decode().replace("\0", "\\x00")
            )


def _as_kept(value: float) -> float:
    """What is left of a number: ML Metadata writes 6 decimals, SQLite keeps 15 digits and no negative zero."""
    return float(f"{float(f'{value:f}'):.15g}") + 0.0


def _keep_exactly(message: Any, name: str, value: float) -> None:
    known = message.custom_properties
    exact = json.loads(known[_EXACT].string_value) if _EXACT in known else {}
    known[_EXACT].string_value = json.dumps({**exact, name: value}, sort_keys=True)


def event(kind: int, *places: tuple[str, int]) -> Any:
    """What connects an artifact to an execution: under which names, at which places."""
    pb = proto()
    path = pb.Event.Path()
    for key, index in places:
        path.steps.add(key=key)
        path.steps.add(index=index)
    return pb.Event(type=kind, path=path)


def event_places(message: Any) -> list[tuple[str, int]]:
    """The names and places that an event's path holds."""
    steps = message.path.steps
    return [(key.key, index.index) for key, index in zip(steps[::2], steps[1::2], strict=True)]


def artifact_record(message: Any) -> ArtifactRecord:
    """An artifact of the store."""
    properties = _properties(message)
    digest, signature = str(properties.pop("__digest__", "")), str(properties.pop("__files__", ""))
    return ArtifactRecord(
        id=message.id,
        type_name=message.type,
        uri=message.uri,
        digest=digest,
        signature=signature,
        properties=properties,
        state=_ARTIFACT_STATES[message.state],
        created=message.create_time_since_epoch / 1000,
    )


def execution_record(message: Any) -> ExecutionRecord:
    """An execution of the store."""
    properties = _properties(message)
    state = {code: s for s, code in _CODES.items()}.get(message.last_known_state, State.CANCELLED)
    if properties.get("__skipped__"):
        state = State.SKIPPED
    return ExecutionRecord(
        id=message.id,
        type=message.type,
        node=str(properties.get("__node__", "")),
        run=str(properties.get("__run__", "")),
        state=state,
        properties=properties,
        created=message.create_time_since_epoch / 1000,
        updated=message.last_update_time_since_epoch / 1000,
    )


def run_record(message: Any) -> RunRecord:
    """A run of the store. One that another tool wrote has no state of ours: then it counts as complete."""
    properties = _values(message.custom_properties)
    return RunRecord(
        id=message.name,
        pipeline=str(properties.get("__pipeline__", "")),
        state=State(properties.get("__state__", State.COMPLETE.value)),
        properties=properties,
        created=message.create_time_since_epoch / 1000,
        updated=message.last_update_time_since_epoch / 1000,
    )


def sweep_record(message: Any) -> SweepRecord:
    """A sweep of the store."""
    properties = _values(message.custom_properties)
    return SweepRecord(message.name, properties, message.create_time_since_epoch / 1000)


def _properties(message: Any) -> dict[str, Stored]:
    found = {**_values(message.properties), **_values(message.custom_properties)}
    return {**found, **json.loads(str(found.pop(_EXACT, "{}")))}


def _values(properties: Any) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for name, value in properties.items():
        kind = value.WhichOneof("value")
        if kind in ("int_value", "double_value", "string_value"):
            found[name] = getattr(value, kind)
        elif kind is not None:
            found[name] = str(getattr(value, kind)).strip()
    return found
