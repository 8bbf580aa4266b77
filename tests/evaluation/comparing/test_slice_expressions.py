"""What a user writes to slice by."""

from __future__ import annotations

import pytest

from millwork.core.errors import WrongArgument
from millwork.evaluation.comparing.slice_expressions import Part, features_needed, parse


def test_a_feature_a_condition_and_several_crossed() -> None:
    assert parse("health") == (Part("health"),)
    assert parse("self rated health>=3") == (Part("self rated health", ">=", "3"),)
    assert parse("sex, age > 60 ,town='Paris, TX'") == (
        Part("sex"),
        Part("age", ">", "60"),
        Part("town", "=", "Paris, TX"),
    )
    assert parse("health is missing,sex") == (Part("health", "missing"), Part("sex"))


def test_names_with_signs_and_commas_are_quoted() -> None:
    assert parse('"a<b"') == (Part("a<b"),)
    assert parse("""'a, b'="c=d","a<b">=1""") == (Part("a, b", "=", "c=d"), Part("a<b", ">=", "1"))
    assert parse('"a, b" is missing') == (Part("a, b", "missing"),)


def test_the_features_that_are_needed_are_known_before_anything_is_read() -> None:
    assert features_needed(["sex,age>60", "age<10", "health is missing"]) == ("sex", "age", "health")


@pytest.mark.parametrize("by", ["", " ", "a,", ",a", "a,,b", "age>", ">60", "=x"])
def test_what_is_not_understood_is_told(by: str) -> None:
    with pytest.raises(WrongArgument, match="is not understood. Write a feature"):
        parse(by)


def test_a_feature_is_crossed_with_itself_by_mistake() -> None:
    with pytest.raises(WrongArgument, match="names 'sex' twice"):
        parse("sex,sex")
    assert len(parse("age>20,age<60")) == 2
