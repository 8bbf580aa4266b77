"""Comparing the distributions of two data sets by their statistics: TFDV's distances, each of them reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from millwork.components.checks.comparators import (
    DistributionValidatorConfig,
    FeatureComparator,
    comparator_message,
)
from millwork.components.checks.comparison_plan import plan_comparison
from millwork.components.checks.feature_statistics import Path, features, is_weighted, num_examples

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

Comparison = Literal["drift", "skew"]

_KEPT = (
    "COMPARATOR_CONTROL_DATA_MISSING",
    "COMPARATOR_TREATMENT_DATA_MISSING",
    "COMPARATOR_L_INFTY_HIGH",
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
    "COMPARATOR_LOW_NUM_EXAMPLES",
    "COMPARATOR_HIGH_NUM_EXAMPLES",
)
"""Kinds of anomalies that come of a comparison. The others are ExampleValidator's."""
_MEASURES = {
    "L_INFTY": "infinity_norm",
    "JENSEN_SHANNON_DIVERGENCE": "jensen_shannon_divergence",
    "NORMALIZED_ABSOLUTE_DIFFERENCE": "normalized_abs_difference",
}


@dataclass(frozen=True)
class Outcome:
    """What came of comparing two splits."""

    anomalies: anomalies_pb2.Anomalies
    report: dict[str, Any]
    """Every distance with its threshold, and what could not be compared: JSON."""


def compare(
    current: statistics_pb2.DatasetFeatureStatisticsList,
    baseline: statistics_pb2.DatasetFeatureStatisticsList,
    config: DistributionValidatorConfig,
    comparison: Comparison = "drift",
) -> Outcome:
    """The anomalies of the current data against the baseline, as TFX's DistributionValidator finds them with TFDV.

    Other than there, a feature is also anomalous if TFDV has no such distance for it: of a number's infinity norm it
    makes 0. Rows that are missing altogether are one anomaly. BadInput if only one side's statistics are weighted.
    """
    import tensorflow_data_validation as tfdv

    now, before = features(current), features(baseline)
    weighted = is_weighted(now, before)
    rows = num_examples(current), num_examples(baseline)
    wanted, problems = plan_comparison(config, now, before) if all(rows) else ({}, {})
    schema = _schema(tfdv.infer_schema(baseline), wanted, config, comparison)
    against = {"previous_statistics" if comparison == "drift" else "serving_statistics": baseline}
    anomalies = _comparison_only(tfdv.validate_statistics(current, schema, **against))
    measured = list(_measured(anomalies, comparison))
    done = {path for path, *_ in measured}
    problems |= {
        path: "TFDV has no distance for it." for path in wanted if path not in done | problems.keys()
    }
    for path, why in problems.items():
        _add(anomalies.anomaly_info[_key(path)], "Comparison could not be done", why, path)
    for side, count in zip(("", "baseline "), rows, strict=True):
        if not count:
            _add(anomalies.dataset_anomaly_info, "No examples", f"The {side}split has no rows.")
    report = {
        "comparison": comparison,
        "num_examples": _row_counts(rows, config),
        "weighted": weighted,
        "distances": [_distance(*m) for m in sorted(measured, key=lambda m: (-m[2], m[0], m[1]))],
        "not_compared": [{"feature": ".".join(p), "path": list(p), "reason": w} for p, w in problems.items()],
    }
    return Outcome(anomalies, report)


def _schema(
    schema: schema_pb2.Schema,
    wanted: Mapping[Path, FeatureComparator],
    config: DistributionValidatorConfig,
    comparison: Comparison,
) -> schema_pb2.Schema:
    """A schema that the baseline fits, with the comparators in it."""
    from tensorflow_data_validation.types import FeaturePath
    from tensorflow_data_validation.utils import schema_util

    for path, comparator in wanted.items():
        feature = schema_util.get_feature(schema, FeaturePath(path))
        getattr(feature, f"{comparison}_comparator").CopyFrom(comparator_message(comparator))
    if bounds := config.num_examples_comparator:
        target = schema.dataset_constraints.num_examples_drift_comparator
        for name in ("min_fraction_threshold", "max_fraction_threshold"):
            if getattr(bounds, name) is not None:
                setattr(target, name, getattr(bounds, name))
    return schema


def _comparison_only(found: anomalies_pb2.Anomalies) -> anomalies_pb2.Anomalies:
    """The anomalies without those that say only that the data does not fit the baseline's schema."""
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    kept = anomalies_pb2.Anomalies()
    kept.CopyFrom(found)
    kept.anomaly_name_format = anomalies_pb2.Anomalies.SERIALIZED_PATH
    kept.ClearField("data_missing")
    for name in list(kept.anomaly_info):
        if not _keep_reasons(kept.anomaly_info[name]):
            del kept.anomaly_info[name]
    if not _keep_reasons(kept.dataset_anomaly_info):
        kept.ClearField("dataset_anomaly_info")
    return kept


def _keep_reasons(info: anomalies_pb2.AnomalyInfo) -> bool:
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    reasons = [r for r in info.reason if anomalies_pb2.AnomalyInfo.Type.Name(r.type) in _KEPT]
    del info.reason[:]
    info.ClearField("diff_regions")
    info.reason.extend(reasons)
    _summarise(info)
    return bool(reasons)


def _summarise(info: anomalies_pb2.AnomalyInfo) -> None:
    info.description = " ".join(reason.description for reason in info.reason)
    info.short_description = info.reason[0].short_description if len(info.reason) == 1 else "Multiple errors"


def _key(path: Path) -> str:
    """What TFDV calls a feature in anomalies: a step with dots in it stands in quotes."""
    return ".".join(f"'{step}'" if "." in step else step for step in path)


def _add(info: anomalies_pb2.AnomalyInfo, short: str, description: str, path: Path = ()) -> None:
    """Add a reason that TFDV does not give."""
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    kind = anomalies_pb2.AnomalyInfo
    info.reason.add(type=kind.STATS_NOT_AVAILABLE, short_description=short, description=description)
    info.severity = kind.ERROR
    if path:
        info.path.step[:] = path
    _summarise(info)


def _measured(
    anomalies: anomalies_pb2.Anomalies, comparison: Comparison
) -> Iterator[tuple[Path, str, float, float]]:
    """Feature, measure, distance and threshold."""
    from tensorflow_metadata.proto.v0.anomalies_pb2 import DriftSkewInfo

    for info in anomalies.drift_skew_info:
        for one in getattr(info, f"{comparison}_measurements"):
            yield (
                tuple(info.path.step),
                _MEASURES[DriftSkewInfo.Measurement.Type.Name(one.type)],
                one.value,
                one.threshold,
            )


def _distance(path: Path, measure: str, distance: float, threshold: float) -> dict[str, Any]:
    return {
        "feature": ".".join(path),
        "path": list(path),
        "measure": measure,
        "distance": distance,
        "threshold": threshold,
        "exceeded": distance > threshold,
    }


def _row_counts(rows: tuple[float, float], config: DistributionValidatorConfig) -> dict[str, Any]:
    bounds = config.num_examples_comparator
    return {
        "current": rows[0],
        "baseline": rows[1],
        "ratio": rows[0] / rows[1] if rows[1] else None,
        "min_fraction_threshold": bounds and bounds.min_fraction_threshold,
        "max_fraction_threshold": bounds and bounds.max_fraction_threshold,
    }
