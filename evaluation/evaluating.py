"""From stored predictions and a settled EvalConfig to metrics in every slice, and a verdict on the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from millwork.core.artifacts import Predictions
from millwork.core.component import snake_case
from millwork.core.errors import BadInput, WrongArgument, did_you_mean
from millwork.evaluation.eval_config import metric_settings
from millwork.evaluation.metric_messages import SliceMetrics, plots_message, written
from millwork.evaluation.metrics.engine import MetricPlan, OtherMetric, Task, plan_metrics
from millwork.evaluation.metrics.keys import MetricKey, SliceKey
from millwork.evaluation.metrics.values import Results
from millwork.evaluation.scored_rows import scored_rows
from millwork.evaluation.settled_config import Settled
from millwork.evaluation.slicing import Slicer, cross_slice_results
from millwork.evaluation.thresholds import AnySlice, limits_of, validate
from millwork.evaluation.verdicts import Verdict, WithoutBaseline, WithoutThresholds, judge


@dataclass(frozen=True)
class Evaluated:
    """All that was found out about a model, and about its baseline, as it is written."""

    metrics: SliceMetrics = field(default_factory=dict)
    plots: dict[AnySlice, Any] = field(default_factory=dict)
    """`PlotsForSlice` messages."""
    too_small: Mapping[SliceKey, int] = field(default_factory=dict)
    """The rows of each slice that was left out."""
    rows: int = 0
    unlabelled: int = 0

    def merged(self, other: Evaluated) -> Evaluated:
        """With the metrics and plots of another evaluation of the same rows. Nothing is added to a slice left out."""
        metrics = {key: dict(found) for key, found in self.metrics.items()}
        for key, found in other.metrics.items():
            if key not in self.too_small:
                metrics.setdefault(key, {}).update(found)
        plots = dict(self.plots)
        for key, message in other.plots.items():
            if key in plots:
                plots[key].plot_keys_and_values.extend(message.plot_keys_and_values)
            elif key not in self.too_small:
                plots[key] = message
        return replace(self, metrics=metrics, plots=plots)

    def number_keys(self, model_name: str) -> list[MetricKey]:
        """The keys of one model's metrics, in any slice."""
        keys = {k: None for found in self.metrics.values() for k in found}
        return [key for key in keys if key.model_name == model_name and not key.is_diff]


@dataclass(frozen=True)
class Plans:
    """What is computed here, for each model."""

    candidate: MetricPlan
    baseline: MetricPlan | None

    @property
    def others(self) -> tuple[OtherMetric, ...]:
        """What TFMA has to compute, for either model."""
        both = [*self.candidate.others, *(self.baseline.others if self.baseline else ())]
        return tuple({other.spec.SerializeToString(deterministic=True): other for other in both}.values())


def plan(settled: Settled, task: Task) -> Plans:
    """Split the metrics of a config into those computed here and those for TFMA."""
    candidate = plan_metrics(settled.config, settled.candidate, task)
    if settled.baseline is None:
        return Plans(candidate, None)
    return Plans(candidate, plan_metrics(settled.config, settled.baseline, task))


def evaluate(
    settled: Settled,
    plans: Plans,
    predictions: Predictions,
    baseline: Predictions | None,
    splits: Sequence[str],
) -> Evaluated:
    """Read the predictions once, and compute the standard metrics of both models. BadInput if no row has a label."""
    slicer = Slicer(settled.config)
    candidate = plans.candidate.accumulator()
    other = plans.baseline.accumulator() if plans.baseline else None
    rows = unlabelled = 0
    for some in scored_rows(predictions, baseline, splits, slicer.features):
        rows, unlabelled = rows + len(some), unlabelled + some.unlabelled
        if not len(some):
            continue
        slices = slicer.slice(some.columns, len(some))
        candidate.add(some.candidate, slices)
        if other is not None and some.baseline is not None:
            other.add(some.baseline, slices)
    if not rows:
        named = ", ".join(splits)
        missing = f"None of the {unlabelled} rows has a value of {predictions.label!r}" if unlabelled else ""
        raise BadInput(
            f"There is nothing to evaluate in {named}. {missing or 'There are no rows'}. Evaluate other splits, or "
            "predictions of examples with labels"
        )
    return _evaluated(settled, candidate.results(*([other] if other else [])), rows, unlabelled)


def decide(
    settled: Settled,
    task: Task | None,
    evaluated: Evaluated,
    *,
    without_thresholds: WithoutThresholds,
    without_baseline: WithoutBaseline,
) -> tuple[Verdict, int]:
    """The verdict, and the number of thresholds that could be checked. Without a task, TFMA computed all metrics."""
    limits = limits_of(
        settled.config, settled.baseline, lambda spec, metric: _keys(settled, task, evaluated, spec, metric)
    )
    numbers = {
        key: {metric: found.number for metric, found in metrics.items()}
        for key, metrics in evaluated.metrics.items()
    }
    validation = validate(limits, numbers, settled.baseline, too_small=evaluated.too_small)
    verdict = judge(
        validation,
        limits=len(limits),
        waived=settled.waived,
        without_thresholds=without_thresholds,
        without_baseline=without_baseline,
    )
    return verdict, len(limits)


def _evaluated(settled: Settled, results: Results, rows: int, unlabelled: int) -> Evaluated:
    found: dict[AnySlice, Mapping[MetricKey, Any]] = {}
    for key, of_slice in results.metrics.items():
        found[key] = of_slice
    for pair, of_pair in cross_slice_results(settled.config, results).items():
        found[pair] = of_pair
    metrics: SliceMetrics = {
        key: {metric: written(value) for metric, value in values.items() if not metric.name.startswith("_")}
        for key, values in found.items()
    }
    plots: dict[AnySlice, Any] = {
        key: plots_message(key, drawn) for key, drawn in results.plots.items() if drawn
    }
    return Evaluated(metrics, plots, results.too_small, rows, unlabelled)


def _keys(
    settled: Settled, task: Task | None, evaluated: Evaluated, spec: Any, metric: Any
) -> list[MetricKey]:
    """The numbers that a threshold is for: of a metric, or of this name."""
    named = isinstance(metric, str)
    name = metric if named else metric_settings(metric).get("name") or snake_case(metric.class_name)
    standard, others = [], True
    if task is not None:
        planned = _plan_of(settled, task, spec, spec.metrics if named else [metric])
        standard = [key for key in planned.standard if not key.name.startswith("_")]
        others = bool(planned.others)
    known = standard + (evaluated.number_keys(settled.candidate) if others else [])
    found = [key for key in dict.fromkeys(known) if key.name == name]
    if not found and not named and len({key.name for key in standard}) == 1:
        return standard
    if not found and standard:
        names = did_you_mean(name, [key.name for key in standard])
        raise WrongArgument(
            f"eval_config: there is a threshold for {name!r}, which is no single number. {names} Give the threshold "
            "to one of these, in thresholds of the metrics spec"
        )
    return found or [MetricKey(name, settled.candidate, example_weighted=None)]


def _plan_of(settled: Settled, task: Task, spec: Any, metrics: Iterable[Any]) -> MetricPlan:
    """What would be computed if there were only these metrics of a spec."""
    config = type(settled.config).FromString(settled.config.SerializeToString())
    del config.metrics_specs[:]
    alone = config.metrics_specs.add()
    alone.CopyFrom(spec)
    chosen = [type(metric).FromString(metric.SerializeToString()) for metric in metrics]
    del alone.metrics[:]
    alone.metrics.extend(chosen)
    return plan_metrics(config, settled.candidate, task)
