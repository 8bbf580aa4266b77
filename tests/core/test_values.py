"""Parameters cross processes and machines as JSON, and arrive as what they were."""

from __future__ import annotations

import functools
import json
import math
import re
import sys
from collections.abc import Callable
from enum import Enum, Flag, IntEnum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_parts import Colour, Everything, Window, double

from millwork.core.errors import UnportableFunction, WrongArgument
from millwork.core.values import canonical, decode, encode, references_in


class Level(IntEnum):
    LOW = 1


class Name(StrEnum):
    A = "a"


class Share(float, Enum):
    HALF = 0.5


class Can(Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: int
    y: tuple[float, ...] = ()


class Tool:
    def method(self) -> None: ...

    @classmethod
    def made(cls) -> None: ...

    @staticmethod
    def still() -> None: ...


def doubled(function: Callable[[int], int]) -> Callable[[int], int]:
    @functools.wraps(function)
    def twice(x: int) -> int:
        return function(function(x))

    return twice


def plain(x: int) -> int:
    return x + 1


plain_twice = doubled(plain)


@doubled
def decorated(x: int) -> int:
    return x + 1


VALUES = [
    None,
    True,
    0,
    -(2**80),
    0.1,
    -0.0,
    1e308,
    math.inf,
    -math.inf,
    "",
    "héllo \U0001f600 \x00 \u2028",
    [],
    [1, [2, [None]]],
    (),
    (1, ("a", [2])),
    {},
    {"a": {"b": (1, {"c": [0.5]})}},
    {"$tuple": [1]},
    {"$path": "x", "other": 1},
    {"$enum": None},
    {1: "a", (2, "b"): {None: 3.0}},
    {True: 1, "True": 2},
    set(),
    {1, "a", None, (1, 2)},
    frozenset({frozenset({1}), frozenset()}),
    b"",
    b"\x00\xff",
    Path("a/b"),
    Path("/"),
    Colour.BLUE,
    Level.LOW,
    Name.A,
    Share.HALF,
    Can.READ,
    Can.READ | Can.WRITE,
    Window(1, math.inf, Colour.BLUE, Window(2)),
    Point(1, (0.5,)),
    {"deep": [(Window(1), {Path("p"): Colour.RED})]},
    double,
    decorated,
    Tool,
    Tool.made,
    Tool.still,
    len,
    json.dumps,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_arrive_as_they_were(value: Any) -> None:
    sent = json.loads(json.dumps(encode(value, "here"), allow_nan=False))
    arrived = decode(sent)
    assert arrived == value
    assert type(arrived) is type(value)
    assert canonical(encode(arrived, "here")) == canonical(encode(value, "here"))


def test_what_is_not_a_number_arrives_as_such() -> None:
    assert math.isnan(decode(json.loads(json.dumps(encode(math.nan, "here"), allow_nan=False))))
    assert math.copysign(1, decode(encode(-0.0, "here"))) == -1


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
)
_keys = (
    st.text(st.characters(codec="utf-8"))
    | st.integers()
    | st.sampled_from(["$path", "$dict", "$float", "$object"])
)
_values = st.recursive(
    _scalars | st.binary() | st.sampled_from(list(Colour)),
    lambda inner: st.lists(inner) | st.dictionaries(_keys, inner) | st.lists(inner).map(tuple),
    max_leaves=15,
)


@given(_values)
def test_any_nesting_of_them_arrives_as_it_was(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value, "here")))) == value


def test_sets_are_written_in_one_order() -> None:
    names = {f"name{i}" for i in range(50)}
    assert encode(names, "here") == encode({f"name{i}" for i in reversed(range(50))}, "here")


@pytest.mark.parametrize(
    "wrap", [lambda f: f, lambda f: [f], lambda f: {"a": (1, {"b": f})}, lambda f: {f: 1}]
)
def test_a_lambda_anywhere_is_refused_with_what_to_write(wrap: Any) -> None:
    message = (
        f"A lambda (in {__name__}) cannot be sent to another process. Write it as a function with `def` at the top of "
        "a module and pass that"
    )
    with pytest.raises(UnportableFunction, match=re.escape(message)):
        encode(wrap(lambda x: x), "here")


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: [f], lambda f: {"a": (1, {"b": f})}])
def test_a_function_inside_a_function_is_refused_with_what_to_do(wrap: Any) -> None:
    def inner() -> None: ...

    with pytest.raises(
        UnportableFunction,
        match=r"<locals>\.inner \(in .*\) is defined inside a function, so another process cannot import it. "
        "Move inner to the top of its module, and pass what it needs as parameters",
    ):
        encode(wrap(inner), "here")


def test_what_else_has_no_name_is_refused() -> None:
    with pytest.raises(UnportableFunction, match="has no name that another process could import"):
        encode(functools.partial(plain, 1), "here")
    with pytest.raises(UnportableFunction, match=r"Tool\.method is bound to an object"):
        encode(Tool().method, "here")


def test_a_function_that_hides_behind_the_name_of_another_is_refused() -> None:
    with pytest.raises(
        UnportableFunction, match=f"{__name__} has another 'plain' than the one that was given"
    ):
        encode(plain_twice, "here")


def test_a_function_that_has_lost_its_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = plain
    monkeypatch.delattr(sys.modules[__name__], "plain")
    with pytest.raises(
        UnportableFunction, match=f"{__name__} has no 'plain' that another process could import"
    ):
        encode(kept, "here")


def test_local_classes_are_refused_too() -> None:
    class Local(Enum):
        A = 1

    with pytest.raises(UnportableFunction, match="Move Local to the top of its module"):
        encode(Local.A, "here")


@pytest.mark.parametrize("value", [object(), 1j, range(3), sys, re.compile("a"), iter([])], ids=repr)
def test_what_json_cannot_hold_is_refused_with_the_place(value: Any) -> None:
    kind = type(value).__name__
    with pytest.raises(
        WrongArgument, match=re.escape(f"everything: nested: a {kind} cannot be part of a plan, which is")
    ):
        encode({"a": [value]}, "everything: nested")


@pytest.mark.parametrize("value", ["\udcff", Path("data-\udcff"), {"\udcff": 1}, ["\ud800"]])
def test_text_that_is_not_unicode_is_refused(value: Any) -> None:
    with pytest.raises(WrongArgument, match="here: text that is not valid Unicode cannot be part of a plan"):
        encode(value, "here")


def test_the_code_that_a_value_refers_to_can_be_listed() -> None:
    encoded = encode({"a": [double, (Colour.RED, Window(1))]}, "here")
    assert set(references_in(encoded)) == {
        "sample_parts:double",
        "sample_parts:Colour",
        "sample_parts:Window",
    }


def test_the_parameters_of_a_step_arrive_too() -> None:
    step = Everything(
        window=Window(3), chosen=frozenset({"a"}), real=math.inf, function=double, nested={"a": (1,)}
    )
    sent = {n: encode(v, n) for n, v in step.parameters.items()}
    arrived = Everything(**{n: decode(v) for n, v in json.loads(json.dumps(sent)).items()})
    assert arrived.parameters == step.parameters
