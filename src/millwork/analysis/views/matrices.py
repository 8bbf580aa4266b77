"""A confusion matrix and ROC curves, from the JSON that lies beside their pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from millwork.analysis.views.parts import facts, note, paragraph, section, side_by_side, table
from millwork.core.artifacts import ConfusionMatrix, RocCurve
from millwork.evaluation.matrix_picture import smallest_as_one
from millwork.evaluation.reporting.confusion_matrices import matrix_table
from millwork.evaluation.reporting.figures import count, plain
from millwork.evaluation.reporting.names import name, number_of, slice_name
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.square_plot import SquarePlot, swatch

MOST_CURVES, MOST_LINES = 8, 500


def confusion_matrix_sections(artifact: ConfusionMatrix) -> Iterator[ReportSection]:
    """Of each split the matrix, its classes, its slices."""
    for number, split in enumerate(artifact.split_names):
        content = json.loads((artifact.split(split) / "confusion_matrix.json").read_text("utf-8"))
        yield section(f"split-{number}", f"Split {name(split)}", *_matrix(content))


def _matrix(content: Mapping[str, Any]) -> Iterator[Markup]:
    import numpy as np

    classes, folded = smallest_as_one(content["classes"], np.array(content["matrix"]["weighted"]))
    yield facts(
        {
            "Rows": count(content["rows"]),
            "Accuracy": _share(content["accuracy"]),
            "Balanced accuracy": _share(content["balanced_accuracy"]),
            "Truth": name(content["label"]),
            "Threshold": _share(content["threshold"]) if content["threshold"] is not None else "",
            "Without a label": count(content["unlabelled"]) if content["unlabelled"] else "",
        }
    )
    weighted = "Sums of weights" if content["weight"] != content["rows"] else "Rows"
    yield Markup(
        matrix_table(classes, folded, f"{weighted}; of each true class, the share that was predicted so")
    )
    measures = ("precision", "recall", "f1")
    rows = [
        [name(one["class"]), *(_share(one[measure]) for measure in measures), count(one["rows"])]
        for one in content["per_class"][:MOST_LINES]
    ]
    columns = ["class", *measures, "rows"]
    yield table("Classes", columns, rows, columns[1:], sortable=True, narrow=True)
    slices = [
        (
            slice_name(one["slice"]),
            count(one["rows"]),
            _share(one["accuracy"]),
            _share(one["balanced_accuracy"]),
        )
        for one in content.get("slices", ())[:MOST_LINES]
    ]
    if slices:
        columns = ["slice", "rows", "accuracy", "balanced accuracy"]
        yield table("Slices", columns, slices, columns[1:], sortable=True, narrow=True)


def roc_sections(artifact: RocCurve) -> Iterator[ReportSection]:
    """Of each split its curves, and the areas below them."""
    for number, split in enumerate(artifact.split_names):
        content = json.loads((artifact.split(split) / "roc.json").read_text("utf-8"))
        yield section(f"split-{number}", f"Split {name(split)}", *_curves(content))


def _curves(content: Mapping[str, Any]) -> Iterator[Markup]:
    curves: Sequence[Mapping[str, Any]] = content["curves"]
    shown = _chosen(curves, binary=content["positive_class"] is not None)
    yield facts(
        {
            "AUC": _share(content["auc"]),
            "Rows": count(content["rows"]),
            "Truth": name(content["label"]),
            "Positive": name(content["positive_class"]) if content["positive_class"] is not None else "",
            "Without a label": count(content["unlabelled"]) if content["unlabelled"] else "",
        }
    )
    if content["reason"]:
        yield paragraph(f"There is no AUC: {content['reason']}.")
    beside = [(_signed(series, curve), _share(curve["auc"])) for series, curve in enumerate(shown)]
    key = table("Areas below the curves", ("curve", "AUC"), beside, ("AUC",), narrow=True)
    yield side_by_side([_drawn(shown), Markup("<div>{}</div>").format(key)])
    columns = ("curve", "AUC", "positives", "negatives", "why there is none")
    rows = [_line(curve) for curve in curves[:MOST_LINES]]
    yield table("All curves", columns, rows, columns[1:4], sortable=True)
    if curves[MOST_LINES:]:
        yield note(f"{number_of(len(curves) - MOST_LINES, 'more curve')} not listed.")


def _chosen(curves: Sequence[Mapping[str, Any]], *, binary: bool) -> list[Mapping[str, Any]]:
    """That of all rows, or the averages, and the largest of the others."""
    drawable = [c for c in curves if c["auc"] is not None and (binary or c["feature"] is None)]
    first = [c for c in drawable if c["feature"] is None and (binary or c["average"])]
    others = [c for c in drawable if c not in first]
    return [*first, *sorted(others, key=lambda c: -c["positives"])][:MOST_CURVES]


def _drawn(curves: Sequence[Mapping[str, Any]]) -> Markup:
    told = (
        "; ".join(f"{_called(curve)}: area {_share(curve['auc'])}" for curve in curves) or "There is no curve"
    )
    plot = SquarePlot("false positive rate", "true positive rate", f"ROC. {told}")
    plot.add('<path class="chance" d="{path}"/>', path=plot.path([(0, 0), (1, 1)]))
    for series, curve in reversed(list(enumerate(curves))):
        points = list(zip(curve["points"]["fpr"], curve["points"]["tpr"], strict=True))
        plot.curve(plot.path(points), series, f"{_called(curve)}: area {_share(curve['auc'])}")
    return Markup("<figure>{}</figure>").format(plot.svg())


def _signed(series: int, curve: Mapping[str, Any]) -> Markup:
    return Markup('<span class="named">{}<bdi>{}</bdi></span>').format(swatch(series), _called(curve))


def _line(curve: Mapping[str, Any]) -> tuple[str, ...]:
    area = "" if curve["reason"] else _share(curve["auc"])
    return _called(curve), area, count(curve["positives"]), count(curve["negatives"]), curve["reason"] or ""


def _called(curve: Mapping[str, Any]) -> str:
    """`all rows`, `sex:f`, `Adelie`, `macro average, island:Dream`."""
    of = f"{curve['average']} average" if curve["average"] else curve["class"]
    if curve["feature"] is None:
        return name(of) if curve["average"] else f"{name(of)}, all rows"
    return f"{name(of, 24)}, {slice_name(curve['slice'])}"


def _share(value: float | None) -> str:
    return "n/a" if value is None else plain(value, 4)
