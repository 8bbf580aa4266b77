"""Schemas are compared feature by feature."""

from __future__ import annotations

from google.protobuf import text_format
from tensorflow_metadata.proto.v0.schema_pb2 import Schema

from millwork.analysis.differences.difference import Change
from millwork.analysis.differences.schemas import schema_changes


def changes(before: str, after: str) -> list[Change]:
    return list(schema_changes(*(text_format.Parse(text, Schema()) for text in (before, after))))


AGE = 'feature { name: "age" type: INT presence { min_fraction: 1.0 } shape { dim { size: 1 } } }'


def test_equal_schemas_have_no_changes() -> None:
    assert changes(AGE, AGE) == []


def test_features_that_only_one_has() -> None:
    assert changes(AGE, 'feature { name: "sex" type: BYTES }') == [
        Change("age", "INT", None),
        Change("sex", None, "BYTES"),
    ]


def test_type_presence_and_shape() -> None:
    after = 'feature { name: "age" type: FLOAT presence { min_fraction: 0.5 } value_count { min: 1 max: 3 } }'
    assert changes(AGE, after) == [
        Change("age.type", "INT", "FLOAT"),
        Change("age.presence", "1 of the rows", "0.5 of the rows"),
        Change("age.shape", "1", None),
        Change("age.values per row", None, "1 to 3"),
    ]


def test_domains_inside_a_feature_or_shared_by_name_are_the_same() -> None:
    inside = 'feature { name: "s" type: BYTES string_domain { value: "a" value: "b" } }'
    shared = 'feature { name: "s" type: BYTES domain: "d" } string_domain { name: "d" value: "a" value: "b" }'
    assert changes(inside, shared) == []
    more = inside.replace('value: "b"', 'value: "b" value: "c"')
    assert changes(shared, more) == [Change("s.domain", "a, b", "a, b, c")]


def test_of_large_domains_only_the_difference_is_told() -> None:
    def of(values: range) -> str:
        listed = " ".join(f'value: "v{i}"' for i in values)
        return f'feature {{ name: "s" type: BYTES string_domain {{ {listed} }} }}'

    assert changes(of(range(100)), of(range(2, 101))) == [
        Change("s.domain", "100 values, only here: v0, v1", "99 values, only here: v100")
    ]


def test_limits_of_numbers() -> None:
    before = 'feature { name: "n" type: INT int_domain { min: 0 max: 9 } }'
    after = 'feature { name: "n" type: INT int_domain { min: 0 is_categorical: true } }'
    assert changes(before, after) == [Change("n.domain", "0 to 9", "0 to any, categorical")]


def test_nested_features_have_their_path() -> None:
    before = 'feature { name: "a" type: STRUCT struct_domain { feature { name: "b" type: INT } } }'
    assert changes(before, before.replace("INT", "FLOAT")) == [Change("a.b.type", "INT", "FLOAT")]
