"""What columns of any Arrow type mean as examples, whose values are integers, floats and bytes.

Booleans are 0 and 1, dates the days since 1970-01-01, timestamps the whole seconds since 1970 in UTC (without a time
zone they count as UTC), times of day and durations seconds. Decimals are floats, or ints where the type has no digits
after the point. Dictionaries are their values, lists are features of several values. Nothing else is converted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class Meaning:
    """What a column becomes."""

    type: pa.DataType
    """One of the flat form's."""
    counts: str = ""
    """What its numbers count, where they stand for something else: `days`."""

    def __str__(self) -> str:
        return f"{self.type} ({self.counts})" if self.counts else str(self.type)


def meaning_of(name: str, kind: pa.DataType) -> Meaning:
    """What a column of this type becomes. BadInput if no example could hold it."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_dictionary(kind):
        return meaning_of(name, kind.value_type)
    if is_list(kind):
        element = kind.value_type
        if not is_a.is_nested(element):
            values = meaning_of(name, element)
            return Meaning(pa.list_(values.type), values.counts)
    elif is_a.is_null(kind):
        return Meaning(kind)
    elif is_a.is_integer(kind) or is_a.is_boolean(kind):
        return Meaning(pa.int64())
    elif is_a.is_floating(kind):
        return Meaning(pa.float32())
    elif is_a.is_decimal(kind):
        return Meaning(pa.int64() if kind.scale <= 0 else pa.float32())
    elif is_a.is_string(kind) or is_a.is_large_string(kind):
        return Meaning(pa.string())
    elif is_a.is_binary(kind) or is_a.is_large_binary(kind) or is_a.is_fixed_size_binary(kind):
        return Meaning(pa.binary())
    elif is_a.is_date(kind):
        return Meaning(pa.int64(), "days")
    elif is_a.is_timestamp(kind):
        return Meaning(pa.int64(), "seconds since 1970")
    elif is_a.is_time(kind):
        return Meaning(pa.int64(), "seconds of the day")
    elif is_a.is_duration(kind):
        return Meaning(pa.float32(), "seconds")
    raise BadInput(
        f"column {name!r} is {kind}, which examples cannot hold. Write its parts as columns of their own, or leave it "
        "out: choose the others by columns=(...)"
    )


def is_list(kind: pa.DataType) -> bool:
    """Whether a row holds several values, one after the other."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def flat_values(name: str, column: pa.Array) -> pa.Array:
    """A column as what it means. BadInput for a value that does not fit."""
    import pyarrow as pa

    wanted = meaning_of(name, column.type)
    if column.type == wanted.type and not is_list(column.type):
        return column
    try:
        return _converted(name, column, wanted.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as e:
        raise BadInput(f"column {name!r} of type {column.type} does not fit into {wanted.type}: {e}") from e


def _converted(name: str, column: pa.Array, wanted: pa.DataType) -> pa.Array:
    import pyarrow as pa

    is_a, kind = pa.types, column.type
    if is_a.is_dictionary(kind):
        return flat_values(name, column.cast(kind.value_type))
    if is_list(kind):
        return _converted_lists(name, column)
    if is_a.is_date(kind):
        return column.cast(pa.date32()).cast(pa.int32()).cast(wanted)
    if is_a.is_timestamp(kind):
        return _seconds(column.cast(pa.int64()), PER_SECOND[kind.unit])
    if is_a.is_time(kind):
        return _seconds(column.cast(pa.time64("ns")).cast(pa.int64()), PER_SECOND["ns"])
    if is_a.is_duration(kind):
        return _divided(column.cast(pa.int64()), PER_SECOND[kind.unit])
    if is_a.is_decimal(kind) and is_a.is_floating(wanted):
        return column.cast(pa.float64()).cast(wanted)
    if is_a.is_float16(kind):
        import numpy as np

        numbers = column.to_numpy(zero_copy_only=False).astype(np.float32)
        return pa.array(numbers, wanted, mask=column.is_null().to_numpy(zero_copy_only=False))
    return column.cast(wanted)


def _converted_lists(name: str, column: pa.Array) -> pa.Array:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    there = column.is_valid()
    filled = column.filter(there) if column.null_count else column
    values = filled.flatten()
    if values.null_count:
        raise BadInput(
            f"column {name!r} has a null inside a list, which an example cannot hold. Remove it, or write another value"
        )
    if pa.types.is_fixed_size_list(column.type):
        lengths = there.cast(pa.int64()).to_numpy() * column.type.list_size
    else:
        lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    offsets = np.zeros(len(column) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    gaps = np.append(~there.to_numpy(zero_copy_only=False), False)
    return pa.ListArray.from_arrays(
        pa.array(offsets, mask=gaps) if gaps.any() else pa.array(offsets), flat_values(name, values)
    )


def _seconds(numbers: pa.Array, per_second: int) -> pa.Array:
    return _masked(numbers, lambda values: values // per_second)


def _divided(numbers: pa.Array, per_second: int) -> pa.Array:
    import numpy as np

    return _masked(numbers, lambda values: (values / per_second).astype(np.float32))


def _masked(numbers: pa.Array, change: Any) -> pa.Array:
    import pyarrow as pa

    values: np.ndarray[Any, Any] = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(change(values), mask=numbers.is_null().to_numpy(zero_copy_only=False))
