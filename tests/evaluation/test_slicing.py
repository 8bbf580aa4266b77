"""Rows are in the slices that TFMA puts them in, and slices are compared as TFMA compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.core.errors import BadInput
from millwork.evaluation import slicing
from millwork.evaluation.eval_config import config_message
from millwork.evaluation.metrics.keys import MetricKey
from millwork.evaluation.metrics.values import BoundedValue, ConfusionMatrices, Results
from millwork.evaluation.slicing import Slicer, cross_slice_results, cross_slices

COLUMNS: dict[str, pa.Array] = {
    "sex": pa.array(["f", "m", None, "f", "m", "f"]),
    "age": pa.array([5, 5, 7, None, 7, 5]),
    "height": pa.array([0.5, float("nan"), 1.5, None, 0.5, 2.0]),
    "hobbies": pa.array([["chess", "golf"], [], None, ["golf"], ["golf", "golf"], ["chess"]]),
    "code": pa.array([b"x", b"y", b"x", None, b"x", b"x"]),
}
ROWS = 6


def sliced(specs: Sequence[Mapping[str, Any]], **more: Any) -> list[set[Any]]:
    """The slices of each row, found in batches of two."""
    slicer = Slicer(config_message({"slicing_specs": list(specs), **more}))
    found: list[set[Any]] = [set() for _ in range(ROWS)]
    for first in range(0, ROWS, 2):
        batch = slicer.slice({name: column.slice(first, 2) for name, column in COLUMNS.items()}, 2)
        pairs = list(zip(batch.rows.tolist(), batch.slices.tolist(), strict=True))
        assert len(pairs) == len(set(pairs)), "a row is twice in a slice"
        for row, number in pairs:
            found[first + row].add(batch.keys[number])
    return found


def sliced_by_tfma(specs: Sequence[Mapping[str, Any]]) -> list[set[Any]]:
    from tensorflow_model_analysis.slicer import slicer_lib

    of_tfma = [
        slicer_lib.SingleSliceSpec(spec=spec)
        for spec in config_message({"slicing_specs": list(specs)}).slicing_specs
    ]
    found = []
    for row in range(ROWS):
        features = {}
        for name, column in COLUMNS.items():
            value = column[row].as_py()
            values = value if isinstance(value, list) else [] if value is None or value != value else [value]
            features[name] = np.array([v.encode() if isinstance(v, str) else v for v in values])
        found.append(set(slicer_lib.get_slices_for_features_dicts([features], None, of_tfma)))
    return found


@pytest.mark.parametrize(
    "specs",
    [
        [{}],
        [{"feature_keys": ["sex"]}],
        [{}, {"feature_keys": ["age"]}, {"feature_keys": ["age", "sex"]}],
        [{"feature_keys": ["height"]}, {"feature_keys": ["code"]}],
        [{"feature_values": {"sex": "f"}}, {"feature_values": {"age": "5"}}],
        [{"feature_keys": ["age"], "feature_values": {"sex": "f"}}],
        [{"feature_values": {"height": "0.5", "sex": "m"}}],
        [{"feature_keys": ["hobbies"]}, {"feature_keys": ["hobbies", "sex"]}],
        [
            {"feature_keys": ["hobbies"], "feature_values": {"age": "7"}},
            {"feature_values": {"hobbies": "golf"}},
        ],
        [{"feature_values": {"sex": "nobody"}}],
        [{"feature_keys": ["sex"]}, {"feature_values": {"sex": "f"}}, {"feature_keys": ["sex"]}],
    ],
)
def test_rows_are_in_the_slices_of_tfma(specs: list[dict[str, Any]]) -> None:
    assert sliced(specs) == sliced_by_tfma(specs)


def test_without_specs_there_is_the_slice_of_all_rows() -> None:
    assert sliced([]) == [{()}] * ROWS


def test_a_spec_finds_text_that_looks_like_a_number() -> None:
    slicer = Slicer(config_message({"slicing_specs": [{"feature_values": {"zip": "8010"}}]}))
    batch = slicer.slice({"zip": pa.array(["8010", "1010"])}, 2)
    assert (batch.rows.tolist(), list(batch.keys)) == ([0], [(("zip", "8010"),)])


def test_booleans_are_0_and_1_and_other_things_text() -> None:
    import datetime

    slicer = Slicer(config_message({"slicing_specs": [{"feature_keys": ["new"]}, {"feature_keys": ["day"]}]}))
    batch = slicer.slice({"new": pa.array([True]), "day": pa.array([datetime.date(2024, 2, 29)])}, 1)
    assert list(batch.keys) == [(("new", 1),), (("day", "2024-02-29"),)]


def test_categories_that_no_row_has_are_no_slices() -> None:
    slicer = Slicer(config_message({"slicing_specs": [{"feature_keys": ["sex"]}]}))
    column = pa.array(["f", "m", "x", None]).dictionary_encode().slice(0, 1)
    assert list(slicer.slice({"sex": column}, 1).keys) == [(("sex", "f"),)]


def test_many_values_of_several_features_are_told_apart() -> None:
    rows = 3_000
    columns = {"a": pa.array(np.arange(rows)), "b": pa.array(np.arange(rows)[::-1] % 1_500)}
    config = config_message({"slicing_specs": [{"feature_keys": ["a", "b"], "feature_values": {"c": "x"}}]})
    columns["c"] = pa.array(["x" if row % 3 == 0 else "y" for row in range(rows)])
    batch = Slicer(config).slice(columns, rows)
    expected = {(("a", a), ("b", (rows - 1 - a) % 1_500), ("c", "x")) for a in range(0, rows, 3)}
    assert set(batch.keys) == expected
    assert batch.rows.tolist() == list(range(0, rows, 3))


def test_a_batch_without_rows_has_no_slices() -> None:
    slicer = Slicer(config_message({"slicing_specs": [{}, {"feature_keys": ["sex"]}]}))
    batch = slicer.slice({"sex": pa.array([], pa.string())}, 0)
    assert (list(batch.keys), len(batch.rows)) == ([], 0)


def test_an_unknown_feature_is_refused() -> None:
    slicer = Slicer(config_message({"slicing_specs": [{"feature_keys": ["sexx"]}]}))
    with pytest.raises(BadInput, match="no feature 'sexx' to slice by. Did you mean 'sex'"):
        slicer.slice(COLUMNS, ROWS)


def test_slicing_by_an_id_is_refused_even_over_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICES", 5)
    slicer = Slicer(config_message({"slicing_specs": [{"feature_keys": ["id"]}]}))
    slicer.slice({"id": pa.array([1, 2, 3, 4])}, 4)
    with pytest.raises(BadInput, match="Slicing by 'id' makes more than 5 slices"):
        slicer.slice({"id": pa.array([3, 4, 5, 6])}, 4)


def test_structures_are_refused() -> None:
    slicer = Slicer(config_message({"slicing_specs": [{"feature_keys": ["place"]}]}))
    with pytest.raises(BadInput, match="'place' cannot be sliced by"):
        slicer.slice({"place": pa.array([{"x": 1}])}, 1)


def test_specs_in_sql_are_left_to_tfma() -> None:
    slicer = Slicer(config_message({"slicing_specs": [{"slice_keys_sql": "SELECT STRUCT(example.sex)"}]}))
    assert len(slicer.others) == 1
    assert slicer.features == ()


F, M, ALL = (("sex", "f"),), (("sex", "m"),), ()


def test_cross_slices_are_slices_too() -> None:
    crossing = {"baseline_spec": {}, "slicing_specs": [{"feature_keys": ["sex"]}]}
    assert sliced([{"feature_keys": ["age"]}], cross_slicing_specs=[crossing])[0] == {(), F, (("age", 5),)}


@pytest.mark.parametrize(
    ("spec", "pairs"),
    [
        ({"baseline_spec": {}, "slicing_specs": [{"feature_keys": ["sex"]}]}, [(ALL, F), (ALL, M)]),
        ({"baseline_spec": {"feature_values": {"sex": "m"}}}, [(M, ALL), (M, F)]),
        ({"baseline_spec": {}, "slicing_specs": [{"feature_values": {"sex": "x"}}]}, []),
        (
            {"baseline_spec": {"feature_values": {"sex": "m"}}, "slicing_specs": [{"feature_keys": ["sex"]}]},
            [(M, F), (M, M)],
        ),
    ],
)
def test_pairs_of_slices_are_those_of_their_specs(spec: dict[str, Any], pairs: list[Any]) -> None:
    assert list(cross_slices(config_message({"cross_slicing_specs": [spec]}), [ALL, F, M])) == pairs


def test_a_cross_slice_is_the_baseline_slice_minus_the_other() -> None:
    config = config_message(
        {"cross_slicing_specs": [{"baseline_spec": {}, "slicing_specs": [{"feature_keys": ["sex"]}]}]}
    )
    auc, matrices, bounded, only = (MetricKey(name) for name in ("auc", "matrices", "bounded", "only"))

    def at(value: float) -> dict[MetricKey, Any]:
        counts = [np.array([value, 2 * value]) for _ in range(4)]
        return {
            auc: value,
            matrices: ConfusionMatrices(np.array([0.1, 0.5]), *counts),
            bounded: BoundedValue(value, value, 0.1, 19, value - 1, value + 1),
        }

    results = Results({ALL: at(0.75) | {only: 1.0}, F: at(0.5)}, {}, {})
    ((pair, found),) = cross_slice_results(config, results).items()
    assert pair == (ALL, F)
    assert (found[auc], found[bounded], only in found) == (0.25, 0.25, False)
    difference = found[matrices]
    assert isinstance(difference, ConfusionMatrices)
    assert difference.thresholds.tolist() == [0.1, 0.5]
    assert difference.tp.tolist() == [0.25, 0.5]
