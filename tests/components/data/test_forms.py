"""Flat form and feature form, and which Arrow types fit into them."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.forms import to_feature_form, to_flat_form
from millwork.core.errors import BadInput


def one_column(values: list[Any], kind: pa.DataType | None = None) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(values, kind)], ["x"])


@pytest.mark.parametrize(
    ("kind", "values", "flat"),
    [
        (pa.int32(), [1, None], pa.int64()),
        (pa.bool_(), [True, None], pa.int64()),
        (pa.float64(), [0.5, None], pa.float32()),
        (pa.large_string(), ["a", None], pa.string()),
        (pa.dictionary(pa.int8(), pa.string()), ["a", None], pa.string()),
        (pa.large_binary(), [b"a", None], pa.binary()),
        (pa.large_list(pa.int8()), [[1, 2], [], None], pa.list_(pa.int64())),
        (pa.null(), [None, None], pa.null()),
    ],
)
def test_other_arrow_types_become_the_nearest_flat_type(
    kind: pa.DataType, values: list[Any], flat: pa.DataType
) -> None:
    batch = to_flat_form(one_column(values, kind))
    assert batch.schema.field("x").type == flat
    assert batch.column(0).to_pylist() == values


@pytest.mark.parametrize(
    ("kind", "values", "feature"),
    [
        (pa.int64(), [1, None], pa.large_list(pa.int64())),
        (pa.float32(), [1.5, None], pa.large_list(pa.float32())),
        (pa.string(), ["é", None], pa.large_list(pa.large_binary())),
        (pa.binary(), [b"\xff", None], pa.large_list(pa.large_binary())),
    ],
)
def test_a_missing_value_is_an_empty_list_in_feature_form(
    kind: pa.DataType, values: list[Any], feature: pa.DataType
) -> None:
    batch = to_feature_form(one_column(values, kind))
    (first, _) = values
    assert batch.schema.field("x").type == feature
    assert batch.column(0).to_pylist() == [[first.encode() if isinstance(first, str) else first], []]


def test_lists_stay_lists_in_feature_form_and_missing_lists_stay_missing() -> None:
    batch = to_feature_form(one_column([["a", "b"], [], None]))
    assert batch.column(0).to_pylist() == [[b"a", b"b"], [], None]


def test_lists_without_any_value_are_a_column_without_values() -> None:
    assert to_feature_form(one_column([[], None])).column(0).equals(pa.nulls(2))


def test_a_batch_in_feature_form_stays_as_it_is() -> None:
    batch = to_feature_form(one_column([1, None, 3]))
    assert to_feature_form(batch).equals(batch)


@pytest.mark.parametrize("value", [datetime.datetime(2024, 1, 1), [[1]], {"a": 1}])
def test_a_type_that_examples_cannot_hold_is_refused_with_the_name_of_the_column(value: object) -> None:
    with pytest.raises(BadInput, match=r"Column 'x' has the type .*, which examples cannot hold"):
        to_flat_form(one_column([value]))


def test_a_number_that_does_not_fit_is_refused_with_the_name_of_the_column() -> None:
    with pytest.raises(BadInput, match="Column 'x' of type uint64 does not fit into int64"):
        to_flat_form(one_column([2**64 - 1], pa.uint64()))
