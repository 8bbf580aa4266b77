"""Texts that ML Metadata's PostgreSQL back end cannot hold: with backslashes, and longer than an index entry.

Text with a backslash it quotes wrongly, so that the statement fails; and it has an index on every text, which
PostgreSQL refuses for more than 2,704 bytes. Tracebacks and plans are both. So a backslash is kept as a character from
Unicode's private area, and a long text in several properties: `__plan__`, `__plan__#1`, `__plan__#2`, …
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

_BACKSLASH = "\ue05c"
_LONGEST = 600
"""Characters of up to four bytes."""


def adapt(client: Any) -> None:
    """Make ML Metadata's client pack what it sends and unpack what it gets."""
    send = client._call_method

    def call(name: str, request: Any, response: Any) -> None:
        packed = copy.deepcopy(request)
        for fields in _custom_properties_in(packed):
            _split(fields)
        for message in _all_in(packed):
            _swap(message, "\\", _BACKSLASH)
        send(name, packed, response)
        for message in _all_in(response):
            _swap(message, _BACKSLASH, "\\")
        for fields in _custom_properties_in(response):
            _join(fields)

    client._call_method = call


def _all_in(message: Any) -> Iterator[Any]:
    """A message, and every message inside it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = list(value.values()) if field.message_type.fields_by_name["value"].message_type else []
        else:
            inner = list(value) if hasattr(value, "append") or hasattr(value, "add") else [value]
        for part in inner:
            yield from _all_in(part)


def _custom_properties_in(message: Any) -> list[Any]:
    return [
        m.custom_properties for m in _all_in(message) if "custom_properties" in m.DESCRIPTOR.fields_by_name
    ]


def _split(fields: Any) -> None:
    for name, value in list(fields.items()):
        text = value.string_value
        for number, start in enumerate(range(_LONGEST, len(text), _LONGEST), start=1):
            fields[f"{name}#{number}"].string_value = text[start : start + _LONGEST]
        if len(text) > _LONGEST:
            value.string_value = text[:_LONGEST]


def _join(fields: Any) -> None:
    for name in [n for n in fields if f"{n}#1" in fields]:
        number = 1
        while f"{name}#{number}" in fields:
            fields[name].string_value += fields[f"{name}#{number}"].string_value
            del fields[f"{name}#{number}"]
            number += 1


def _swap(message: Any, old: str, new: str) -> None:
    for field, value in message.ListFields():
        if isinstance(value, str) and old in value:
            setattr(message, field.name, value.replace(old, new))
