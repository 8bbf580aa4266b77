"""Writing an evaluation as TFMA does, and reading what TFMA has written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from millwork.evaluation.eval_files import (
    METRICS,
    PLOTS,
    VALIDATIONS,
    read_messages,
    write_eval_config,
    write_messages,
    write_readable,
)
from millwork.evaluation.evaluating import Evaluated
from millwork.evaluation.metric_messages import (
    TOO_SMALL,
    SliceMetrics,
    Written,
    metrics_message,
    too_small_message,
)
from millwork.evaluation.metrics.keys import Aggregation, MetricKey, SliceKey, SubKey
from millwork.evaluation.settled_config import Settled
from millwork.evaluation.tfma_protos import tfma_protos
from millwork.evaluation.thresholds import AnySlice
from millwork.evaluation.verdicts import Verdict, validation_result


def write_evaluation(
    folder: Path,
    settled: Settled,
    evaluated: Evaluated,
    verdict: Verdict,
    limits: int,
    *,
    data: str,
    models: Mapping[str, str],
) -> None:
    """All files of a `ModelEvaluation`."""
    smallest = settled.config.options.min_slice_size.value
    metrics = [metrics_message(key, found) for key, found in evaluated.metrics.items()]
    write_messages(
        folder / METRICS, [*metrics, *(too_small_message(key, smallest) for key in evaluated.too_small)]
    )
    write_messages(folder / PLOTS, evaluated.plots.values())
    write_messages(folder / VALIDATIONS, [validation_result(verdict, limits)])
    write_eval_config(folder, settled.config, data=data, file_format="", models=models)
    write_readable(
        folder,
        evaluated.metrics,
        candidate=settled.candidate,
        baseline=settled.baseline,
        too_small=evaluated.too_small,
        facts={
            "verdict": verdict.verdict,
            "reasons": list(verdict.reasons),
            "model": models.get(settled.candidate, ""),
            "baseline": models.get(settled.baseline or "", "") if settled.baseline else None,
            "rows": evaluated.rows,
            "rows_without_label": evaluated.unlabelled,
        },
    )


def read_evaluation(folder: Path) -> Evaluated:
    """Metrics and plots that TFMA has written to a folder."""
    protos = tfma_protos().metrics_for_slice
    metrics: SliceMetrics = {}
    plots: dict[AnySlice, Any] = {}
    for path in sorted(folder.glob("metrics-*")):
        for message in read_messages(path, protos.MetricsForSlice):
            if TOO_SMALL not in message.metrics:
                metrics.setdefault(_slice_of(message), {}).update(_metrics_of(message))
    for path in sorted(folder.glob("plots-*")):
        for message in read_messages(path, protos.PlotsForSlice):
            plots[_slice_of(message)] = message
    return Evaluated(metrics, plots)


def _metrics_of(message: Any) -> Iterator[tuple[MetricKey, Written]]:
    for entry in message.metric_keys_and_values:
        interval = entry.confidence_interval if entry.HasField("confidence_interval") else None
        yield _key_of(entry.key), Written(entry.value, interval)


def _slice_of(message: Any) -> AnySlice:
    if message.HasField("cross_slice_key"):
        pair = message.cross_slice_key
        return _slice_key(pair.baseline_slice_key), _slice_key(pair.comparison_slice_key)
    return _slice_key(message.slice_key)


def _slice_key(message: Any) -> SliceKey:
    pairs = []
    for single in message.single_slice_keys:
        kind = single.WhichOneof("kind")
        value = getattr(single, kind)
        pairs.append((single.column, value.decode() if kind == "bytes_value" else value))
    return tuple(pairs)


def _key_of(message: Any) -> MetricKey:
    sub = message.sub_key
    parts = {
        name: getattr(sub, name).value if sub.HasField(name) else None for name in ("class_id", "k", "top_k")
    }
    how = message.aggregation_type.WhichOneof("type")
    return MetricKey(
        message.name,
        message.model_name,
        message.output_name,
        SubKey(**parts) if message.HasField("sub_key") else None,
        Aggregation(how) if how else None,
        message.example_weighted.value if message.HasField("example_weighted") else None,
        message.is_diff,
    )
