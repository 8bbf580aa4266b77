"""Predictions that something else wrote become a contender, if it is clear what they mean."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.comparing.contenders import contender_of
from millwork.evaluation.comparing.foreign_contenders import contender_from_files
from millwork.evaluation.comparing.line_up import contest


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def parquet(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


# --- what columns mean ---


def test_labels_of_0_and_1_and_a_score_are_a_binary_problem(tmp_path: Path) -> None:
    file = written(tmp_path / "challenger.csv", "row_id,label,score\n7,0,0.25\n8,1,0.75\n9,1,0.5\n")
    one = contender_from_files(file)
    assert (one.name, one.problem, one.classes) == ("challenger", "binary", ("0", "1"))
    assert (one.labels.tolist(), one.scores.tolist()) == ([0, 1, 1], [0.25, 0.75, 0.5])
    assert one.predicted.tolist() == [0, 1, 0]
    assert (one.ids.tolist(), one.positional, one.weights, one.notes) == ([7, 8, 9], False, None, ())


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    file = written(tmp_path / "p.csv", "customer,y,p,w,health\nx1,no,0.2,1,poor\nx2,yes,0.9,2,\n")
    mapping = {"row_id": "customer", "label": "y", "score": "p", "weight": "w"}
    one = contender_from_files(file, "B", columns=mapping)
    assert (one.name, one.ids.tolist(), one.labels.tolist()) == ("B", ["x1", "x2"], [0, 1])
    assert one.weights is not None
    assert one.weights.tolist() == [1, 2]
    assert {name: column.to_pylist() for name, column in one.columns.items()} == {"health": ["poor", None]}


def test_scores_of_classes_name_them_in_their_order(tmp_path: Path) -> None:
    scores = {"score_b": [0.7, 0.1], "score_a": [0.2, 0.1], "score_c": [0.1, 0.8]}
    one = contender_from_files(parquet(tmp_path / "m.parquet", label=["c", "b"], **scores))
    assert (one.problem, one.classes) == ("multiclass", ("b", "a", "c"))
    assert (one.labels.tolist(), one.predicted.tolist()) == ([2, 0], [0, 2])
    assert one.scores.tolist() == [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]


def test_labels_that_are_numbers_count_classes_that_have_names(tmp_path: Path) -> None:
    scores = {"score_a": [0.7, 0.1], "score_b": [0.2, 0.1], "score_c": [0.1, 0.8]}
    one = contender_from_files(parquet(tmp_path / "m.parquet", label=[2, 0], predicted=[0.0, 2.0], **scores))
    assert (one.labels.tolist(), one.predicted.tolist()) == ([2, 0], [0, 2])


def test_other_numbers_are_a_regression(tmp_path: Path) -> None:
    one = contender_from_files(parquet(tmp_path / "r.parquet", label=[1.5, 2.0, 3.5], score=[1, 2, 30]))
    assert (one.problem, one.classes, one.predicted.size) == ("regression", (), 0)
    assert (one.labels.tolist(), one.scores.tolist()) == ([1.5, 2.0, 3.5], [1, 2, 30])
    stars = parquet(tmp_path / "s.parquet", label=[4, 5], score=[4.5, 4.75])
    assert contender_from_files(stars, problem="regression").labels.tolist() == [4, 5]
    with pytest.raises(
        BadInput, match="score is 4.5, and must be a probability .* the problem is a regression"
    ):
        contender_from_files(stars)


def test_of_two_texts_the_larger_is_positive_unless_one_is_named(tmp_path: Path) -> None:
    file = parquet(tmp_path / "b.parquet", label=["spam", "ham"], score=[0.9, 0.2])
    one = contender_from_files(file)
    assert (one.classes, one.labels.tolist()) == (("ham", "spam"), [1, 0])
    assert one.notes[0].endswith(
        "of 'ham' and 'spam' the latter was taken for the positive class, which is scored"
    )
    other = contender_from_files(file, positive="ham")
    assert (other.classes, other.labels.tolist(), other.notes) == (("spam", "ham"), [0, 1], ())
    with pytest.raises(BadInput, match="no class 'eggs' to be the positive one, but 'ham', 'spam'"):
        contender_from_files(file, positive="eggs")


def test_of_two_classes_one_score_is_enough_if_it_says_whose(tmp_path: Path) -> None:
    one = contender_from_files(parquet(tmp_path / "b.parquet", label=["spam", "ham"], score_ham=[0.1, 0.8]))
    assert (one.classes, one.labels.tolist(), one.scores.tolist()) == (("spam", "ham"), [0, 1], [0.1, 0.8])
    both = {"score_no": [0.9, 0.2], "score_yes": [0.1, 0.8]}
    two = contender_from_files(parquet(tmp_path / "c.parquet", label=["no", "yes"], **both), positive="no")
    assert (two.classes, two.scores.tolist()) == (("yes", "no"), [0.9, 0.2])


@pytest.mark.parametrize("labels", [[False, True], [0.0, 1.0], [0, 1]])
def test_truth_may_be_booleans_or_numbers(tmp_path: Path, labels: list[Any]) -> None:
    one = contender_from_files(parquet(tmp_path / "b.parquet", label=labels, score=[0.1, 0.2]))
    assert (one.classes, one.labels.tolist()) == (("0", "1"), [0, 1])


def test_the_model_may_have_decided_otherwise(tmp_path: Path) -> None:
    one = contender_from_files(
        parquet(tmp_path / "b.parquet", label=[0, 1], score=[0.1, 0.2], predicted=[1, 1])
    )
    assert one.predicted.tolist() == [1, 1]


def test_logits_will_do_if_the_decisions_are_known(tmp_path: Path) -> None:
    logits = {"label": [0, 1], "score": [-3.0, 0.25]}
    with pytest.raises(
        BadInput, match="row 1: score is -3, and must be a probability .* say in a column predicted"
    ):
        contender_from_files(parquet(tmp_path / "a.parquet", **logits))
    one = contender_from_files(parquet(tmp_path / "b.parquet", **logits, predicted=[0, 1]))
    assert (one.scores.tolist(), one.predicted.tolist()) == ([-3.0, 0.25], [0, 1])
    several = {"score_a": [-3.0, 2.0], "score_b": [0.0, 1.0], "score_c": [-9.0, 1.5]}
    three = contender_from_files(parquet(tmp_path / "c.parquet", label=["b", "c"], **several))
    assert (three.predicted.tolist(), three.scores[0].tolist()) == ([1, 0], [-3.0, 0.0, -9.0])


def test_rows_without_a_label_are_left_out(tmp_path: Path) -> None:
    file = written(tmp_path / "b.csv", "label,score,n\n1,0.5,1\n,0.7,2\n0,0.1,3\n")
    one = contender_from_files(file)
    assert (one.unlabelled, one.ids.tolist(), one.positional) == (1, [0, 2], True)
    assert one.columns["n"].to_pylist() == [1, 3]


def test_only_features_that_are_needed_are_read(tmp_path: Path) -> None:
    file = written(tmp_path / "b.csv", "label,score,slice_town,n\n1,0.5,Graz,1\n0,0.1,Linz,3\n")
    one = contender_from_files(file, features=["town"])
    assert (list(one.columns), one.features) == (["town"], ("town", "n"))


# --- ids ---


def test_ids_of_text_files_keep_their_zeros(tmp_path: Path) -> None:
    one = contender_from_files(written(tmp_path / "a.csv", "row_id,label,score\n007,1,0.5\n010,0,0.5\n"))
    assert one.ids.tolist() == ["007", "010"]


@pytest.mark.parametrize(
    ("written_ids", "ids"),
    [(("7.0", "10.0"), [7, 10]), (("7.0", "10.5"), ["7.0", "10.5"]), (("v1.0", "v2.0"), ["v1.0", "v2.0"])],
)
def test_ids_that_were_floats_are_whole_numbers(
    tmp_path: Path, written_ids: tuple[str, str], ids: list[Any]
) -> None:
    rows = "".join(f"{id},{label},0.5\n" for label, id in enumerate(written_ids))
    one = contender_from_files(written(tmp_path / "a.csv", f"row_id,label,score\n{rows}"))
    assert one.ids.tolist() == ids


def test_rows_pair_with_those_of_another_file_by_id(tmp_path: Path) -> None:
    one = contender_from_files(written(tmp_path / "a.csv", "row_id,label,score\n1,1,0.9\n2,0,0.2\n"))
    ids = np.array([2.0, 1.0])
    two = contender_from_files(parquet(tmp_path / "b.parquet", row_id=ids, label=[0, 1], score=[0.3, 0.8]))
    found = contest([one, two])
    assert found.paired
    assert found.challengers[0].scores.tolist() == [0.8, 0.3]


def test_an_id_that_names_two_rows_is_refused(tmp_path: Path) -> None:
    one = contender_from_files(written(tmp_path / "a.csv", "row_id,label,score\n1,1,0.9\n1,0,0.2\n"))
    with pytest.raises(BadInput, match="Row id 1 occurs 2 times in 'a'"):
        contest([one, one])


# --- files ---


def test_a_folder_of_files_is_one_data_set(tmp_path: Path) -> None:
    parquet(tmp_path / "p" / "part-1.parquet", label=pa.array([1, 0]), score=[0.5, 0.25], n=pa.nulls(2))
    parquet(tmp_path / "p" / "part-0.parquet", label=pa.array([1.0]), score=[0.75], n=[3])
    written(tmp_path / "p" / "_SUCCESS", "")
    one = contender_from_files(tmp_path / "p")
    assert (one.name, one.scores.tolist(), one.ids.tolist()) == ("p", [0.75, 0.5, 0.25], [0, 1, 2])
    assert one.columns["n"].to_pylist() == [3, None, None]


def test_a_copy_of_an_artifact_is_as_good_as_the_artifact(tmp_path: Path) -> None:
    predictions = Predictions(
        str(tmp_path / "copy"), split_names=("eval", "test"), classes=("no", "yes"), slice_features=("town",)
    )
    predictions.num_examples = {"eval": 2, "test": 2}
    for split in predictions.split_names:
        parquet(
            predictions.split(split) / "predictions.parquet",
            row_id=[0, 1],
            label=["yes", "no"],
            predicted=["yes", "yes"],
            weight=[1.0, 2.0],
            score_no=[0.1, 0.3],
            score_yes=[0.9, 0.7],
            slice_town=["Graz", None],
        )
    copied, original = contender_from_files(tmp_path / "copy"), contender_of(predictions, "original")
    assert (copied.positional, copied.splits, copied.classes) == (True, original.splits, original.classes)
    assert copied.predicted.tolist() == original.predicted.tolist()
    assert contest([original, copied], ["town"]).paired
    one = contender_from_files(tmp_path / "copy" / "Split-eval")
    assert contest([contender_of(predictions, "A", splits=["eval"]), one]).paired
    assert contender_from_files(tmp_path / "copy", splits=["test"]).splits == ()
    with pytest.raises(BadInput, match="has no split 'tset'. Did you mean 'test'"):
        contender_from_files(tmp_path / "copy", splits=["tset"])


def test_text_files_differ_in_what_separates(tmp_path: Path) -> None:
    content = "\ufefflabel;score;town\n1;0.5;Graz, AT\n0;0.25;NA\n"
    with gzip.open(tmp_path / "a.csv.gz", "wt", encoding="utf-8") as file:
        file.write(content)
    one = contender_from_files(tmp_path / "a.csv.gz")
    assert (one.name, one.scores.tolist()) == ("a", [0.5, 0.25])
    assert one.columns["town"].to_pylist() == ["Graz, AT", "NA"]


def test_the_type_of_a_column_follows_from_all_rows(tmp_path: Path) -> None:
    rows = (
        "".join(f"{i % 2},{0},\n" for i in range(300_000)) + "1,0.5,late\n"
    )  # more than a block of pyarrow's
    one = contender_from_files(written(tmp_path / "a.csv", "label,score,remark\n" + rows))
    assert (one.scores[-1], one.columns["remark"][-1].as_py()) == (0.5, "late")


# --- what is refused ---


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("label,score\n", "it has no rows"),
        ("label,score\n,0.5\n", "none of its 1 rows has a label in 'label'"),
        (
            "y,score\n1,0.5\n",
            "has no column 'label' with the truth. It has 'y', 'score'. .* --columns label=NAME,",
        ),
        ("label,p\n1,0.5\n", "has no column 'score' with the model's score"),
        ("label,score\n1,0.5,3\n", "cannot be read as CSV in UTF-8: .*Expected 2 columns, got 3"),
        ("label,score,score\n1,1,1\n", "has two columns 'score'"),
        ("label,score\n1,0.5\n0,\n", "row 2: score is missing"),
        (
            "label,score\n1,0.5\n0,-2.5\n",
            "row 2: score is -2.5, and must be a probability .* Of logits",
        ),
        ("label,score\n1,high\n", "column 'score' holds string, and must hold numbers"),
        ("label,score,weight\n1,0.5,-1\n", "row 1: weight is -1, and must be a number that is 0 or more"),
        (
            "label,score,predicted\n1,0.5,2\n",
            "row 1: predicted is '2', and must be one of the classes '0', '1'",
        ),
        ("label,score,row_id\n1,0.5,\n", "row 1: row_id is missing"),
        ("label,score\nyes,0.5\n", "All labels of .* are 'yes', so that nobody knows the other class"),
        ("label,score\na,0.5\nb,0.5\nc,0.1\n", "'a', 'b', 'c', but there is one score a row"),
        ("label,score_a\na,0.5\nb,0.5\nc,0.1\n", "has a score for the class 'a' only"),
        (
            "label,score_a,score_b\nc,0.5,0.5\n",
            "row 1: label is 'c', and must be one of the classes 'a', 'b'",
        ),
    ],
)
def test_what_is_not_clear_is_told(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        contender_from_files(written(tmp_path / "a.csv", content))


def test_a_mapping_names_what_there_is(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", "y,score\n1,0.5\n")
    with pytest.raises(BadInput, match="has no column 'yy' to be the label. Did you mean 'y'"):
        contender_from_files(file, columns={"label": "yy"})
    with pytest.raises(WrongArgument, match="no column 'lable' .* Did you mean 'label'"):
        contender_from_files(file, columns={"lable": "y"})
    with pytest.raises(WrongArgument, match="not both"):
        contender_from_files(file, columns={"label": "y", "score": "score", "score_a": "score"})


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing at"):
        contender_from_files(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="has no predictions"):
        contender_from_files(tmp_path)
    with pytest.raises(BadInput, match="is not understood. Predictions are read from .parquet, .pq, .csv"):
        contender_from_files(written(tmp_path / "a.xlsx", "x"))
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        contender_from_files(written(tmp_path / "a.parquet", "x"))
    with pytest.raises(BadInput, match="cannot be read"):
        contender_from_files(written(tmp_path / "a.csv.gz", "x"))
    with pytest.raises(BadInput, match="has no splits"):
        contender_from_files(written(tmp_path / "a.csv", "label,score\n1,0.5\n"), splits=["eval"])
    lists = parquet(tmp_path / "l.parquet", label=[["a"], ["b"]], score=[0.1, 0.2])
    with pytest.raises(BadInput, match="several values of 'label', and compared can be"):
        contender_from_files(lists)


def test_files_of_a_folder_are_of_one_kind_and_have_the_same_columns(tmp_path: Path) -> None:
    written(tmp_path / "p" / "a.csv", "label,score\n1,0.5\n")
    written(tmp_path / "p" / "b.csv", "label,scores\n1,0.5\n")
    with pytest.raises(BadInput, match="a.csv' has a column 'score', and .*b.csv' has not"):
        contender_from_files(tmp_path / "p")
    parquet(tmp_path / "p" / "c.parquet", label=[1], score=[0.5])
    with pytest.raises(BadInput, match="two kinds, 'c.parquet' and 'a.csv'. Name the file to read"):
        contender_from_files(tmp_path / "p")


@pytest.mark.parametrize("positive", [None, "no"])
def test_labels_that_are_numbers_count_the_scores_whichever_class_is_positive(
    tmp_path: Path, positive: str | None
) -> None:
    rows = "0,0.8,0.2\n1,0.3,0.7\n1,0.4,0.6\n"
    file = written(tmp_path / "a.csv", f"label,score_no,score_yes\n{rows}")
    one = contender_from_files(file, positive=positive)
    assert [one.classes[label] for label in one.labels] == ["no", "yes", "yes"]
    assert (one.labels == one.predicted).all()
    [note] = one.notes
    assert note.endswith("taken in the order of the scores: 0 for 'no', 1 for 'yes'")
