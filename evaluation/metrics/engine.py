"""The door to the metrics: plan what an EvalConfig asks for, add batches of rows, read the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from millwork.evaluation.metrics.batches import Batch, RowSlices, Task
from millwork.evaluation.metrics.keys import MetricKey
from millwork.evaluation.metrics.values import Results

__all__ = ["Accumulator", "Batch", "MetricPlan", "OtherMetric", "RowSlices", "Task", "plan_metrics"]


@dataclass(frozen=True)
class OtherMetric:
    """A metric that goes to TensorFlow Model Analysis itself."""

    spec: Any
    """A `MetricsSpec` with this one metric, and the other settings of the spec that it stood in."""
    reason: str


@dataclass(frozen=True)
class MetricPlan:
    """What is computed here, and what is not."""

    standard: tuple[MetricKey, ...]
    """The keys that `Accumulator.results` will have in every slice."""
    plots: tuple[MetricKey, ...]
    others: tuple[OtherMetric, ...]

    def accumulator(self) -> Accumulator:
        """An empty accumulator."""
        raise NotImplementedError


class Accumulator:
    """Sums over rows, by slice: its size depends on slices and classes, not on rows. Can be pickled."""

    def add(self, batch: Batch, slices: RowSlices) -> None:
        """Count a batch. Raises BadInput on NaN, on impossible labels, and on a wrong number of classes."""
        raise NotImplementedError

    def merge(self, other: Accumulator) -> None:
        """Take in what another accumulator of an equal plan counted. The order of merges does not matter."""
        raise NotImplementedError

    def results(self, baseline: Accumulator | None = None) -> Results:
        """All metrics and plots.

        With the accumulator of a baseline model, which has seen the same rows with the same slices: also the
        baseline's metrics and plots, and the differences, candidate minus baseline (keys with `is_diff`).
        """
        raise NotImplementedError


def plan_metrics(
    eval_config: Any, model_name: str, task: Task, *, output_name: str = "", output_names: Sequence[str] = ()
) -> MetricPlan:
    """Split the metrics of an `EvalConfig` into those computed here and those for TFMA.

    `model_name` goes into the keys: "" with a single model. Of a model with several outputs, plan each output
    by its name. Raises WrongArgument for a config that TFMA would refuse as well.
    """
    raise NotImplementedError
