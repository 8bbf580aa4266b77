"""What differs between the runs behind two models, as plain texts that a report shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileDiff:
    """How a text file differs."""

    name: str
    """Its path in the project."""
    text: str
    """In unified format; the report colours it, and leaves out the end of a very long one."""


@dataclass(frozen=True)
class ChangeSection:
    """One kind of difference: data, schema, hyperparameters, code, environment."""

    title: str
    """`Hyperparameters`; of several challengers, with whom: `Hyperparameters: baseline against latest`."""
    text: str = ""
    """A sentence or two, such as which of the differences is the first cause."""
    columns: tuple[str, ...] = ()
    """`("parameter", "latest~1", "latest")`; none if there is no table."""
    rows: tuple[tuple[str, ...], ...] = ()
    """As many texts in each as there are columns. The first names the row."""
    diffs: tuple[FileDiff, ...] = ()
