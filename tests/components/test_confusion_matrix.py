"""What the confusion matrix promises, held against scikit-learn."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components.confusion_matrix import ConfusionMatrix
from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform
from millwork.evaluation.matrix_picture import STRONG
from millwork.evaluation.pictures import DARK, LIGHT, number, percent

BIRDS = ("Gentoo", "Adelie", "Chinstrap")
HOSTILE = ('<script>alert("x")</script>', "a & b's \x08\u202e]]>")


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
        label="species",
        slice_features=tuple(slice_features),
    )


def birds(rows: int = 300) -> dict[str, Any]:
    """Weighted predictions that are right three times of four."""
    random = np.random.default_rng(7)
    label = random.choice(BIRDS, rows, p=(0.5, 0.4, 0.1))
    return {
        "label": label,
        "predicted": np.where(random.random(rows) < 0.75, label, random.choice(BIRDS, rows)),
        "weight": random.uniform(0.1, 3, rows),
        "slice_island": pa.array(random.choice(["Dream", "Biscoe"], rows), mask=random.random(rows) < 0.2),
        "slice_year": random.choice([2007, 2009, 2010], rows),
    }


def matrix(tmp_path: Path, given: Predictions, **arguments: Any) -> ConfusionMatrix:
    return perform(ConfusionMatrix(predictions=given, **arguments), tmp_path / "outputs")


def document(step: ConfusionMatrix, split: str = "eval") -> dict[str, Any]:
    text = (step.confusion_matrix.split(split) / "confusion_matrix.json").read_text()
    return dict(json.loads(text))


def lines(step: ConfusionMatrix, split: str = "eval") -> list[dict[str, str]]:
    with open(step.confusion_matrix.split(split) / "confusion_matrix.csv", newline="") as file:
        return list(csv.DictReader(file))


def picture(step: ConfusionMatrix, split: str = "eval") -> str:
    return (step.confusion_matrix.split(split) / "confusion_matrix.svg").read_text()


def texts(svg: str) -> list[str]:
    """What is written in a picture."""
    root = ElementTree.fromstring(svg)
    written = [(element.text or "").strip() for element in root.iter("{http://www.w3.org/2000/svg}text")]
    return [text for text in written if text]


# Counting


def test_the_csv_has_every_pair_of_classes_in_the_models_order(tmp_path: Path) -> None:
    classes = ("10", "9", "2")
    rows = {"label": ["2", "9", "9", "10"], "predicted": ["2", "9", "10", "10"]}

    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=classes))

    counted = [(line["slice"], line["target"], line["predicted"], line["count"]) for line in lines(step)]
    assert counted == [
        ("Overall", "10", "10", "1"),
        ("Overall", "10", "9", "0"),
        ("Overall", "10", "2", "0"),
        ("Overall", "9", "10", "1"),
        ("Overall", "9", "9", "1"),
        ("Overall", "9", "2", "0"),
        ("Overall", "2", "10", "0"),
        ("Overall", "2", "9", "0"),
        ("Overall", "2", "2", "1"),
    ]


def test_counts_and_weights_are_scikit_learns(tmp_path: Path) -> None:
    from sklearn.metrics import confusion_matrix

    rows = birds()
    found = document(matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=BIRDS)))

    expected = confusion_matrix(rows["label"], rows["predicted"], labels=BIRDS)
    weighted = confusion_matrix(rows["label"], rows["predicted"], labels=BIRDS, sample_weight=rows["weight"])
    assert found["classes"] == list(BIRDS)
    assert found["matrix"]["count"] == expected.tolist()
    assert found["matrix"]["weighted"] == [pytest.approx(row) for row in weighted.tolist()]


def test_metrics_are_scikit_learns_weighted(tmp_path: Path) -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, precision_recall_fscore_support

    rows = birds()
    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}, classes=BIRDS))
    found = document(step)

    truth, weight = (rows["label"], rows["predicted"]), rows["weight"]
    per_class = zip(*precision_recall_fscore_support(*truth, labels=BIRDS, sample_weight=weight), strict=True)
    assert found["accuracy"] == pytest.approx(accuracy_score(*truth, sample_weight=weight))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(*truth, sample_weight=weight))
    assert step.confusion_matrix.accuracy == {"eval": found["accuracy"]}
    for ours, theirs in zip(found["per_class"], per_class, strict=True):
        assert [ours[name] for name in ("precision", "recall", "f1", "support")] == pytest.approx(theirs)


def test_slices_are_the_rows_with_one_value_and_missing_is_a_slice(tmp_path: Path) -> None:
    from sklearn.metrics import accuracy_score, confusion_matrix

    rows = birds()
    given = predictions(tmp_path / "p", {"eval": rows}, classes=BIRDS, slice_features=("year", "island"))
    step = matrix(tmp_path, given, by=("island", "year"))
    slices = document(step)["slices"]

    names = ["island:Biscoe", "island:Dream", "island is missing", "year:2007", "year:2009", "year:2010"]
    assert [s["slice"] for s in slices] == names
    assert list(dict.fromkeys(line["slice"] for line in lines(step))) == ["Overall", *names]
    assert (slices[2]["feature"], slices[2]["value"]) == ("island", None)
    for s in slices:
        values = rows[f"slice_{s['feature']}"]
        chosen = np.array([value == s["value"] for value in values.tolist()])
        truth = (rows["label"][chosen], rows["predicted"][chosen])
        assert s["matrix"]["count"] == confusion_matrix(*truth, labels=BIRDS).tolist()
        assert s["accuracy"] == pytest.approx(accuracy_score(*truth, sample_weight=rows["weight"][chosen]))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (pa.array([10, 9, -1, None]), ["x:-1", "x:9", "x:10", "x is missing"]),
        (pa.array([0.5, float("nan"), 10.0, 2.0]), ["x:0.5", "x:2.0", "x:10.0", "x is missing"]),
        (pa.array([0.5, float("inf"), -float("inf"), 0.5]), ["x:-inf", "x:0.5", "x:inf"]),
        (pa.array(["", "b", None, "B"]), ["x:", "x:B", "x:b", "x is missing"]),
        (pa.array([True, False, None, True]), ["x:False", "x:True", "x is missing"]),
        (pa.array([b"\xffz", b"a", b"a", b"a"]), ["x:a", "x:\ufffdz"]),
        (pa.DictionaryArray.from_arrays([0, 0, 1, 1], ["u", "v", "never"]), ["x:u", "x:v"]),
    ],
)
def test_slices_of_any_type_are_sorted_by_value(tmp_path: Path, values: pa.Array, names: list[str]) -> None:
    rows = {"label": ["no"] * 4, "predicted": ["no"] * 4, "slice_x": values}

    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}, slice_features=["x"]), by=("x",))

    assert [s["slice"] for s in document(step)["slices"]] == names


def test_many_batches_count_like_one(tmp_path: Path) -> None:
    rows = birds(150_000)
    step = matrix(
        tmp_path,
        predictions(tmp_path / "p", {"eval": rows}, classes=BIRDS, slice_features=["year"]),
        by=("year",),
    )

    found = document(step)

    right = (rows["label"] == rows["predicted"]).sum()
    assert np.trace(found["matrix"]["count"]) == right
    assert sum(s["rows"] for s in found["slices"]) == 150_000
    assert np.sum([s["matrix"]["weighted"] for s in found["slices"]]) == pytest.approx(rows["weight"].sum())


def test_rows_without_a_label_do_not_count(tmp_path: Path) -> None:
    rows = {"label": ["yes", None, "no"], "predicted": ["yes", "yes", "no"], "weight": [1.0, None, 1.0]}

    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}))

    assert (document(step)["rows"], document(step)["unlabelled"]) == (2, 1)
    assert step.confusion_matrix.accuracy == {"eval": 1.0}
    assert "rows without a label" in (step.confusion_matrix.path / "report.html").read_text()


# Thresholds


@pytest.mark.parametrize(
    ("threshold", "predicted"), [(None, [1, 1]), (0.3, [0, 2]), (0.4, [1, 1]), (0.9, [2, 0])]
)
def test_of_two_classes_a_threshold_decides_anew(
    tmp_path: Path, threshold: float | None, predicted: list[int]
) -> None:
    rows = {
        "label": ["yes", "yes"],
        "predicted": ["no", "yes"],
        "score_no": [0.6, 0.2],
        "score_yes": [0.4, 0.8],
    }

    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}), threshold=threshold)

    assert document(step)["matrix"]["count"] == [[0, 0], predicted]
    assert document(step)["threshold"] == threshold


def test_the_page_says_how_was_decided(tmp_path: Path) -> None:
    rows = {"label": ["yes"], "predicted": ["no"], "score_yes": [0.4]}

    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}), threshold=0.25)

    assert "yes where its score is above 0.25" in (step.confusion_matrix.path / "report.html").read_text()


def test_more_classes_have_no_threshold(tmp_path: Path) -> None:
    given = predictions(tmp_path / "p", {"eval": birds()}, classes=BIRDS)

    with pytest.raises(BadInput, match=r"threshold=0\.5 is for two classes, and the model has 3"):
        matrix(tmp_path, given, threshold=0.5)


def test_a_threshold_that_is_no_number_is_refused_at_once() -> None:
    with pytest.raises(WrongArgument, match="threshold must be a finite number, not nan"):
        ConfusionMatrix(predictions=Predictions(), threshold=float("nan"))


# Splits


def test_every_split_gets_its_files_and_one_page_shows_all(tmp_path: Path) -> None:
    rows = {"label": ["yes", "no"], "predicted": ["yes", "yes"]}
    given = predictions(tmp_path / "p", {"train": rows, "eval": rows, "test": rows})
    given.span = 4

    step = matrix(tmp_path, given, splits=("train", "test"))

    assert sorted(
        str(p.relative_to(step.confusion_matrix.path)) for p in step.confusion_matrix.path.rglob("*.*")
    ) == [
        "Split-test/confusion_matrix.csv",
        "Split-test/confusion_matrix.json",
        "Split-test/confusion_matrix.svg",
        "Split-train/confusion_matrix.csv",
        "Split-train/confusion_matrix.json",
        "Split-train/confusion_matrix.svg",
        "report.html",
    ]
    assert step.confusion_matrix.split_names == ("train", "test")
    assert step.confusion_matrix.accuracy == {"train": 0.5, "test": 0.5}
    assert step.confusion_matrix.span == 4


def test_an_empty_split_has_zeros_and_no_accuracy(tmp_path: Path) -> None:
    empty = {name: pa.array([], pa.string()) for name in ("label", "predicted", "slice_x")}
    given = predictions(tmp_path / "p", {"eval": empty}, slice_features=["x"])

    step = matrix(tmp_path, given, by=("x",))

    assert [line["count"] for line in lines(step)] == ["0"] * 4
    found = document(step)
    assert (found["accuracy"], found["balanced_accuracy"], found["slices"]) == (None, None, [])
    assert found["per_class"][0] == {
        "class": "no", "precision": None, "recall": None, "f1": None, "support": 0.0, "rows": 0
    }  # fmt: skip
    assert step.confusion_matrix.accuracy == {}
    assert "accuracy n/a, 0 rows" in texts(picture(step))


# Kubeflow


def test_the_json_holds_kubeflows_classification_metrics(tmp_path: Path) -> None:
    rows = {"label": ["yes", "no", "no"], "predicted": ["yes", "yes", "no"]}

    found = document(matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows})))

    assert found["schema"] == "millwork/confusion-matrix/v1"
    assert found["kubeflow"] == {
        "confusionMatrix": {
            "annotationSpecs": [{"displayName": "no"}, {"displayName": "yes"}],
            "rows": [{"row": [1.0, 1.0]}, {"row": [0.0, 1.0]}],
        }
    }


# Bad input


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            {"label": ["yes", "maybe"]},
            {},
            r"split 'eval', row 1: label is 'maybe', .*classes \('no', 'yes'\)",
        ),
        ({"predicted": [None, "no"]}, {}, "split 'eval', row 0: predicted is None, which is none of"),
        ({"weight": [1.0, -2.0]}, {}, r"row 1: weight is -2\.0, and must be a number that is 0 or more"),
        ({"weight": [None, 1.0]}, {}, "row 0: weight is nan"),
        ({"score_yes": [0.5, float("nan")]}, {"threshold": 0.5}, "row 1: score_yes is nan.*finite"),
        ({}, {"threshold": 0.5}, r"predictions.parquet' has no column 'score_yes'\. There are: label,"),
        ({}, {"splits": ("evil",)}, r"no split 'evil'\. Did you mean 'eval'"),
        ({}, {"by": ("sx",)}, r"cannot be sliced by 'sx'.*Did you mean 'sex'"),
        (
            {"slice_sex": [["f"], ["f", "m"]]},
            {"by": ("sex",)},
            "cannot be sliced by 'sex': a row has several",
        ),
    ],
)
def test_bad_predictions_are_refused_by_place_and_value(
    tmp_path: Path, change: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    rows = {"label": ["yes", "no"], "predicted": ["yes", "no"], "slice_sex": ["f", "m"]} | change

    with pytest.raises(BadInput, match=message):
        matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}, slice_features=["sex"]), **arguments)


def test_the_place_of_a_bad_row_counts_the_rows_without_a_label(tmp_path: Path) -> None:
    rows = {"label": [None, None, "may"], "predicted": ["yes"] * 3}

    with pytest.raises(BadInput, match="row 2: label is 'may'"):
        matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}))


def test_predictions_of_no_model_are_refused_in_words_that_say_so(tmp_path: Path) -> None:
    """Predict writes such in a first run, in which its resolver finds no model."""
    nothing = Predictions(str(tmp_path))

    with pytest.raises(
        BadInput, match=r"ConfusionMatrix has nothing to read: .* its resolver finds no model"
    ):
        matrix(tmp_path, nothing)


def test_a_regression_is_refused(tmp_path: Path) -> None:
    rows = {"label": [1.0], "predicted": [2.0]}
    given = predictions(tmp_path / "p", {"eval": rows}, classes=(), problem="regression")

    with pytest.raises(BadInput, match=r"needs the predictions of a classification.* regression problem"):
        matrix(tmp_path, given)


def test_a_feature_with_a_value_for_each_row_makes_no_slices(tmp_path: Path) -> None:
    rows = {"label": ["no"] * 1001, "predicted": ["no"] * 1001, "slice_id": np.arange(1001)}
    given = predictions(tmp_path / "p", {"eval": rows}, slice_features=["id"])

    with pytest.raises(BadInput, match="'id' has more than 1,000 values"):
        matrix(tmp_path, given, by=("id",))


@pytest.mark.parametrize("text", [None, "label,predicted\n"])
def test_a_file_that_is_missing_or_is_not_parquet_is_named(tmp_path: Path, text: str | None) -> None:
    given = predictions(tmp_path / "p", {"eval": {"label": ["no"], "predicted": ["no"]}})
    file = given.split("eval") / "predictions.parquet"
    file.unlink()
    if text:
        file.write_text(text)

    with pytest.raises(BadInput, match=r"Split-eval/predictions\.parquet"):
        matrix(tmp_path, given)


# The picture and the page


class Elements(HTMLParser):
    """Names and attributes of all elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    rows = {"label": HOSTILE, "predicted": HOSTILE[::-1], "slice_x": ['"><img src=x onerror=y>', "\x00"]}
    given = predictions(tmp_path / "p", {"eval": rows}, classes=HOSTILE, slice_features=["x"])
    given.label = "<b>"

    step = matrix(tmp_path, given, by=("x",))

    titles = [e.text for e in ElementTree.fromstring(picture(step)).iter("{http://www.w3.org/2000/svg}title")]
    assert '<script>alert("x")</script>' in titles
    assert "a & b's \ufffd\u202e]]>" in titles
    html = (step.confusion_matrix.path / "report.html").read_text()
    elements = Elements(html).found
    assert not {"script", "img", "b", "iframe", "object", "link"} & {tag for tag, _ in elements}
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
    assert "\x08" not in html and "\x00" not in html
    assert {line["target"] for line in lines(step)} == set(HOSTILE)


def test_the_page_needs_no_network_and_allows_none(tmp_path: Path) -> None:
    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": birds()}, classes=BIRDS))

    html = (step.confusion_matrix.path / "report.html").read_text()
    elements = Elements(html).found
    policies = [a["content"] for tag, a in elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not [a for _, a in elements if {"src", "href"} & set(a)]
    assert "url(" not in html and "@import" not in html
    assert len(html) < 30_000


@pytest.mark.parametrize(
    ("normalize", "numbers"),
    [
        ("none", ["3", "75.0%", "1", "25.0%", "0", "0%", "4", "100%"]),
        ("true", ["75.0%", "3", "25.0%", "1", "0%", "0", "100%", "4"]),
        ("predicted", ["100%", "3", "20.0%", "1", "0%", "0", "80.0%", "4"]),
        ("all", ["37.5%", "3", "12.5%", "1", "0%", "0", "50.0%", "4"]),
    ],
)
def test_the_picture_shows_counts_and_shares(tmp_path: Path, normalize: str, numbers: list[str]) -> None:
    rows = {"label": ["no"] * 4 + ["yes"] * 4, "predicted": ["no"] * 3 + ["yes"] * 5}

    step = matrix(tmp_path, predictions(tmp_path / "p", {"eval": rows}), normalize=normalize)

    written = texts(picture(step))
    assert written[:4] == ["Confusion matrix, eval", "accuracy 0.8750, 8 rows", "predicted", "true"]
    assert written[4:12] == numbers


def test_many_classes_are_drawn_as_the_largest_and_the_others_but_counted_one_by_one(tmp_path: Path) -> None:
    classes = tuple(f"c{i}" for i in range(40))
    label = [name for i, name in enumerate(classes) for _ in range(i + 1)]
    given = predictions(tmp_path / "p", {"eval": {"label": label, "predicted": label}}, classes=classes)

    step = matrix(tmp_path, given)

    root = ElementTree.fromstring(picture(step))
    titles = [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "(17 others)" in titles and "c39" in titles and "c16" not in titles
    assert len([t for t in titles if t.startswith("true ")]) == 24**2
    assert len(lines(step)) == 1600


def test_numbers_on_cells_can_be_read_on_light_and_on_dark_pages() -> None:
    for kind in STRONG:
        for shade in np.linspace(0, 1, 101):
            opacity = 0.05 + 0.95 * shade
            on_light = _mixed(LIGHT[kind], LIGHT["page"], opacity)
            assert _contrast(on_light, "#ffffff" if shade > STRONG[kind] else "#000000") >= 4.5
            assert _contrast(_mixed(DARK[kind], DARK["page"], opacity), "#ffffff") >= 4.5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234, "1,234"), (0.125, "0.125"), (123456, "123k"), (12_345_678, "12.3M"), (1234.5, "1,234")],
)
def test_numbers_fit_cells(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1, "100%"), (0.0001, "<0.1%"), (0.99999, ">99.9%"), (0.5, "50.0%"), (float("nan"), "n/a")],
)
def test_shares_are_never_rounded_to_nothing_or_all(share: float, text: str) -> None:
    assert percent(share) == text


def _mixed(over: str, under: str, opacity: float) -> str:
    parts = [(int(over[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02x}" for a, b in parts)


def _contrast(one: str, other: str) -> float:
    """The ratio of the Web Content Accessibility Guidelines, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


# As part of a pipeline


def test_the_contract() -> None:
    step = ConfusionMatrix(predictions=Predictions())

    assert set(step.signature.inputs) == {"predictions"}
    assert set(step.signature.parameters) == {"threshold", "splits", "by", "normalize"}
    assert step.base_type == "mlmd.Evaluate"
