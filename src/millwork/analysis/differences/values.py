"""Two encoded values as the leaves in which they differ: `train_args.num_steps` 300 → 400."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from millwork.analysis.differences.difference import Change
from millwork.core.fingerprint import as_written
from millwork.core.values import JSON

_MISSING = object()


def value_changes(name: str, before: Any, after: Any) -> Iterator[Change]:
    """The smallest parts that differ, each under its own name. Both are encoded as in a plan."""
    if before == after and type(before) is type(after):
        return
    pairs = _parts(name, before, after)
    if pairs is None:
        yield Change(name, as_text(before), as_text(after))
        return
    for part, was, has in pairs:
        yield from value_changes(part, was, has)


def mapping_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = ""
) -> Iterator[Change]:
    """The same for each entry of two mappings."""
    for name in dict.fromkeys([*before, *after]):
        was, has = before.get(name, _MISSING), after.get(name, _MISSING)
        yield from value_changes(f"{prefix}{name}", was, has)


def as_text(value: Any) -> str | None:
    """An encoded value as a person would write it. None if there is none."""
    if value is _MISSING:
        return None
    return value if isinstance(value, str) else as_written(value)


def stored_value(text: str | None) -> Any:
    """An encoded value of a fingerprint's part; what is not there is told apart from None."""
    return _MISSING if text is None else json.loads(text)


def number_change(name: str, before: float | None, after: float | None) -> Change:
    """Two numbers with as many digits as it takes to see that they differ: six, if that is enough."""
    for digits in (6, 9, 12, 17):
        was, has = (None if n is None else f"{n:.{digits}g}" for n in (before, after))
        if was != has:
            break
    return Change(name, was, has)


def _parts(name: str, before: JSON, after: JSON) -> Iterator[tuple[str, Any, Any]] | None:
    """What both values consist of, if they have the same form."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return ((f"{name}[{i}]", b, a) for i, (b, a) in enumerate(zip(before, after, strict=True)))
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return None
    if "$tuple" in before and "$tuple" in after:
        return _parts(name, before["$tuple"], after["$tuple"])
    if "$object" in before and "$object" in after:
        was, has = before["$object"], after["$object"]
        return _entries(name, was["fields"], has["fields"]) if was["type"] == has["type"] else None
    tagged = any(key.startswith("$") for key in [*before, *after])
    return None if tagged else _entries(name, before, after)


def _entries(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys([*before, *after]):
        yield f"{name}.{key}", before.get(key, _MISSING), after.get(key, _MISSING)
