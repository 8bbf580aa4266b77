"""What the columns of a CSV file hold: one pass over the file, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.components.data.csv_files import CsvFile
from millwork.components.data.csv_types import Kind, typed, widen

if TYPE_CHECKING:
    import pyarrow as pa

MOST_COUNTED = 1_000
"""Different values of a column that are counted. Columns with more just have many."""
SAMPLE = 50_000
"""Rows at the start, in which it is seen whether values repeat."""

MISSING = (
    "NA", "N/A", "n/a", "na", "#N/A", "#NV", "<NA>", "NaN", "nan", "-nan", "NaT", "NULL", "null", "None", "none",
    "?", "-", "--", ".", "missing",
)  # fmt: skip
"""What people write for a value that is missing."""

COMMA_NUMBER = r"^\s*[-+]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?\s*$"
"""1.234,5 and 1234,5: how numbers are written where the comma is the decimal mark."""


@dataclass
class Column:
    """What one column holds."""

    name: str
    filled: int = 0
    """Rows with a value that does not stand for a missing one."""
    kind: Kind = "unknown"
    """The narrowest that fits all these."""
    counts: Counter[str] = field(default_factory=Counter)
    """Of the different values, unless there are too many."""
    has_many: bool = False
    missing: Counter[str] = field(default_factory=Counter)
    """How often each of the words in MISSING stands there."""
    sample: pa.Array | None = None
    """The values at the start."""
    comma_numbers: bool = True
    """Whether all values are numbers with a decimal comma, or could be."""
    sum: float = 0.0
    squares: float = 0.0
    """Of the values, if they are numbers: less the first one, so that no digits are lost."""
    first: float | None = None
    is_finite: bool = True

    @property
    def mean(self) -> float:
        return (self.first or 0.0) + self.sum / max(self.filled, 1)

    @property
    def variance(self) -> float:
        average = self.sum / max(self.filled, 1)
        return max(self.squares / max(self.filled, 1) - average * average, 0.0)

    def add(self, texts: pa.Array) -> None:
        """Take in more rows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = texts.filter(pc.not_equal(texts, "")).drop_null()
        stands_for_missing = pc.is_in(texts, value_set=pa.array(MISSING))
        if pc.any(stands_for_missing).as_py():
            self.missing.update(_counted(texts.filter(stands_for_missing)))
            texts = texts.filter(pc.invert(stands_for_missing))
        if not len(texts):
            return
        self.filled += len(texts)
        self.kind = widen(self.kind, texts)
        if self.sample is None:
            self.sample = texts[:SAMPLE]
        if not self.has_many:
            self.counts.update(_counted(texts))
            self.has_many = len(self.counts) > MOST_COUNTED
        if self.has_many:
            self.counts.clear()
        self._look_for_commas(texts)
        if self.kind in ("int", "float"):
            self._add_numbers(typed(texts, self.kind))
        elif self.comma_numbers:
            self._add_numbers(typed(_with_points(texts), "float"))

    def _add_numbers(self, values: pa.Array) -> None:
        import numpy as np
        import pyarrow as pa

        numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
        self.is_finite = self.is_finite and bool(np.isfinite(numbers).all())
        if self.first is None:
            self.first = float(numbers[0])
        with np.errstate(invalid="ignore", over="ignore"):
            self.sum += float((numbers - self.first).sum())
            self.squares += float(((numbers - self.first) ** 2).sum())

    def _look_for_commas(self, texts: pa.Array) -> None:
        import pyarrow.compute as pc

        if self.comma_numbers:
            self.comma_numbers = pc.all(pc.match_substring_regex(texts, COMMA_NUMBER)).as_py()


@dataclass(frozen=True)
class Profile:
    """What a file holds."""

    rows: int
    columns: Mapping[str, Column]


def profile_of(file: CsvFile) -> Profile:
    """Read the file once. BadInput if it cannot be read."""
    commas = file.format.delimiter != ","  # otherwise 1,234 is more likely to be a thousand
    columns = {name: Column(name, comma_numbers=commas) for name in file.column_names}
    rows = 0
    for block in file.blocks(list(columns)):
        rows += block.texts.num_rows
        for column, texts in zip(columns.values(), block.texts.columns, strict=True):
            column.add(texts)
    return Profile(rows, columns)


def _with_points(texts: pa.Array) -> pa.Array:
    """1.234,5 as 1234.5."""
    import pyarrow.compute as pc

    return pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")


def _counted(texts: pa.Array) -> dict[str, int]:
    import pyarrow.compute as pc

    found: Any = pc.value_counts(texts)
    return dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True))
