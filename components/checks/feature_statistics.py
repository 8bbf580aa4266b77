"""Reading TFDV's statistics of features, of the whole data set where there are also slices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import statistics_pb2

Path = tuple[str, ...]
"""The steps to a feature: one, unless features are nested."""


def features(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> dict[Path, Any]:
    """Every feature of the whole data set, by its path."""
    dataset = _whole(statistics)
    return {tuple(f.path.step) or (f.name,): f for f in dataset.features}


def _whole(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> Any:
    """The statistics of all rows: of sliced statistics the ones that TFDV looks at too."""
    from tensorflow_data_validation.constants import DEFAULT_SLICE_KEY

    named = [d for d in statistics.datasets if d.name == DEFAULT_SLICE_KEY]
    return (named or statistics.datasets)[0]


def num_examples(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> float:
    """How many rows there are; how much they weigh, if they are weighted."""
    dataset = _whole(statistics)
    return float(dataset.weighted_num_examples or dataset.num_examples)


def is_weighted(now: Mapping[Path, Any], before: Mapping[Path, Any]) -> bool:
    """Whether rows have weights. BadInput if only one side's have: TFDV would compare weights with counts."""
    sides = [
        any(_common(f).HasField("weighted_common_stats") for f in side.values()) for side in (now, before)
    ]
    if now and before and sides[0] != sides[1]:
        which = (
            "of the data are weighted, and those of the baseline are not"
            if sides[0]
            else ("of the baseline are weighted, and those of the data are not")
        )
        raise BadInput(
            f"The statistics {which}: they cannot be compared. Make both by StatisticsGen with the same weight_feature"
        )
    return any(sides)


def _common(feature: Any) -> Any:
    return getattr(feature, feature.WhichOneof("stats") or "num_stats").common_stats


def has_values(feature: Any) -> bool:
    """Whether any row has a value of this feature."""
    return bool(_common(feature).tot_num_values or _common(feature).num_non_missing)


def is_categorical(feature: Any) -> bool:
    """Whether TFDV knows the frequent values of a feature, as of strings, instead of a histogram of numbers."""
    return bool(feature.HasField("string_stats"))


def is_distributed(feature: Any) -> bool:
    """Whether TFDV describes how the values are distributed, which it does not of images and of groups of features."""
    return feature.WhichOneof("stats") in ("num_stats", "string_stats")


def type_name(feature: Any) -> str:
    """INT, FLOAT, STRING, …"""
    from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics

    return str(FeatureNameStatistics.Type.Name(feature.type))
