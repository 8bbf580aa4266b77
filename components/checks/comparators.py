"""How distributions are to be compared: settings as people give them, and as TensorFlow Metadata's messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.components.checks.settings import ConfigMessage, known_fields, plain, renamed
from millwork.core.errors import WrongArgument, did_you_mean

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

MEASURES = ("infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference")
CATEGORICAL_ONLY = ("infinity_norm", "normalized_abs_difference")
"""Measures of frequent values: of a number's histogram TFDV makes 0 of them."""
HISTOGRAMS = ("STANDARD", "QUANTILES")

FeatureName = str | tuple[str, ...]
"""A feature's name, or the steps of its path where features are nested."""


@dataclass(frozen=True)
class FeatureComparator:
    """How far apart the values of a feature may be. Every measure lies between 0 (equal) and 1."""

    infinity_norm: float | None = None
    """The largest change of one value's share of the rows. For categorical features."""
    jensen_shannon_divergence: float | None = None
    """The divergence of the distributions, with logarithms to base 2. For categorical features and numbers."""
    normalized_abs_difference: float | None = None
    """The largest change of one value's count, divided by the base's number of values. For categorical features."""
    histogram: str | None = None
    """Of a number, for the divergence: STANDARD (buckets of equal width, the default) or QUANTILES."""

    @property
    def thresholds(self) -> dict[str, float]:
        """By measure, those that are asked for."""
        return {name: getattr(self, name) for name in MEASURES if getattr(self, name) is not None}


@dataclass(frozen=True)
class NumExamplesComparator:
    """How many rows there may be, as a multiple of the baseline's."""

    min_fraction_threshold: float | None = None
    max_fraction_threshold: float | None = None


@dataclass(frozen=True)
class DistributionValidatorConfig:
    """What is compared, and how far it may be apart.

    `features` names features that are compared in their own way. None instead of a comparator: not at all.
    """

    default_comparator: FeatureComparator | None = None
    """For every feature that `features` does not name. None: these are not compared."""
    features: Mapping[FeatureName, FeatureComparator | None] = field(default_factory=dict)
    num_examples_comparator: NumExamplesComparator | None = None


GivenConfig = DistributionValidatorConfig | Mapping[str, Any] | ConfigMessage
"""Ours, the same as a mapping, or TFX's: its message, or the message's JSON as a mapping."""


def settled(given: GivenConfig) -> DistributionValidatorConfig:
    """The settings, checked. WrongArgument says what is wrong, and where."""
    content = plain(given)
    if isinstance(content, Mapping) and (
        "default_slice_config" in content or "defaultSliceConfig" in content
    ):
        content = _from_tfx(content)
    known = known_fields(content, DistributionValidatorConfig, "config")
    features = known.get("features") or {}
    if not isinstance(features, Mapping):
        raise WrongArgument(
            'config.features must map names of features to comparators, {"fare": {"jensen_shannon_divergence": 0.1}}, '
            f"but got {features!r}"
        )
    config = DistributionValidatorConfig(
        _comparator(known.get("default_comparator"), "config.default_comparator"),
        {_name(n): _comparator(c, f"config.features[{n!r}]") for n, c in features.items()},
        _num_examples(known.get("num_examples_comparator"), "config.num_examples_comparator"),
    )
    if not (config.default_comparator or config.num_examples_comparator or any(config.features.values())):
        raise WrongArgument(
            "config compares nothing. Give a default_comparator for all features, comparators for some in features, or "
            "a num_examples_comparator"
        )
    return config


def comparator_message(comparator: FeatureComparator) -> schema_pb2.FeatureComparator:
    """The comparator as TFDV takes it, in a schema."""
    from tensorflow_metadata.proto.v0 import schema_pb2

    message = schema_pb2.FeatureComparator()
    for measure, threshold in comparator.thresholds.items():
        getattr(message, measure).threshold = threshold
    if comparator.histogram:
        kind = schema_pb2.HistogramSelection.Type.Value(comparator.histogram)
        message.jensen_shannon_divergence.source.type = kind
    return message


def _from_tfx(given: Mapping[str, Any]) -> dict[str, Any]:
    """TFX's `DistributionValidatorConfig` as ours: its list of features by path."""
    [key, *others] = given
    if others:
        raise WrongArgument(f"config has, beside {key}, the unknown fields {', '.join(map(str, others))}")
    dataset = renamed(given[key], f"config.{key}")
    features: dict[tuple[str, ...], Any] = {}
    for i, entry in enumerate(dataset.pop("feature", None) or ()):
        where = f"config.{key}.feature[{i}]"
        content = renamed(entry, where)
        path, comparator = content.pop("path", None), content.pop("distribution_comparator", None)
        steps = path.get("step") if isinstance(path, Mapping) else path
        steps = [steps] if isinstance(steps, str) else steps
        if content or not steps or comparator is None:
            raise WrongArgument(
                f"{where} needs exactly a path, such as {{'step': ['fare']}}, and a distribution_comparator, but got "
                f"{entry!r}"
            )
        if tuple(steps) in features:
            raise WrongArgument(f"{where} names {'.'.join(steps)!r} for the second time")
        features[tuple(steps)] = comparator
    return {**dataset, "features": features}


def _comparator(given: Any, where: str) -> FeatureComparator | None:
    if given is None:
        return None
    known = known_fields(given, FeatureComparator, where)
    histogram = known.pop("histogram", None)
    thresholds = {}
    for measure, value in known.items():
        if isinstance(value, Mapping):
            content = renamed(value, f"{where}.{measure}")
            source = content.pop("source", None) or {}
            histogram = histogram or source.get("type") if isinstance(source, Mapping) else source
            value = content.pop("threshold", None)
            if content or value is None:
                raise WrongArgument(
                    f"{where}.{measure} needs a threshold: {{'threshold': 0.1}}, but got {known[measure]!r}"
                )
        if value is not None:
            thresholds[measure] = _threshold(value, f"{where}.{measure}", most=1.0)
    if not thresholds:
        raise WrongArgument(f"{where} has no threshold. Give one of {', '.join(MEASURES)}")
    histogram = None if histogram in (None, "DEFAULT") else str(histogram).upper()
    if histogram is not None and histogram not in HISTOGRAMS:
        raise WrongArgument(
            f"{where}: histogram cannot be {histogram!r}. {did_you_mean(histogram, HISTOGRAMS)}"
        )
    if histogram is not None and "jensen_shannon_divergence" not in thresholds:
        raise WrongArgument(
            f"{where}: histogram is for jensen_shannon_divergence, which has no threshold here"
        )
    return FeatureComparator(**thresholds, histogram=histogram)


def _num_examples(given: Any, where: str) -> NumExamplesComparator | None:
    if given is None:
        return None
    known = known_fields(given, NumExamplesComparator, where)
    bounds = {name: _threshold(v, f"{where}.{name}") for name, v in known.items() if v is not None}
    if not bounds:
        raise WrongArgument(
            f"{where} is empty. Give a min_fraction_threshold, a max_fraction_threshold, or both"
        )
    comparator = NumExamplesComparator(**bounds)
    least, most = comparator.min_fraction_threshold, comparator.max_fraction_threshold
    if least is not None and most is not None and least > most:
        raise WrongArgument(f"{where}: the minimum {least:g} is above the maximum {most:g}: nothing can pass")
    return comparator


def _threshold(value: object, where: str, most: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        wanted = "a number from 0 to 1" if most == 1 else "a number, 0 or more"
        raise WrongArgument(f"{where} must be {wanted}, but got {value!r}")
    return float(value)


def _name(given: object) -> FeatureName:
    steps = (given,) if isinstance(given, str) else given
    if not isinstance(steps, Sequence) or not steps or not all(s and isinstance(s, str) for s in steps):
        raise WrongArgument(
            f"config.features: {given!r} is neither a feature's name nor a tuple with the steps of its path"
        )
    return given if isinstance(given, str) else tuple(steps)
