"""Deciding which features of two data sets are compared, and how; and why some cannot be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from millwork.components.checks.comparators import (
    CATEGORICAL_ONLY,
    DistributionValidatorConfig,
    FeatureComparator,
    FeatureName,
)
from millwork.components.checks.feature_statistics import (
    Path,
    has_values,
    is_categorical,
    is_distributed,
    type_name,
)
from millwork.core.errors import did_you_mean


def plan_comparison(
    config: DistributionValidatorConfig, now: Mapping[Path, Any], before: Mapping[Path, Any]
) -> tuple[dict[Path, FeatureComparator], dict[Path, str]]:
    """How each feature is to be compared, and why some that should be cannot."""
    known = {**before, **now}
    named = {_resolved(name, known): comparator for name, comparator in config.features.items()}
    wanted: dict[Path, FeatureComparator] = {}
    problems: dict[Path, str] = {}
    for path in [*named, *(p for p in known if p not in named)]:
        default = config.default_comparator
        comparator = named[path] if path in named else default and _suited(path, default, now, before)
        if comparator is None:
            continue
        if why := _hindrance(path, comparator, now, before):
            problems[path] = why
        else:
            wanted[path] = comparator
    return wanted, problems


def _resolved(name: FeatureName, known: Mapping[Path, Any]) -> Path:
    """A name may hold dots, and so may stand for a feature of that name or for the path of a nested one."""
    path = (name,) if isinstance(name, str) else name
    return path if path in known else next((p for p in known if ".".join(p) == name), path)


def _suited(
    path: Path, comparator: FeatureComparator, now: Mapping[Path, Any], before: Mapping[Path, Any]
) -> FeatureComparator | None:
    """A comparator for all features as it makes sense for this one. None: it has no values, or no such distances."""
    sides = [side[path] for side in (now, before) if path in side]
    if not any(has_values(s) for s in sides) or not all(map(is_distributed, sides)):
        return None
    if any(map(is_categorical, sides)):
        return comparator
    suited = dataclasses.replace(comparator, **dict.fromkeys(CATEGORICAL_ONLY))
    return suited if suited.thresholds else None


def _hindrance(
    path: Path,
    comparator: FeatureComparator,
    now: Mapping[Path, Any],
    before: Mapping[Path, Any],
) -> str:
    """Why TFDV cannot compare a feature in the way that is asked for; '' if it can."""
    if path not in now and path not in before:
        names = [".".join(p) for p in {**before, **now}]
        return f"There is no such feature. {did_you_mean('.'.join(path), names)}"
    for side, where in ((now, "the data"), (before, "the baseline")):
        if path not in side:
            return f"It is not in {where}."
        if not has_values(side[path]):
            return f"It has no values in {where}."
    kinds = [is_categorical(side[path]) for side in (now, before)]
    if kinds[0] != kinds[1]:
        told = [
            f"{type_name(s[path])}{' (categorical)' * k}" for s, k in zip((now, before), kinds, strict=True)
        ]
        return f"It is {told[0]} now and was {told[1]} in the baseline."
    unsuited = [m for m in comparator.thresholds if m in CATEGORICAL_ONLY]
    if unsuited and not kinds[0]:
        return (
            f"{unsuited[0]} is for categorical features, and this one is {type_name(now[path])}: use "
            "jensen_shannon_divergence."
        )
    return ""
