"""The metrics that only TensorFlow Model Analysis computes, from stored predictions."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from millwork.components.data.forms import to_feature_form, to_flat_form
from millwork.components.evaluating.configured import kept_features
from millwork.components.evaluating.tfma_run import run_tfma
from millwork.core.artifacts import Predictions, Schema
from millwork.evaluation.eval_config import metric_title
from millwork.evaluation.evaluating import Evaluated
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.engine import OtherMetric
from millwork.evaluation.metrics.keys import OVERALL
from millwork.evaluation.scored_rows import ScoredRows, scored_rows
from millwork.evaluation.settled_config import Settled

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)

ROWS = 4_096
"""In a batch: TFMA works row by row, whatever it gets."""
LABEL, WEIGHT, PREDICTION = "__label__", "__weight__", "__prediction_{}__"
"""Columns beside the features."""


def evaluate_others(
    settled: Settled,
    others: Sequence[OtherMetric],
    task: Task,
    predictions: Predictions,
    baseline: Predictions | None,
    splits: Sequence[str],
    schema: Schema | None,
) -> Evaluated:
    """These metrics in all slices, and all metrics in the slices of `slice_keys_sql`."""
    features = [f for f in kept_features(settled.config) if f in predictions.slice_features]

    def rows() -> Iterator[pa.RecordBatch]:
        for some in scored_rows(predictions, baseline, splits, features, rows=ROWS):
            if len(some):
                yield _record_batch(some, settled, task)

    for other in others:
        log.info("TFMA computes %s: %s", metric_title(other.spec.metrics[0]), other.reason)
    found = Evaluated()
    if others:
        config = _for_columns(settled)
        del config.metrics_specs[:]
        for other in others:
            config.metrics_specs.add().CopyFrom(other.spec)
            _without_thresholds(config.metrics_specs[-1])
        usual = [spec for spec in config.slicing_specs if not spec.slice_keys_sql]
        del config.slicing_specs[:]
        config.slicing_specs.extend(usual)
        found = run_tfma(config, rows(), schema)
    if any(spec.slice_keys_sql for spec in settled.config.slicing_specs):
        found = found.merged(_of_sql_slices(settled, list(rows()), schema))
    return found


def _of_sql_slices(settled: Settled, rows: list[pa.RecordBatch], schema: Schema | None) -> Evaluated:
    config = _for_columns(settled)
    by_sql = [spec for spec in config.slicing_specs if spec.slice_keys_sql]
    del config.slicing_specs[:], config.cross_slicing_specs[:]
    config.slicing_specs.extend(by_sql)
    found = run_tfma(config, rows, schema)
    for of_slice in (found.metrics, found.plots):
        of_slice.pop(OVERALL, None)  # TFMA takes such a spec for that of all rows, too
    return found


def _for_columns(settled: Settled) -> Any:
    """The config for rows with the columns that `_record_batch` makes."""
    config = type(settled.config).FromString(settled.config.SerializeToString())
    for spec, name in zip(config.model_specs, _names(config), strict=True):
        weighted = bool(spec.example_weight_key)
        is_baseline = spec.is_baseline
        spec.Clear()
        spec.name, spec.is_baseline = name, is_baseline
        spec.label_key, spec.prediction_key = LABEL, PREDICTION.format(name)
        if weighted:
            spec.example_weight_key = WEIGHT
    for spec in config.metrics_specs:
        _without_thresholds(spec)
    return config


def _without_thresholds(metrics_spec: Any) -> None:
    """TFMA refuses thresholds for a change unless it loads the baseline itself; checked they are later."""
    for holder in (metrics_spec, *metrics_spec.metrics):
        for name in ("threshold", "thresholds", "per_slice_thresholds", "cross_slice_thresholds"):
            if name in holder.DESCRIPTOR.fields_by_name:
                holder.ClearField(name)


def _names(config: Any) -> list[str]:
    return [spec.name for spec in config.model_specs]


def _record_batch(some: ScoredRows, settled: Settled, task: Task) -> pa.RecordBatch:
    import pyarrow as pa

    columns = {
        LABEL: _lists(some.candidate.labels),
        PREDICTION.format(settled.candidate): _lists(some.candidate.scores),
    }
    if some.candidate.weights is not None:
        columns[WEIGHT] = _lists(some.candidate.weights)
    if some.baseline is not None:
        columns[PREDICTION.format(settled.baseline)] = _lists(some.baseline.scores)
    arrays = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    if not some.columns:
        return arrays
    features = to_feature_form(
        to_flat_form(pa.RecordBatch.from_arrays(list(some.columns.values()), list(some.columns)))
    )
    return pa.RecordBatch.from_arrays(
        [*arrays.columns, *features.columns], [*arrays.schema.names, *features.schema.names]
    )


def _lists(values: Any) -> pa.Array:
    """A list for each row, of the elements of its row of an array."""
    import pyarrow as pa

    table = values.reshape(len(values), -1)
    offsets = pa.array(range(0, table.size + 1, table.shape[1]), pa.int64())
    return pa.LargeListArray.from_arrays(offsets, pa.array(table.ravel()))
