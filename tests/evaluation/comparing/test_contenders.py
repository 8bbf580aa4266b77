"""Stored predictions become a contender: the rows that have a label, as arrays, whatever the problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput
from millwork.evaluation.comparing.contenders import contender_of

BINARY: dict[str, Any] = {
    "label": ["no", "yes", "yes"],
    "predicted": ["no", "yes", "no"],
    "score_no": [0.9, 0.2, 0.7],
    "score_yes": [0.1, 0.8, 0.3],
}


def stored(
    folder: Path,
    splits: Mapping[str, Mapping[str, Any]],
    problem: str = "binary",
    classes: tuple[str, ...] = ("no", "yes"),
    **properties: Any,
) -> Predictions:
    """Predictions with these columns by split. Ids are places, and weights 1, if they are not given."""
    predictions = Predictions(
        str(folder), split_names=tuple(splits), problem=problem, classes=classes, **properties
    )
    predictions.num_examples = {name: len(columns["label"]) for name, columns in splits.items()}
    for name, columns in splits.items():
        rows = len(columns["label"])
        given = {"row_id": np.arange(rows), "weight": np.ones(rows), **columns}
        predictions.split(name).mkdir(parents=True)
        pq.write_table(pa.table(given), predictions.split(name) / "predictions.parquet", row_group_size=2)
    return predictions


class FromExamples:
    """A feature that was not stored with the predictions."""

    names: Sequence[str] = ("age", "town")

    def columns(self, split: str, names: Sequence[str]) -> Mapping[str, pa.ChunkedArray]:
        assert (split, list(names)) == ("eval", ["age"])
        return {"age": pa.chunked_array([[30], [40, 50]])}


def test_of_two_classes_the_scores_are_those_of_the_last(tmp_path: Path) -> None:
    one = contender_of(stored(tmp_path, {"eval": BINARY}), "A")
    assert (one.name, one.problem, one.classes, len(one)) == ("A", "binary", ("no", "yes"), 3)
    assert one.labels.tolist() == [0, 1, 1]
    assert one.predicted.tolist() == [0, 1, 0]
    assert one.scores.tolist() == [0.1, 0.8, 0.3]
    assert (one.weights, one.splits) == (None, ())


def test_of_several_classes_there_is_a_score_for_each(tmp_path: Path) -> None:
    columns = {"label": ["c", "a"], "predicted": ["c", "b"], "score_a": [0.1, 0.2], "score_b": [0.2, 0.5]}
    columns["score_c"] = [0.7, 0.3]
    one = contender_of(stored(tmp_path, {"eval": columns}, "multiclass", ("a", "b", "c")), "A")
    assert one.labels.tolist() == [2, 0]
    assert one.scores.tolist() == [[0.1, 0.2, 0.7], [0.2, 0.5, 0.3]]


def test_a_regression_has_numbers_and_decides_for_no_class(tmp_path: Path) -> None:
    columns = {"label": [1.5, 2.5], "predicted": [1.0, 3.0], "score": [1.0, 3.0], "weight": [1.0, 0.5]}
    one = contender_of(stored(tmp_path, {"eval": columns}, "regression", ()), "A")
    assert (one.labels.tolist(), one.scores.tolist()) == ([1.5, 2.5], [1.0, 3.0])
    assert one.weights is not None
    assert one.weights.tolist() == [1.0, 0.5]
    assert one.predicted.size == 0


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    columns = {**BINARY, "label": ["no", None, "yes"], "slice_town": ["Graz", "Linz", None]}
    one = contender_of(stored(tmp_path, {"eval": columns}, slice_features=("town",)), "A")
    assert (one.unlabelled, one.ids.tolist(), one.positional) == (1, [0, 2], True)
    assert one.scores.tolist() == [0.1, 0.3]
    assert one.columns["town"].to_pylist() == ["Graz", None]


def test_several_splits_are_one_data_set(tmp_path: Path) -> None:
    predictions = stored(tmp_path, {"eval": BINARY, "test": BINARY})
    one = contender_of(predictions, "A")
    assert (len(one), one.splits, one.positional) == (6, (("eval", 3), ("test", 3)), True)
    assert contender_of(predictions, "A", splits=["test"]).splits == ()
    with pytest.raises(BadInput, match="no split 'tset'. Did you mean 'test'"):
        contender_of(predictions, "A", splits=["tset"])


def test_a_split_without_rows_is_no_hindrance(tmp_path: Path) -> None:
    columns = {**BINARY, "slice_age": [1, 2, 3]}
    nothing = {name: pa.array([], pa.string()) for name in ("label", "predicted", "slice_age")}
    scores = {name: pa.array([], pa.float64()) for name in ("score_no", "score_yes")}
    predictions = stored(tmp_path, {"a": {**nothing, **scores}, "b": columns}, slice_features=("age",))
    one = contender_of(predictions, "A")
    assert one.columns["age"].to_pylist() == [1, 2, 3]
    with pytest.raises(BadInput, match="'A' have no rows in split 'a'"):
        contender_of(predictions, "A", splits=["a"])


@pytest.mark.parametrize(
    ("ids", "id_feature", "positional"),
    [
        ([0, 1, 2], "", True),
        ([0, 1, 2], "customer", False),
        ([7, 8, 9], "", False),
        (["x", "y", "z"], "", False),
    ],
)
def test_ids_are_places_if_nobody_named_a_feature(
    tmp_path: Path, ids: list[Any], id_feature: str, positional: bool
) -> None:
    one = contender_of(stored(tmp_path, {"eval": {**BINARY, "row_id": ids}}, id_feature=id_feature), "A")
    assert (one.ids.tolist(), one.positional) == (ids, positional)


def test_features_are_read_where_they_are(tmp_path: Path) -> None:
    columns = {**BINARY, "slice_town": ["Graz"] * 3, "slice_sex": ["f"] * 3, "label": ["no", None, "yes"]}
    predictions = stored(tmp_path, {"eval": columns}, slice_features=("town", "sex"))
    one = contender_of(predictions, "A", features=["town", "age", "other"], elsewhere=FromExamples())
    assert {name: column.to_pylist() for name, column in one.columns.items()} == {
        "town": ["Graz", "Graz"],
        "age": [30, 50],
    }
    assert one.features == ("town", "sex", "age")


def test_features_of_other_rows_are_refused(tmp_path: Path) -> None:
    predictions = stored(tmp_path, {"eval": {**BINARY}})
    predictions.num_examples = {"eval": 4}
    with pytest.raises(BadInput, match="'age' has 3 values in split 'eval', where 4 rows were scored"):
        contender_of(predictions, "A", features=["age"], elsewhere=FromExamples())


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": pa.nulls(3, pa.string())}, "No row of the predictions of 'A' has a label .*3 rows"),
        ({"label": ["no", "maybe", "yes"]}, "row 1: label is 'maybe', which is none of the model's classes"),
        ({"score_yes": [0.1, float("nan"), 0.2]}, "row 1: score_yes is nan"),
        ({"weight": [1.0, 1.0, -1.0]}, "row 2: weight is -1.0"),
        ({"row_id": ["a", None, "c"]}, "Row 1 .* has no row id"),
    ],
)
def test_what_cannot_be_compared_is_told(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        contender_of(stored(tmp_path, {"eval": {**BINARY, **columns}}), "A")


def test_several_labels_a_row_are_refused_with_what_is_possible(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="multilabel problem, and compared can be binary, multiclass and regression"
    ):
        contender_of(stored(tmp_path, {"eval": BINARY}, "multilabel"), "A")
