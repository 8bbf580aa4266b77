"""What the values of a feature say about rows: which value each has, or whether a condition holds."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.arrow_columns import floats, is_number
from millwork.evaluation.comparing.slice_expressions import Part
from millwork.evaluation.predictions import MAX_SLICES, Slice

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

Rank = tuple[tuple[bool, bool, float, str], ...]
"""How slices sort: for each part as `Slice.rank` does."""

NamedSlice = tuple[str, Rank]

COMPARISONS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Values:
    """Of each row of a column, which value it has: -1 for none that counts."""

    codes: NDArray[np.int64]
    slices: Sequence[NamedSlice]
    """Names and ranks, in order."""


def values_of(part: Part, column: pa.Array) -> Values:
    """Of a feature each value, of a condition whether it holds."""
    return _holds(part, column) if part.operator else _each(part.feature, column)


def occurs(part: Part, column: pa.Array) -> bool:
    """Whether any row has the value that a condition names."""
    holds, _ = _compared(replace(part, operator="="), column)
    return bool((holds & _known(column)).any())


def some_values(column: pa.Array, most: int = 20) -> list[str]:
    """Values of a feature as text, to choose from."""
    import pyarrow.compute as pc

    return [str(value) for value in pc.unique(column).to_pylist() if _value(value) is not None][:most]


def _each(feature: str, column: pa.Array) -> Values:
    """Each value of a feature is a slice, a missing one too."""
    import numpy as np

    encoded = _whole(column).dictionary_encode(null_encoding="encode")
    if len(encoded.dictionary) > MAX_SLICES:
        advice = (
            f"Write a condition, such as '{feature}>60'"
            if is_number(column)
            else "Slice by a feature with fewer values, not by an id"
        )
        raise BadInput(f"Feature {feature!r} has more than {MAX_SLICES:,} values. {advice}")
    values = [Slice(feature, _value(value)) for value in encoded.dictionary.to_pylist()]
    distinct = sorted(set(values), key=lambda one: one.rank)
    place = {one: number for number, one in enumerate(distinct)}
    codes = np.array([place[one] for one in values], np.int64)[encoded.indices.to_numpy()]
    return Values(codes, [(one.name, (one.rank,)) for one in distinct])


def _whole(column: pa.Array) -> pa.Array:
    """Whole numbers as such: pandas makes floats of them if one is missing, and 18.0 is no age."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    known = pc.if_else(pc.is_nan(column), None, column)
    try:
        return known.cast(pa.int64())
    except pa.ArrowInvalid:
        return column


def _value(value: object) -> str | int | float | bool | None:
    if value is None or value != value:
        return None
    return value if isinstance(value, str | int | float) else str(value)


def _holds(part: Part, column: pa.Array) -> Values:
    """The rows for which a condition holds. Of a missing value nothing holds but that it is missing."""
    import numpy as np

    known = _known(column)
    if part.operator == "missing":
        return Values(np.where(known, -1, 0), [(Slice(part.feature, None).name, (Slice(part.feature).rank,))])
    holds, value = _compared(part, column)
    one = Slice(part.feature, value)
    name = one.name if part.operator == "=" else f"{part.feature}{part.operator}{part.value}"
    return Values(np.where(holds & known, 0, -1), [(name, (one.rank,))])


def _known(column: pa.Array) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    known: NDArray[np.bool_] = pc.invert(pc.is_null(column, nan_is_null=True)).to_numpy(zero_copy_only=False)
    return known


def _compared(part: Part, column: pa.Array) -> tuple[NDArray[np.bool_], Any]:
    """Whether a comparison holds in each row, missing values aside, and the value as the column has it.

    Numbers compare as numbers, dates as dates, and texts are equal or not.
    """
    import pyarrow as pa

    kind, compare = column.type, COMPARISONS[part.operator]
    if is_number(column):
        number = _number(part)
        return compare(floats(column), number), _as_in(kind, number)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _compared_times(part, column)
    if part.operator not in ("=", "!="):
        raise BadInput(
            f"{part}: {part.feature!r} holds text, which has no order here. Write {part.feature}={part.value} or "
            f"{part.feature}!={part.value}"
        )
    text = column.cast(pa.string()).to_numpy(zero_copy_only=False)
    return compare(text, part.value), part.value


def _as_in(kind: pa.DataType, number: float) -> bool | int | float:
    """The number as the values of a column are: 60, not 60.0."""
    import pyarrow as pa

    if pa.types.is_boolean(kind) and number in (0, 1):
        return bool(number)
    return number if pa.types.is_floating(kind) or not number.is_integer() else int(number)


def _number(part: Part) -> float:
    words = {"true": 1.0, "false": 0.0}
    try:
        number = words[part.value.lower()] if part.value.lower() in words else float(part.value)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise BadInput(f"{part}: {part.feature!r} holds numbers, and {part.value!r} is none")
    return number


def _compared_times(part: Part, column: pa.Array) -> tuple[NDArray[np.bool_], str]:
    import numpy as np

    try:
        # Words such as `now` are times to NumPy, but others tomorrow.
        moment = np.datetime64(part.value if part.value[0].isdecimal() else "no time")
    except ValueError:
        raise BadInput(
            f"{part}: {part.feature!r} holds {column.type}, and {part.value!r} is none. Write it as 2026-01-31"
        ) from None
    holds: NDArray[np.bool_] = COMPARISONS[part.operator](column.to_numpy(zero_copy_only=False), moment)
    return holds, part.value
