"""Settings as people give them: a dataclass of ours, a mapping, or TFX's message, each name checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, runtime_checkable

from millwork.core.errors import WrongArgument, did_you_mean


@runtime_checkable
class ConfigMessage(Protocol):
    """A message of TFX's configuration, such as one from `tfx.proto.example_diff_pb2`."""

    DESCRIPTOR: Any


def plain(given: Any) -> Any:
    """What was given, a message as a mapping."""
    if not isinstance(given, ConfigMessage):
        return given
    from google.protobuf import json_format

    return json_format.MessageToDict(given, preserving_proto_field_name=True)


def known_fields(given: Any, kind: type, where: str) -> dict[str, Any]:
    """What is given for the fields of a dataclass. WrongArgument if it has no such field."""
    if is_dataclass(given) and not isinstance(given, type):
        given = {f.name: getattr(given, f.name) for f in fields(given)}
    content = renamed(given, where)
    names = [f.name for f in fields(kind)]
    for name in content:
        if name not in names:
            raise WrongArgument(f"{where} has no field {name!r}. {did_you_mean(name, names)}")
    return content


def renamed(given: Any, where: str) -> dict[str, Any]:
    """A mapping with protobuf's names of fields, also where it has those of its JSON: `infinityNorm`."""
    if not isinstance(given, Mapping):
        raise WrongArgument(f"{where} must be a mapping, but got {given!r}")
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in str(k)): v for k, v in given.items()}
