"""Artifacts that are one value each: Integer, Float, String and Boolean. They are imported from artifacts.py."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from millwork.core.errors import BadInput
from millwork.core.graph import Artifact, Condition, Scalar

V = TypeVar("V", bound=Scalar)


@dataclass(eq=False)
class ValueArtifact(Artifact, Generic[V]):
    """One value, passed from step to step. The uri is the file that holds it.

    Compare it in `when(...)`: `with when(accuracy >= 0.8):`
    """

    file: ClassVar[str] = "value"
    computed: ClassVar[tuple[str, ...]] = ("value",)
    parse: ClassVar[Any] = str

    @property
    def value(self) -> V:
        """What the producing step wrote."""
        parsed: V = self.parse(self.path.read_bytes().decode())
        return parsed

    @value.setter
    def value(self, value: V) -> None:
        try:
            text = self._text(value)
        except (TypeError, ValueError) as e:
            raise BadInput(f"The value of a {self.type_name} artifact cannot be {value!r}: {e}") from e
        self.path.write_bytes(text.encode())

    def _text(self, value: V) -> str:
        if not isinstance(value, str):
            raise TypeError(f"it is a {type(value).__name__}")
        return value

    def __lt__(self, other: V) -> Condition:
        return self.prop("value") < other

    def __le__(self, other: V) -> Condition:
        return self.prop("value") <= other

    def __gt__(self, other: V) -> Condition:
        return self.prop("value") > other

    def __ge__(self, other: V) -> Condition:
        return self.prop("value") >= other

    def equals(self, other: V) -> Condition:
        """True if the value is this one."""
        return self.prop("value").equals(other)


@dataclass(eq=False)
class Integer(ValueArtifact[int]):
    """A whole number."""

    parse: ClassVar[Any] = int

    def _text(self, value: int) -> str:
        return str(operator.index(value))


@dataclass(eq=False)
class Float(ValueArtifact[float]):
    """A number."""

    parse: ClassVar[Any] = float

    def _text(self, value: float) -> str:
        return repr(float(value))


@dataclass(eq=False)
class String(ValueArtifact[str]):
    """A text."""


@dataclass(eq=False)
class Boolean(ValueArtifact[bool]):
    """True or false, written as 1 or 0."""

    @staticmethod
    def _parse(text: str) -> bool:
        return text == "1"

    parse: ClassVar[Any] = _parse

    def _text(self, value: bool) -> str:
        if value not in (True, False):
            raise TypeError(f"it is a {type(value).__name__}")
        return "1" if value else "0"
