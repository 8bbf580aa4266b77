"""What a regression gets wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sample_contests import regression_contest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from millwork.evaluation.reporting.residuals import by_prediction, density, quantiles, residual_summary


@pytest.mark.parametrize("weighted", [False, True])
def test_the_summary_is_that_of_scikit_learn(weighted: bool) -> None:
    contender = regression_contest(300).baseline
    weights = np.random.default_rng(0).uniform(0.5, 2, 300) if weighted else None
    contender = replace(contender, weights=weights)
    found, arguments = residual_summary(contender), (contender.labels, contender.scores)
    assert found.rmse == pytest.approx(root_mean_squared_error(*arguments, sample_weight=weights))
    assert found.mae == pytest.approx(mean_absolute_error(*arguments, sample_weight=weights))
    assert found.r_squared == pytest.approx(r2_score(*arguments, sample_weight=weights))


def test_quantiles_count_weights() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert quantiles(values, np.ones(3)).tolist() == [1, 1, 2, 3, 3]
    assert quantiles(values, np.array([10.0, 1.0, 1.0])).tolist() == [1, 3, 3, 3, 3]
    repeated = np.repeat(values, [4, 2, 6])
    expected = np.quantile(repeated, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf")
    assert quantiles(values, np.array([4.0, 2.0, 6.0])).tolist() == expected.tolist()


def test_the_picture_of_predicted_and_actual_counts_every_row_within() -> None:
    contender = regression_contest(500).baseline
    low, high = float(contender.labels.min()) - 50, float(contender.labels.max()) + 50
    assert density(contender, low, high).sum() == 500
    one = replace(contender, labels=np.array([1.0]), scores=np.array([9.0]))
    found = density(one, 0.0, 10.0)
    assert np.argwhere(found).tolist() == [[36, 4]]  # predicted upwards, actual across


def test_groups_by_prediction_are_of_equal_size_and_rise() -> None:
    groups = by_prediction(regression_contest(400).baseline)
    assert len(groups) == 20
    assert [at for at, _ in groups] == sorted(at for at, _ in groups)
    assert all(np.all(np.diff(found) >= 0) for _, found in groups)
