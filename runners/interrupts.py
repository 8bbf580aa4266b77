"""Ctrl-C and polite kills, noted when they come and obeyed where it does no harm."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """The first is noted, so that it never strikes in the middle of a transaction; a second one strikes at once."""

    def __init__(self) -> None:
        self.bell, self._rope = socket.socketpair()
        """`bell` becomes readable with the first interrupt: for whoever waits with a selector."""
        self._noted = False

    def note(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True
        self._rope.send(b"!")

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was an interrupt. Call it where stopping does no harm."""
        if self._noted:
            raise KeyboardInterrupt

    def forget(self) -> None:
        """It has been obeyed. The next one is the first again."""
        if self._noted:
            self.bell.recv(1)
            self._noted = False

    def close(self) -> None:
        """There is nothing more to stop."""
        self.bell.close()
        self._rope.close()


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Note interrupts in this block. Outside the main thread there are none."""
    interrupts = Interrupts()
    wanted = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) is not signal.SIG_IGN]
    before = {}
    try:
        for number in wanted:
            before[number] = signal.signal(number, interrupts.note)
    except ValueError:
        before = {}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        interrupts.close()
