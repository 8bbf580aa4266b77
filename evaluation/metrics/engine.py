"""The door to the metrics: plan what an EvalConfig asks for, add batches of rows, read the results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput
from millwork.evaluation.metrics.batches import Batch, RowSlices, Task, in_steps
from millwork.evaluation.metrics.checks import check_batch
from millwork.evaluation.metrics.intervals import bounded, difference, point
from millwork.evaluation.metrics.keys import OVERALL, MetricKey, SliceKey
from millwork.evaluation.metrics.metric import Metric
from millwork.evaluation.metrics.planning import Model, OtherMetric, planned
from millwork.evaluation.metrics.sampling import Method, Sampling, sampling_of
from millwork.evaluation.metrics.stored import Stored
from millwork.evaluation.metrics.tallies import RowCount
from millwork.evaluation.metrics.values import Plot, Results, Value
from millwork.evaluation.metrics.views import BatchRows

if TYPE_CHECKING:
    from millwork.evaluation.metrics.metric import Found

__all__ = ["Accumulator", "Batch", "MetricPlan", "OtherMetric", "RowSlices", "Task", "plan_metrics"]

NO_RESAMPLES = Sampling()
ROWS = RowCount()
"""Always counted: slices with too few rows are left out, but never that of all rows, as in TFMA."""


@dataclass(frozen=True)
class MetricPlan:
    """What is computed here, and what is not."""

    task: Task
    model_name: str
    metrics: tuple[Metric, ...]
    others: tuple[OtherMetric, ...]
    sampling: Sampling = NO_RESAMPLES
    min_slice_size: int = 1

    @property
    def standard(self) -> tuple[MetricKey, ...]:
        """The keys that `Accumulator.results` will have in every slice."""
        return tuple(metric.key for metric in self.metrics if not metric.is_plot)

    @property
    def plots(self) -> tuple[MetricKey, ...]:
        """The same of its plots."""
        return tuple(metric.key for metric in self.metrics if metric.is_plot)

    def accumulator(self) -> Accumulator:
        """An empty accumulator."""
        return Accumulator(self)


def plan_metrics(eval_config: Any, model_name: str, task: Task) -> MetricPlan:
    """Split the metrics of an `EvalConfig` into those computed here and those for TFMA.

    `model_name` goes into the keys: "" with a single model. Raises WrongArgument for a config that TFMA would
    refuse as well.
    """
    metrics, others = planned(eval_config, Model(task, model_name))
    return MetricPlan(
        task,
        model_name,
        tuple(metrics),
        tuple(others),
        sampling_of(eval_config),
        eval_config.options.min_slice_size.value,
    )


class Accumulator:
    """Sums over rows, by slice: its size depends on slices and classes, not on rows. Can be pickled."""

    def __init__(self, plan: MetricPlan) -> None:
        self.plan = plan
        self._stored: Stored | None = None
        self._tallies = tuple(dict.fromkeys([ROWS, *(t for metric in plan.metrics for t in metric.tallies)]))

    def add(self, batch: Batch, slices: RowSlices) -> None:
        """Count a batch. Raises BadInput on NaN, on impossible labels, and on a wrong number of classes."""
        check_batch(batch, self.plan.task, self._stored.classes if self._stored else None)
        if self._stored is None:
            self._stored = Stored(self.plan.sampling, BatchRows(batch).classes)
        for some, of_some in in_steps(batch, slices, self.plan.task):
            rows, dealt = BatchRows(some), list(self.plan.sampling.dealt(some))
            for tally in self._tallies:
                self._stored.add(tally, rows, of_some, dealt)

    def merge(self, other: Accumulator) -> None:
        """Take in what another accumulator of an equal plan counted. The order of merges does not matter."""
        if other._stored is None:
            return
        if self._stored is None:
            self._stored = Stored(self.plan.sampling, other._stored.classes)
        if self._stored.classes != other._stored.classes:
            raise BadInput(
                f"Predictions of {self._stored.classes} classes cannot be evaluated with those of "
                f"{other._stored.classes}"
            )
        self._stored.merge(other._stored)

    def results(self, baseline: Accumulator | None = None) -> Results:
        """All metrics and plots.

        With the accumulator of a baseline model, which has seen the same rows with the same slices: also the
        baseline's metrics and plots, and the differences, candidate minus baseline (keys with `is_diff`).
        """
        results = Results({}, {}, {})
        for key, rows in self._rows().items():
            if key != OVERALL and rows < self.plan.min_slice_size:
                results.too_small[key] = rows
            else:
                results.metrics[key], results.plots[key] = self._slice(key, baseline)
        return results

    def _rows(self) -> dict[SliceKey, int]:
        if self._stored is None:
            return {}
        return {key: round(float(self._stored.found(ROWS, key)[0, 0, 0])) for key in self._stored.numbers}

    def _slice(
        self, key: SliceKey, baseline: Accumulator | None
    ) -> tuple[dict[MetricKey, Value], dict[MetricKey, Plot]]:
        own = self._samples(key)
        other = baseline._samples(key) if baseline is not None else {}
        found = {**own, **other}
        if baseline is not None:
            found |= _changes(own, other, baseline.plan.model_name)
        with_intervals = self._has_intervals(key)
        metrics: dict[MetricKey, Value] = {}
        plots: dict[MetricKey, Plot] = {}
        for metric, samples in found.items():
            if metric.is_plot:
                plots[metric.key] = point(samples)
            elif with_intervals and metric.has_interval:
                metrics[metric.key] = bounded(samples, self.plan.sampling)
            else:
                metrics[metric.key] = point(samples)
        return metrics, plots

    def _samples(self, key: SliceKey) -> dict[Metric, Found]:
        """Each metric of one slice, over all samples."""
        import numpy as np

        if self._stored is None or key not in self._stored.numbers:
            return {}
        found = {tally: self._stored.found(tally, key) for tally in self._tallies}
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return {
                # Plots have no interval, and are large: all rows are enough.
                m: m.result(*(found[tally][:, :1] if m.is_plot else found[tally] for tally in m.tallies))
                for m in self.plan.metrics
            }

    def _has_intervals(self, key: SliceKey) -> bool:
        """Not without a method, nor if a sample has no row: TFMA gives up then, too."""
        if self._stored is None or self.plan.sampling.method is Method.NONE:
            return False
        samples = self._stored.found(ROWS, key)[0, :, 0]
        return self.plan.sampling.method is Method.BOOTSTRAP or bool((samples > 0).all())


def _changes(own: dict[Metric, Found], other: dict[Metric, Found], baseline: str) -> dict[Metric, Found]:
    """What changed against a baseline of this name. Counts have no interval, but their changes have one in TFMA."""
    others = {metric.key: samples for metric, samples in other.items() if not metric.is_plot}
    return {
        replace(metric, key=metric.key.diff(), has_interval=True): difference(samples, others[same])
        for metric, samples in own.items()
        if not metric.is_plot and (same := metric.key.of_model(baseline)) in others
    }
