"""Texts from data as a report writes them: whatever they hold, they are seen, and stay where they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from millwork.evaluation.comparing.contest import OVERALL
from millwork.evaluation.pictures import printable, shortened

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Without what XML forbids, and what makes the text after it run the other way; each is replaced by a sign."""
    return _TURNS.sub("\N{REPLACEMENT CHARACTER}", printable(text))


def name(text: str, columns: int = 40) -> str:
    """A name that is not too long for a table; one that cannot be seen is quoted."""
    return shortened(visible(text), columns) or repr(text)


def sentence(text: str, columns: int = 600) -> str:
    """A sentence from elsewhere, which may hold names of any length."""
    return shortened(visible(text), columns)


def slice_name(text: str) -> str:
    return "all rows" if text == OVERALL else name(text)


def listed(texts: Sequence[str], most: int = 6) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if len(texts) > most:
        texts = [*texts[: most - 1], f"{len(texts) - most + 1} more"]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def number_of(count: int, noun: str) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
