"""Names by which models can be told apart."""

from __future__ import annotations

from collections.abc import Iterable


def distinct(names: Iterable[str]) -> list[str]:
    """The same names, those that come again with a number: `a`, `a (2)`, `a (3)`."""
    taken: list[str] = []
    for name in names:
        own, number = name, 2
        while own in taken:
            own, number = f"{name} ({number})", number + 1
        taken.append(own)
    return taken
