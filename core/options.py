"""How a step is to be run, as opposed to what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from millwork.core.errors import WrongArgument


@dataclass(frozen=True)
class Options:
    """Per-step options. They never change what a step writes, so the cache ignores them."""

    cache: bool = True
    retries: int = 0
    """How often to try again after a failure."""
    backoff: float = 1.0
    """Seconds before the first retry; doubled before each further one."""
    timeout: float | None = None
    """Seconds after which one attempt is stopped and counted as failed."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for this step only. The store keeps their names, not their values."""

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise WrongArgument(f"retries must be 0 or more, but got {self.retries}")
        if self.backoff < 0:
            raise WrongArgument(f"backoff must be 0 seconds or more, but got {self.backoff}")
        if self.timeout is not None and self.timeout <= 0:
            raise WrongArgument(f"timeout must be more than 0 seconds, but got {self.timeout}")
