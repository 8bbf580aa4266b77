"""How a step is to be run, as opposed to what it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from millwork.core.errors import WrongArgument


@dataclass(frozen=True)
class Options:
    """Per-step options.

    Of these only the environment can change what a step writes, so only it counts for the cache.
    """

    cache: bool = True
    retries: int = 0
    """How often to try again after a failure."""
    backoff: float = 1.0
    """Seconds before the first retry; doubled before each further one."""
    timeout: float | None = None
    """Seconds after which one attempt is stopped and counted as failed."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for this step only, set before it imports anything. The store keeps no values."""

    def __post_init__(self) -> None:
        self._check_types()
        if self.retries < 0:
            raise WrongArgument(f"retries must be 0 or more, but got {self.retries}")
        if not (self.backoff >= 0 and math.isfinite(self.backoff)):
            raise WrongArgument(f"backoff must be 0 seconds or more, but got {self.backoff}")
        if self.timeout is not None and not (self.timeout > 0 and math.isfinite(self.timeout)):
            raise WrongArgument(
                f"timeout must be more than 0 seconds, or None for no limit, but got {self.timeout}"
            )

    def _check_types(self) -> None:
        wanted = {"cache": bool, "retries": int, "backoff": int | float, "timeout": int | float | None}
        for name, kind in wanted.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise WrongArgument(f"{name} must be {getattr(kind, '__name__', kind)}, but got {value!r}")
        names_and_values = (
            self.environment.items() if isinstance(self.environment, Mapping) else [(None, None)]
        )
        if not all(isinstance(text, str) for pair in names_and_values for text in pair):
            raise WrongArgument(f"environment must be Mapping[str, str], but got {self.environment!r}")
