"""Show how well a model's scores tell the classes apart."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

from millwork.core.artifacts import Predictions, RocCurve
from millwork.core.component import Component, output
from millwork.core.errors import WrongArgument
from millwork.evaluation.curves import Curve, macro_average, micro_average, one_against_rest
from millwork.evaluation.curves_picture import MAX_CURVES, DrawnCurve, curves_svg
from millwork.evaluation.metrics.keys import json_value
from millwork.evaluation.pages import Section, Table, amount, decimal, page
from millwork.evaluation.pictures import shortened
from millwork.evaluation.predictions import (
    OVERALL,
    Slice,
    SliceNumbers,
    check_classification,
    labelled_rows,
    wanted_slices,
    wanted_splits,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


CSV_POINTS = 10_000
"""Of one curve: with more, a million rows would make gigabytes. No rate is off by more than 0.0002 for it."""


class Roc(Component):
    """Draw ROC curves and measure the area under them (AUC), per split and slice.

        roc_curve = Roc(predictions=predict.predictions).roc_curve

    Of two classes the last is the positive one. Of more there is a curve for each class against the rest, and
    their macro and micro averages, as scikit-learn defines them. All rates are weighted by the predictions'
    `weight`; rows without a label do not count. There is one `report.html`, and for each split:

    `roc.csv`: `slice,class,fpr,tpr,threshold` with every corner of a curve, or 10,000 of them. The slice of
    all rows is `Overall`, averages are `micro average` and `macro average`; the latter has no thresholds.

    `roc.svg`: the curves of all rows and, if there are two classes, those of the largest slices.

    `roc.json`, schema `millwork/roc/v1`: `auc` of the split (of the positive class, or the macro average), or
    null and the `reason`. Then `curves`, each with `slice`, `feature`, `value`, `class`, `average`, `auc`,
    `reason`, `positives` and `negatives` (sums of weights), and at most `max_points` of its `points`: lists
    `fpr`, `tpr` and `threshold`, where null stands for infinity. `kubeflow` is the metadata of Kubeflow's
    ClassificationMetrics: of the positive class, or the micro average.
    """

    base_type = "mlmd.Evaluate"
    libraries = ("pyarrow", "sklearn.metrics")

    predictions: Predictions
    splits: tuple[str, ...] = ()
    """Empty: all."""
    by: tuple[str, ...] = ()
    """Features whose values make slices, among `predictions.slice_features`."""
    max_points: int = 500
    """Of a curve in JSON and in the picture. The area is always that of all points."""
    roc_curve: RocCurve = output()

    def check(self) -> None:
        if self.max_points < 2:
            raise WrongArgument(f"Roc: max_points must be 2 or more, not {self.max_points}")

    def run(self) -> None:
        check_classification(self.predictions, "Roc")
        splits = wanted_splits(self.predictions, self.splits)
        sections = [self._write(split) for split in splits]
        truth = f"Truth: {self.predictions.label}. " if self.predictions.label else ""
        which = f"Positive: {self._scored[0]}." if len(self._scored) == 1 else "Each class against the rest."
        (self.roc_curve.path / "report.html").write_text(page("ROC", truth + which, sections), "utf-8")
        self.roc_curve.span = self.predictions.span
        self.roc_curve.split_names = splits

    @property
    def _scored(self) -> tuple[str, ...]:
        """The classes that have a curve."""
        classes = self.predictions.classes
        return classes[-1:] if len(classes) == 2 else classes

    def _write(self, split: str) -> Section:
        """The files of one split, and what the page says about it."""
        folder = self.roc_curve.path / f"Split-{split}"
        folder.mkdir(exist_ok=True)
        scored = self._read(split)
        curves = []
        with open(folder / "roc.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["slice", "class", "fpr", "tpr", "threshold"])
            for curve in self._curves(scored):
                writer.writerows(_lines(curve.thinned(CSV_POINTS)))
                curves.append(curve.thinned(self.max_points))
        document = self._document(split, scored, curves)
        (folder / "roc.json").write_text(json.dumps(document, allow_nan=False), "utf-8")
        picture = _picture(split, document, curves)
        (folder / "roc.svg").write_text(picture, "utf-8")
        if document["auc"] is not None:
            self.roc_curve.auc = {**self.roc_curve.auc, split: document["auc"]}
        return _section(split, document, curves, picture)

    def _read(self, split: str) -> _Scored:
        import numpy as np

        numbers = [SliceNumbers(feature) for feature in wanted_slices(self.predictions, self.by)]
        columns = [*(f"score_{name}" for name in self._scored), *(f"slice_{n.feature}" for n in numbers)]
        batches, unlabelled = [], 0
        for rows in labelled_rows(self.predictions, split, columns):
            scores = [rows.scores(name) for name in self._scored]
            slices = [number.number(rows) for number in numbers]
            batches.append([rows.class_numbers("label"), rows.weights(), *scores, *slices])
            unlabelled += rows.unlabelled
        labels, weights, *others = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
        classes = len(self._scored)
        places = [
            of_slice
            for number, which in zip(numbers, others[classes:], strict=True)
            for of_slice in _places(number.slices, which)
        ]
        return _Scored(labels, weights, others[:classes], places, unlabelled)

    def _curves(self, scored: _Scored) -> Iterator[Curve]:
        """Of all rows, then of each slice. They are complete, and may be large."""
        yield from self._curves_of(OVERALL, scored)
        for of, places in scored.slices:
            yield from self._curves_of(of, scored.part(places))

    def _curves_of(self, of: Slice, scored: _Scored) -> Iterator[Curve]:
        """Of each class and, if there are several, their averages."""
        first = len(self.predictions.classes) - len(self._scored)
        curves = []
        for number, (name, scores) in enumerate(zip(self._scored, scored.scores, strict=True), start=first):
            curve = one_against_rest(of, name, scored.labels == number, scores, scored.weights)
            yield curve
            curves.append(curve.thinned(CSV_POINTS))
        if len(curves) > 1:
            yield macro_average(of, curves)
            yield micro_average(of, scored.labels, scored.scores, scored.weights)

    def _document(self, split: str, scored: _Scored, curves: Sequence[Curve]) -> dict[str, Any]:
        """What is in `roc.json`."""
        overall = {curve.average: curve for curve in curves if curve.slice == OVERALL}
        decisive, with_thresholds = overall.get("macro", curves[0]), overall.get("micro", curves[0])
        return {
            "schema": "millwork/roc/v1",
            "split": split,
            "problem": self.predictions.problem,
            "label": self.predictions.label,
            "classes": list(self.predictions.classes),
            "positive_class": self._scored[0] if len(self._scored) == 1 else None,
            "rows": len(scored.labels),
            "unlabelled": scored.unlabelled,
            "auc": decisive.auc,
            "reason": decisive.reason,
            "curves": [_described(curve) for curve in curves],
            "kubeflow": {"confidenceMetrics": _confidence_metrics(with_thresholds)},
        }


@dataclass(frozen=True)
class _Scored:
    """Rows of a split: numbers of classes, weights, scores for each class that has a curve."""

    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    scores: Sequence[NDArray[np.float64]]
    slices: Sequence[tuple[Slice, NDArray[np.int64]]] = ()
    """With the places of their rows."""
    unlabelled: int = 0

    def part(self, places: NDArray[np.int64]) -> _Scored:
        return _Scored(self.labels[places], self.weights[places], [scores[places] for scores in self.scores])


def _places(slices: Sequence[Slice], which: NDArray[np.int64]) -> list[tuple[Slice, NDArray[np.int64]]]:
    """The places of the rows of each slice; `which` has the number of each row's slice."""
    import numpy as np

    order = np.argsort(which, kind="stable")
    ends = np.searchsorted(which[order], np.arange(len(slices)), side="right")
    found = [(of, order[start:end]) for of, start, end in zip(slices, [0, *ends], ends, strict=False)]
    return sorted(found, key=lambda slice_and_places: slice_and_places[0].rank)


def _lines(curve: Curve) -> Iterator[tuple[str, str, float, float, float | str]]:
    threshold = repeat("") if curve.threshold is None else curve.threshold.tolist()
    points = zip(curve.fpr.tolist(), curve.tpr.tolist(), threshold, strict=False)
    return ((curve.slice.name, curve.name, *point) for point in points)


def _described(curve: Curve) -> dict[str, Any]:
    thresholds = [] if curve.threshold is None else curve.threshold.tolist()
    return {
        "slice": curve.slice.name,
        "feature": curve.slice.feature,
        "value": json_value(curve.slice.value),
        "class": curve.class_name,
        "average": curve.average,
        "auc": curve.auc,
        "reason": curve.reason,
        "positives": curve.positives,
        "negatives": curve.negatives,
        "points": {
            "fpr": curve.fpr.tolist(),
            "tpr": curve.tpr.tolist(),
            "threshold": [t if math.isfinite(t) else None for t in thresholds],
        },
    }


def _confidence_metrics(curve: Curve) -> list[dict[str, float]]:
    """Kubeflow's points. It wants a number where the threshold is infinite: any above all scores will do."""
    if curve.threshold is None or curve.auc is None:
        return []
    thresholds = [float(curve.threshold[1]) + 1, *curve.threshold[1:].tolist()]
    return [
        {"confidenceThreshold": threshold, "falsePositiveRate": fpr, "recall": tpr}
        for threshold, fpr, tpr in zip(thresholds, curve.fpr.tolist(), curve.tpr.tolist(), strict=True)
    ]


def _picture(split: str, document: dict[str, Any], curves: Sequence[Curve]) -> str:
    binary = document["positive_class"] is not None
    drawable = [c for c in curves if c.auc is not None and (binary or c.slice == OVERALL)]
    first = [c for c in drawable if c.slice == OVERALL and (binary or c.average)]
    others = [c for c in drawable if c not in first]
    largest = sorted(others, key=lambda c: -c.positives)[: MAX_CURVES - len(first)]
    shown = [*first, *(c for c in others if c in largest)]
    what = (
        f"positive: {shortened(document['positive_class'], 40)}" if binary else "each class against the rest"
    )
    return curves_svg(
        [DrawnCurve(_label(curve, binary), curve.auc or 0.0, curve.fpr, curve.tpr) for curve in shown],
        title=f"ROC, {split}",
        subtitle=f"{what}; AUC {decimal(document['auc'])}, {document['rows']:,} rows",
    )


def _label(curve: Curve, binary: bool) -> str:
    if not binary:
        return curve.name
    return "all rows" if curve.slice == OVERALL else curve.slice.name


def _section(split: str, document: dict[str, Any], curves: Sequence[Curve], picture: str) -> Section:
    facts = [("AUC", decimal(document["auc"])), ("rows", f"{document['rows']:,}")]
    if document["unlabelled"]:
        facts.append(("rows without a label, not counted", f"{document['unlabelled']:,}"))
    areas = [
        [c.slice.name, c.name, c.reason or decimal(c.auc), amount(c.positives), amount(c.negatives)]
        for c in curves
    ]
    notes = [f"There is no AUC: {document['reason']}."] if document["reason"] else []
    table = Table("Area under the curve", ["slice", "class", "AUC", "positives", "negatives"], areas, texts=2)
    return Section(f"Split {split}", facts, picture, [table], notes)
