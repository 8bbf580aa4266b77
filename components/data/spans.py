"""Spans: which part of the data a file belongs to, as its path tells.

A span is a number, `{SPAN}` in a pattern, or a day, `{YYYY}-{MM}-{DD}`, which is the number of days since 1970-01-01. A
span may come again, corrected, as a higher `{VERSION}`. `{SPAN:4}` is written with exactly four digits, zeros in front.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from millwork.core.errors import BadInput, WrongArgument, did_you_mean

EPOCH = date(1970, 1, 1)


class SpanVersion(NamedTuple):
    """A span in one of its versions, which order as they are: the latest of several is their maximum."""

    span: int
    version: int = 0


@dataclass(frozen=True)
class StaticRange:
    """The spans from `start` to `end`, both included: numbers, or days such as "2024-05-31". Some may be missing."""

    start: int | str
    end: int | str

    def __post_init__(self) -> None:
        if number_of(self.start) > number_of(self.end):
            raise WrongArgument(f"StaticRange: start={self.start!r} is after end={self.end!r}")

    def numbers(self) -> range:
        """The spans, whether there are files of them or not."""
        return range(number_of(self.start), number_of(self.end) + 1)


@dataclass(frozen=True)
class RollingRange:
    """The `last` spans of those that there are, but none before `start`: a number, or a day such as "2024-05-31"."""

    last: int
    start: int | str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.last, int) or self.last < 1:
            raise WrongArgument(f"RollingRange: last must be a number from 1 on, but got {self.last!r}")
        if self.start is not None:
            number_of(self.start)


Spans = int | str | StaticRange | RollingRange
"""What a user may ask for: one span, by number or day, or several."""


def number_of(span: int | str) -> int:
    """A span's number. A day is given as text: "2024-05-31"."""
    if isinstance(span, int):
        return span
    try:
        return (date.fromisoformat(span) - EPOCH).days
    except (TypeError, ValueError):
        raise WrongArgument(f"A span is a number, or a day such as '2024-05-31', but got {span!r}") from None


def day_of(span: int) -> date:
    """The day that a span is."""
    return EPOCH + timedelta(days=span)


def said_of(wanted: Spans | None, *, days: bool = False) -> str:
    """What is wanted, for people: `span 7`, `a span from 2024-05-01 to 2024-05-31`."""
    if wanted is None:
        return "any span"
    if isinstance(wanted, StaticRange):
        return f"a span from {wanted.start} to {wanted.end}"
    if isinstance(wanted, RollingRange):
        return "any span" if wanted.start is None else f"a span from {wanted.start} on"
    return f"span {written(number_of(wanted), days=days)}"


def written(span: int, *, days: bool) -> str:
    """A span as a person would write it."""
    return day_of(span).isoformat() if days else str(span)


def choose(available: Collection[SpanVersion], wanted: Spans | None = None) -> list[SpanVersion]:
    """The wanted ones of the spans that there are, oldest first, each in its latest version. None: the latest span."""
    latest = {one.span: one for one in sorted(available)}
    spans = sorted(latest)
    if wanted is None:
        spans = spans[-1:]
    elif isinstance(wanted, RollingRange):
        start = None if wanted.start is None else number_of(wanted.start)
        spans = [span for span in spans if start is None or span >= start][-wanted.last :]
    else:
        numbers = wanted.numbers() if isinstance(wanted, StaticRange) else [number_of(wanted)]
        spans = [span for span in spans if span in numbers]
    return [latest[span] for span in spans]


@dataclass(frozen=True)
class SpanPattern:
    """A pattern for the paths of files, as `glob` knows it, in which placeholders may stand for span and version.

    A placeholder that comes again stands for the same digits: `{YYYY}/{MM}/{YYYY}{MM}{DD}.csv`.
    """

    text: str
    """Relative to the folder that is searched."""

    def __post_init__(self) -> None:
        if self.text.startswith("/") or not self.text:
            raise WrongArgument(
                f"A pattern is relative to input_base, such as '*/part-*', but got {self.text!r}"
            )
        for mark in _MARKS.finditer(self.text):
            if not mark["name"]:
                continue
            if mark["name"] not in _DIGITS:
                raise WrongArgument(
                    f"{self.text!r}: {mark[0]} is unknown. {did_you_mean(mark['name'], _DIGITS)} "
                    "A brace that is part of a name is written as [{]"
                )
            if mark["width"] and not (
                mark["name"] in _NUMBERS and re.fullmatch("0*[1-9][0-9]*", mark["width"])
            ):
                raise WrongArgument(
                    f"{self.text!r}: {mark[0]} is no placeholder. Only SPAN and VERSION take a width, from 1 on"
                )
        self._check_together()

    def _check_together(self) -> None:
        found, days = self.placeholders, [name for name in _DAY if name in self.placeholders]
        if days and "SPAN" in found:
            raise WrongArgument(f"{self.text!r}: a span is {{SPAN}} or a day, not both")
        if days and len(days) < len(_DAY):
            raise WrongArgument(f"{self.text!r}: a day needs {{YYYY}}, {{MM}} and {{DD}}")
        if "VERSION" in found and not self.has_spans:
            raise WrongArgument(
                f"{self.text!r}: {{VERSION}} is one of a span. Add {{SPAN}}, or {{YYYY}}, {{MM}} and {{DD}}"
            )
        if re.search(r"\{(SPAN|VERSION)\}\{|\}\{(SPAN|VERSION)\}", self.text):
            raise WrongArgument(
                f"{self.text!r}: where one number ends and the next begins is unclear. Give widths ({{SPAN:4}}), or "
                "put something between them"
            )

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """The names that occur: SPAN, VERSION, YYYY, MM, DD."""
        return frozenset(mark["name"] for mark in _MARKS.finditer(self.text) if mark["name"])

    @property
    def has_spans(self) -> bool:
        """Whether paths tell a span."""
        return bool(self.placeholders & {"SPAN", "YYYY"})

    @property
    def told(self) -> frozenset[str]:
        """What paths tell: SPAN (also as a day), VERSION, both or nothing."""
        return frozenset("VERSION" if name == "VERSION" else "SPAN" for name in self.placeholders)

    @property
    def has_days(self) -> bool:
        """Whether these are days."""
        return "YYYY" in self.placeholders

    @cached_property
    def glob(self) -> str:
        """For `glob.glob`: matches all files of all spans, and perhaps others."""
        return _MARKS.sub(lambda mark: _digits_for_glob(mark) if mark["name"] else mark[0], self._normal)

    def match(self, path: str) -> SpanVersion | None:
        """What a path, relative to the folder, tells; None if the pattern does not match."""
        match = self._regex.fullmatch(path)
        if match is None:
            return None
        told = match.groupdict()
        version = int(told.get("VERSION", 0))
        if "SPAN" in told:
            return SpanVersion(int(told["SPAN"]), version)
        if "YYYY" not in told:
            return SpanVersion(0)
        try:
            day = date(*(int(told[name]) for name in _DAY))
        except ValueError as e:
            raise BadInput(f"{path!r} matches {self.text!r}, but tells no day: {e}") from None
        return SpanVersion((day - EPOCH).days, version)

    def spelling(self, path: str) -> tuple[str, ...]:
        """How a path writes span and version: 007 is another spelling of 7."""
        match = self._regex.fullmatch(path)
        return tuple(match.groupdict().values()) if match else ()

    @property
    def _normal(self) -> str:
        return posixpath.normpath(self.text)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(_regex_parts(self._normal)), re.DOTALL)


def placeholder_in(text: str) -> str | None:
    """The first placeholder for a span or version in a text that should have none."""
    found = (mark for mark in _MARKS.finditer(text) if mark["name"] in _DIGITS)
    return next((mark[0] for mark in found), None)


_NUMBERS = ("SPAN", "VERSION")
_DAY = ("YYYY", "MM", "DD")
_DIGITS = {"SPAN": 0, "VERSION": 0, "YYYY": 4, "MM": 2, "DD": 2}
"""How many there are; 0: any number."""

_MARKS = re.compile(
    r"\{(?P<name>\w+)(?::(?P<width>[^{}]*))?\}|(?P<folders>\*\*/)|(?P<any>\*+)|(?P<one>\?)|\[(?P<set>!?\]?[^]]*)\]"
)
"""What is special in a pattern."""


def _width(mark: re.Match[str]) -> int:
    return int(mark["width"] or 0) or _DIGITS[mark["name"]]


def _digits_for_glob(mark: re.Match[str]) -> str:
    return "[0-9]" * _width(mark) or "[0-9]*"


def _regex_parts(pattern: str) -> Iterator[str]:
    seen: set[str] = set()
    end = 0
    for mark in _MARKS.finditer(pattern):
        yield re.escape(pattern[end : mark.start()])
        yield _regex_for(mark, seen)
        end = mark.end()
    yield re.escape(pattern[end:])


def _regex_for(mark: re.Match[str], seen: set[str]) -> str:
    if mark["folders"]:
        return "(?:[^/]+/)*"
    if mark["any"]:
        return ".*" if mark[0] == "**" else "[^/]*"
    if mark["one"]:
        return "[^/]"
    if name := mark["name"]:
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        width = _width(mark)
        return f"(?P<{name}>[0-9]{{{width}}})" if width else f"(?<![0-9])(?P<{name}>[0-9]+)(?![0-9])"
    chosen = mark["set"].replace("\\", "\\\\")
    return f"[^{chosen[1:]}]" if chosen.startswith("!") else f"[{chosen}]"
