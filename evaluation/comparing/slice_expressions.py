"""What a user writes to slice by: `health`, `health=poor`, `age>60`, and several of these, crossed, `sex,age>60`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from millwork.core.errors import WrongArgument

OPERATORS = ("!=", ">=", "<=", "==", "=", ">", "<")
PARTS = re.compile(r"""(?:^|,)((?:"[^"]*"|'[^']*'|[^,])*)""")
"""What commas separate, unless they are between quotes."""
QUOTED = r""" "[^"]*"|'[^']*' """.strip()
CONDITION = re.compile(rf"\s*({QUOTED}|[^\s=<>!].*?)\s*({'|'.join(OPERATORS)})\s*(.*?)\s*", re.DOTALL)
MISSING = re.compile(r"\s*(.+?)\s+is\s+missing\s*")


@dataclass(frozen=True)
class Part:
    """A feature, and which of its values: all, each a slice of its own, if there is no operator."""

    feature: str
    operator: str = ""
    """`=`, `!=`, `<`, `<=`, `>`, `>=`, `missing`, or none."""
    value: str = ""

    def __str__(self) -> str:
        if self.operator == "missing":
            return f"{self.feature} is missing"
        return f"{self.feature}{self.operator}{self.value}"


def parse(by: str) -> tuple[Part, ...]:
    """The parts of one expression; rows are in one of its slices if all parts hold. Raises WrongArgument."""
    parts = tuple(_part(text, by) for text in PARTS.findall(by))
    features = [part.feature for part in parts if not part.operator]
    for name in features:
        if features.count(name) > 1:
            raise WrongArgument(f"Slice {by!r} names {name!r} twice")
    return parts


def features_needed(by: Sequence[str]) -> tuple[str, ...]:
    """The features that these expressions name, each once."""
    return tuple(dict.fromkeys(part.feature for one in by for part in parse(one)))


def _part(text: str, by: str) -> Part:
    if re.fullmatch(QUOTED, text.strip()):
        return Part(_unquoted(text.strip()))
    if found := MISSING.fullmatch(text):
        return Part(_unquoted(found[1]), "missing")
    if found := CONDITION.fullmatch(text):
        feature, operator, value = found.groups()
        if value == "":
            raise _wrong(by)
        return Part(_unquoted(feature), "=" if operator == "==" else operator, _unquoted(value))
    if not text.strip() or text.strip()[0] in "=<>!" or text.strip().endswith(OPERATORS):
        raise _wrong(by)
    return Part(_unquoted(text.strip()))


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _wrong(by: str) -> WrongArgument:
    return WrongArgument(
        f"Slice {by!r} is not understood. Write a feature (health), a condition (health=poor, health!=poor, age>=60, "
        "'health is missing'), or several that all hold, with commas (sex,age>60). What holds a comma or a "
        "sign needs quotes"
    )
