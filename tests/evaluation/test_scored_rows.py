"""Stored predictions become batches for the metrics, with the rows of a baseline beside those of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.scored_rows import are_weighted, check_same_task, scored_rows, task_of

ROWS = 10


def stored(
    folder: Path,
    problem: str = "binary",
    classes: tuple[str, ...] = ("no", "yes"),
    splits: tuple[str, ...] = ("eval",),
    row_group: int = 4,
    **columns: Any,
) -> Predictions:
    predictions = Predictions(
        str(folder), split_names=splits, problem=problem, classes=classes, slice_features=("town",)
    )
    for split in splits:
        given: dict[str, Any] = {
            "row_id": list(range(ROWS)),
            "label": ["no", "yes"] * (ROWS // 2),
            "weight": [1.0] * ROWS,
            **{f"score_{name}": np.arange(ROWS) / ROWS + place for place, name in enumerate(classes)},
            "slice_town": ["Graz"] * ROWS,
        }
        predictions.split(split).mkdir(parents=True)
        table = pa.table({**given, **columns})
        pq.write_table(table, predictions.split(split) / "predictions.parquet", row_group_size=row_group)
    return predictions


def test_binary_rows_have_the_score_of_the_last_class(tmp_path: Path) -> None:
    (some,) = scored_rows(stored(tmp_path), None, ["eval"], ["town"])
    assert some.candidate.labels.tolist() == [0, 1] * 5
    assert some.candidate.scores.tolist() == pytest.approx(np.arange(ROWS) / ROWS + 1)
    assert some.columns["town"].to_pylist() == ["Graz"] * ROWS
    assert (some.baseline, some.unlabelled) == (None, 0)


def test_several_classes_several_labels_and_numbers(tmp_path: Path) -> None:
    three = stored(tmp_path / "m", "multiclass", ("a", "b", "c"), label=["c", "a"] * 5)
    (some,) = scored_rows(three, None, ["eval"], [])
    assert some.candidate.labels.tolist() == [2, 0] * 5
    assert some.candidate.scores.shape == (ROWS, 3)

    lists = pa.array([["b"], []] * 5, pa.list_(pa.string()))
    (some,) = scored_rows(stored(tmp_path / "l", "multilabel", ("a", "b"), label=lists), None, ["eval"], [])
    assert some.candidate.labels.tolist() == [[0, 1], [0, 0]] * 5

    numbers = stored(tmp_path / "r", "regression", (), label=[0.5] * ROWS, score=[1.5] * ROWS)
    (some,) = scored_rows(numbers, None, ["eval"], [])
    assert (some.candidate.labels[0], some.candidate.scores[0]) == (0.5, 1.5)


def test_batches_are_numbered_over_splits_and_rows_without_label(tmp_path: Path) -> None:
    labels = [None, "yes"] * 5
    predictions = stored(tmp_path, splits=("eval", "test"), label=labels)
    found = list(scored_rows(predictions, None, ["eval", "test"], [], rows=4))
    assert [some.candidate.first_row for some in found] == [0, 4, 8, 10, 14, 18]
    assert [(len(some), some.unlabelled) for some in found] == [(2, 2), (2, 2), (1, 1)] * 2


def test_a_baseline_is_beside_whatever_its_row_groups_and_the_order_of_its_classes(tmp_path: Path) -> None:
    own = stored(tmp_path / "p", "multiclass", ("a", "b"), label=["a", "b"] * 5)
    other = stored(tmp_path / "b", "multiclass", ("b", "a"), row_group=3, label=["a", "b"] * 5)
    check_same_task(own, other)
    for some in scored_rows(own, other, ["eval"], [], rows=4):
        assert some.baseline is not None
        assert some.baseline.labels.tolist() == some.candidate.labels.tolist()
        assert some.baseline.scores.tolist() == some.candidate.scores[:, ::-1].tolist()
        assert some.baseline.first_row == some.candidate.first_row


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"row_id": [*range(9), 99]}, "in split 'eval', row 9, row_id is 99 instead of 9"),
        ({"label": ["no", None] * 5}, "have 10 rows with a label where the baseline's have 5"),
    ],
)
def test_a_baseline_of_other_rows_is_refused(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    other = stored(tmp_path / "b", **columns)
    with pytest.raises(BadInput, match=message):
        list(scored_rows(stored(tmp_path / "p"), other, ["eval"], []))


def cut(predictions: Predictions, rows: int) -> Predictions:
    path = predictions.split("eval") / "predictions.parquet"
    pq.write_table(pq.read_table(path).slice(0, rows), path)
    return predictions


@pytest.mark.parametrize("rows", [4, 5])
def test_a_baseline_of_more_or_fewer_rows_is_refused(tmp_path: Path, rows: int) -> None:
    whole, part = stored(tmp_path / "p"), cut(stored(tmp_path / "b"), rows)
    for own, other in ((whole, part), (part, whole)):
        with pytest.raises(BadInput, match=r"Score both with Predict on the same examples"):
            list(scored_rows(own, other, ["eval"], [], rows=4))


def test_weights_are_found_in_the_statistics_of_the_files(tmp_path: Path) -> None:
    assert not are_weighted(stored(tmp_path / "1"), ["eval"])
    assert are_weighted(stored(tmp_path / "2", weight=[1.0] * 9 + [2.0]), ["eval"])


def test_problems_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    assert task_of(Predictions(problem="multilabel", classes=("a", "b"))) is Task.MULTI_LABEL
    with pytest.raises(BadInput, match="'ranking' problem. Evaluated can be: binary"):
        task_of(Predictions(problem="ranking"))
    with pytest.raises(BadInput, match="name 1 classes, and need two"):
        task_of(Predictions(classes=("a",)))
