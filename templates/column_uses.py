"""What a column is good for to a model: a number, a category, or nothing, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from millwork.components.data.column_names import UNNAMED
from millwork.templates.column_profile import Column

if TYPE_CHECKING:
    import pyarrow as pa

Use = Literal["number", "comma_number", "category", "hashed", "left_out"]

MOST_MISSING = 0.9
MOST_CATEGORIES = 50
"""Different texts of a column, each of which has a number of its own. More are hashed."""
MOST_INTEGERS = 10
"""Different integers that are taken for names of groups, and not for a quantity."""
ROWS_PER_INTEGER = 20
WORDS = 4
"""On average, from which on texts are something that somebody has written."""
FEWEST = 20
"""Values, from which on it means something that all differ."""
DATE_FORMATS = (
    "%d.%m.%Y",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d/%m/%Y",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%Y%m%dT%H%M%S",
)
"""Besides ISO's."""
IDENTIFIER = re.compile(r"(^|[_\W])(id|uuid|guid|key|index|rowid)($|[_\W\d])|[a-z]I[dD]$", re.IGNORECASE)


@dataclass(frozen=True)
class Decided:
    """The use of a column."""

    use: Use
    reason: str = ""
    """Why it is left out, to follow `it`."""


def use_of(column: Column, rows: int) -> Decided:
    """What a model can do with the column."""
    if column.name.startswith(UNNAMED):
        return Decided("left_out", "has no name in the file and labels the row")
    if not column.filled:
        return Decided("left_out", "has no values")
    if column.filled < (1 - MOST_MISSING) * rows:
        return Decided("left_out", f"is empty in {1 - column.filled / rows:.0%} of the rows")
    if not column.has_many and len(column.counts) == 1:
        return Decided("left_out", f"is always {next(iter(column.counts))!r}")
    if column.kind in ("int", "float"):
        return _use_of_numbers(column)
    if column.comma_numbers:
        return Decided("comma_number")
    return _use_of_texts(column)


def _use_of_numbers(column: Column) -> Decided:
    if not column.is_finite:
        return Decided("left_out", "holds infinity")
    if column.kind == "int":
        if _counts_rows(column) or (_all_differ(column) and IDENTIFIER.search(column.name)):
            return Decided("left_out", "only identifies the row")
        if 2 < len(column.counts) <= min(MOST_INTEGERS, column.filled / ROWS_PER_INTEGER):
            return Decided("category")
    return Decided("number")


def _use_of_texts(column: Column) -> Decided:
    assert column.sample is not None
    distinct = column.sample.unique()
    if _are_dates(distinct[:200].to_pylist()):
        return Decided("left_out", "is a date or a time")
    repeats_little = len(distinct) > len(column.sample) / 2 and len(distinct) > 2
    if repeats_little and _words_of(distinct) >= WORDS:
        return Decided("left_out", "is free text")
    if repeats_little and len(column.sample) >= FEWEST:
        return Decided("left_out", "differs in nearly every row")
    return Decided("hashed" if column.has_many or len(column.counts) > MOST_CATEGORIES else "category")


def _all_differ(column: Column) -> bool:
    assert column.sample is not None
    return len(column.sample) >= FEWEST and len(column.sample.unique()) == len(column.sample)


def _counts_rows(column: Column) -> bool:
    """Whether each number is the one before, and one."""
    import numpy as np
    import pyarrow as pa

    from millwork.components.data.csv_types import typed

    if not _all_differ(column):
        return False
    assert column.sample is not None
    numbers = typed(column.sample, "int").cast(pa.int64()).to_numpy()
    return bool((np.diff(numbers) == 1).all())


def _words_of(texts: pa.Array) -> float:
    """The mean number of words."""
    import pyarrow.compute as pc

    return float(pc.mean(pc.list_value_length(pc.utf8_split_whitespace(texts))).as_py())


def _are_dates(texts: list[str]) -> bool:
    return any(all(_reads(text, read) for text in texts) for read in _date_readers())


def _date_readers() -> list[Callable[[str], object]]:
    def reader(form: str) -> Callable[[str], object]:
        return lambda text: datetime.strptime(re.split(r"[ T]\d{1,2}:", text)[0], form)

    return [datetime.fromisoformat, *map(reader, DATE_FORMATS)]


def _reads(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text.strip())
    except ValueError:
        return False
    return True
