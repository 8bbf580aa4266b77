"""Metrics are held against thresholds as TFMA holds them, and the verdict says why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from millwork.core.errors import WrongArgument
from millwork.evaluation.eval_config import config_message
from millwork.evaluation.evaluating import Evaluated, decide
from millwork.evaluation.metric_messages import written
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.keys import MetricKey, SliceKey
from millwork.evaluation.settled_config import Settled, settle
from millwork.evaluation.thresholds import AnySlice
from millwork.evaluation.verdicts import Verdict, validation_result

ALL: SliceKey = ()
F: SliceKey
M: SliceKey
SEVEN: SliceKey
F, M, SEVEN = (("sex", "f"),), (("sex", "m"),), (("age", 7),)
BY_SEX = [{"feature_keys": ["sex"]}]
Values = Mapping[AnySlice, Mapping[str, float]]


def value(lower: float | None = None, upper: float | None = None) -> dict[str, Any]:
    bounds = {"lower_bound": lower, "upper_bound": upper}
    return {"value_threshold": {name: bound for name, bound in bounds.items() if bound is not None}}


def change(direction: str = "HIGHER", **amounts: float) -> dict[str, Any]:
    return {"change_threshold": {**amounts, "direction": f"{direction}_IS_BETTER"}}


def auc(**of: Any) -> dict[str, Any]:
    return {"metrics_specs": [{"metrics": [{"class_name": "AUC", **of}]}]}


def per_slice(specs: list[Any], threshold: Any) -> dict[str, Any]:
    return auc(per_slice_thresholds=[{"slicing_specs": specs, "threshold": threshold}])


def across(spec: Any, threshold: Any) -> dict[str, Any]:
    crossing = {"baseline_spec": {}, "slicing_specs": [spec]}
    return auc(cross_slice_thresholds=[{"cross_slicing_specs": [crossing], "threshold": threshold}])


def evaluated(values: Values, settled: Settled) -> Evaluated:
    """Values of "auc" and "old", and the change between them."""
    metrics: dict[AnySlice, Any] = {}
    for key, found in values.items():
        own = MetricKey("auc", settled.candidate)
        metrics[key] = {MetricKey("example_count", settled.candidate): written(3.0)}
        if "auc" in found:
            metrics[key][own] = written(found["auc"])
        if settled.baseline and "old" in found:
            metrics[key][own.of_model(settled.baseline)] = written(found["old"])
            metrics[key][own.diff()] = written(found["auc"] - found["old"])
    return Evaluated(metrics)


def decided(data: dict[str, Any], values: Values, **policies: Any) -> tuple[Verdict, Any]:
    """The verdict, and TFMA's message of it."""
    settled = settle(config_message(data), Task.BINARY, has_baseline=any("old" in v for v in values.values()))
    given = {"without_thresholds": "not_evaluated", "without_baseline": "blessed", **policies}
    verdict, limits = decide(settled, Task.BINARY, evaluated(values, settled), **given)
    return verdict, validation_result(verdict, limits)


def by_tfma(data: dict[str, Any], values: Values) -> Any:
    """What TFMA's own validator says."""
    from tensorflow_model_analysis.evaluators import metrics_validator
    from tensorflow_model_analysis.metrics.metric_types import MetricKey as TfmaKey

    settled = settle(config_message(data), Task.BINARY, has_baseline=any("old" in v for v in values.values()))
    whole = None
    for key, metrics in evaluated(values, settled).metrics.items():
        theirs = {TfmaKey.from_proto(k.proto()): v.number for k, v in metrics.items()}
        one = metrics_validator.validate_metrics((key, theirs), settled.config)
        if whole is None:
            whole = one
        else:
            whole.validation_ok &= one.validation_ok
            whole.metric_validations_per_slice.extend(one.metric_validations_per_slice)
            metrics_validator.merge_details(whole, one)
    assert whole is not None
    for spec in metrics_validator.get_missing_slices(
        whole.validation_details.slicing_details, settled.config
    ):
        is_pair = spec.DESCRIPTOR.name == "CrossSlicingSpec"
        (whole.missing_cross_slices if is_pair else whole.missing_slices).add().CopyFrom(spec)
        whole.validation_ok = False
    return whole


def told(message: Any) -> tuple[str, set[str]]:
    """What is comparable: NaN in text equals itself, and TFMA counts slices once or several times, as it comes.

    TFMA takes all specs of cross slices for missing, since it looks for them among those of single slices.
    """
    kept = type(message).FromString(message.SerializeToString())
    specs = {str(d.slicing_spec) + str(d.cross_slicing_spec) for d in kept.validation_details.slicing_details}
    kept.ClearField("validation_details")
    if kept.missing_cross_slices and not kept.missing_slices:
        kept.ClearField("missing_cross_slices")
        kept.validation_ok = not kept.metric_validations_per_slice
    return str(kept), specs


GOOD: Values = {ALL: {"auc": 0.75}, F: {"auc": 0.75}, M: {"auc": 0.7}}
NEW: Values = {ALL: {"auc": 0.75, "old": 0.7}, F: {"auc": 0.5, "old": 0.6}, M: {"auc": 0.0, "old": 0.0}}
PAIRS: Values = {**GOOD, (ALL, F): {"auc": 0.0}, (ALL, M): {"auc": 0.05}}


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (auc(threshold=value(lower=0.6)), GOOD),
        (auc(threshold=value(lower=0.72)), GOOD),
        (auc(threshold=value(lower=0.75, upper=0.75)), {ALL: {"auc": 0.75}}),
        (auc(threshold=value(upper=0.72)), GOOD),
        (auc(threshold=value(lower=0.1)), {ALL: {"auc": math.nan}}),
        (per_slice(BY_SEX, value(lower=0.72)), GOOD),
        (per_slice([{"feature_values": {"sex": "f"}}], value(lower=0.72)), GOOD),
        (per_slice([{"feature_values": {"age": "7"}}], value(lower=0.9)), {**GOOD, SEVEN: {"auc": 0.8}}),
        (per_slice([{"feature_values": {"sex": "x"}}, {}], value(lower=0.5)), GOOD),
        (per_slice([{}], value(lower=0.8)), GOOD),
        (auc(threshold=change(absolute=0.0)), NEW),
        (auc(threshold=change(absolute=-0.2)), NEW),
        (auc(threshold=change("LOWER", absolute=0.01)), NEW),
        (auc(threshold=change(relative=-0.05)), NEW),
        (auc(threshold={**value(lower=0.6), **change(absolute=-0.2, relative=-0.5)}), NEW),
        (across({"feature_keys": ["sex"]}, value(upper=0.01)), PAIRS),
        (across({"feature_values": {"sex": "f"}}, value(upper=0.01)), PAIRS),
    ],
)
def test_what_holds_and_what_fails_is_what_tfma_says(data: dict[str, Any], values: Values) -> None:
    assert told(decided(data, values)[1]) == told(by_tfma(data, values))


def test_a_slice_without_the_metric_fails_with_tfmas_words() -> None:
    verdict, found = decided(auc(threshold=value(lower=0.6)), {ALL: {"auc": 0.7}, F: {}})
    assert verdict.verdict == "NOT_BLESSED"
    assert verdict.reasons == ("auc in sex:f was not computed",)
    assert told(found) == told(by_tfma(auc(threshold=value(lower=0.6)), {ALL: {"auc": 0.7}, F: {}}))


def test_a_pair_of_slices_that_is_not_there_is_missing() -> None:
    verdict, found = decided(across({"feature_values": {"sex": "x"}}, value(upper=0.1)), PAIRS)
    assert verdict.reasons == (
        "no slice sex:x against Overall with auc is in the data, and it has a threshold",
    )
    assert len(found.missing_cross_slices) == 1


@pytest.mark.parametrize(
    ("data", "values", "reason"),
    [
        (auc(threshold=value(lower=0.72)), GOOD, "auc in sex:m is 0.7, below the lower bound 0.72"),
        (auc(threshold=value(upper=0.72)), {ALL: {"auc": 0.75}}, "auc is 0.75, above the upper bound 0.72"),
        (
            auc(threshold=value(lower=0.1)),
            {ALL: {"auc": math.nan}},
            "auc is nan, which is not within its bounds",
        ),
        (
            auc(threshold=change(absolute=0.01, relative=0.02)),
            {ALL: {"auc": 0.7, "old": 0.8}},
            "auc is 0.7 and the baseline's is 0.8: a change of -0.1, or -12.5 %, where at least +0.01 and +2 % is "
            "wanted",
        ),
    ],
)
def test_the_reason_says_what_was_found_and_what_was_wanted(
    data: dict[str, Any], values: Values, reason: str
) -> None:
    verdict, _ = decided(data, values)
    assert verdict.verdict == "NOT_BLESSED"
    assert reason in verdict.reasons


def test_a_blessing_says_how_much_was_checked() -> None:
    verdict, found = decided(auc(threshold=value(lower=0.6)), GOOD)
    assert (verdict.verdict, verdict.reason) == ("BLESSED", "1 threshold held in 3 slices (3 checks)")
    assert found.validation_ok


@pytest.mark.parametrize(("policy", "verdict"), [("not_evaluated", "NOT_EVALUATED"), ("blessed", "BLESSED")])
def test_without_thresholds_the_policy_decides(policy: str, verdict: str) -> None:
    found, message = decided(auc(), GOOD, without_thresholds=policy)
    assert found.verdict == verdict
    assert "there are no thresholds" in found.reason
    assert (message.validation_ok, message.missing_thresholds) == (False, True)


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [("blessed", "BLESSED"), ("not_blessed", "NOT_BLESSED"), ("not_evaluated", "NOT_EVALUATED")],
)
def test_without_a_baseline_the_policy_decides_on_changes(policy: str, verdict: str) -> None:
    found, message = decided(auc(threshold=change(absolute=0.0)), GOOD, without_baseline=policy)
    assert found.verdict == verdict
    assert "there is no baseline, so AUC.threshold could not be checked for a change" in found.reason
    assert message.rubber_stamp


@pytest.mark.parametrize("policy", ["blessed", "not_blessed", "not_evaluated"])
def test_a_value_that_fails_is_not_blessed_whatever_the_policy(policy: str) -> None:
    data = auc(threshold={**value(lower=0.9), **change(absolute=0.0)})
    assert decided(data, GOOD, without_baseline=policy)[0].verdict == "NOT_BLESSED"


def test_slices_that_are_too_small_are_held_against_nothing_but_must_not_be_named() -> None:
    settled = settle(config_message(auc(threshold=value(lower=0.6))), Task.BINARY)
    found = Evaluated(evaluated({ALL: {"auc": 0.7}}, settled).metrics, too_small={F: 2})
    policies: dict[str, Any] = {"without_thresholds": "not_evaluated", "without_baseline": "blessed"}
    assert decide(settled, Task.BINARY, found, **policies)[0].verdict == "BLESSED"

    named = settle(
        config_message(per_slice([{"feature_values": {"sex": "f"}}], value(lower=0.6))), Task.BINARY
    )
    verdict, _ = decide(named, Task.BINARY, found, **policies)
    assert verdict.reasons == (
        "auc has a threshold in sex:f, where there are fewer rows than min_slice_size: sex:f (2 rows)",
    )


def test_a_threshold_on_one_of_several_numbers_is_by_its_name() -> None:
    name = "fairness_indicators_metrics/recall@0.5"
    data = {
        "metrics_specs": [
            {
                "metrics": [{"class_name": "FairnessIndicators", "config": {"thresholds": [0.5]}}],
                "thresholds": {name: value(lower=0.9)},
            }
        ]
    }
    settled = settle(config_message(data), Task.BINARY)
    found = Evaluated({ALL: {MetricKey(name): written(0.8)}})
    verdict, limits = decide(
        settled, Task.BINARY, found, without_thresholds="not_evaluated", without_baseline="blessed"
    )
    assert (limits, verdict.reasons) == (1, (f"{name} is 0.8, below the lower bound 0.9",))


def test_a_threshold_on_many_numbers_is_refused() -> None:
    data = {
        "metrics_specs": [{"metrics": [{"class_name": "FairnessIndicators", "threshold": value(lower=0.9)}]}]
    }
    with pytest.raises(WrongArgument, match="threshold for 'fairness_indicators', which is no single number"):
        decided(data, GOOD)


def test_the_document_has_every_check() -> None:
    verdict, _ = decided(auc(threshold={**value(lower=0.6), **change(absolute=0.0)}), NEW)
    document = verdict.document()
    assert (document["schema"], document["verdict"]) == ("millwork/blessing/v1", "NOT_BLESSED")
    assert len(document["checks"]) == 6
    failed = next(c for c in document["checks"] if c["slice"] == "sex:f" and c["kind"] == "change")
    assert failed["metric"] == "auc"
    assert (failed["value"], failed["baseline"], failed["passed"]) == (0.5, 0.6, False)
    assert failed["change"] == pytest.approx(-0.1)
    assert failed["threshold"] == {"direction": "HIGHER_IS_BETTER", "absolute": 0.0}


def test_the_short_reason_is_short() -> None:
    values: Values = {(("id", n),): {"auc": 0.1} for n in range(30)}
    verdict, _ = decided(auc(threshold=value(lower=0.6)), values)
    assert len(verdict.reasons) == 30
    assert verdict.reason.endswith("; and 27 more")
