"""Exit codes, and what is said when a command cannot do its work."""

from __future__ import annotations

import os
import traceback
from enum import IntEnum

from millwork.cli.printing import say_error
from millwork.core.errors import DescriptionError, GateNotMet, MillworkError, NotFound, RunStopped, StoreError


class ExitCode(IntEnum):
    """What a script learns from how a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    GATE = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (DescriptionError, ExitCode.USAGE),
    (NotFound, ExitCode.NOT_FOUND),
    (StoreError, ExitCode.UNREACHABLE),
    (GateNotMet, ExitCode.GATE),
    (RunStopped, ExitCode.GATE),
    (MillworkError, ExitCode.FAILED),
    (OSError, ExitCode.FAILED),
    (KeyboardInterrupt, ExitCode.INTERRUPTED),
)

EXPECTED = tuple(kind for kind, _ in _BY_ERROR)
"""What ends a command with a message instead of a traceback."""


def exit_code(error: BaseException) -> ExitCode:
    """The code for one of the EXPECTED errors."""
    return next(code for kind, code in _BY_ERROR if isinstance(error, kind))


def explain(error: BaseException) -> None:
    """One readable message on stderr; with MILLWORK_DEBUG=1 the traceback before it."""
    if os.environ.get("MILLWORK_DEBUG"):
        traceback.print_exception(error)
    elif isinstance(error, OSError):
        say_error(f"{error} (MILLWORK_DEBUG=1 shows where)")
        return
    if not isinstance(error, KeyboardInterrupt):
        say_error(str(error))
