"""Pipelines of steps that do nothing. Each step imports this module, so it imports as little as a user's would."""

from __future__ import annotations

from millwork import component, pipeline
from millwork.core.artifacts import Integer


@component
def start(number: Integer, *, value: int = 0) -> None:
    """A step that nothing precedes."""
    number.value = value


@component
def add(total: Integer, number: Integer, *, value: int = 1) -> None:
    """A step after another one."""
    total.value = number.value + value


@pipeline
def chain(steps: int, value: int = 0) -> Integer:
    """Each step waits for the one before it."""
    number = start(value=value)
    for i in range(1, steps):
        number = add.configured(id=f"add_{i}")(number)
    return number


@pipeline
def side_by_side(steps: int) -> list[Integer]:
    """No step waits for another."""
    return [start.configured(id=f"start_{i}")(value=i) for i in range(steps)]
