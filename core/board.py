"""Which pipeline is being described: steps note themselves there as they are created."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from millwork.core.graph import Step, open_conditions, open_exit

_open_board: ContextVar[list[Step] | None] = ContextVar("open_board", default=None)


def place(step: Step) -> None:
    """Put a new step into the pipeline that is being described, under the conditions that are open."""
    step.conditions = open_conditions.get()
    step.at_exit = open_exit.get()
    board = _open_board.get()
    if board is not None:
        board.append(step)


@contextmanager
def drawing() -> Iterator[list[Step]]:
    """Collect the steps that are created in this block."""
    board: list[Step] = []
    token = _open_board.set(board)
    try:
        yield board
    finally:
        _open_board.reset(token)
