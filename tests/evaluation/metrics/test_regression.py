"""Counts, means, calibration and errors, held against TFMA's own."""

from __future__ import annotations

import numpy as np
import pytest
from tfma_oracle import Columns, Table, assert_same, config, metrics_table, ours, theirs

from millwork.evaluation.metrics.engine import Task

ERRORS = (
    *("MeanAbsoluteError", "MeanSquaredError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"),
    "SquaredPearsonCorrelation",
    *("RootMeanSquaredError", "LogCoshError"),
)
MEANS = ("ExampleCount", "WeightedExampleCount", "MeanLabel", "MeanPrediction", "Calibration")
SPECS = (
    {"metrics": [{"class_name": name} for name in (*MEANS, *ERRORS)]},
    {
        "metrics": [{"class_name": "MeanSquaredError", "config": {"name": "unweighted_mse"}}],
        "example_weights": {"unweighted": True},
    },
    {"metrics": [{"class_name": "MeanLabel"}], "example_weights": {"unweighted": True, "weighted": True}},
)


def houses(*, baseline: bool = False) -> Columns:
    """Prices that are guessed too high, of three towns. One town has a label of 0, and one house only."""
    random = np.random.default_rng(3)
    labels = np.round(random.gamma(2.0, 10.0, 300), 1)
    labels[7], labels[11] = 0.0, -1.5
    scores = np.round(labels * random.normal(1.1, 0.2, 300) + 0.5, 3)
    towns = random.choice(["Ulm", "Bonn"], 300).tolist()
    towns[7] = "Trier"
    return Columns(
        Task.REGRESSION,
        labels,
        scores,
        np.round(random.uniform(0, 3, 300), 2),
        np.round(labels * 0.9, 2) if baseline else None,
        {"town": towns, "rooms": random.integers(1, 4, 300).tolist()},
    )


@pytest.fixture(scope="session")
def house_metrics(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """TFMA's metrics of the houses, with a baseline."""
    columns = houses(baseline=True)
    return theirs(config(columns, *SPECS), columns, tmp_path_factory.mktemp("houses"))[0]


def test_regression_metrics_equal_those_of_tfma_by_slice_and_weight_and_against_a_baseline(
    house_metrics: Table,
) -> None:
    columns = houses(baseline=True)
    found = metrics_table(ours(config(columns, *SPECS), columns))
    assert len(found) == len(house_metrics) > 6 * 3 * len(ERRORS)
    assert_same(found, house_metrics)
