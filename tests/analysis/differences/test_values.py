"""Two values are told apart by the smallest parts that differ, as a person would write them."""

from __future__ import annotations

from typing import Any

import pytest
from sample_parts import Colour, Window, double

from millwork.analysis.differences.difference import Change
from millwork.analysis.differences.values import mapping_changes, number_change, value_changes
from millwork.core.values import encode


def changes(before: Any, after: Any) -> list[Change]:
    return list(value_changes("x", encode(before, "x"), encode(after, "x")))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (1, 2, Change("x", "1", "2")),
        ("a", "b", Change("x", "a", "b")),
        (1, 1.0, Change("x", "1", "1.0")),
        (1, True, Change("x", "1", "true")),
        (None, 3, Change("x", "null", "3")),
        (1.0, float("inf"), Change("x", "1.0", "inf")),
        (Colour.RED, Colour.BLUE, Change("x", "Colour.RED", "Colour.BLUE")),
        (Window(1), Window(2), Change("x.first", "1", "2")),
        (
            Window(1),
            Window(1, inner=Window(3)),
            Change("x.inner", "null", "Window(first=3, last=1.5, colour=Colour.RED)"),
        ),
        (Window(1, inner=Window(3)), Window(1, inner=Window(4)), Change("x.inner.first", "3", "4")),
        ((1, 2), (1, 3), Change("x[1]", "2", "3")),
        ((1, 2), (1, 2, 3), Change("x", "(1, 2)", "(1, 2, 3)")),
        ([1, {"a": 2}], [1, {"a": 3}], Change("x[1].a", "2", "3")),
        ({"a": 1}, {"a": 1, "b": 2}, Change("x.b", None, "2")),
        (frozenset({"a"}), frozenset({"a", "b"}), Change("x", '{"a"}', '{"a", "b"}')),
        (double, changes, Change("x", "sample_parts:double", f"{changes.__module__}:changes")),
    ],
)
def test_the_smallest_part_is_told(before: Any, after: Any, told: Change) -> None:
    assert changes(before, after) == [told]


@pytest.mark.parametrize("value", [None, 1, "a", Window(1), (1, 2), {"a": [1]}, frozenset({"a"}), double])
def test_equal_values_have_no_changes(value: Any) -> None:
    assert changes(value, value) == []


def test_values_of_two_types_are_told_whole() -> None:
    [change] = changes(Window(1), {"first": 1})
    assert change == Change("x", "Window(first=1, last=1.5, colour=Colour.RED)", '{"first":1}')


def test_entries_of_mappings_come_in_the_order_of_the_first() -> None:
    assert list(mapping_changes({"b": 1, "a": 2}, {"a": 3, "c": 4})) == [
        Change("b", "1", None),
        Change("a", "2", "3"),
        Change("c", None, "4"),
    ]


def test_numbers_have_as_many_digits_as_it_takes() -> None:
    assert number_change("auc", 0.6372356, 0.71) == Change("auc", "0.637236", "0.71")
    assert number_change("auc", 0.63723565, 0.63723648) == Change("auc", "0.63723565", "0.63723648")
    assert number_change("auc", None, 0.5) == Change("auc", None, "0.5")
