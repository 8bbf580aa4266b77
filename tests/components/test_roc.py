"""What ROC curves promise, held against scikit-learn."""

from __future__ import annotations

import csv
import json
import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from millwork.components.roc import Roc
from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform
from millwork.evaluation.curves import Curve
from millwork.evaluation.predictions import OVERALL

Floats = NDArray[np.float64]

BIRDS = ("Gentoo", "Adelie", "Chinstrap")
HOSTILE = ("no", '</title><script>alert("x")</script>\x08')


def predictions(
    folder: Path,
    splits: Mapping[str, Mapping[str, Any]],
    *,
    classes: Sequence[str] = ("no", "yes"),
    slice_features: Sequence[str] = (),
    problem: str = "",
) -> Predictions:
    """Write columns as Predict does; weights are 1 if there are none."""
    for split, columns in splits.items():
        rows = len(next(iter(columns.values())))
        table = pa.table({"row_id": np.arange(rows), "weight": np.ones(rows), **columns})
        (folder / f"Split-{split}").mkdir(parents=True)
        pq.write_table(table, folder / f"Split-{split}" / "predictions.parquet", row_group_size=50)
    return Predictions(
        str(folder),
        split_names=tuple(splits),
        problem=problem or ("binary" if len(classes) == 2 else "multiclass"),
        classes=tuple(classes),
        label="target",
        slice_features=tuple(slice_features),
    )


def scored(classes: Sequence[str], rows: int = 400, digits: int = 2) -> dict[str, Any]:
    """Weighted rows with useful scores, of which many are equal."""
    random = np.random.default_rng(3)
    truth = random.integers(0, len(classes), rows)
    scores = random.random((rows, len(classes)))
    scores[np.arange(rows), truth] += 0.6
    scores = (scores / scores.sum(axis=1, keepdims=True)).round(digits)
    return {
        "label": np.array(classes)[truth],
        "predicted": np.array(classes)[scores.argmax(axis=1)],
        "weight": random.uniform(0.1, 3, rows),
        **{f"score_{name}": scores[:, i] for i, name in enumerate(classes)},
        "slice_island": pa.array(random.choice(["Dream", "Biscoe"], rows), mask=random.random(rows) < 0.2),
        "slice_year": random.choice([2010, 2009], rows),
    }


def matrix_of(rows: Mapping[str, Any], classes: Sequence[str]) -> Floats:
    return np.stack([np.asarray(rows[f"score_{name}"], float) for name in classes], axis=1)


def roc(tmp_path: Path, given: Predictions, **arguments: Any) -> Roc:
    return perform(Roc(predictions=given, **arguments), tmp_path / "outputs")


def document(step: Roc, split: str = "eval") -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (step.roc_curve.split(split) / "roc.json").read_text()
    return dict(json.loads(text, parse_constant=refuse))


def curves(step: Roc, split: str = "eval") -> dict[tuple[str, str], dict[str, Any]]:
    """What the JSON says, by the name of the slice, and of the class or average."""
    return {(c["slice"], c["class"] or c["average"]): c for c in document(step, split)["curves"]}


def lines(step: Roc, split: str = "eval") -> list[dict[str, str]]:
    with open(step.roc_curve.split(split) / "roc.csv", newline="") as file:
        return list(csv.DictReader(file))


def written(step: Roc, split: str = "eval") -> list[str]:
    root = ElementTree.parse(step.roc_curve.split(split) / "roc.svg")
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


# Two classes


def test_the_last_of_two_classes_is_positive_and_its_weighted_auc_is_scikit_learns(tmp_path: Path) -> None:
    from sklearn.metrics import roc_auc_score

    rows = scored(("zebra", "ape"))
    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=("zebra", "ape")))

    expected = roc_auc_score(rows["label"] == "ape", rows["score_ape"], sample_weight=rows["weight"])
    found = document(step)
    assert found["auc"] == pytest.approx(expected, abs=1e-12)
    assert step.roc_curve.auc == {"eval": found["auc"]}
    assert found["positive_class"] == "ape"
    assert [(c["slice"], c["class"], c["auc"]) for c in found["curves"]] == [("Overall", "ape", found["auc"])]


def test_the_csv_has_every_point_of_scikit_learns_curve(tmp_path: Path) -> None:
    from sklearn.metrics import roc_curve

    rows = scored(("no", "yes"))
    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}), max_points=5)

    fpr, tpr, threshold = roc_curve(rows["label"] == "yes", rows["score_yes"], sample_weight=rows["weight"])
    found = lines(step)
    assert list(found[0]) == ["slice", "class", "fpr", "tpr", "threshold"]
    assert {(line["slice"], line["class"]) for line in found} == {("Overall", "yes")}
    assert [float(line["fpr"]) for line in found] == fpr.tolist()
    assert [float(line["tpr"]) for line in found] == tpr.tolist()
    assert [float(line["threshold"]) for line in found] == threshold.tolist()


def test_the_json_says_how_much_weight_is_on_either_side(tmp_path: Path) -> None:
    rows = {"label": ["no", "yes", "yes"], "score_yes": [0.2, 0.1, 0.9], "weight": [1.0, 2.0, 4.0]}

    curve = curves(roc(tmp_path, predictions(tmp_path / "p", {"eval": rows})))["Overall", "yes"]

    assert (curve["positives"], curve["negatives"]) == (6.0, 1.0)
    assert curve["auc"] == pytest.approx(4 / 6)
    assert curve["points"] == {
        "fpr": [0.0, 0.0, 1.0, 1.0],
        "tpr": pytest.approx([0.0, 4 / 6, 4 / 6, 1.0]),
        "threshold": [None, 0.9, 0.2, 0.1],
    }


def test_kubeflow_gets_numbers_only(tmp_path: Path) -> None:
    rows = {"label": ["no", "yes"], "score_yes": [0.2, 0.9]}

    found = document(roc(tmp_path, predictions(tmp_path / "p", {"eval": rows})))

    assert found["schema"] == "millwork/roc/v1"
    assert found["kubeflow"]["confidenceMetrics"] == [
        {"confidenceThreshold": 1.9, "falsePositiveRate": 0.0, "recall": 0.0},
        {"confidenceThreshold": 0.9, "falsePositiveRate": 0.0, "recall": 1.0},
        {"confidenceThreshold": 0.2, "falsePositiveRate": 1.0, "recall": 1.0},
    ]


# More classes


def test_each_class_against_the_rest_and_both_averages_are_scikit_learns(tmp_path: Path) -> None:
    from sklearn.metrics import roc_auc_score

    rows = scored(BIRDS)
    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=BIRDS))

    found = curves(step)
    truth = np.stack([rows["label"] == name for name in BIRDS], axis=1)
    scores, weight = matrix_of(rows, BIRDS), rows["weight"]
    areas = roc_auc_score(truth, scores, sample_weight=weight, average=None)
    macro = roc_auc_score(truth, scores, sample_weight=weight, average="macro")
    micro = roc_auc_score(truth, scores, sample_weight=weight, average="micro")
    assert [found["Overall", name]["auc"] for name in BIRDS] == pytest.approx(areas.tolist(), abs=1e-12)
    assert found["Overall", "macro"]["auc"] == pytest.approx(macro, abs=1e-12)
    assert found["Overall", "micro"]["auc"] == pytest.approx(micro, abs=1e-12)
    assert step.roc_curve.auc == {"eval": found["Overall", "macro"]["auc"]}
    assert document(step)["positive_class"] is None
    assert len(document(step)["kubeflow"]["confidenceMetrics"]) == len(
        found["Overall", "micro"]["points"]["fpr"]
    )


def test_the_area_under_the_macro_curve_is_the_mean_of_the_areas(tmp_path: Path) -> None:
    from sklearn.metrics import auc

    given = predictions(tmp_path / "p", {"eval": scored(BIRDS)}, classes=BIRDS)
    macro = curves(roc(tmp_path, given, max_points=100_000))["Overall", "macro"]

    fpr, tpr = macro["points"]["fpr"], macro["points"]["tpr"]
    assert auc(fpr, tpr) == pytest.approx(macro["auc"], abs=1e-12)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert fpr == sorted(fpr) and tpr == sorted(tpr)
    assert macro["points"]["threshold"] == []


def test_the_csv_names_averages(tmp_path: Path) -> None:
    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": scored(BIRDS)}, classes=BIRDS))

    assert list(dict.fromkeys(line["class"] for line in lines(step))) == [
        *BIRDS,
        "macro average",
        "micro average",
    ]
    assert {line["threshold"] for line in lines(step) if line["class"] == "macro average"} == {""}


def test_without_one_of_the_classes_there_is_no_macro_average_and_the_reason_is_given(tmp_path: Path) -> None:
    rows = scored(BIRDS)
    rows["label"] = np.where(rows["label"] == "Chinstrap", "Gentoo", rows["label"])

    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=BIRDS))

    found = curves(step)
    reason = "there are no rows of class 'Chinstrap'"
    assert (found["Overall", "Chinstrap"]["auc"], found["Overall", "Chinstrap"]["reason"]) == (None, reason)
    assert (found["Overall", "macro"]["auc"], found["Overall", "macro"]["reason"]) == (None, reason)
    assert found["Overall", "micro"]["auc"] > 0.5
    assert (document(step)["auc"], document(step)["reason"]) == (None, reason)
    assert step.roc_curve.auc == {}
    assert "There is no AUC: there are no rows of class" in (step.roc_curve.path / "report.html").read_text()


# Slices


def test_the_auc_of_a_slice_is_that_of_its_rows(tmp_path: Path) -> None:
    from sklearn.metrics import roc_auc_score

    rows = scored(("no", "yes"))
    given = predictions(tmp_path / "p", {"eval": rows}, slice_features=("island", "year"))
    found = curves(roc(tmp_path, given, by=("year", "island")))

    assert [name for name, _ in found] == [
        "Overall", "year:2009", "year:2010", "island:Biscoe", "island:Dream", "island is missing"
    ]  # fmt: skip
    for (name, _), curve in found.items():
        if name == "Overall":
            continue
        values = rows[f"slice_{curve['feature']}"].tolist()
        chosen = np.array([value == curve["value"] for value in values])
        expected = roc_auc_score(
            rows["label"][chosen] == "yes", rows["score_yes"][chosen], sample_weight=rows["weight"][chosen]
        )
        assert curve["auc"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("label", "weight", "reason"),
    [
        ("yes", 1.0, "all rows are of class 'yes'"),
        ("no", 1.0, "there are no rows of class 'yes'"),
        ("no", 0.0, "there are no rows of class 'yes'"),
    ],
)
def test_a_slice_of_one_class_has_no_auc_and_says_why(
    tmp_path: Path, label: str, weight: float, reason: str
) -> None:
    rows = {
        "label": ["no", "yes", label],
        "score_yes": [0.1, 0.8, 0.5],
        "weight": [1.0, 1.0, weight],
        "slice_x": ["a", "a", "b"],
    }

    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, slice_features=["x"]), by=("x",))

    found = curves(step)
    assert (found["x:b", "yes"]["auc"], found["x:b", "yes"]["reason"]) == (None, reason)
    assert found["x:b", "yes"]["points"] == {"fpr": [], "tpr": [], "threshold": []}
    assert found["x:a", "yes"]["auc"] == 1.0
    assert "x:b" not in {line["slice"] for line in lines(step)}
    assert "x:b" not in written(step) and "x:a" in written(step)


def test_a_slice_of_infinity_is_one_as_well(tmp_path: Path) -> None:
    rows = {"label": ["no", "yes"], "score_yes": [0.1, 0.8], "slice_x": [math.inf, math.inf]}
    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, slice_features=["x"]), by=("x",))
    assert curves(step)["x:inf", "yes"]["value"] == "inf"


# Points


def test_json_gets_few_points_and_the_area_of_all(tmp_path: Path) -> None:
    from sklearn.metrics import auc

    rows = scored(("no", "yes"), rows=20_000, digits=9)
    given = predictions(tmp_path / "p", {"eval": rows})

    all_points = curves(perform(Roc(predictions=given, max_points=100_000), tmp_path / "all"))[
        "Overall", "yes"
    ]
    few = curves(perform(Roc(predictions=given, max_points=50), tmp_path / "few"))["Overall", "yes"]

    assert few["auc"] == all_points["auc"]
    assert len(all_points["points"]["fpr"]) > 1000
    assert len(few["points"]["fpr"]) == len(few["points"]["threshold"]) <= 50
    assert auc(few["points"]["fpr"], few["points"]["tpr"]) == pytest.approx(all_points["auc"], abs=1e-3)


def test_the_csv_of_very_many_rows_stays_small(tmp_path: Path) -> None:
    from sklearn.metrics import auc

    given = predictions(tmp_path / "p", {"eval": scored(("no", "yes"), rows=60_000, digits=12)})

    step = roc(tmp_path, given)

    found = lines(step)
    assert 5_000 < len(found) <= 10_000
    area = auc([float(line["fpr"]) for line in found], [float(line["tpr"]) for line in found])
    assert area == pytest.approx(step.roc_curve.auc["eval"], abs=1e-5)


@pytest.mark.parametrize("most", [2, 3, 10, 500])
def test_a_thinned_curve_keeps_its_ends_and_stays_close(most: int) -> None:
    random = np.random.default_rng(most)
    steps = random.exponential(size=(2, 3000)) ** 4
    fpr, tpr = np.cumsum(steps, axis=1) / steps.sum(axis=1, keepdims=True)
    fpr[0] = tpr[0] = 0.0
    fpr[-1] = tpr[-1] = 1.0
    curve = Curve(OVERALL, "yes", None, 0.5, None, 1.0, 1.0, fpr, tpr, np.linspace(1, 0, 3000))

    thin = curve.thinned(most)

    assert thin.threshold is not None and len(thin.fpr) == len(thin.tpr) == len(thin.threshold) <= most
    assert (thin.fpr[0], thin.tpr[0], thin.fpr[-1], thin.tpr[-1]) == (0, 0, 1, 1)
    distance = np.abs(fpr[:, None] - thin.fpr) + np.abs(tpr[:, None] - thin.tpr)
    assert distance.min(axis=1).max() <= 2 / (most - 1)


def test_a_curve_has_two_points_at_least() -> None:
    with pytest.raises(WrongArgument, match="max_points must be 2 or more, not 1"):
        Roc(predictions=Predictions(), max_points=1)


# Splits and rows


def test_every_split_gets_its_files_and_one_page_shows_all(tmp_path: Path) -> None:
    rows = {"label": ["yes", "no"], "score_yes": [0.5, 0.2]}
    given = predictions(tmp_path / "p", {"train": rows, "eval": rows, "test": rows})
    given.span = 2

    step = roc(tmp_path, given, splits=("train", "test"))

    assert sorted(str(p.relative_to(step.roc_curve.path)) for p in step.roc_curve.path.rglob("*.*")) == [
        "Split-test/roc.csv",
        "Split-test/roc.json",
        "Split-test/roc.svg",
        "Split-train/roc.csv",
        "Split-train/roc.json",
        "Split-train/roc.svg",
        "report.html",
    ]
    assert (step.roc_curve.split_names, step.roc_curve.span) == (("train", "test"), 2)
    assert step.roc_curve.auc == {"train": 1.0, "test": 1.0}


@pytest.mark.parametrize("classes", [("no", "yes"), BIRDS])
def test_an_empty_split_has_no_auc(tmp_path: Path, classes: tuple[str, ...]) -> None:
    columns = {
        "label": pa.string(),
        **{f"score_{name}": pa.float64() for name in classes},
        "slice_x": pa.string(),
    }
    empty = {name: pa.array([], kind) for name, kind in columns.items()}
    given = predictions(tmp_path / "p", {"eval": empty}, classes=classes, slice_features=["x"])

    step = roc(tmp_path, given, by=("x",))

    assert lines(step) == []
    assert document(step)["auc"] is None
    assert document(step)["kubeflow"] == {"confidenceMetrics": []}
    assert step.roc_curve.auc == {}
    assert "chance" in written(step)


def test_rows_without_a_label_do_not_count(tmp_path: Path) -> None:
    rows = {"label": ["yes", None, "no"], "score_yes": [0.5, None, 0.2]}

    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}))

    assert (document(step)["rows"], document(step)["unlabelled"]) == (2, 1)
    assert step.roc_curve.auc == {"eval": 1.0}


# Bad input


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"label": ["yes", "maybe"]}, {}, "split 'eval', row 1: label is 'maybe'"),
        ({"score_yes": [float("inf"), 0.0]}, {}, "row 0: score_yes is inf, and must be a finite number"),
        ({"score_yes": [0.0, None]}, {}, "row 1: score_yes is nan"),
        ({"weight": [1.0, float("nan")]}, {}, "row 1: weight is nan"),
        ({}, {"splits": ("evil",)}, r"no split 'evil'\. Did you mean 'eval'"),
        ({}, {"by": ("sex",)}, r"cannot be sliced by 'sex'.*There are none"),
    ],
)
def test_bad_predictions_are_refused_by_place_and_value(
    tmp_path: Path, change: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    rows = {"label": ["yes", "no"], "score_yes": [0.3, 0.2]} | change

    with pytest.raises(BadInput, match=message):
        roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}), **arguments)


def test_several_labels_a_row_are_refused(tmp_path: Path) -> None:
    rows = {"label": [["no", "yes"]], "score_yes": [0.5]}
    given = predictions(tmp_path / "p", {"eval": rows}, problem="multilabel")
    with pytest.raises(BadInput, match="Roc needs one class a row.* MultiLabelConfusionMatrixPlot"):
        roc(tmp_path, given)


def test_predictions_of_no_model_are_refused_in_words_that_say_so(tmp_path: Path) -> None:
    """Predict writes such in a first run, in which its resolver finds no model."""
    nothing = Predictions(str(tmp_path))

    with pytest.raises(BadInput, match=r"Roc has nothing to read: .* its resolver finds no model"):
        roc(tmp_path, nothing)


def test_a_regression_is_refused(tmp_path: Path) -> None:
    given = predictions(tmp_path / "p", {"eval": {"label": [1.0]}}, classes=(), problem="regression")

    with pytest.raises(BadInput, match="Roc needs the predictions of a classification"):
        roc(tmp_path, given)


# The picture and the page


def test_the_picture_shows_the_areas_of_all_rows_and_of_slices(tmp_path: Path) -> None:
    rows = {"label": ["no", "yes"] * 2, "score_yes": [0.1, 0.8, 0.6, 0.7], "slice_x": ["a", "a", "b", "b"]}

    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, slice_features=["x"]), by=("x",))

    shown = written(step)
    assert shown[:2] == ["ROC, eval", "positive: yes; AUC 1.0000, 4 rows"]
    assert shown[-6:] == ["all rows", "1.000", "x:a", "1.000", "x:b", "1.000"]


def test_of_many_classes_the_averages_and_the_largest_are_drawn(tmp_path: Path) -> None:
    classes = tuple(f"c{i}" for i in range(12))
    rows = scored(classes, rows=600)
    rows["label"] = np.where(rows["label"] == "c3", "c11", rows["label"])
    rows["label"][:2] = "c3"

    step = roc(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=classes))

    names = [text for text in written(step) if text.startswith("c") and text[1:].isdigit()]
    assert len(names) == 6 and "c11" in names and "c3" not in names
    assert [text for text in written(step) if text.endswith("average")] == ["macro average", "micro average"]


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    rows = {"label": HOSTILE, f"score_{HOSTILE[1]}": [0.1, 0.9], "slice_x": ["<img onerror=1>", None]}

    step = roc(
        tmp_path,
        predictions(tmp_path / "p", {"eval": rows}, classes=HOSTILE, slice_features=["x"]),
        by=("x",),
    )

    svg = (step.roc_curve.split("eval") / "roc.svg").read_text()
    html = (step.roc_curve.path / "report.html").read_text()
    ElementTree.fromstring(svg)
    for text in (svg, html):
        assert "<script" not in text and "<img" not in text and "\x08" not in text
    assert "Content-Security-Policy" in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


# As part of a pipeline


def test_the_contract() -> None:
    step = Roc(predictions=Predictions())

    assert set(step.signature.inputs) == {"predictions"}
    assert set(step.signature.parameters) == {"splits", "by", "max_points"}
    assert step.base_type == "mlmd.Evaluate"
