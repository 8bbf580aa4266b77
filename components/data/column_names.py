"""Names of columns that people have written."""

from __future__ import annotations

from collections.abc import Sequence

from millwork.core.errors import WrongArgument


def check_names(where: str, names: Sequence[str]) -> None:
    """Refuse an empty name, and one that comes twice."""
    if not names:
        raise WrongArgument(f"{where} is empty. Name each column")
    for place, name in enumerate(names, 1):
        if not name:
            raise WrongArgument(f"Column {place} has no name in {where}. Give it one")
        if name in names[: place - 1]:
            raise WrongArgument(f"Two columns are called {name!r} in {where}. Rename one of them")
