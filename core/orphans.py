"""Letting a process end with the one that started it, however that ends."""

from __future__ import annotations

import ctypes
import signal
import sys

_PARENT_DEATH_SIGNAL = 1


def die_with_parent(by: int = signal.SIGKILL) -> None:
    """Linux only: elsewhere a child of a killed process goes on, and nobody waits for what it does.

    If the parent may have ended before this call, ask for its id afterwards.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, by)
