"""What an EvalConfig says about the making of predictions: which label, which weight, which features to keep."""

from __future__ import annotations

import re
from typing import Any

from millwork.evaluation.eval_config import metric_settings
from millwork.evaluation.metrics.elsewhere import reason_for_tfma
from millwork.evaluation.slicing import Slicer
from millwork.evaluation.tfma_protos import tfma_protos


def model_specs(config: Any) -> tuple[Any, Any]:
    """The spec of the model, and of the baseline: the same if it has none of its own."""
    specs = config.model_specs or [tfma_protos().config.ModelSpec()]
    candidate = next((spec for spec in specs if not spec.is_baseline), specs[0])
    return candidate, next((spec for spec in specs if spec.is_baseline), candidate)


def is_for_tfma(config: Any) -> bool:
    """Whether something is only computed by TFMA, as far as one sees before. WrongArgument for an unknown metric."""
    reasons = [reason_for_tfma(metric) for spec in config.metrics_specs for metric in spec.metrics]
    by_sql = any(spec.slice_keys_sql for spec in config.slicing_specs)
    return by_sql or any(reasons) or any(spec.query_key for spec in config.metrics_specs)


def kept_features(config: Any) -> tuple[str, ...]:
    """The features that slices, and metrics of TFMA itself, are made of."""
    slicer = Slicer(config)
    found = list(slicer.features)
    for spec in slicer.others:
        found += re.findall(r"\bexample\.(\w+)", spec.slice_keys_sql)
    for spec in config.metrics_specs:
        found += [spec.query_key] if spec.query_key else []
        for metric in spec.metrics:
            settings = metric_settings(metric)
            found += [
                settings[name] for name in ("feature_key", "weighted_by_feature_key") if settings.get(name)
            ]
    return tuple(dict.fromkeys(found))
