"""What a sweep tries: every combination of the values, or some at random."""

from __future__ import annotations

import pytest

from millwork.core.errors import WrongArgument
from millwork.runners.sweep_space import Range, drawn, grid, parse_space, varied


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("100", ["100"]),
        ("100, 200,400", ["100", "200", "400"]),
        ('"a,b",c', ["a,b", "c"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ('{"a": 1, "b": 2}', ['{"a": 1, "b": 2}']),
        ("choice(a, b)", ["a", "b"]),
        ("int(1,4)", [1, 2, 3, 4]),
        ("", [""]),
        ("gs://bucket/data", ["gs://bucket/data"]),
    ],
)
def test_values_are_separated_by_commas(text: str, values: list[object]) -> None:
    assert parse_space({"p": text}) == {"p": values}


def test_a_grid_has_every_combination_once() -> None:
    assert grid(parse_space({"a": "1,2", "b": "x", "c": "int(5,6)"})) == [
        {"a": "1", "b": "x", "c": 5},
        {"a": "1", "b": "x", "c": 6},
        {"a": "2", "b": "x", "c": 5},
        {"a": "2", "b": "x", "c": 6},
    ]


def test_random_combinations_are_different_within_bounds_and_repeat_with_the_seed() -> None:
    space = parse_space({"rate": "loguniform(1e-4,1e-1)", "x": "uniform(-1,1)", "n": "int(1,8)", "k": "a,b"})
    found = drawn(space, 50, seed=3)
    assert found == drawn(space, 50, seed=3) != drawn(space, 50, seed=4)
    assert len({repr(one) for one in found}) == 50
    for one in found:
        rate, x = one["rate"], one["x"]
        assert isinstance(rate, float) and 1e-4 <= rate <= 1e-1
        assert isinstance(x, float) and -1 <= x <= 1
        assert one["n"] in range(1, 9) and one["k"] in ("a", "b")
    below = sum(isinstance(one["rate"], float) and one["rate"] < 10**-2.5 for one in found)
    assert 10 < below < 40  # a loguniform range has its middle there


def test_a_small_space_is_drawn_to_its_end() -> None:
    assert len(drawn({"a": [1, 2], "b": [3]}, 10, seed=0)) == 2


def test_what_varies_is_known() -> None:
    assert varied([{"a": 1, "b": 2}, {"a": 1, "b": 3}]) == ["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uniform(0,1)", r"rate=uniform\(0,1\) has no end of values. Draw some with --random N"),
        ("uniform(0)", "write two numbers"),
        ("uniform(a,b)", "write two numbers"),
        ("uniform(2,1)", "must not be above the second"),
        ("uniform(0,inf)", "must not be above the second"),
        ("int(1.5,2)", "takes whole numbers"),
        ("loguniform(0,1)", "takes numbers above 0"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        grid(parse_space({"rate": text}))


def test_too_large_a_grid_is_refused() -> None:
    with pytest.raises(WrongArgument, match=r"The grid has 1,000,000 combinations"):
        grid({"a": list(range(1000)), "b": list(range(1000))})
    assert isinstance(parse_space({"n": "int(1,1000000)"})["n"], Range)
