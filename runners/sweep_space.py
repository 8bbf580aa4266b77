"""The combinations of parameters that a sweep tries: every one of a grid, or some at random."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.core.errors import WrongArgument

if TYPE_CHECKING:
    Values = Sequence[object]

_RANGE = re.compile(r"(choice|int|uniform|loguniform)\s*\((.*)\)", re.DOTALL)
_LONGEST = 10_000
"""Combinations. More are a mistake."""


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, to be drawn from."""

    text: str
    draw: Callable[[random.Random], object]


Space = Mapping[str, "Range | Values"]
"""What each parameter may be. One value: it does not vary."""


def parse_space(given: Mapping[str, str]) -> dict[str, Range | Values]:
    """A space from texts: `100,200`, `choice(a,b)`, `int(1,8)`, `uniform(0,1)`, `loguniform(1e-4,1e-1)`.

    Commas within quotes and brackets do not separate. A text in quotes stands for itself.
    """
    return {name: _parsed(name, text.strip()) for name, text in given.items()}


def grid(space: Space) -> list[dict[str, object]]:
    """Every combination, the last parameter changing fastest."""
    for name, values in space.items():
        if isinstance(values, Range):
            raise WrongArgument(
                f"{name}={values.text} has no end of values. Draw some with --random N, or list them: {name}=a,b,c"
            )
    count = math.prod(len(values) for values in space.values() if not isinstance(values, Range))
    if count > _LONGEST:
        raise WrongArgument(f"The grid has {count:,} combinations. Draw some of them with --random N")
    lists = [values for values in space.values() if not isinstance(values, Range)]
    return [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*lists)]


def drawn(space: Space, count: int, seed: int) -> list[dict[str, object]]:
    """Different combinations at random; the same ones for the same seed. Fewer if there are no more."""
    if count < 1:
        raise WrongArgument(f"--random draws 1 combination or more, but got {count}")
    chance = random.Random(seed)
    found: dict[str, dict[str, object]] = {}
    for _ in range(20 * count + 100):
        one = {
            name: values.draw(chance) if isinstance(values, Range) else chance.choice(values)
            for name, values in space.items()
        }
        found.setdefault(repr(one), one)
        if len(found) == count:
            break
    return list(found.values())


def varied(combinations: Sequence[Mapping[str, object]]) -> list[str]:
    """The parameters that are not the same in all combinations."""
    names = list(dict.fromkeys(name for one in combinations for name in one))
    return [n for n in names if len({repr(one.get(n)) for one in combinations}) > 1]


def _parsed(name: str, text: str) -> Range | Values:
    match = _RANGE.fullmatch(text)
    if not match:
        return [_unquoted(value) for value in _split(text)]
    kind, inside = match[1], _split(match[2])
    if kind == "choice":
        return [_unquoted(value) for value in inside]
    low, high = _bounds(name, text, inside)
    if kind == "int":
        if low != int(low) or high != int(high):
            raise WrongArgument(f"{name}={text}: int(LOW,HIGH) takes whole numbers")
        whole = range(int(low), int(high) + 1)
        return Range(text, lambda chance: chance.choice(whole)) if len(whole) > _LONGEST else list(whole)
    if kind == "uniform":
        return Range(text, lambda chance: _rounded(chance.uniform(low, high)))
    if low <= 0:
        raise WrongArgument(f"{name}={text}: loguniform(LOW,HIGH) takes numbers above 0")
    return Range(text, lambda chance: _rounded(math.exp(chance.uniform(math.log(low), math.log(high)))))


def _bounds(name: str, text: str, inside: Sequence[str]) -> tuple[float, float]:
    try:
        low, high = map(float, inside)
    except ValueError:
        raise WrongArgument(f"{name}={text}: write two numbers, the least and the greatest") from None
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise WrongArgument(f"{name}={text}: the first number must not be above the second")
    return low, high


def _split(text: str) -> list[str]:
    """At the commas that are outside of quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        if character == "," and not quote and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _rounded(number: float) -> float:
    """Six digits tell combinations apart, and people can read them."""
    return float(f"{number:.6g}")
