"""Metrics and plots as TensorFlow Model Analysis writes them: protobuf messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.keys import MetricKey, SliceKey
from millwork.evaluation.metrics.values import (
    BoundedValue,
    CalibrationHistogram,
    ClassConfusionMatrices,
    ConfusionMatrices,
    LabelConfusionMatrices,
    Plain,
    Plot,
    Value,
)
from millwork.evaluation.tfma_protos import tfma_protos
from millwork.evaluation.thresholds import AnySlice, slice_message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNNAMED_PLOTS = ("confusion_matrix_plot", "calibration_plot")
"""Their names are not written, and those with one key share a message."""
TOO_SMALL = "__ERROR__"
"""TFMA's key of the message that stands for a slice with too few rows."""


@dataclass(frozen=True)
class Written:
    """A metric as it is written."""

    value: Any
    """A `MetricValue`."""
    interval: Any = None
    """A `ConfidenceInterval`, if there is one."""

    @property
    def number(self) -> float | None:
        """The value, if it is a single number."""
        return float(self.value.double_value.value) if self.value.HasField("double_value") else None


SliceMetrics = dict[AnySlice, dict[MetricKey, Written]]


def written(value: Value) -> Written:
    """A metric's value as messages."""
    if not isinstance(value, BoundedValue):
        return Written(_metric_value(value))
    interval = tfma_protos().metrics_for_slice.ConfidenceInterval(
        lower_bound=_metric_value(value.lower),
        upper_bound=_metric_value(value.upper),
        standard_error=_metric_value(value.standard_error),
    )
    interval.degrees_of_freedom.value = value.degrees_of_freedom
    return Written(_metric_value(value.value), interval)


def metrics_message(key: AnySlice, metrics: Mapping[MetricKey, Written]) -> Any:
    """TFMA's `MetricsForSlice`."""
    message = slice_message(tfma_protos().metrics_for_slice.MetricsForSlice(), key)
    for metric_key in sorted(metrics, key=lambda k: k.rank):
        entry = message.metric_keys_and_values.add(key=metric_key.proto(), value=metrics[metric_key].value)
        if metrics[metric_key].interval is not None:
            entry.confidence_interval.CopyFrom(metrics[metric_key].interval)
    return message


def too_small_message(key: SliceKey, min_slice_size: int) -> Any:
    """What is written for a slice with too few rows."""
    message = slice_message(tfma_protos().metrics_for_slice.MetricsForSlice(), key)
    message.metrics[TOO_SMALL].debug_message = (
        f"Example count for this slice key is lower than the minimum required value: {min_slice_size}. "
        "No data is aggregated for this slice."
    )
    return message


def plots_message(key: AnySlice, plots: Mapping[MetricKey, Plot]) -> Any:
    """TFMA's `PlotsForSlice`."""
    message = slice_message(tfma_protos().metrics_for_slice.PlotsForSlice(), key)
    places: dict[MetricKey, Any] = {}
    for plot_key in sorted(plots, key=lambda k: k.rank):
        shown = replace(plot_key, name="") if plot_key.name in UNNAMED_PLOTS else plot_key
        if shown not in places:
            places[shown] = message.plot_keys_and_values.add(key=shown.plot_proto()).value
        _fill_plot(places[shown], plots[plot_key])
    return message


def _metric_value(value: Plain) -> Any:
    message = tfma_protos().metrics_for_slice.MetricValue()
    if isinstance(value, ConfusionMatrices):
        message.confusion_matrix_at_thresholds.CopyFrom(_matrices(value))
    elif isinstance(value, ClassConfusionMatrices):
        message.multi_class_confusion_matrix_at_thresholds.CopyFrom(_class_matrices(value))
    elif isinstance(value, LabelConfusionMatrices):
        raise TypeError("TFMA has multi-label confusion matrices as plots only")
    elif isinstance(value, int | float) or not value.shape:
        message.double_value.value = float(value)
    else:
        array = message.array_value
        array.shape.extend(value.shape)
        array.data_type = array.FLOAT64
        array.float64_values.extend(value.ravel().tolist())
    return message


def _fill_plot(message: Any, plot: Plot) -> None:
    if isinstance(plot, ConfusionMatrices):
        message.confusion_matrix_at_thresholds.CopyFrom(_matrices(plot))
    elif isinstance(plot, ClassConfusionMatrices):
        message.multi_class_confusion_matrix_at_thresholds.CopyFrom(_class_matrices(plot))
    elif isinstance(plot, LabelConfusionMatrices):
        message.multi_label_confusion_matrix_at_thresholds.CopyFrom(_label_matrices(plot))
    else:
        message.calibration_histogram_buckets.CopyFrom(_buckets(plot))


def _matrices(found: ConfusionMatrices) -> Any:
    """With what follows from the counts. As TFMA has it, 0/0 is 1 for precision, 0 for recall, else NaN."""
    import numpy as np

    tp, tn, fp, fn = found.tp, found.tn, found.fp, found.fn
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(tp + fp > 0, tp / (tp + fp), 1.0)
        recall = np.where(tp + fn > 0, tp / (tp + fn), 0.0)
        columns = {
            "threshold": np.round(found.thresholds, 6),
            "true_positives": tp,
            "false_positives": fp,
            "true_negatives": tn,
            "false_negatives": fn,
            "precision": precision,
            "recall": recall,
            "false_positive_rate": fp / (tn + fp),
            "false_omission_rate": fn / (tn + fn),
            "f1": 2 * precision * recall / (precision + recall),
            "accuracy": (tp + tn) / (tp + tn + fp + fn),
        }
    message = tfma_protos().metrics_for_slice.ConfusionMatrixAtThresholds()
    for row in zip(*(column.tolist() for column in columns.values()), strict=True):
        message.matrices.add(**dict(zip(columns, row, strict=True)))
    return message


def _class_matrices(found: ClassConfusionMatrices) -> Any:
    import numpy as np

    message = tfma_protos().metrics_for_slice.MultiClassConfusionMatrixAtThresholds()
    none = found.counts.shape[2] - 1  # the column of rows without a prediction, TFMA's class -1
    for threshold, counts in zip(found.thresholds.tolist(), found.counts, strict=True):
        matrix = message.matrices.add(threshold=min(max(threshold, 0.0), 1.0))
        pairs = [(a, -1 if p == none else p, counts[a, p]) for a, p in np.argwhere(counts).tolist()]
        for actual, predicted, count in sorted(pairs):
            matrix.entries.add(
                actual_class_id=actual, predicted_class_id=predicted, num_weighted_examples=float(count)
            )
    return message


def _label_matrices(found: LabelConfusionMatrices) -> Any:
    import numpy as np

    message = tfma_protos().metrics_for_slice.MultiLabelConfusionMatrixAtThresholds()
    for place, threshold in enumerate(found.thresholds.tolist()):
        matrix = message.matrices.add(threshold=threshold)
        tp, tn, fp, fn = (counts[place] for counts in (found.tp, found.tn, found.fp, found.fn))
        for actual, predicted in np.argwhere(tp + tn + fp + fn).tolist():
            matrix.entries.add(
                actual_class_id=actual,
                predicted_class_id=predicted,
                true_positives=_at(tp, actual, predicted),
                true_negatives=_at(tn, actual, predicted),
                false_positives=_at(fp, actual, predicted),
                false_negatives=_at(fn, actual, predicted),
            )
    return message


def _at(counts: NDArray[np.float64], actual: int, predicted: int) -> float:
    return float(counts[actual, predicted])


def _buckets(found: CalibrationHistogram) -> Any:
    message = tfma_protos().metrics_for_slice.CalibrationHistogramBuckets()
    columns = (found.lower, found.upper, found.weights, found.labels, found.scores)
    for lower, upper, weight, label, score in zip(*(c.tolist() for c in columns), strict=True):
        bucket = message.buckets.add(lower_threshold_inclusive=lower, upper_threshold_exclusive=upper)
        bucket.num_weighted_examples.value = weight
        bucket.total_weighted_label.value = label
        bucket.total_weighted_refined_prediction.value = score
    return message
