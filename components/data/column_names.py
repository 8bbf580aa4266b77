"""Names of columns that people have written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, takewhile

from millwork.core.errors import WrongArgument

UNNAMED = "Unnamed: "
"""Begins what a column without a name is called, as pandas calls it."""


def check_names(where: str, names: Sequence[str]) -> None:
    """Refuse an empty name, and one that comes twice."""
    if not names:
        raise WrongArgument(f"{where} is empty. Name each column")
    for place, name in enumerate(names, 1):
        if not name:
            raise WrongArgument(f"Column {place} has no name in {where}. Give it one")
        if name in names[: place - 1]:
            raise WrongArgument(f"Two columns are called {name!r} in {where}. Rename one of them")


def with_row_labels(header: Sequence[str]) -> list[str]:
    """The header with names for its first columns if they have none: pandas and R write the labels of the rows there.

    They are called as `pandas.read_csv` calls them: `Unnamed: 0`, and `Unnamed: 0.1` if there is one in the file.
    """
    nameless = len(list(takewhile(lambda name: not name, header)))
    if nameless == len(header):
        return list(header)
    names = list(header[nameless:])
    for place in reversed(range(nameless)):
        name = f"{UNNAMED}{place}"
        copies = (f"{name}.{copy}" for copy in count(1))
        names.insert(0, name if name not in names else next(c for c in copies if c not in names))
    return names
