"""Plots that an evaluation has stored: calibration, ROC curves of matrices at thresholds, confusion of classes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from millwork.analysis.views.parts import figure, note, section, side_by_side
from millwork.core.artifacts import ModelEvaluation
from millwork.evaluation.matrix_picture import smallest_as_one
from millwork.evaluation.reporting.confusion_matrices import matrix_table
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.names import name
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.square_plot import SquarePlot
from millwork.evaluation.written_evaluation import read_evaluation

MOST_PLOTS = 12
MOST_POINTS = 10
"""Of a calibration: TFMA stores a thousand buckets, of which a reader sees these many, merged."""


def plots_section(artifact: ModelEvaluation) -> ReportSection | None:
    """Those of all rows. None if there are none."""
    stored = read_evaluation(artifact.path).plots.get((), None)
    shown = list(_plots(stored))[:MOST_PLOTS] if stored is not None else []
    if not shown:
        return None
    told = note("On the dashed line scores are what they promise, and curves are those of guessing.")
    return section("plots", "Plots", side_by_side(shown, three=True), told)


def _plots(stored: Any) -> Iterator[Markup]:
    for entry in stored.plot_keys_and_values:
        title = _title(entry.key)
        if buckets := entry.value.calibration_histogram_buckets.buckets:
            yield _calibration(title, buckets)
        if matrices := entry.value.confusion_matrix_at_thresholds.matrices:
            yield _roc(title, matrices)
        if matrices := entry.value.multi_class_confusion_matrix_at_thresholds.matrices:
            yield _matrix(title, matrices[0])


def _title(key: Any) -> str:
    parts = [key.model_name, key.output_name, key.name]
    if key.sub_key.HasField("class_id"):
        parts.append(f"class {key.sub_key.class_id.value}")
    return ", ".join(name(part) for part in parts if part)


def _calibration(title: str, buckets: Any) -> Markup:
    """The mean label over the mean score, in bins of equal width."""
    bins: dict[int, list[float]] = {}
    for bucket in buckets:
        weight = bucket.num_weighted_examples.value
        if not weight:
            continue
        score, label = bucket.total_weighted_refined_prediction.value, bucket.total_weighted_label.value
        sums = bins.setdefault(min(int(score / weight * MOST_POINTS), MOST_POINTS - 1), [0.0, 0.0, 0.0])
        for place, amount in enumerate((weight, score, label)):
            sums[place] += amount
    plot = SquarePlot("mean score", "observed share", f"Calibration {title}".strip())
    plot.add('<path class="chance" d="{path}"/>', path=plot.path([(0, 0), (1, 1)]))
    points = [(score / weight, label / weight) for _, (weight, score, label) in sorted(bins.items())]
    if points:
        plot.curve(plot.path(points), 1, title)
    for (score, label), (weight, _, _) in zip(points, (bins[place] for place in sorted(bins)), strict=True):
        plot.add(
            '<circle class="dot s1" r="4.5" cx="{x:.1f}" cy="{y:.1f}"><title>{told}</title></circle>',
            x=plot.x(score),
            y=plot.y(label),
            told=f"{weight:,.0f} rows: score {score:.3f}, observed {label:.3f}",
        )
    return figure(_caption("Calibration", title), plot.svg())


def _roc(title: str, matrices: Any) -> Markup:
    points = set()
    for matrix in matrices:
        negatives = matrix.false_positives + matrix.true_negatives
        positives = matrix.true_positives + matrix.false_negatives
        if negatives and positives:
            points.add((matrix.false_positives / negatives, matrix.true_positives / positives))
    plot = SquarePlot("false positive rate", "true positive rate", f"ROC curve {title}".strip())
    plot.add('<path class="chance" d="{path}"/>', path=plot.path([(0, 0), (1, 1)]))
    drawn = sorted((x, y) for x, y in points if math.isfinite(x) and math.isfinite(y))
    if drawn:
        plot.curve(plot.path(drawn), 1, title)
    return figure(_caption("ROC curve", title), plot.svg())


def _matrix(title: str, stored: Any) -> Markup:
    """Classes have no names here: they are numbered from 0. Rows without a prediction (class -1) are left out."""
    import numpy as np

    entries = [entry for entry in stored.entries if entry.predicted_class_id >= 0]
    count = 1 + max((max(e.actual_class_id, e.predicted_class_id) for e in entries), default=0)
    counts = np.zeros((count, count))
    for entry in entries:
        counts[entry.actual_class_id, entry.predicted_class_id] += entry.num_weighted_examples
    classes, folded = smallest_as_one([str(number) for number in range(count)], counts)
    least = f", if it is above {short(stored.threshold)}" if stored.threshold else ""
    drawn = matrix_table(classes, folded, f"Rows by the class of the highest score{least}")
    return figure(
        _caption("Confusion of classes", title), Markup('<div class="scroll">{}</div>').format(Markup(drawn))
    )


def _caption(what: str, title: str) -> Markup:
    return Markup("{} <small>{}</small>").format(what, title or "all rows")
