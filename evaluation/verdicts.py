"""The verdict on a model: blessed, not blessed or not evaluated, and each reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from millwork.evaluation.metrics.keys import MetricKey
from millwork.evaluation.tfma_protos import tfma_protos
from millwork.evaluation.thresholds import AnySlice, Check, Limit, Validation, slice_message, slice_title

BLESSED, NOT_BLESSED, NOT_EVALUATED = "BLESSED", "NOT_BLESSED", "NOT_EVALUATED"
"""Verdicts, and the names of the empty files that stand for them."""

WithoutThresholds = Literal["not_evaluated", "blessed"]
WithoutBaseline = Literal["blessed", "not_blessed", "not_evaluated"]

SHOWN = 3
"""Reasons in the short text; all of them are in the file."""


@dataclass(frozen=True)
class Verdict:
    """What is said about a model, and why."""

    verdict: str
    reasons: tuple[str, ...]
    validation: Validation
    waived: bool = False
    """Whether change thresholds were left out, since there is no baseline."""

    @property
    def reason(self) -> str:
        """The reasons as one text."""
        more = len(self.reasons) - SHOWN
        shown = [*self.reasons[:SHOWN], *([f"and {more} more"] if more > 0 else [])]
        return "; ".join(shown)

    def document(self) -> dict[str, Any]:
        """The verdict with every check, as JSON."""
        return {
            "schema": "millwork/blessing/v1",
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "checks": [_described(check) for check in self.validation.checks],
            "missing_slices": [spec_title(limit) for limit in self.validation.missing],
        }


def judge(
    validation: Validation,
    *,
    limits: int,
    waived: Sequence[str],
    without_thresholds: WithoutThresholds,
    without_baseline: WithoutBaseline,
) -> Verdict:
    """The verdict. `limits` is the number of thresholds that could be checked; `waived` says what could not."""
    without = f"there is no baseline, so {', '.join(waived)} could not be checked for a change"
    failed = tuple(_failures(validation))
    if failed or (waived and without_baseline == "not_blessed"):
        refused = (without,) if waived and without_baseline == "not_blessed" else ()
        return Verdict(NOT_BLESSED, failed + refused, validation, bool(waived))
    if waived and without_baseline == "not_evaluated":
        return Verdict(NOT_EVALUATED, (without,), validation, waived=True)
    if limits or waived:
        held = (_held(validation, limits),) if limits else ()
        allowed = (f"{without}: without_baseline='blessed' allows that",) if waived else ()
        return Verdict(BLESSED, held + allowed, validation, bool(waived))
    if without_thresholds == "blessed":
        return Verdict(
            BLESSED, ("there are no thresholds: without_thresholds='blessed' allows that",), validation
        )
    return Verdict(NOT_EVALUATED, ("there are no thresholds in the eval_config",), validation)


def validation_result(verdict: Verdict, limits: int) -> Any:
    """TFMA's `ValidationResult`, the content of `validations.tfrecord`."""
    protos = tfma_protos()
    validation = verdict.validation
    result = protos.validation_result.ValidationResult(
        validation_ok=validation.passed and bool(limits or verdict.waived),
        missing_thresholds=not limits and not verdict.waived,
        rubber_stamp=verdict.waived,
    )
    by_slice: dict[AnySlice, list[Check]] = {}
    for check in validation.checks:
        if not check.passed:
            by_slice.setdefault(check.slice, []).append(check)
    for key, failed in by_slice.items():
        of_slice = slice_message(result.metric_validations_per_slice.add(), key)
        for check in _distinct(failed):
            failure = of_slice.failures.add(message="" if check.found else "Metric not found.")
            failure.metric_key.CopyFrom(check.limit.key.proto())
            failure.metric_threshold.CopyFrom(check.limit.metric_threshold())
            if check.value is not None:
                failure.metric_value.double_value.value = check.value
    for limit in validation.missing:
        (result.missing_cross_slices if limit.compares_slices else result.missing_slices).add().CopyFrom(
            limit.slices
        )
    _add_details(result, validation)
    return result


def metric_title(key: MetricKey) -> str:
    """`auc`, `precision of class 2 (micro average)`, …"""
    sub, parts = key.sub_key, [key.name]
    if sub is not None and sub.class_id is not None:
        parts.append(f"of class {sub.class_id}")
    if sub is not None and sub.k is not None:
        parts.append(f"of score number {sub.k}")
    if sub is not None and sub.top_k is not None:
        parts.append(f"of the top {sub.top_k}")
    if key.aggregation_type is not None:
        parts.append(f"({key.aggregation_type.value.replace('_', ' ')})")
    return " ".join(parts)


def spec_title(limit: Limit) -> str:
    """The slices that a threshold is for."""
    if limit.compares_slices:
        others = " or ".join(_one_spec(spec) for spec in limit.slices.slicing_specs)
        return f"{others} against {_one_spec(limit.slices.baseline_spec)}"
    return _one_spec(limit.slices)


def _one_spec(spec: Any) -> str:
    parts = [f"every {name}" for name in spec.feature_keys]
    parts += [f"{name}:{value}" for name, value in spec.feature_values.items()]
    return " & ".join(parts) or "Overall"


def _failures(validation: Validation) -> list[str]:
    told = [_told(check) for check in validation.checks if not check.passed]
    for limit in validation.missing:
        small = [
            f"{slice_title(key)} ({rows} rows)"
            for key, rows in validation.too_small.items()
            if limit.applies(key)
        ]
        told.append(
            f"{metric_title(limit.key)} has a threshold in {spec_title(limit)}, where there are fewer rows than "
            f"min_slice_size: {', '.join(small)}"
            if small
            else f"no slice {spec_title(limit)} with {metric_title(limit.key)} is in the data, and it has a threshold"
        )
    return list(dict.fromkeys(told))


def _held(validation: Validation, limits: int) -> str:
    slices = len({check.slice for check in validation.checks})
    return (
        f"{limits} threshold{'s' if limits > 1 else ''} held in {slices} slice{'s' if slices > 1 else ''} "
        f"({len(validation.checks)} check{'s' if len(validation.checks) > 1 else ''})"
    )


def _told(check: Check) -> str:
    """Why a check failed."""
    name, where = metric_title(check.limit.key), slice_title(check.slice)
    what = f"{name} in {where}" if check.slice else name
    if not check.found:
        return f"{what} was not computed"
    if check.value is None:
        return f"{what} is not a single number that could be held against a threshold"
    if check.limit.kind == "value":
        return f"{what} is {_number(check.value)}, {_broken_bound(check)}"
    return _told_change(check, what)


def _broken_bound(check: Check) -> str:
    of, value = check.limit.threshold, check.value
    if value is not None and of.HasField("lower_bound") and value < of.lower_bound.value:
        return f"below the lower bound {_number(of.lower_bound.value)}"
    if value is not None and of.HasField("upper_bound") and value > of.upper_bound.value:
        return f"above the upper bound {_number(of.upper_bound.value)}"
    return "which is not within its bounds"


def _told_change(check: Check, what: str) -> str:
    of = check.limit.threshold
    higher = of.direction == tfma_protos().config.MetricDirection.HIGHER_IS_BETTER
    bounds = [f"{_number(of.absolute.value, signed=True)}"] if of.HasField("absolute") else []
    bounds += [f"{100 * of.relative.value:+.6g} %"] if of.HasField("relative") else []
    change = _number(check.value, signed=True)
    if check.value is not None and check.baseline:
        change += f", or {100 * check.value / check.baseline:+.4g} %"
    return (
        f"{what} is {_number(check.candidate)} and the baseline's is {_number(check.baseline)}: a change of {change}, "
        f"where at {'least' if higher else 'most'} {' and '.join(bounds)} is wanted"
    )


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "unknown"
    return f"{value:{'+' if signed else ''}.6g}"


def _described(check: Check) -> dict[str, Any]:
    from google.protobuf import json_format

    threshold = json_format.MessageToDict(check.limit.threshold, preserving_proto_field_name=True)
    return {
        "metric": metric_title(check.limit.key),
        "slice": slice_title(check.slice),
        "kind": check.limit.kind,
        "threshold": threshold,
        "value": _json(check.candidate),
        "baseline": _json(check.baseline),
        "change": _json(check.value) if check.limit.kind == "change" else None,
        "passed": check.passed,
        "reason": "" if check.passed else _told(check),
    }


def _json(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _distinct(checks: Sequence[Check]) -> list[Check]:
    """TFMA tells of the same threshold on the same metric once, although several specs may ask for it."""
    first: dict[tuple[MetricKey, bytes], Check] = {}
    for check in checks:
        first.setdefault((check.limit.key, check.limit.threshold.SerializeToString()), check)
    return list(first.values())


def _add_details(result: Any, validation: Validation) -> None:
    """For each slicing spec with a threshold, the number of slices that were checked for it."""
    slices: dict[bytes, tuple[Limit, set[AnySlice]]] = {}
    for check in validation.checks:
        if check.found:
            kind = b"cross" if check.limit.compares_slices else b""
            spec = kind + check.limit.slices.SerializeToString(deterministic=True)
            slices.setdefault(spec, (check.limit, set()))[1].add(check.slice)
    for limit, matching in slices.values():
        details = result.validation_details.slicing_details.add(num_matching_slices=len(matching))
        (details.cross_slicing_spec if limit.compares_slices else details.slicing_spec).CopyFrom(limit.slices)
