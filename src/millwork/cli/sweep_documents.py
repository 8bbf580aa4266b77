"""What `--json` prints about sweeps."""

from __future__ import annotations

from typing import Any, TypedDict


class SweptRunDocument(TypedDict):
    """One combination of a sweep, and the last run that tried it."""

    combination: int
    """From 0."""
    parameters: dict[str, Any]
    """As they were given, those that do not vary too."""
    run: str
    """Empty if it has not begun."""
    state: str
    """running, complete, failed, cancelled, or waiting."""
    seconds: float
    metrics: dict[str, float | None]
    """Null if the run did not get so far."""
    reason: str
    """Why it failed."""


class SweepDocument(TypedDict):
    """`sweep`, `sweep show`, `sweep resume`: millwork/sweep/v1."""

    schema: str
    id: str
    pipeline: str
    source: str
    began: str | None
    varied: list[str]
    """The parameters that are not the same in all combinations."""
    metrics: list[str]
    """What is compared: step.output.property."""
    runs: list[SweptRunDocument]
    """The best by the first metric that was named first; else in the order of the combinations."""


class SweepSummary(TypedDict):
    """A sweep in a list."""

    id: str
    pipeline: str
    began: str | None
    combinations: int
    complete: int
    failed: int


class SweepsDocument(TypedDict):
    """`sweep list`: millwork/sweeps/v1."""

    schema: str
    sweeps: list[SweepSummary]
