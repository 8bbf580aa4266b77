"""A person at a terminal: `millwork` asks, and keys are pressed."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sample_command_line import clean_environment

_WHERE_IS_THE_CURSOR, _HERE = b"\x1b[6n", b"\x1b[1;1R"


def at_a_terminal(arguments: Sequence[str], keys: Sequence[tuple[str, str]], folder: Path) -> tuple[int, str]:
    """Press each of `keys` when the text before it has appeared; the exit code, and what was on the screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = clean_environment(TERM="xterm", COLUMNS="200")
        os.execve(sys.executable, [sys.executable, "-m", "millwork", *arguments], environment)
    seen, looked = b"", 0
    for text, pressed in keys:
        deadline = time.monotonic() + 60
        while text.encode() not in seen[looked:] and time.monotonic() < deadline:
            more = _read(terminal)
            if more is None:
                break
            seen += more
        looked = seen.find(text.encode(), looked) + len(text)
        time.sleep(0.3)  # the question is on the screen before its keys are listened to
        if pressed:
            os.write(terminal, pressed.encode())
    while (more := _read(terminal)) is not None:
        seen += more
    os.close(terminal)
    screen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode(errors="replace"))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen


def _read(terminal: int) -> bytes | None:
    """What came within a moment; None at the end."""
    if not select.select([terminal], [], [], 0.2)[0]:
        return b""
    try:
        more = os.read(terminal, 65536)
    except OSError:
        return None
    if _WHERE_IS_THE_CURSOR in more:
        os.write(terminal, _HERE)
    return more or None
