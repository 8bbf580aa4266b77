"""Confidence intervals: paired, repeatable, and like TFMA's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tfma_oracle import Columns, Numbers, Table, assert_same, config, metrics_table, ours, theirs

from millwork.evaluation.eval_config import config_message
from millwork.evaluation.metrics.engine import Accumulator, Batch, RowSlices, Task, plan_metrics
from millwork.evaluation.metrics.intervals import bounded
from millwork.evaluation.metrics.keys import OVERALL, MetricKey
from millwork.evaluation.metrics.sampling import Method, Sampling
from millwork.evaluation.metrics.values import BoundedValue, Value


def intervals(
    method: str, *, sizes: Sequence[int], scores: NDArray[np.float64], model: str = ""
) -> Accumulator:
    """An AUC with its interval, of batches of these sizes."""
    models = [{"name": "new"}, {"name": "old", "is_baseline": True}] if model else [{}]
    options = {"compute_confidence_intervals": True, "confidence_intervals": {"method": method}}
    metrics = [{"class_name": name} for name in ("AUC", "ExampleCount", "CalibrationPlot")]
    asked = {"metrics_specs": [{"metrics": metrics}], "model_specs": models, "options": options}
    of = plan_metrics(config_message(asked), model, Task.BINARY)
    labels, accumulator, first = (np.arange(600) % 3 == 0).astype(float), of.accumulator(), 0
    for size in sizes:
        some = slice(first, first + size)
        rows = np.arange(size)
        accumulator.add(Batch(labels[some], scores[some], None, first), RowSlices([OVERALL], rows, 0 * rows))
        first += size
    return accumulator


def interval(value: Value) -> list[float]:
    """Lower bound, value, upper bound and standard error of a number."""
    assert isinstance(value, BoundedValue) and value.degrees_of_freedom == 19
    parts = value.lower, value.value, value.upper, value.standard_error
    return [part for part in parts if isinstance(part, float)]


NOISE = np.random.default_rng(1).uniform(size=600)
GOOD = np.where(np.arange(600) % 3 == 0, 0.6, 0.4) * NOISE + 0.2


@pytest.mark.parametrize("method", ["JACKKNIFE", "POISSON_BOOTSTRAP"])
def test_intervals_do_not_depend_on_batches_and_are_about_right(method: str) -> None:
    one, many = (
        interval(intervals(method, sizes=sizes, scores=GOOD).results().metrics[OVERALL][MetricKey("auc")])
        for sizes in ([600], [1, 99, 500])
    )
    assert one == pytest.approx(many)
    lower, value, upper, error = one
    assert lower < value < upper
    # Hanley and McNeil (1982): about 0.022 for this AUC of 200 positives and 400 negatives.
    assert 0.012 < error < 0.035


def test_counts_and_plots_have_no_interval() -> None:
    results = intervals("JACKKNIFE", sizes=[600], scores=GOOD).results()
    assert results.metrics[OVERALL][MetricKey("example_count")] == 600
    assert not isinstance(results.plots[OVERALL][MetricKey("calibration_plot")], BoundedValue)


@pytest.mark.parametrize("method", ["JACKKNIFE", "POISSON_BOOTSTRAP"])
def test_the_interval_of_a_change_is_paired(method: str) -> None:
    """Two models that are nearly alike differ by much less than each of them varies."""
    new = intervals(method, sizes=[600], scores=GOOD, model="new")
    old = intervals(method, sizes=[600], scores=GOOD + 0.01 * NOISE[::-1], model="old")
    found = new.results(old).metrics[OVERALL]
    *_, error_of_change = interval(found[MetricKey("auc", "new", is_diff=True)])
    *_, error = interval(found[MetricKey("auc", "new")])
    assert 0 < error_of_change < error / 5


def test_a_slice_that_a_jackknife_sample_misses_has_values_without_intervals() -> None:
    found = intervals("JACKKNIFE", sizes=[1], scores=GOOD).results().metrics[OVERALL]
    assert isinstance(found[MetricKey("auc")], float)


@pytest.mark.parametrize("method", [Method.JACKKNIFE, Method.BOOTSTRAP])
def test_intervals_of_samples_equal_those_of_tfma(method: Method) -> None:
    from tensorflow_model_analysis.evaluators import confidence_intervals_util, jackknife, poisson_bootstrap
    from tensorflow_model_analysis.utils import math_util

    samples = np.random.default_rng(2).normal(0.7, 0.1, 21)
    combine = {
        Method.JACKKNIFE: jackknife._JackknifeSampleCombineFn,
        Method.BOOTSTRAP: poisson_bootstrap._BootstrapSampleCombineFn,
    }[method](20)
    accumulator = combine.create_accumulator()
    for number, value in enumerate(samples.tolist()):
        sample = confidence_intervals_util.SampleMetrics({"auc": value}, number - 1)
        accumulator = combine.add_input(accumulator, sample)
    expected = combine.extract_output(accumulator)["auc"]
    mean, lower, upper = math_util.calculate_confidence_interval(expected)
    found = bounded(samples, Sampling(method))
    assert isinstance(found, BoundedValue)
    assert interval(found) == pytest.approx([lower, samples[0], upper, expected.sample_standard_deviation])
    assert found.mean == pytest.approx(mean)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["JACKKNIFE", "POISSON_BOOTSTRAP"])
def test_the_same_metrics_have_intervals_as_in_tfma_and_errors_of_the_same_size(
    method: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """TFMA draws at random: its errors from 20 samples vary by a sixth, and so do ours."""
    labels = (np.arange(600) % 3 == 0).astype(float)
    features = {"half": (np.arange(600) % 2).tolist()}
    columns = Columns(Task.BINARY, labels, np.round(GOOD, 3), None, np.round(NOISE, 3), features)
    names = ("AUC", "Recall", "MeanPrediction", "ExampleCount", "ConfusionMatrixPlot")
    several: dict[str, Any] = {
        "class_name": "ConfusionMatrixAtThresholds",
        "config": {"thresholds": [0.3, 0.5]},
    }
    specs: dict[str, Any] = {"metrics": [*({"class_name": name} for name in names), several]}
    options = {"compute_confidence_intervals": True, "confidence_intervals": {"method": method}}
    asked = config(columns, specs, options=options)
    expected, _ = theirs(asked, columns, tmp_path_factory.mktemp(method.lower()))
    found = metrics_table(ours(asked, columns))
    assert_same(
        {key: without_intervals(numbers) for key, numbers in found.items()},
        {key: without_intervals(numbers) for key, numbers in expected.items()},
    )
    assert with_intervals(found) == with_intervals(expected)
    error = ".confidenceInterval.standardError.doubleValue"
    sizes = [(found[key][error], numbers[error]) for key, numbers in expected.items() if numbers.get(error)]
    assert len(sizes) > 20 and all(0.35 < one / other < 2.9 for one, other in sizes), sizes


def without_intervals(numbers: Numbers) -> Numbers:
    return {what: number for what, number in numbers.items() if not what.startswith(".confidenceInterval")}


def with_intervals(table: Table) -> set[tuple[str, str]]:
    return {key for key, numbers in table.items() if numbers.keys() != without_intervals(numbers).keys()}
