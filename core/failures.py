"""What went wrong in a step, told with the user's own line first."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from millwork.core.installed import is_installed

_LONGEST = 100_000
_OURS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Failure:
    """An error of a step, as it is recorded."""

    type: str
    message: str
    where: str = ""
    """The deepest line of the user's code: file, line, function and source."""
    traceback: str = ""

    def __str__(self) -> str:
        head = f"{self.type}: {self.message}" if self.message else self.type
        return f"{self.where}\n{head}" if self.where else head


def failure_of(error: BaseException) -> Failure:
    """An exception as a record."""
    full = "".join(traceback.format_exception(error))
    try:
        message = str(error)
    except Exception as unprintable:
        message = f"<its message cannot be printed: {type(unprintable).__name__}>"
    return Failure(
        type(error).__name__, _shortened(message), _users_frame(error.__traceback__), _shortened(full)
    )


def _shortened(text: str) -> str:
    """The log has the whole of it; store and terminal need not."""
    half = _LONGEST // 2
    left_out = len(text) - _LONGEST
    return text if left_out <= 0 else f"{text[:half]}\n… {left_out} characters left out …\n{text[-half:]}"


def _users_frame(trace: TracebackType | None) -> str:
    frames = [f for f in traceback.extract_tb(trace) if _is_users(f.filename)]
    if not frames:
        return ""
    frame = frames[-1]
    source = f"\n    {frame.line}" if frame.line else ""
    return f'File "{frame.filename}", line {frame.lineno}, in {frame.name}{source}'


def _is_users(filename: str) -> bool:
    path = Path(filename)
    if not path.is_file():
        return False
    resolved = path.resolve()
    roots = [_OURS / folder for folder in ("core", "components", "runners", "evaluation", "src/millwork")]
    return not is_installed(resolved) and not any(resolved.is_relative_to(root) for root in roots)
