"""The files of an evaluation: TensorFlow Model Analysis' own, and one that people can read."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from millwork.evaluation.metric_messages import SliceMetrics, Written
from millwork.evaluation.metrics.keys import OVERALL, MetricKey, SliceKey, json_value
from millwork.evaluation.tfma_protos import tfma_protos
from millwork.evaluation.thresholds import AnySlice, is_pair, slice_title
from millwork.evaluation.verdicts import metric_title

METRICS = "metrics-00000-of-00001.tfrecord"
PLOTS = "plots-00000-of-00001.tfrecord"
VALIDATIONS = "validations.tfrecord"
EVAL_CONFIG = "eval_config.json"
READABLE = "metrics.json"


def write_messages(path: Path, messages: Iterable[Any]) -> None:
    """A TFRecord file, not compressed, as TFMA reads it."""
    with path.open("wb") as file:
        for message in messages:
            file.write(_framed(message.SerializeToString(deterministic=True)))


def read_messages(path: Path, kind: Any) -> Iterator[Any]:
    """The messages of such a file, which TFMA may have written."""
    content = path.read_bytes()
    start = 0
    while start < len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        yield kind.FromString(content[start + 12 : start + 12 + length])
        start += length + 16


def write_eval_config(
    folder: Path, config: Any, *, data: str, file_format: str, models: Mapping[str, str]
) -> None:
    """`eval_config.json`, TFMA's `EvalRun`: what was evaluated, of what, by which version of TFMA's formats."""
    from google.protobuf import json_format

    run = tfma_protos().config.EvalRun(
        eval_config=config, version=_tfma_version(), data_location=data, file_format=file_format
    )
    for name, uri in models.items():
        run.model_locations[name] = uri
    text = json_format.MessageToJson(run, sort_keys=False)
    (folder / EVAL_CONFIG).write_text(text + "\n", "utf-8")


def write_readable(
    folder: Path,
    metrics: SliceMetrics,
    *,
    candidate: str,
    baseline: str | None,
    too_small: Mapping[SliceKey, int],
    facts: Mapping[str, Any],
) -> None:
    """`metrics.json`, schema `millwork/evaluation/v1`: facts, and a flat table with one entry for each number."""
    document = {
        "schema": "millwork/evaluation/v1",
        **facts,
        "metrics": [
            entry
            for key in sorted(metrics, key=_slice_rank)
            for entry in _entries(key, metrics[key], candidate, baseline)
        ],
        "too_small": [
            {"slice": slice_title(key), "rows": rows} for key, rows in sorted(too_small.items(), key=str)
        ],
    }
    (folder / READABLE).write_text(json.dumps(document, allow_nan=False, indent=1) + "\n", "utf-8")


def overall_metrics(metrics: SliceMetrics, candidate: str) -> dict[str, float]:
    """The candidate's numbers over all rows, by name."""
    found = metrics.get(OVERALL, {})
    names = _short_names(found, candidate)
    numbers = {name: found[key].number for key, name in names.items()}
    return {name: number for name, number in numbers.items() if number is not None and math.isfinite(number)}


def _entries(
    key: AnySlice, metrics: Mapping[MetricKey, Written], candidate: str, baseline: str | None
) -> Iterator[dict[str, Any]]:
    names = _short_names(metrics, candidate)
    for metric_key in sorted(names, key=lambda k: k.rank):
        found = metrics[metric_key]
        if found.number is None:
            continue
        entry: dict[str, Any] = {"slice": slice_title(key), "metric": names[metric_key]}
        entry["features"] = (
            None if is_pair(key) else {name: json_value(value) for name, value in cast(SliceKey, key)}
        )
        entry["value"] = _number(found.number)
        entry |= _bounds(found)
        if baseline is not None:
            other, change = metrics.get(metric_key.of_model(baseline)), metrics.get(metric_key.diff())
            entry["baseline"] = _number(other.number) if other else None
            entry["change"] = _number(change.number) if change else None
            entry |= {f"change_{name}": bound for name, bound in (_bounds(change) if change else {}).items()}
        yield entry


def _short_names(metrics: Iterable[MetricKey], candidate: str) -> dict[MetricKey, str]:
    """Names by which the candidate's metrics are told apart."""
    keys = [k for k in metrics if k.model_name == candidate and not k.is_diff]
    titles = [metric_title(k) for k in keys]
    return {
        key: f"{title}, {'weighted' if key.example_weighted else 'unweighted'}"
        if titles.count(title) > 1
        else title
        for key, title in zip(keys, titles, strict=True)
    }


def _bounds(found: Written) -> dict[str, float | None]:
    if found.interval is None:
        return {}
    lower, upper = found.interval.lower_bound, found.interval.upper_bound
    return {"lower": _number(lower.double_value.value), "upper": _number(upper.double_value.value)}


def _slice_rank(key: AnySlice) -> tuple[bool, int, str]:
    return is_pair(key), len(key), str(key)


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _framed(record: bytes) -> bytes:
    """Length (8 bytes), its checksum (4), the data, its checksum (4)."""
    import google_crc32c

    def checksum(data: bytes) -> bytes:
        value = google_crc32c.value(data)
        masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
        return struct.pack("<I", masked)

    length = struct.pack("<Q", len(record))
    return length + checksum(length) + record + checksum(record)


def _tfma_version() -> str:
    try:
        return version("tensorflow-model-analysis")
    except PackageNotFoundError:
        return "unknown"
