"""Contenders are brought together: the same question, the same rows, and the slices that are asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.contest import Contender
from millwork.evaluation.comparing.line_up import contest

CLASSES = ("no", "yes")


def contender(
    name: str = "A", *, ids: Any = ("a", "b", "c", "d"), columns: Any = None, **others: Any
) -> Contender:
    """Four rows of a binary problem."""
    given: dict[str, Any] = {
        "problem": "binary",
        "classes": CLASSES,
        "labels": np.array([0, 1, 1, 0]),
        "scores": np.array([0.1, 0.9, 0.6, 0.7]),
        "predicted": np.array([0, 1, 1, 1]),
    }
    arrays = {
        key: values if isinstance(values, pa.Array) else pa.array(values)
        for key, values in (columns or {}).items()
    }
    return Contender(name=name, ids=np.array(ids), columns=arrays, **{**given, **others})


def shuffled(one: Contender, order: list[int], **changes: Any) -> Contender:
    """The same rows in another order."""
    moved = {key: getattr(one, key)[order] for key in ("ids", "labels", "scores", "predicted")}
    columns = {key: column.take(order) for key, column in one.columns.items()}
    return replace(one, **{**moved, "columns": columns, "weights": None, "name": "B", **changes})


# --- the same question ---


def test_two_contenders_at_least() -> None:
    with pytest.raises(BadInput, match="two models or more, and got 1"):
        contest([contender()])


def test_names_are_made_to_differ() -> None:
    names = [one.name for one in contest([contender("A"), contender("A"), contender("A")]).contenders]
    assert names == ["A", "A (2)", "A (3)"]


def test_another_problem_or_other_classes_are_refused() -> None:
    regression = contender("B", problem="regression", classes=(), predicted=np.zeros(0, np.int64))
    with pytest.raises(BadInput, match="'A' is of a binary problem, and 'B' of a regression problem"):
        contest([contender(), regression])
    with pytest.raises(BadInput, match="'A' knows the classes 'no', 'yes', and 'B' knows 'no', 'maybe'"):
        contest([contender(), contender("B", classes=("no", "maybe"))])


def test_another_order_of_two_classes_turns_labels_scores_and_decisions() -> None:
    one = contender()
    turned = contender(
        "B",
        classes=("yes", "no"),
        labels=1 - one.labels,
        scores=1 - one.scores,
        predicted=1 - one.predicted,
    )
    found = contest([one, turned])
    assert found.paired
    assert found.contenders[1].classes == CLASSES
    assert found.contenders[1].scores == pytest.approx(one.scores)
    assert found.contenders[1].predicted.tolist() == one.predicted.tolist()
    assert found.notes == ("The scores of 'B' were of 'no', and are now of 'yes'",)


def test_another_order_of_several_classes_moves_scores() -> None:
    scores = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    labels = np.array([2, 0])
    three = {"problem": "multiclass", "ids": ["a", "b"]}
    one = contender("A", classes=("a", "b", "c"), labels=labels, scores=scores, predicted=labels, **three)
    moved = contender(  # c, a, b
        "B",
        classes=("c", "a", "b"),
        labels=np.array([0, 1]),
        scores=scores[:, [2, 0, 1]],
        predicted=np.array([0, 1]),
        **three,
    )
    other = contest([one, moved]).contenders[1]
    assert other.scores.tolist() == scores.tolist()
    assert (other.labels.tolist(), other.predicted.tolist()) == ([2, 0], [2, 0])


@pytest.mark.parametrize("numbers_first", [True, False])
def test_classes_that_are_numbers_are_called_as_the_other_calls_them(numbers_first: bool) -> None:
    both = [contender("A"), contender("N", classes=("0", "1"))]
    found = contest(both[::-1] if numbers_first else both)
    assert found.paired
    assert [one.classes for one in found.contenders] == [CLASSES, CLASSES]
    assert found.notes == ("The classes of 'N' are numbers: 1 is taken for 'yes', 0 for 'no'",)


# --- the same rows ---


def test_rows_in_another_order_are_paired_by_their_ids() -> None:
    one = contender(columns={"town": ["Graz", "Linz", "Wels", "Enns"]})
    found = contest([one, shuffled(one, [2, 0, 3, 1], scores=np.array([0.6, 0.1, 0.7, 0.9]) / 2)])
    other = found.challengers[0]
    assert (found.paired, found.unpaired_because) == (True, "")
    assert other.scores.tolist() == (one.scores / 2).tolist()
    assert other.ids.tolist() == ["a", "b", "c", "d"]
    assert other.predicted.tolist() == one.predicted.tolist()
    assert other.columns["town"].to_pylist() == ["Graz", "Linz", "Wels", "Enns"]


def test_ids_of_a_text_file_and_of_a_table_are_the_same() -> None:
    one = contender(ids=[10, 11, 12, 13])
    assert contest([one, contender("B", ids=["10", "11", "12", "13"])]).paired
    assert contest([one, contender("B", ids=[10.0, 11.0, 12.0, 13.0])]).paired


def test_an_id_with_two_labels_is_refused() -> None:
    other = contender("B", labels=np.array([0, 1, 0, 0]))
    with pytest.raises(BadInput, match="Row 'c' has the label 'yes' in 'A' and 'no' in 'B'"):
        contest([contender(), other])


def test_an_id_with_two_weights_is_refused() -> None:
    other = contender("B", weights=np.array([1, 2.5, 1, 2]))
    with pytest.raises(
        BadInput, match="Row 'b' has the weight 1 in 'A' and 2.5 in 'B', and 1 more row differs"
    ):
        contest([contender(), other])


def test_an_id_that_names_two_rows_is_refused() -> None:
    with pytest.raises(BadInput, match="Row id 'b' occurs 2 times in 'B'"):
        contest([contender(), contender("B", ids=["a", "b", "b", "d"])])


def test_numbers_of_files_may_be_rounded() -> None:
    numbers = np.array([0.1, 0.2, 1e6, -3.0])
    one = contender(problem="regression", classes=(), labels=numbers, weights=numbers**2)
    rounded = numbers.astype(np.float32).astype(np.float64)
    assert contest([one, replace(one, name="B", labels=rounded, weights=(rounded**2))]).paired
    with pytest.raises(BadInput, match=r"Row 'b' has the label 0.2 in 'A' and 0.21 in 'B'"):
        contest([one, replace(one, name="B", labels=np.array([0.1, 0.21, 1e6, -3]))])


def test_rows_that_one_side_lacks_are_counted_and_shown() -> None:
    found = contest([contender(), contender("B", ids=["a", "b", "x", "y"])])
    assert not found.paired
    assert found.unpaired_because == (
        "2 of the 4 row ids of 'A' are not in 'B', such as 'c'; 2 of the 4 row ids of 'B' are not in 'A', such as 'x'"
    )
    more = contender(
        "B", ids=list("abcde"), labels=np.arange(5) % 2, scores=np.ones(5), predicted=np.ones(5, int)
    )
    assert (
        contest([contender(), more]).unpaired_because
        == "1 of the 5 row ids of 'B' is not in 'A', such as 'e'"
    )


PLACES: dict[str, Any] = {"ids": range(4), "positional": True}


def test_places_identify_rows_if_every_label_agrees() -> None:
    assert contest([contender(**PLACES), contender("B", **PLACES)]).paired
    other = contest([contender(**PLACES), contender("B", **PLACES, labels=np.array([0, 1, 0, 1]))])
    assert other.unpaired_because == (
        "row 2 has the label 'yes' in 'A' and 'no' in 'B', and 1 more row differs: row ids are places in the data, and "
        "these are not the same rows"
    )
    fewer = contender("B", ids=range(2), positional=True, labels=np.array([0, 1]), predicted=np.array([0, 1]))
    fewer = replace(fewer, scores=np.array([0.1, 0.2]))
    assert contest([contender(**PLACES), fewer]).unpaired_because == "'A' has 4 rows with a label, and 'B' 2"


def test_places_agree_with_ids_that_count_the_same_rows() -> None:
    counted = shuffled(contender(ids=range(4)), [3, 1, 2, 0])
    assert contest([contender(**PLACES), counted]).paired
    named = contest([contender(**PLACES), contender("B")])
    assert named.unpaired_because.startswith("4 of the 4 row ids of 'A' are not in 'B', such as 0")


TWO_SPLITS: dict[str, Any] = {"ids": [0, 1, 0, 1], "splits": (("eval", 2), ("test", 2))}


def test_an_id_is_unique_within_its_split() -> None:
    one = contender(**TWO_SPLITS)
    other = shuffled(one, [3, 2, 0, 1], splits=(("test", 2), ("eval", 2)))
    found = contest([one, other])
    assert found.paired
    assert found.challengers[0].scores.tolist() == one.scores.tolist()
    wrong = replace(one, name="B", labels=np.array([0, 1, 1, 1]))
    with pytest.raises(BadInput, match="Row 1 of split 'test' has the label 'no' in 'A' and 'yes' in 'B'"):
        contest([one, wrong])


def test_places_are_those_of_the_split_of_the_same_name() -> None:
    one = contender(**TWO_SPLITS, positional=True)
    other = shuffled(one, [2, 3, 0, 1], splits=(("test", 2), ("eval", 2)))
    found = contest([one, other])
    assert found.paired
    assert found.challengers[0].scores.tolist() == one.scores.tolist()


def test_places_within_other_splits_are_other_rows() -> None:
    one = contender(**TWO_SPLITS, positional=True)
    found = contest([one, contender("B", **PLACES)])
    assert found.unpaired_because == (
        "'A' has rows of the splits eval, test and 'B' of one split, and their row ids are places within those"
    )


def test_of_several_challengers_all_are_paired_or_none() -> None:
    found = contest([contender(), contender("B"), contender("C", ids=["a", "b", "c", "x"])])
    assert not found.paired
    assert "'C'" in found.unpaired_because
    assert "'B'" not in found.unpaired_because


# --- slices ---

PEOPLE = {"health": ["poor", "good", None, "poor"], "age": [70, 30, 60, None], "sex": ["f", "m", "f", "m"]}


def sliced(*by: str, columns: Any = None) -> dict[str, list[int]]:
    found = contest([contender(columns=columns or PEOPLE), contender("B")], by)
    assert found.paired
    for one in found.slices:
        assert one.rows[0] is one.rows[1]
    return {one.name: one.rows[0].tolist() for one in found.slices}


def test_all_rows_are_a_slice() -> None:
    assert sliced() == {"Overall": [0, 1, 2, 3]}


def test_each_value_is_a_slice_and_a_missing_one_the_last() -> None:
    found = sliced("health")
    assert found == {
        "Overall": [0, 1, 2, 3],
        "health:good": [1],
        "health:poor": [0, 3],
        "health is missing": [2],
    }
    assert list(found) == ["Overall", "health:good", "health:poor", "health is missing"]


def test_whole_numbers_that_pandas_made_floats_of_have_no_point() -> None:
    assert list(sliced("age", columns={"age": [18.0, float("nan"), None, 7.0]})) == [
        "Overall",
        "age:7",
        "age:18",
        "age is missing",
    ]


def test_numbers_sort_as_numbers() -> None:
    assert list(sliced("n", columns={"n": [10, 9, 100, 9]})) == ["Overall", "n:9", "n:10", "n:100"]
    assert list(sliced("n", columns={"n": [0.5, float("nan"), None, -1.0]})) == [
        "Overall",
        "n:-1.0",
        "n:0.5",
        "n is missing",
    ]


@pytest.mark.parametrize(
    ("by", "name", "rows"),
    [
        ("health=poor", "health:poor", [0, 3]),
        ("health==poor", "health:poor", [0, 3]),
        (" health = 'poor' ", "health:poor", [0, 3]),
        ("health!=poor", "health!=poor", [1]),
        ("health is missing", "health is missing", [2]),
        ("age>60", "age>60", [0]),
        ("age >= 60", "age>=60", [0, 2]),
        ("age<60", "age<60", [1]),
        ("age<=60.5", "age<=60.5", [1, 2]),
        ("age=60", "age:60", [2]),
        ("age>1000", "age>1000", []),
        ("sex=f,age>60", "sex:f, age>60", [0]),
        ("sex=m,age>60", "sex:m, age>60", []),
    ],
)
def test_conditions(by: str, name: str, rows: list[int]) -> None:
    assert sliced(by) == {"Overall": [0, 1, 2, 3], name: rows}


def test_crossed_features_make_the_pairs_that_occur() -> None:
    assert list(sliced("sex,health").items())[1:] == [
        ("sex:f, health:poor", [0]),
        ("sex:f, health is missing", [2]),
        ("sex:m, health:good", [1]),
        ("sex:m, health:poor", [3]),
    ]
    assert list(sliced("sex, age>=60").items())[1:] == [("sex:f, age>=60", [0, 2])]


def test_a_slice_that_is_named_twice_is_there_once() -> None:
    assert list(sliced("sex", "sex=f", "sex")) == ["Overall", "sex:f", "sex:m"]


def test_values_may_hold_what_separates() -> None:
    columns = {"town": ["Paris, TX", "a=b", "a=b", "Graz"]}
    assert sliced('town="Paris, TX"', columns=columns)["town:Paris, TX"] == [0]
    assert sliced("town=a=b", columns=columns)["town:a=b"] == [1, 2]


def test_booleans_and_dates_compare() -> None:
    assert sliced("ok=true", columns={"ok": [True, False, None, True]})["ok:True"] == [0, 3]
    days = pa.array([date(2024, 1, 31), date(2024, 2, 1), None, date(2025, 1, 1)])
    assert sliced("day>=2024-02-01", columns={"day": days})["day>=2024-02-01"] == [1, 3]
    moments = days.cast(pa.timestamp("us"))
    assert sliced("day<2024-02-01", columns={"day": moments})["day<2024-02-01"] == [0]
    for word in ("soon", "now", "NaT"):
        with pytest.raises(BadInput, match=rf"day>{word}: 'day' holds date32.*, and '{word}' is none"):
            sliced(f"day>{word}", columns={"day": days})


def test_integers_that_no_float_holds_compare() -> None:
    numbers = {"n": [2**53 + 1, 5, -(2**62) - 1, 2**53 + 3]}
    assert sliced("n>5", columns=numbers)["n>5"] == [0, 3]


def test_values_that_nothing_compares_are_refused() -> None:
    took = pa.array([1, 2, None, 1], pa.duration("s"))
    for by in ("took", "took>1"):
        with pytest.raises(BadInput, match=r"cannot be sliced by 'took': it holds duration\[s\]"):
            sliced(by, columns={"took": took})


def test_categories_of_a_data_frame_are_values() -> None:
    column = pa.array(["x", "y", None, "x"]).dictionary_encode()
    assert list(sliced("c", columns={"c": column})) == ["Overall", "c:x", "c:y", "c is missing"]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("helth", "cannot be sliced by 'helth'. Did you mean 'health'"),
        ("health:poor", "No feature is called 'health:poor'.* write health=poor"),
        ("health=por", "health=por: no row has this value. Did you mean 'poor'"),
        ("health>poor", "health>poor: 'health' holds text, which has no order here"),
        ("age>old", "age>old: 'age' holds numbers, and 'old' is none"),
        ("age>nan", "age>nan: 'age' holds numbers, and 'nan' is none"),
    ],
)
def test_what_cannot_be_sliced_is_told(by: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        sliced(by)


@pytest.mark.parametrize(
    ("values", "advice"),
    [(np.arange(1_001), "Write a condition"), ([*map(str, range(1_001))], "not by an id")],
)
def test_a_feature_of_too_many_values_is_refused(values: Any, advice: str) -> None:
    rows = {"labels": np.ones(1_001, int), "scores": np.ones(1_001), "predicted": np.ones(1_001, int)}
    both = [contender(name, ids=range(1_001), columns={"n": values}, **rows) for name in "AB"]
    with pytest.raises(BadInput, match=f"'n' has more than 1,000 values.*{advice}"):
        contest(both, ["n"])


def test_a_column_that_only_a_challenger_has_slices_paired_rows() -> None:
    challenger = contender("B", columns={"town": ["Graz", "Graz", "Linz", "Linz"]})
    found = contest([contender(), shuffled(challenger, [3, 2, 1, 0])], ["town"])
    assert [(one.name, one.rows[0].tolist()) for one in found.slices[1:]] == [
        ("town:Graz", [0, 1]),
        ("town:Linz", [2, 3]),
    ]


def test_unpaired_rows_are_sliced_by_their_own_columns() -> None:
    one = contender(columns={"n": [1, 1, 2, None], "age": [1, 2, 3, 4]})
    two = contender("B", ids=list("wxyz"), columns={"n": [2.0, 3.0, 3.0, 3.0]})
    found = contest([one, two], ["n", "n>2"])
    assert not found.paired
    assert [(s.name, [rows.tolist() for rows in s.rows]) for s in found.slices] == [
        ("Overall", [[0, 1, 2, 3], [0, 1, 2, 3]]),
        ("n:1", [[0, 1], []]),
        ("n:2", [[2], [0]]),
        ("n:3", [[], [1, 2, 3]]),
        ("n is missing", [[3], []]),
        ("n>2", [[], [1, 2, 3]]),
    ]
    with pytest.raises(BadInput, match="'A' has the feature 'age' to slice by, and 'B' has not"):
        contest([one, two], ["age"])
