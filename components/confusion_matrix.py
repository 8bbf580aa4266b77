"""Count which classes a model takes for which."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.core import artifacts
from millwork.core.artifacts import Predictions
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.confusion import Counts, Tally
from millwork.evaluation.matrix_picture import Share, matrix_svg
from millwork.evaluation.metrics.keys import json_value
from millwork.evaluation.pages import Section, Table, amount, decimal, page
from millwork.evaluation.predictions import (
    OVERALL,
    Rows,
    SliceNumbers,
    check_classification,
    labelled_rows,
    wanted_slices,
    wanted_splits,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ConfusionMatrix(Component):
    """Count which classes are taken for which, per split and slice: as CSV, JSON, a picture and a page.

        matrix = ConfusionMatrix(predictions=predict.predictions).confusion_matrix

    Classes keep the model's order; rows without a label do not count; shares, metrics and the picture are
    weighted by the predictions' `weight`. There is one `report.html`, and for each split:

    `confusion_matrix.csv`: `slice,target,predicted,count` with a line for every pair of classes. The count is
    a number of rows, and may be 0. The slice of all rows is called `Overall`.

    `confusion_matrix.svg`: the matrix of all rows.

    `confusion_matrix.json`, schema `millwork/confusion-matrix/v1`: `classes` in the order of the rows (truth)
    and columns (predicted) of each matrix. Then for all rows: `rows`, `weight`, `matrix` with `count` and
    `weighted`, `accuracy`, `balanced_accuracy`, and `per_class` with `precision`, `recall`, `f1`, `support`
    (sum of weights) and `rows`. Each of `slices` has the same, and `slice`, `feature` and `value` (null where
    the feature is missing). A metric that is not defined, such as the recall of a class that never occurs, is
    null. `kubeflow` is the metadata of Kubeflow's ClassificationMetrics.
    """

    base_type = "mlmd.Evaluate"
    libraries = ("pyarrow",)

    predictions: Predictions
    threshold: float | None = None
    """Binary only: the positive class is predicted where its score is above this."""
    splits: tuple[str, ...] = ()
    """Empty: all."""
    by: tuple[str, ...] = ()
    """Features whose values make slices, among `predictions.slice_features`."""
    normalize: Share = "none"
    """What the picture writes large: rows, or their share of the true class, the predicted class or all."""
    confusion_matrix: artifacts.ConfusionMatrix = output()

    def check(self) -> None:
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise WrongArgument(f"ConfusionMatrix: threshold must be a finite number, not {self.threshold}")

    def run(self) -> None:
        check_classification(self.predictions, "ConfusionMatrix")
        if self.threshold is not None and len(self.predictions.classes) > 2:
            raise BadInput(
                f"ConfusionMatrix: threshold={self.threshold} is for two classes, and the model has "
                f"{len(self.predictions.classes)}. Leave it out"
            )
        splits = wanted_splits(self.predictions, self.splits)
        sections = [self._write(split) for split in splits]
        html = page("Confusion matrix", self._decision(), sections)
        (self.confusion_matrix.path / "report.html").write_text(html, "utf-8")
        self.confusion_matrix.span = self.predictions.span
        self.confusion_matrix.split_names = splits

    def _write(self, split: str) -> Section:
        """The files of one split, and what the page says about it."""
        counted, unlabelled = self._count(split)
        folder = self.confusion_matrix.path / f"Split-{split}"
        folder.mkdir(exist_ok=True)
        document = self._document(split, counted, unlabelled)
        _write_csv(folder / "confusion_matrix.csv", counted, self.predictions.classes)
        (folder / "confusion_matrix.json").write_text(json.dumps(document, allow_nan=False), "utf-8")
        weighted = "" if document["weight"] == document["rows"] else ", weighted"
        picture = matrix_svg(
            self.predictions.classes,
            counted[0].weighted,
            normalize=self.normalize,
            title=f"Confusion matrix, {split}",
            subtitle=f"accuracy {decimal(document['accuracy'])}, {document['rows']:,} rows{weighted}",
        )
        (folder / "confusion_matrix.svg").write_text(picture, "utf-8")
        if document["accuracy"] is not None:
            accuracy = {**self.confusion_matrix.accuracy, split: document["accuracy"]}
            self.confusion_matrix.accuracy = accuracy
        return _section(split, document, picture)

    def _count(self, split: str) -> tuple[list[Counts], int]:
        """The matrix of all rows and of each slice; how many rows have no label."""
        features = wanted_slices(self.predictions, self.by)
        columns = [*self._deciding_columns(), *(f"slice_{feature}" for feature in features)]
        classes, unlabelled = len(self.predictions.classes), 0
        overall = Tally(classes)
        sliced = [(SliceNumbers(feature), Tally(classes)) for feature in features]
        for rows in labelled_rows(self.predictions, split, columns):
            true, decided, weights = rows.class_numbers("label"), self._decided(rows), rows.weights()
            overall.add(true, decided, weights)
            for numbers, tally in sliced:
                tally.add(true, decided, weights, numbers.number(rows))
            unlabelled += rows.unlabelled
        counted = overall.counts([OVERALL])
        for numbers, tally in sliced:
            counted += sorted(tally.counts(numbers.slices), key=lambda counts: counts.slice.rank)
        return counted, unlabelled

    def _deciding_columns(self) -> list[str]:
        return ["predicted"] if self.threshold is None else [f"score_{self.predictions.classes[-1]}"]

    def _decided(self, rows: Rows) -> NDArray[np.int64]:
        """The number of the class that is predicted for each row."""
        if self.threshold is None:
            return rows.class_numbers("predicted")
        above = rows.scores(self.predictions.classes[-1]) > self.threshold
        decided: NDArray[np.int64] = above.astype("int64")
        return decided

    def _decision(self) -> str:
        truth = f"Truth: {self.predictions.label}. " if self.predictions.label else ""
        if self.threshold is None:
            return f"{truth}Predicted: the class that the model gave."
        positive = self.predictions.classes[-1]
        return f"{truth}Predicted: {positive} where its score is above {self.threshold:g}."

    def _document(self, split: str, counted: Sequence[Counts], unlabelled: int) -> dict[str, Any]:
        classes = self.predictions.classes
        overall, *sliced = counted
        return {
            "schema": "millwork/confusion-matrix/v1",
            "split": split,
            "problem": self.predictions.problem,
            "label": self.predictions.label,
            "threshold": self.threshold,
            "unlabelled": unlabelled,
            "classes": list(classes),
            **overall.described(classes),
            "slices": [
                {
                    "slice": c.slice.name,
                    "feature": c.slice.feature,
                    "value": json_value(c.slice.value),
                    **c.described(classes),
                }
                for c in sliced
            ],
            "kubeflow": {
                "confusionMatrix": {
                    "annotationSpecs": [{"displayName": name} for name in classes],
                    "rows": [{"row": row} for row in overall.weighted.tolist()],
                }
            },
        }


def _write_csv(path: Path, counted: Iterable[Counts], classes: Sequence[str]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["slice", "target", "predicted", "count"])
        for counts in counted:
            name = counts.slice.name
            for target, row in zip(classes, counts.rows.tolist(), strict=True):
                writer.writerows((name, target, p, n) for p, n in zip(classes, row, strict=True))


def _section(split: str, document: dict[str, Any], picture: str) -> Section:
    facts = [
        ("accuracy", decimal(document["accuracy"])),
        ("balanced accuracy", decimal(document["balanced_accuracy"])),
        ("rows", f"{document['rows']:,}"),
    ]
    if document["weight"] != document["rows"]:
        facts.append(("sum of weights", amount(document["weight"])))
    if document["unlabelled"]:
        facts.append(("rows without a label, not counted", f"{document['unlabelled']:,}"))
    classes = [
        [c["class"], *(decimal(c[name]) for name in ("precision", "recall", "f1")), f"{c['rows']:,}"]
        for c in document["per_class"]
    ]
    slices = [
        [s["slice"], decimal(s["accuracy"]), decimal(s["balanced_accuracy"]), f"{s['rows']:,}"]
        for s in document["slices"]
    ]
    tables = [Table("Classes", ["class", "precision", "recall", "F1", "rows"], classes)]
    if slices:
        tables.append(Table("Slices", ["slice", "accuracy", "balanced accuracy", "rows"], slices))
    return Section(f"Split {split}", facts, picture, tables)
