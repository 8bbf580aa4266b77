"""Holding metrics against the thresholds of an EvalConfig: what holds, what does not, and why, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from millwork.evaluation.metrics.keys import (
    CrossSliceKey,
    MetricKey,
    SliceKey,
    SliceValue,
    cross_slice_key_proto,
    slice_key_proto,
    slice_name,
)
from millwork.evaluation.tfma_protos import tfma_protos

AnySlice = SliceKey | CrossSliceKey
Numbers = Mapping[AnySlice, Mapping[MetricKey, float | None]]
"""Metrics by slice. None is a value that is no single number."""
KeysOf = Callable[[Any, Any], Iterable[MetricKey]]
"""From a `MetricsSpec`, and one of its `MetricConfig`s or the name of a number, to the keys that this stands for."""


@dataclass(frozen=True)
class Limit:
    """One threshold, on one metric of one model, in the slices that one spec names."""

    key: MetricKey
    """Of the metric, or of its change."""
    kind: Literal["value", "change"]
    threshold: Any
    """A `GenericValueThreshold` or a `GenericChangeThreshold`."""
    spec: Any = None
    """A `SlicingSpec` or a `CrossSlicingSpec`. None: every slice."""
    compares_slices: bool = False

    def applies(self, key: AnySlice) -> bool:
        """Whether the slice, or pair of slices, is one of those that the threshold is for."""
        if self.compares_slices != is_pair(key):
            return False
        if self.spec is None:
            return True
        if not is_pair(key):
            return spec_names(self.spec, cast(SliceKey, key))
        first, second = cast(CrossSliceKey, key)
        others = self.spec.slicing_specs
        return spec_names(self.spec.baseline_spec, first) and any(spec_names(s, second) for s in others)

    @property
    def slices(self) -> Any:
        """The spec as a message; that of all rows where none is given, as TFMA has it."""
        return self.spec if self.spec is not None else tfma_protos().config.SlicingSpec()

    def metric_threshold(self) -> Any:
        """TFMA's `MetricThreshold` with this part only."""
        message = tfma_protos().config.MetricThreshold()
        getattr(message, f"{self.kind}_threshold").CopyFrom(self.threshold)
        return message


@dataclass(frozen=True)
class Check:
    """One threshold held against one slice."""

    limit: Limit
    slice: AnySlice
    value: float | None
    """The metric, or its change. None: it is not there, or is no single number."""
    candidate: float | None
    baseline: float | None
    """The two values that the change is made of."""
    passed: bool
    found: bool = True


@dataclass(frozen=True)
class Validation:
    """All checks, and the slices that had to be checked but are not in the data."""

    checks: tuple[Check, ...]
    missing: tuple[Limit, ...]
    """The first threshold for each slicing spec that no slice answers to."""
    too_small: Mapping[SliceKey, int] = field(default_factory=dict)
    """Slices that were left out, with their rows."""

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks) and not self.missing


def limits_of(config: Any, baseline: str | None, keys_of: KeysOf) -> list[Limit]:
    """Every threshold of a settled config. The baseline has to meet none."""
    found: dict[tuple[object, ...], Limit] = {}
    for metrics_spec in config.metrics_specs:
        asked = [(metric, list(_thresholds(metric))) for metric in metrics_spec.metrics]
        for metric, thresholds in [*asked, *_named_thresholds(metrics_spec)]:
            for key in keys_of(metrics_spec, metric) if thresholds else ():
                if baseline is not None and key.model_name == baseline:
                    continue
                for limit in _limits(key, thresholds):
                    spec = None if limit.spec is None else limit.spec.SerializeToString(deterministic=True)
                    found.setdefault((limit.key, spec, limit.threshold.SerializeToString()), limit)
    return list(found.values())


def validate(
    limits: Iterable[Limit],
    numbers: Numbers,
    baseline: str | None,
    too_small: Mapping[SliceKey, int] | None = None,
) -> Validation:
    """Hold the metrics against the thresholds, as TFMA does.

    A metric that is missing in a slice fails; so does a slicing spec to which no slice with the metric answers.
    Slices that are `too_small` (TFMA lets them fail) are held against nothing.
    """
    limits = list(limits)
    checks = [
        _check(limit, key, metrics, baseline)
        for key, metrics in numbers.items()
        for limit in limits
        if limit.applies(key)
    ]
    answered = {_spec_id(check.limit) for check in checks if check.found}
    missing = {_spec_id(limit): limit for limit in limits if _spec_id(limit) not in answered}
    return Validation(tuple(checks), tuple(missing.values()), dict(too_small or {}))


def spec_names(spec: Any, key: SliceKey) -> bool:
    """Whether a slice is one of those that a `SlicingSpec` makes."""
    wanted = {**dict.fromkeys(spec.feature_keys), **spec.feature_values}
    if set(wanted) != {feature for feature, _ in key} or len(wanted) != len(key):
        return False
    return all(wanted[f] is None or feature_matches(wanted[f], value) for f, value in key)


def feature_matches(wanted: str, value: SliceValue) -> bool:
    """Whether a value is the one that a spec writes as text."""
    return _typed(wanted) == _typed(value)


def is_pair(key: AnySlice) -> bool:
    """Whether two slices are compared. A slice is a tuple of pairs that begin with a name."""
    return len(key) == 2 and all(not part or isinstance(part[0], tuple) for part in key)


def slice_title(key: AnySlice) -> str:
    """`Overall`, `sex:female`, or `sex:female against Overall`."""
    if not is_pair(key):
        return slice_name(cast(SliceKey, key))
    first, second = cast(CrossSliceKey, key)
    return f"{slice_name(first)} against {slice_name(second)}"


def slice_message(message: Any, key: AnySlice) -> Any:
    """The message, with its `slice_key` or `cross_slice_key` set."""
    if is_pair(key):
        message.cross_slice_key.CopyFrom(cross_slice_key_proto(cast(CrossSliceKey, key)))
    else:
        message.slice_key.CopyFrom(slice_key_proto(cast(SliceKey, key)))
    return message


def _named_thresholds(metrics_spec: Any) -> Iterator[tuple[str, list[tuple[Any, Any]]]]:
    """The thresholds of a spec that are for one of several numbers of a metric, by its name."""
    for name, threshold in metrics_spec.thresholds.items():
        yield name, [(None, threshold)]
    for name, sliced in metrics_spec.per_slice_thresholds.items():
        yield name, [(spec, one.threshold) for one in sliced.thresholds for spec in one.slicing_specs]
    for name, sliced in metrics_spec.cross_slice_thresholds.items():
        yield name, [(spec, one.threshold) for one in sliced.thresholds for spec in one.cross_slicing_specs]


def _thresholds(metric: Any) -> Iterator[tuple[Any, Any]]:
    """Each `MetricThreshold` with the spec of its slices."""
    if metric.HasField("threshold"):
        yield None, metric.threshold
    for sliced in metric.per_slice_thresholds:
        for spec in sliced.slicing_specs:
            yield spec, sliced.threshold
    for sliced in metric.cross_slice_thresholds:
        for spec in sliced.cross_slicing_specs:
            yield spec, sliced.threshold


def _limits(key: MetricKey, thresholds: Iterable[tuple[Any, Any]]) -> Iterator[Limit]:
    for spec, threshold in thresholds:
        compares = spec is not None and spec.DESCRIPTOR.name == "CrossSlicingSpec"
        if threshold.HasField("value_threshold"):
            yield Limit(key, "value", threshold.value_threshold, spec, compares)
        if threshold.HasField("change_threshold"):
            yield Limit(key.diff(), "change", threshold.change_threshold, spec, compares)


def _check(
    limit: Limit, key: AnySlice, metrics: Mapping[MetricKey, float | None], baseline: str | None
) -> Check:
    value, other, candidate = metrics.get(limit.key), None, metrics.get(limit.key)
    if limit.kind == "change" and baseline is not None:
        other = metrics.get(limit.key.of_model(baseline))
        candidate = metrics.get(limit.key.of_model(limit.key.model_name))
    if value is None:
        return Check(limit, key, None, candidate, other, passed=False, found=limit.key in metrics)
    holds = _value_holds(limit, value) if limit.kind == "value" else _change_holds(limit, value, other)
    return Check(limit, key, value, candidate, other, passed=holds)


def _value_holds(limit: Limit, value: float) -> bool:
    of = limit.threshold
    above = not of.HasField("lower_bound") or value >= of.lower_bound.value
    below = not of.HasField("upper_bound") or value <= of.upper_bound.value
    return above and below and not math.isnan(value)


def _change_holds(limit: Limit, change: float, baseline: float | None) -> bool:
    """NaN holds for nothing, and neither does a change relative to 0."""
    of = limit.threshold
    amounts = [(change, of.absolute)] if of.HasField("absolute") else []
    if of.HasField("relative"):
        amounts.append((change / baseline if baseline else math.nan, of.relative))
    higher = of.direction == tfma_protos().config.MetricDirection.HIGHER_IS_BETTER
    return all(found >= least.value if higher else found <= least.value for found, least in amounts)


def _spec_id(limit: Limit) -> tuple[bool, bytes]:
    return limit.compares_slices, limit.slices.SerializeToString(deterministic=True)


def _typed(value: SliceValue) -> SliceValue:
    """A number where the text of a spec is one: specs know text only."""
    if not isinstance(value, str):
        return value
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        return value
