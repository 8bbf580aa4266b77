"""Parameter values as JSON, and back: plans cross processes and machines."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from millwork.core.callables import load_reference, reference_to
from millwork.core.errors import WrongArgument

JSON = None | bool | int | float | str | list[Any] | dict[str, Any]


def encode(value: object, where: str) -> JSON:
    """`value` as JSON; what JSON does not have becomes an object with one key that starts with `$`."""
    if isinstance(value, Enum):
        return _encode_enum(value)
    if isinstance(value, str | Path):
        _check_text(str(value), where)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, list):
        return [encode(v, where) for v in value]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _object(type(value), dict(zip(value._fields, value, strict=True)), where)
    if isinstance(value, tuple):
        return {"$tuple": [encode(v, where) for v in value]}
    if isinstance(value, set | frozenset):
        tag = "$set" if isinstance(value, set) else "$frozenset"
        return {tag: sorted((encode(v, where) for v in value), key=canonical)}
    if isinstance(value, Mapping):
        return _encode_mapping(value, where)
    return _encode_object(value, where)


def decode(value: Any) -> Any:
    """What `encode` was given."""
    if isinstance(value, list):
        return [decode(v) for v in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        tag, content = next(iter(value.items()))
        if tag in _DECODERS:
            return _DECODERS[tag](content)
    return {k: decode(v) for k, v in value.items()}


def canonical(value: JSON) -> str:
    """JSON that is the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def references_in(value: Any) -> list[str]:
    """The `module:qualname`s that an encoded value holds."""
    if isinstance(value, list):
        return [r for v in value for r in references_in(v)]
    if not isinstance(value, dict):
        return []
    found = [value["$callable"]] if "$callable" in value else []
    found += [value["$enum"][0]] if "$enum" in value else []
    found += [value["$object"]["type"]] if "$object" in value else []
    return found + [r for v in value.values() for r in references_in(v)]


def _encode_mapping(value: Mapping[Any, Any], where: str) -> JSON:
    if all(isinstance(k, str) and not isinstance(k, Enum) and not k.startswith("$") for k in value):
        for key in value:
            _check_text(key, where)
        return {k: encode(v, where) for k, v in value.items()}
    return {"$dict": [[encode(k, where), encode(v, where)] for k, v in value.items()]}


def _encode_object(value: object, where: str) -> JSON:
    if isinstance(value, Path):
        return {"$path": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if is_dataclass(value) and not isinstance(value, type):
        return _object(type(value), {f.name: getattr(value, f.name) for f in fields(value) if f.init}, where)
    if callable(value):
        return {"$callable": reference_to(value)}
    raise WrongArgument(
        f"{where}: a {type(value).__name__} cannot be part of a plan, which is JSON. Use numbers, text, lists, "
        "dicts, paths, enums, dataclasses or functions at the top of a module"
    )


def _encode_enum(value: Enum) -> JSON:
    if value.name in type(value).__members__:
        return {"$enum": [reference_to(type(value)), value.name]}
    return _object(type(value), {"value": value.value}, type(value).__name__)  # several flags at once


def _object(kind: type, content: Mapping[str, object], where: str) -> JSON:
    encoded = {name: encode(value, where) for name, value in content.items()}
    return {"$object": {"type": reference_to(kind), "fields": encoded}}


def _check_text(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise WrongArgument(
            f"{where}: text that is not valid Unicode cannot be part of a plan, but got {text!r}. Rename the file, or "
            "pass bytes"
        ) from None


def _decode_object(content: Mapping[str, Any]) -> object:
    return load_reference(content["type"])(**{k: decode(v) for k, v in content["fields"].items()})


_DECODERS: dict[str, Any] = {
    "$float": float,
    "$tuple": lambda items: tuple(decode(v) for v in items),
    "$set": lambda items: {decode(v) for v in items},
    "$frozenset": lambda items: frozenset(decode(v) for v in items),
    "$dict": lambda pairs: {decode(k): decode(v) for k, v in pairs},
    "$path": Path,
    "$bytes": base64.b64decode,
    "$enum": lambda content: load_reference(content[0])[content[1]],
    "$object": _decode_object,
    "$callable": load_reference,
}
