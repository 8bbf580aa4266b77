"""Serialised tf.Examples: the protobuf library is the judge of every byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.components.data.forms import to_feature_form
from millwork.components.data.tf_example import decode, encode, encode_feature
from millwork.core.errors import BadInput

INT64 = st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 300)
NAME = st.characters(exclude_characters="\0", codec="utf-8")
"""tfx_bsl hands batches over through Arrow's C interface, where a NUL ends a name."""
VALUES = {
    pa.int64(): INT64,
    pa.float32(): st.floats(width=32),
    pa.string(): st.text(max_size=200),
    pa.binary(): st.binary(max_size=200),
}


def protobuf_feature(value: Any, kind: pa.DataType) -> Any:
    """What TFX's CsvExampleGen makes of a value: an empty list of the right kind if it is missing."""
    import tensorflow as tf

    if pa.types.is_null(kind):
        return tf.train.Feature()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if value is None:
            return tf.train.Feature()
        values, kind = value, kind.value_type
    else:
        values = [] if value is None else [value]
    if pa.types.is_int64(kind):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    if pa.types.is_float32(kind):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    texts = [v.encode() if isinstance(v, str) else v for v in values]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))


def protobuf_examples(batch: pa.RecordBatch) -> list[bytes]:
    import tensorflow as tf

    kinds = {field.name: field.type for field in batch.schema}
    examples = []
    for row in batch.to_pylist():
        features = {name: protobuf_feature(value, kinds[name]) for name, value in row.items()}
        example = tf.train.Example(features=tf.train.Features(feature=features))
        examples.append(example.SerializeToString(deterministic=True))
    return examples


def batch_of(columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


@st.composite
def columns(draw: st.DrawFn, rows: int) -> pa.Array:
    kind = draw(st.sampled_from([*VALUES, pa.null()]))
    if pa.types.is_null(kind):
        return pa.nulls(rows)
    values = VALUES[kind]
    if draw(st.booleans()):
        values = st.lists(values, max_size=4)
        kind = draw(st.sampled_from([pa.list_, pa.large_list]))(kind)
    return pa.array(draw(st.lists(values | st.none(), min_size=rows, max_size=rows)), kind)


@st.composite
def record_batches(draw: st.DrawFn) -> pa.RecordBatch:
    rows = draw(st.integers(0, 5))
    names = draw(st.lists(st.text(NAME, max_size=5) | st.just("n" * 130), unique=True, max_size=5))
    return batch_of({name: draw(columns(rows)) for name in names})


@settings(max_examples=150, deadline=None)
@given(record_batches())
def test_any_batch_is_encoded_as_protobuf_does_it(batch: pa.RecordBatch) -> None:
    assert encode(batch) == protobuf_examples(batch)


@settings(max_examples=50, deadline=None)
@given(record_batches())
def test_what_was_encoded_is_decoded_to_feature_form(batch: pa.RecordBatch) -> None:
    encoded = encode(batch)
    assert encode(decode(encoded)) == encoded


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.int64(), [0, 1, -1, 127, 128, 2**63 - 1, -(2**63), None]),
        (pa.float32(), [0.0, -0.0, 1.5, float("nan"), float("inf"), -float("inf"), None]),
        (pa.string(), ["", "é😀", "a\0b\n", "x" * 70_000, None]),
        (pa.binary(), [b"", b"\xff\xfe", None]),
        (pa.list_(pa.int64()), [[], [1, -2, 3], [5] * 300, None]),
        (pa.list_(pa.string()), [[], ["", "a", "é"], None]),
    ],
)
def test_each_kind_of_value_is_encoded_as_protobuf_does_it(kind: pa.DataType, values: list[Any]) -> None:
    batch = batch_of({"feature": pa.array(values, kind)})
    assert encode(batch) == protobuf_examples(batch)


def test_a_name_that_begins_another_comes_after_it_as_in_protobuf() -> None:
    batch = batch_of({name: pa.array([1]) for name in ("tip", "tips", "", "trip", "Tip", "é", "éa")})
    assert encode(batch) == protobuf_examples(batch)


def test_the_bytes_are_fixed_whatever_version_of_protobuf_is_there() -> None:
    """Protobuf promises no order between versions, but a split made with one must hold with the next."""
    batch = batch_of({name: pa.array([1]) for name in ("tip", "tips", "")})
    assert encode(batch) == [
        b"\x0a\x28"
        b"\x0a\x0d\x0a\x04tips\x12\x05\x1a\x03\x0a\x01\x01"
        b"\x0a\x0c\x0a\x03tip\x12\x05\x1a\x03\x0a\x01\x01"
        b"\x0a\x09\x0a\x00\x12\x05\x1a\x03\x0a\x01\x01"
    ]


def test_the_order_of_the_columns_does_not_matter() -> None:
    a, b = pa.array([1, None]), pa.array(["x", ""])
    assert encode(batch_of({"a": a, "b": b})) == encode(batch_of({"b": b, "a": a}))


def test_a_slice_is_encoded_like_a_copy_of_it() -> None:
    batch = batch_of(
        {
            "n": pa.array([1, None, -3, 4]),
            "l": pa.array([["a"], ["b", "c"], [], None]),
            "s": pa.array(["", "b", None, "d"]),
        }
    )
    assert encode(batch.slice(1, 2)) == encode(batch)[1:3]


def test_a_single_feature_is_encoded_as_protobuf_does_it() -> None:
    cases: list[tuple[list[Any], pa.DataType]] = [([1, -1, None], pa.int64()), (["a", "", None], pa.string())]
    for values, kind in cases:
        expected = [protobuf_feature(value, kind).SerializeToString() for value in values]
        assert encode_feature(pa.array(values, kind)) == expected


def test_a_null_decodes_to_an_empty_list_and_a_null_list_stays_missing() -> None:
    batch = batch_of({"flat": pa.array([1, None]), "list": pa.array([[1], None]), "none": pa.nulls(2)})
    decoded = decode(encode(batch))
    assert decoded.to_pydict() == {"flat": [[1], []], "list": [[1], None], "none": [None, None]}
    assert decoded.equals(to_feature_form(batch))


def test_a_null_inside_a_list_is_refused_with_the_name_of_the_column() -> None:
    with pytest.raises(BadInput, match="'tags' has a null inside a list"):
        encode(batch_of({"tags": pa.array([["a", None]])}))


def test_bytes_that_are_no_examples_are_refused() -> None:
    with pytest.raises(BadInput, match=r"cannot be read as tf\.Examples"):
        decode([b"\xff\xff\xff"])
