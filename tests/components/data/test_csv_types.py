"""Types of CSV columns: TFX's rule, which is what Python's int() and float() take."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from millwork.components.data.csv_types import Kind, Unfit, typed, widen


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ([None, ""], "unknown"),
        (["1", None, ""], "int"),
        ([" 12", "+5", "1_000"], "int"),
        (["9223372036854775807", "-9223372036854775808"], "int"),
        (["9223372036854775808"], "string"),
        (["1.5", "9223372036854775807"], "float"),
        (["1.5", "9223372036854775808"], "string"),
        (["1", "1.5", ".5", "1e5", "nan", "-Infinity", "+1.0"], "float"),
        (["nan(x)"], "string"),
        (["0x1F"], "string"),
        (["1", "abc"], "string"),
        ([" "], "string"),
        (["\u0661"], "string"),
        (["true"], "string"),
    ],
)
def test_a_column_has_the_narrowest_type_that_fits_all_its_values(
    texts: list[str | None], kind: Kind
) -> None:
    assert widen("unknown", pa.array(texts, pa.string())) == kind


@pytest.mark.parametrize(
    ("known", "texts", "kind"),
    [
        ("int", ["1"], "int"),
        ("int", ["1.5"], "float"),
        ("float", ["1"], "float"),
        ("string", ["1"], "string"),
    ],
)
def test_a_type_only_ever_widens(known: Kind, texts: list[str], kind: Kind) -> None:
    assert widen(known, pa.array(texts)) == kind


def test_numbers_have_pythons_value() -> None:
    assert typed(pa.array(["7", " -12", "+5", "1_000", None, ""]), "int").to_pylist() == [
        7,
        -12,
        5,
        1000,
        None,
        None,
    ]
    floats = typed(pa.array(["1.5", " 2 ", "1e400", None, "nan"]), "float").to_pylist()
    assert floats[:4] == [1.5, 2.0, math.inf, None]
    assert math.isnan(floats[4])


def test_a_float_is_rounded_by_way_of_double_as_tfx_does_it() -> None:
    halfway = "1.00000005960464477540"  # a little above the middle of two floats, and the middle as a double
    assert typed(pa.array([halfway]), "float").to_pylist() == [1.0]


def test_an_empty_text_is_a_value_in_a_column_of_strings_only() -> None:
    texts = pa.array(["", None, "1"])
    assert typed(texts, "string").to_pylist() == ["", None, "1"]
    assert typed(texts, "int").to_pylist() == [None, None, 1]


def test_the_first_text_that_does_not_fit_is_told_with_its_row() -> None:
    with pytest.raises(Unfit) as e:
        typed(pa.array(["1", None, "x", "y", "x"]), "int")
    assert (e.value.row, e.value.text) == (2, "x")
