"""What the texts of a CSV column mean: the narrowest of int, float and string, exactly as TFX decides.

TFX asks Python: `int(text)`, then `float(text)`. Arrow's parser is a hundred times faster but not the same:
it refuses "+5", " 5" and "1_000" and takes "0x1F" and "nan(x)". So Python decides where they may differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["unknown", "int", "float", "string"]
"""From the narrowest to the widest. Unknown: the column has no value at all."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

KINDS: tuple[Kind, ...] = ("unknown", "int", "float", "string")


class Unfit(ValueError):
    """A text that is not a value of its column's type."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(f"{text!r} in row {row}")
        self.row = row
        self.text = text


def widen(kind: Kind, texts: pa.Array) -> Kind:
    """The narrowest kind, from `kind` on, that fits these texts as well.

    An integer of more than 64 bits is a string, as for TFX: a float would lose its last digits.
    """
    texts = _non_empty(texts).drop_null()
    if kind == "string" or not len(texts):
        return kind
    for wider in KINDS[max(KINDS.index(kind), 1) :]:
        try:
            numbers = typed(texts, wider)
        except Unfit:
            continue
        if wider != "float" or not _has_large_integer(texts, numbers):
            return wider
    return "string"


def arrow_type(kind: Kind) -> pa.DataType:
    """How a column of this kind is kept."""
    import pyarrow as pa

    return {"unknown": pa.null(), "int": pa.int64(), "float": pa.float32(), "string": pa.string()}[kind]


def typed(texts: pa.Array, kind: Kind) -> pa.Array:
    """The values that these texts stand for. In a column of numbers a quoted empty text is missing, too.

    Raises Unfit for the first text that is no such value.
    """
    import pyarrow as pa

    if kind == "string":
        return texts
    if kind == "unknown":
        return pa.nulls(len(texts))
    texts = _non_empty(texts)
    numbers = _integers(texts) if kind == "int" else _floats(texts)
    if numbers is None:
        numbers = _python_numbers(texts, kind)
    # By way of double, as TFX: reading a float directly may round to its other neighbour.
    return numbers.cast(arrow_type(kind))


def _integers(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    hexadecimal = pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py()
    return None if hexadecimal else numbers


def _floats(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    return None if pc.any(pc.match_substring(texts, "(")).as_py() else numbers


def _has_large_integer(texts: pa.Array, numbers: pa.Array) -> bool:
    import pyarrow.compute as pc

    candidates = texts.filter(pc.greater_equal(pc.abs(numbers), 2.0**63))
    return any(not _has_64_bits(text) for text in candidates.to_pylist())


def _python_numbers(texts: pa.Array, kind: Kind) -> pa.Array:
    import pyarrow as pa

    distinct = texts.dictionary_encode()
    parse = _int if kind == "int" else _float
    numbers = []
    for place, text in enumerate(distinct.dictionary.to_pylist()):
        try:
            numbers.append(parse(text))
        except ValueError:
            raise Unfit(distinct.indices.index(place).as_py(), text) from None
    return pa.array(numbers, pa.int64() if kind == "int" else pa.float64()).take(distinct.indices)


def _int(text: str) -> int:
    number = int(text.encode())  # of bytes: digits of other scripts are text to TFX
    if not INT64_MIN <= number <= INT64_MAX:
        raise ValueError("more than 64 bits")
    return number


def _has_64_bits(text: str) -> bool:
    """False for an integer that int64 cannot hold."""
    try:
        return INT64_MIN <= int(text.encode()) <= INT64_MAX
    except ValueError:
        return True


def _float(text: str) -> float:
    return float(text.encode())


def _non_empty(texts: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pc.equal(texts, "")
    return pc.if_else(empty, pa.scalar(None, texts.type), texts) if pc.any(empty).as_py() else texts
