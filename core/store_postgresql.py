"""Backslashes in a PostgreSQL store.

ML Metadata quotes text with a backslash in it wrongly for PostgreSQL: the statement fails, whatever it says. Tracebacks,
plans and patterns are full of them. So they are kept as a character from Unicode's private area.
"""

from __future__ import annotations

import functools
from typing import Any

_STAND_IN = "\ue05c"


class BackslashSafe:
    """ML Metadata's client, with backslashes replaced on the way in and put back on the way out."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            _replace(args, "\\", _STAND_IN)
            try:
                found = method(*args, **kwargs)
            finally:
                _replace(args, _STAND_IN, "\\")
            _replace(found, _STAND_IN, "\\")
            return found

        return call


def _replace(message: Any, old: str, new: str) -> None:
    """In every text of a message, or of several."""
    if isinstance(message, list | tuple):
        for part in message:
            _replace(part, old, new)
    if old in getattr(message, "uri", ""):
        message.uri = message.uri.replace(old, new)
    for fields in (getattr(message, "properties", {}), getattr(message, "custom_properties", {})):
        for value in fields.values():
            if old in getattr(value, "string_value", ""):
                value.string_value = value.string_value.replace(old, new)
