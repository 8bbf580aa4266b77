"""What TensorFlow Model Analysis itself says about columns of labels and scores, beside what our metrics say."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import json_format, text_format
from numpy.typing import NDArray

from millwork.evaluation.eval_config import config_message
from millwork.evaluation.eval_files import read_messages
from millwork.evaluation.metric_messages import TOO_SMALL, metrics_message, plots_message, written
from millwork.evaluation.metrics.engine import Accumulator, Batch, RowSlices, Task, plan_metrics
from millwork.evaluation.metrics.keys import OVERALL, SliceKey
from millwork.evaluation.metrics.values import Results
from millwork.evaluation.tfma_protos import tfma_protos

Numbers = dict[str, float]
"""A message's numbers by their place in it."""
Table = dict[tuple[str, str], Numbers]
"""By slice and key, both as text."""


RATES = ("precision", "recall", "f1", "accuracy", "falsePositiveRate", "falseOmissionRate")
"""What TFMA adds to the counts of a confusion matrix."""


@dataclass(frozen=True)
class Columns:
    """Rows with labels, scores, weights, and features to slice by. Scores of a baseline, if there is one."""

    task: Task
    labels: NDArray[Any]
    scores: NDArray[Any]
    weights: NDArray[Any] | None = None
    baseline: NDArray[Any] | None = None
    features: Mapping[str, Sequence[str] | Sequence[int]] = field(default_factory=dict)
    one_hot: bool = False
    """Whether TFMA gets class ids as rows of 0 and 1, which metrics that are not "sparse" need."""


def config(columns: Columns, *metrics_specs: Mapping[str, Any], **more: Any) -> Any:
    """An `EvalConfig` for the columns: all rows, and by each feature. Weighted if they are."""
    model = {"label_key": "label", "prediction_key": "prediction"}
    if columns.weights is not None:
        model["example_weight_key"] = "weight"
    models: list[dict[str, Any]] = [model]
    if columns.baseline is not None:
        models = [
            {**model, "name": "candidate"},
            {**model, "name": "baseline", "prediction_key": "baseline_prediction", "is_baseline": True},
        ]
        metrics_specs = tuple({**spec, "model_names": ["candidate", "baseline"]} for spec in metrics_specs)
    return config_message(
        {
            "model_specs": models,
            "slicing_specs": [{}, *({"feature_keys": [name]} for name in columns.features)],
            "metrics_specs": list(metrics_specs),
            **more,
        }
    )


def ours(eval_config: Any, columns: Columns, batch_rows: int = 97) -> Results:
    """The same rows in batches of an odd size, half of them in each of two accumulators, which are merged."""
    names = ["candidate", "baseline"] if columns.baseline is not None else [""]
    found = []
    for name in names:
        plan = plan_metrics(eval_config, name, columns.task)
        assert not plan.others, plan.others
        halves = plan.accumulator(), plan.accumulator()
        scores = columns.baseline if name == "baseline" and columns.baseline is not None else columns.scores
        for number, (batch, slices) in enumerate(_batches(columns, scores, batch_rows)):
            halves[number % 2].add(batch, slices)
        halves[1].merge(halves[0])
        found.append(halves[1])
    candidate: Accumulator = found[0]
    return candidate.results(*found[1:])


def metrics_table(results: Results) -> Table:
    """Our metrics as TFMA would write them, by its names."""
    messages = [
        metrics_message(key, {k: written(v) for k, v in metrics.items()})
        for key, metrics in results.metrics.items()
    ]
    return dict(_entries(messages, "metric_keys_and_values"))


def plots_table(results: Results) -> Table:
    """The same of plots."""
    messages = [plots_message(key, plots) for key, plots in results.plots.items()]
    return dict(_entries(messages, "plot_keys_and_values"))


def theirs(eval_config: Any, columns: Columns, folder: Path) -> tuple[Table, Table]:
    """TFMA's metrics and plots."""
    import apache_beam as beam
    import pyarrow as pa
    import tensorflow_model_analysis as tfma
    from apache_beam.options.pipeline_options import PipelineOptions

    labels = np.eye(columns.scores.shape[1])[columns.labels] if columns.one_hot else columns.labels
    data: dict[str, Any] = {"label": _lists(labels), "prediction": _lists(columns.scores)}
    if columns.weights is not None:
        data["weight"] = _lists(columns.weights)
    if columns.baseline is not None:
        data["baseline_prediction"] = _lists(columns.baseline)
    for name, values in columns.features.items():
        data[name] = pa.array([[value] for value in values])
    arrays = {
        name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in data.items()
    }
    rows = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
    with warnings.catch_warnings(), beam.Pipeline(options=PipelineOptions([])) as pipeline:
        warnings.simplefilter("ignore")  # TFMA divides by 0 and takes logarithms of negative numbers
        _ = (
            pipeline
            | beam.Create([rows])
            | tfma.ExtractEvaluateAndWriteResults(
                eval_config=tfma.EvalConfig.FromString(eval_config.SerializeToString()),
                output_path=str(folder),
            )
        )
    protos = tfma_protos().metrics_for_slice
    metrics = read_messages(next(folder.glob("metrics-*")), protos.MetricsForSlice)
    plots = read_messages(next(folder.glob("plots-*")), protos.PlotsForSlice)
    return (
        dict(_entries([m for m in metrics if TOO_SMALL not in m.metrics], "metric_keys_and_values")),
        dict(_entries(plots, "plot_keys_and_values")),
    )


def assert_same(found: Table, expected: Table, *, tolerance: float = 1e-6) -> None:
    """The same keys, and the same numbers to a relative, or for small ones absolute, tolerance."""
    assert set(found) == set(expected), {
        "missing": sorted(set(expected) - set(found)),
        "not of TFMA": sorted(set(found) - set(expected)),
    }
    wrong = [
        (*place, what, found[place].get(what), number)
        for place, numbers in expected.items()
        for what, number in _differing(found[place], numbers, tolerance)
    ]
    assert not wrong, wrong[:20]


def _differing(found: Numbers, expected: Numbers, tolerance: float) -> Iterator[tuple[str, float]]:
    """What is not written is 0, as protobuf has it."""
    for what in found.keys() | expected.keys():
        one, other = found.get(what, 0.0), expected.get(what, 0.0)
        both_undefined = math.isnan(one) and math.isnan(other)
        if not (both_undefined or one == other or abs(one - other) <= tolerance * max(1.0, abs(other))):
            yield what, other


def _lists(values: NDArray[Any]) -> list[list[Any]]:
    lists: list[list[Any]] = values.reshape(len(values), -1).tolist()
    return lists


def _batches(columns: Columns, scores: NDArray[np.float64], size: int) -> Iterator[tuple[Batch, RowSlices]]:
    keys: list[SliceKey] = [OVERALL]
    for first in range(0, len(columns.labels), size):
        some = slice(first, first + size)
        rows, numbers = [], []
        for row in range(*some.indices(len(columns.labels))):
            of_row: list[SliceKey] = [OVERALL, *(((n, v[row]),) for n, v in columns.features.items())]
            for key in of_row:
                if key not in keys:
                    keys.append(key)
                rows.append(row - first)
                numbers.append(keys.index(key))
        weights = columns.weights[some] if columns.weights is not None else None
        batch = Batch(columns.labels[some], scores[some], weights, first)
        yield batch, RowSlices(keys, np.array(rows), np.array(numbers))


def _entries(messages: Any, entries: str) -> Iterator[tuple[tuple[str, str], Numbers]]:
    for message in messages:
        where = text_format.MessageToString(message.slice_key, as_one_line=True)
        where += text_format.MessageToString(message.cross_slice_key, as_one_line=True)
        for entry in getattr(message, entries):
            key = text_format.MessageToString(entry.key, as_one_line=True)
            numbers = dict(_numbers(json_format.MessageToDict(entry), ""))
            if "is_diff: true" in key:  # rates of differences of counts say nothing: 0/0 but for rounding
                numbers = {what: n for what, n in numbers.items() if not what.endswith(RATES)}
            yield (where, key), numbers


def _numbers(content: Any, where: str) -> Iterator[tuple[str, float]]:
    if isinstance(content, Mapping):
        for name, part in content.items():
            if name not in ("key", "dataType", "actualClassId", "predictedClassId"):
                yield from _numbers(part, f"{where}.{name}")
    elif isinstance(content, list):
        for place, part in enumerate(content):
            yield from _numbers(part, f"{where}[{_of_classes(part) or place}]")
    else:
        yield where, float(content)


def _of_classes(entry: Any) -> str:
    """The classes that an entry of a matrix is about: entries of 0 may not be written."""
    if not isinstance(entry, Mapping) or not {
        "actualClassId",
        "predictedClassId",
        "numWeightedExamples",
    } & set(entry):
        return ""
    return f"{entry.get('actualClassId', 0)} as {entry.get('predictedClassId', 0)}"
