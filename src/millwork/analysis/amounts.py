"""Times and sizes, written for people."""

from __future__ import annotations

from datetime import datetime


def moment(seconds: float) -> str:
    """A time for people. Empty if it is not known."""
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}" if seconds else ""


def file_size(count: float) -> str:
    """A number of bytes for people."""
    if count < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"
