"""One line for each runner: how to make one, as Python that a script may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunnerCase:
    """How one runner is tried."""

    module: str
    make: str
    """An expression that makes the runner. `root` is the folder of artifacts and metadata."""


RUNNERS: dict[str, RunnerCase] = {
    "LocalRunner": RunnerCase("millwork.runners.local", "LocalRunner(root, quiet=True)"),
}
