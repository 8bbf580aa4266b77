"""The door to the metrics: plan what an EvalConfig asks for, add batches of rows, read the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.keys import MetricKey
from millwork.evaluation.metrics.values import Results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from millwork.evaluation.slicing import RowSlices


class Task(StrEnum):
    """The shape of labels and scores."""

    BINARY = "binary"
    MULTI_CLASS = "multi_class"
    MULTI_LABEL = "multi_label"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Batch:
    """Some rows of one model's predictions.

    task         labels (float64)              scores (float64)
    binary       (n,), 0 or 1, or between      (n,), the probability of 1
    multi_class  (n,), class ids (int64)       (n, classes)
    multi_label  (n, classes), 0 or 1          (n, classes)
    regression   (n,)                          (n,)
    """

    labels: NDArray[Any]
    scores: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    """(n,), 0 or more. None: every row weighs 1."""
    first_row: int = 0
    """Where the batch starts in its data set.

    It seeds the resampling, so that a baseline's intervals use the same samples as the candidate's, and so that
    no two batches use the same. Give every batch of one data set (over all shards) another number.
    """


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
