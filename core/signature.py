"""What goes into a component and what comes out, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin


class PathRole(Enum):
    """What a path parameter means to the cache."""

    READ = "read"
    """Files that the step reads: their content counts, their place does not."""
    WRITE = "write"
    """A place outside the store that the step writes to."""
    CODE = "code"
    """A Python module file: its source and what it imports count."""


InputPath = Annotated[str | Path, PathRole.READ]
OutputPath = Annotated[str | Path, PathRole.WRITE]
ModuleFile = Annotated[str | Path, PathRole.CODE]


@dataclass(frozen=True)
class Input:
    """An artifact, several, or perhaps none."""

    name: str
    type: type
    optional: bool = False
    one: bool = True
    """One artifact may be given by itself."""
    many: bool = False
    """A list of artifacts may be given."""

    @property
    def hint(self) -> str:
        """The type as a user would write it."""
        one, many = [self.type.__name__] * self.one, [f"list[{self.type.__name__}]"] * self.many
        return " | ".join([*one, *many, *["None"] * self.optional])


@dataclass(frozen=True)
class Parameter:
    """A value that is not an artifact."""

    name: str
    hint: Any
    default: object
    """MISSING: there is none."""
    role: PathRole | None = None

    @property
    def required(self) -> bool:
        return self.default is MISSING

    @property
    def takes_function(self) -> bool:
        """Whether a function may be given, and so a text that names one."""
        return any(get_origin(part) is Callable for part in (self.hint, *get_args(self.hint)))


@dataclass(frozen=True)
class Signature:
    """The contract of a component."""

    inputs: Mapping[str, Input]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, type]
