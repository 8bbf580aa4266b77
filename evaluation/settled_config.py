"""What is really evaluated: an EvalConfig with its defaults filled in, for one model or for a model and a baseline."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from millwork.core.component import snake_case
from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.eval_config import metric_settings, thresholds_in
from millwork.evaluation.metrics.engine import Task
from millwork.evaluation.tfma_protos import tfma_protos

CANDIDATE, BASELINE = "candidate", "baseline"
"""TFMA's names of the two models."""
MANY_CLASSES = 20
"""With more, no default metric is computed for every class by itself."""

Metric = tuple[str, dict[str, Any]]
"""A class and its settings."""

BINARY: tuple[Metric, ...] = (
    ("BinaryAccuracy", {}),
    ("AUC", {}),
    ("AUCPrecisionRecall", {}),
    ("Precision", {}),
    ("Recall", {}),
)
DEFAULTS: dict[Task, tuple[Metric, ...]] = {
    Task.BINARY: (
        *(("ExampleCount", {}), *BINARY, ("MeanLabel", {}), ("MeanPrediction", {}), ("Calibration", {})),
        *(("ConfusionMatrixPlot", {}), ("CalibrationPlot", {})),
    ),
    Task.MULTI_CLASS: (
        ("ExampleCount", {}),
        ("SparseCategoricalAccuracy", {}),
        ("SparseCategoricalCrossentropy", {}),
        ("MultiClassConfusionMatrixPlot", {}),
    ),
    Task.MULTI_LABEL: (("ExampleCount", {}), ("MultiLabelConfusionMatrixPlot", {})),
    Task.REGRESSION: (
        ("ExampleCount", {}),
        ("MeanSquaredError", {}),
        ("MeanAbsoluteError", {}),
        ("MeanLabel", {}),
        ("MeanPrediction", {}),
    ),
}
"""Computed if the config names no metric. With several classes also `BINARY`, for each class by itself."""

COMPILED: dict[str, str | dict[Task, str]] = {
    "accuracy": {
        Task.BINARY: "BinaryAccuracy",
        Task.MULTI_CLASS: "SparseCategoricalAccuracy",
        Task.MULTI_LABEL: "BinaryAccuracy",
    },
    "loss": {
        Task.BINARY: "BinaryCrossEntropy",
        Task.MULTI_CLASS: "SparseCategoricalCrossentropy",
        Task.REGRESSION: "MeanSquaredError",
    },
    "auc": "AUC",
    "binary_accuracy": "BinaryAccuracy",
    "categorical_accuracy": "CategoricalAccuracy",
    "mae": "MeanAbsoluteError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_squared_error": "MeanSquaredError",
    "mse": "MeanSquaredError",
    "precision": "Precision",
    "recall": "Recall",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
}
"""Names under which Keras and Estimator models bring metrics of their own. `thresholds` of a TFX config use them."""


@dataclass(frozen=True)
class Settled:
    """A config that says everything."""

    config: Any
    candidate: str
    """Its name in the keys of metrics: "" if it is evaluated alone."""
    baseline: str | None
    waived: tuple[str, ...]
    """Change thresholds that were left out, since there is no baseline."""

    @property
    def model_names(self) -> tuple[str, ...]:
        return (self.candidate,) if self.baseline is None else (self.candidate, self.baseline)


def settle(
    given: Any,
    task: Task | None,
    *,
    classes: int = 0,
    has_baseline: bool = False,
    weighted: bool = False,
    fairness_thresholds: Sequence[float] = (),
) -> Settled:
    """Fill in metrics, names of models and methods. `given` stays as it is.

    Without a task, all metrics are left to TFMA, and so they must be named.

    Thresholds for metrics by name, which TFX looks up in the model, are put to the metric of this name.
    """
    config = tfma_protos().config.EvalConfig.FromString(given.SerializeToString())
    if task is not None:
        _settle_metrics(config, task, classes)
    if fairness_thresholds:
        _add_fairness(config, fairness_thresholds)
    if config.options.compute_confidence_intervals.value and not config.options.confidence_intervals.method:
        config.options.confidence_intervals.method = tfma_protos().config.ConfidenceIntervalOptions.JACKKNIFE
    waived = () if has_baseline else tuple(_without_change_thresholds(config))
    candidate, baseline = _name_models(config, has_baseline)
    for spec in config.model_specs:
        if weighted and not spec.example_weight_key:
            spec.example_weight_key = "weight"
    return Settled(config, candidate, baseline, waived)


def _settle_metrics(config: Any, task: Task, classes: int) -> None:
    for spec in config.metrics_specs:
        _mean_what_is_meant(spec, task)
        _place_named_thresholds(spec, task)
    if not any(spec.metrics for spec in config.metrics_specs):
        del config.metrics_specs[:]
        config.metrics_specs.extend(_default_metrics(task, classes))


def _default_metrics(task: Task, classes: int) -> Iterator[Any]:
    protos = tfma_protos().config
    yield protos.MetricsSpec(metrics=[_metric(*metric) for metric in DEFAULTS[task]])
    if task in (Task.MULTI_CLASS, Task.MULTI_LABEL) and 0 < classes <= MANY_CLASSES:
        each = protos.BinarizationOptions(class_ids=protos.RepeatedInt32Value(values=range(classes)))
        yield protos.MetricsSpec(metrics=[_metric(*metric) for metric in BINARY], binarize=each)


def _metric(class_name: str, settings: dict[str, Any]) -> Any:
    text = json.dumps(settings) if settings else ""
    return tfma_protos().config.MetricConfig(class_name=class_name, config=text)


def _mean_what_is_meant(spec: Any, task: Task) -> None:
    """Keras' `Accuracy` compares labels with scores, and is 0 for all but models that answer with a class.

    TFX's example for scikit-learn has such a model; its accuracy is that of the likeliest class.
    """
    by_task = COMPILED["accuracy"]
    for metric in spec.metrics:
        if (
            metric.class_name == "Accuracy"
            and not metric.module
            and isinstance(by_task, dict)
            and task in by_task
        ):
            metric.class_name = by_task[task]
            metric.config = json.dumps({"name": "accuracy", **metric_settings(metric)})


def _place_named_thresholds(spec: Any, task: Task) -> None:
    """Put each to its metric. `metric/number`, for a metric of several numbers, stays where it is."""
    metrics = {metric_settings(m).get("name") or snake_case(m.class_name) for m in spec.metrics}
    for name in [n for n in spec.thresholds if not _is_part_of(n, metrics)]:
        metric, threshold = _metric_called(name, spec, task), spec.thresholds[name]
        for kind in ("value_threshold", "change_threshold"):
            if threshold.HasField(kind) and metric.threshold.HasField(kind):
                raise WrongArgument(
                    f"eval_config: {name!r} has a {kind} in its metric and another in thresholds. Leave one of them"
                )
        metric.threshold.MergeFrom(threshold)
        del spec.thresholds[name]
    for kind in ("per_slice_thresholds", "cross_slice_thresholds"):
        by_name = getattr(spec, kind)
        for name in [n for n in by_name if not _is_part_of(n, metrics)]:
            getattr(_metric_called(name, spec, task), kind).extend(by_name[name].thresholds)
            del by_name[name]


def _is_part_of(name: str, metrics: Collection[str]) -> bool:
    first, slash, _ = name.partition("/")
    return bool(slash) and (
        first in metrics or ("fairness_indicators" in metrics and first.startswith("fairness"))
    )


def _metric_called(name: str, spec: Any, task: Task) -> Any:
    """The metric of a spec that has this name, added if only models would bring it."""
    known = {metric_settings(m).get("name") or snake_case(m.class_name): m for m in spec.metrics}
    if name in known:
        return known[name]
    compiled = COMPILED.get(name)
    if isinstance(compiled, dict):
        compiled = compiled.get(task)
    if compiled is None:
        raise WrongArgument(
            f"eval_config: there are thresholds for {name!r}, but no metric of this name. What a model computes by "
            f"itself is not known here: add the metric to metrics. {did_you_mean(name, [*known, *COMPILED])}"
        )
    spec.metrics.append(_metric(compiled, {"name": name}))
    return spec.metrics[-1]


def _add_fairness(config: Any, thresholds: Sequence[float]) -> None:
    """As TFX's parameter of this name: the rates at each threshold, in every slice."""
    for spec in config.metrics_specs:
        if any(m.class_name == "FairnessIndicators" for m in spec.metrics):
            return
    config.metrics_specs[0].metrics.append(_metric("FairnessIndicators", {"thresholds": list(thresholds)}))


def _without_change_thresholds(config: Any) -> Iterator[str]:
    """Take them out, and say where each was."""
    for place, threshold in list(thresholds_in(config)):
        if threshold.HasField("change_threshold"):
            threshold.ClearField("change_threshold")
            yield place
    for spec in config.metrics_specs:
        for name in [n for n, one in spec.thresholds.items() if not one.HasField("value_threshold")]:
            del spec.thresholds[name]
        for holder in [
            *spec.metrics,
            *spec.per_slice_thresholds.values(),
            *spec.cross_slice_thresholds.values(),
        ]:
            _drop_empty(holder)


def _drop_empty(holder: Any) -> None:
    """Take out of a metric, or of a list of thresholds for slices, what holds no threshold any more."""
    names = [field.name for field in holder.DESCRIPTOR.fields]
    if "threshold" in names and not holder.threshold.HasField("value_threshold"):
        holder.ClearField("threshold")
    for kind in ("per_slice_thresholds", "cross_slice_thresholds", "thresholds"):
        if kind in names:
            kept = [one for one in getattr(holder, kind) if one.threshold.HasField("value_threshold")]
            holder.ClearField(kind)
            getattr(holder, kind).extend(kept)


def _name_models(config: Any, has_baseline: bool) -> tuple[str, str | None]:
    """One model has no name, as TFMA wants it; two have one each. Metrics are for all unless they say for which."""
    specs = config.model_specs or [config.model_specs.add()]
    candidate = next((spec for spec in specs if not spec.is_baseline), specs[0])
    other = next((spec for spec in specs if spec.is_baseline), None)
    names: list[str] = [""]
    if not has_baseline:
        kept = type(candidate).FromString(candidate.SerializeToString())
        kept.name = ""
        del config.model_specs[:]
        config.model_specs.append(kept)
    else:
        candidate.name = candidate.name or CANDIDATE
        if other is None:
            other = config.model_specs.add()
            other.CopyFrom(candidate)
            other.name, other.is_baseline = BASELINE, True
        names = [candidate.name, other.name]
    for spec in config.metrics_specs:
        if not has_baseline or not spec.model_names:
            spec.ClearField("model_names")
            spec.model_names.extend(names)
    return names[0], names[1] if has_baseline else None
