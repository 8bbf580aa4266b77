"""What holds for all metrics: shards, batches and processes do not matter, and bad input is refused."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.eval_config import config_message
from millwork.evaluation.metrics.catalog import FAMILIES
from millwork.evaluation.metrics.elsewhere import ELSEWHERE
from millwork.evaluation.metrics.engine import Accumulator, Batch, MetricPlan, RowSlices, Task, plan_metrics
from millwork.evaluation.metrics.keys import OVERALL, MetricKey, SliceKey
from millwork.evaluation.metrics.values import ConfusionMatrices

LABELS = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
SCORES = np.array([0.9, 0.2, 0.4, 0.6, 0.8, 0.7])
RED: SliceKey = (("colour", "red"),)
BLUE: SliceKey = (("colour", "blue"),)


def plan(
    *metrics: str | dict[str, Any], task: Task = Task.BINARY, model: str = "", **config: Any
) -> MetricPlan:
    named = [{"class_name": m} if isinstance(m, str) else m for m in metrics]
    return plan_metrics(config_message({"metrics_specs": [{"metrics": named}], **config}), model, task)


def counted(
    of: MetricPlan,
    labels: Sequence[float] | NDArray[Any] = LABELS,
    scores: NDArray[Any] = SCORES,
    *,
    keys: Sequence[SliceKey] = (OVERALL,),
    first_row: int = 0,
    weights: NDArray[np.float64] | None = None,
) -> Accumulator:
    """An accumulator of one batch, whose rows are in all slices, or by turns in one of several."""
    accumulator = of.accumulator()
    rows = np.arange(len(labels))
    batch = Batch(np.asarray(labels), scores, weights, first_row)
    accumulator.add(batch, RowSlices(keys, rows, rows % len(keys)))
    return accumulator


def numbers(accumulator: Accumulator, key: SliceKey = OVERALL) -> dict[str, Any]:
    return {k.name: value for k, value in accumulator.results().metrics[key].items()}


def test_accumulators_of_other_processes_can_be_merged_in_any_order() -> None:
    metrics = [
        "ExampleCount",
        "AUC",
        "Recall",
        "BinaryCrossentropy",
        "SquaredPearsonCorrelation",
        "MeanLabel",
    ]
    of = plan(*metrics)
    whole = counted(of, keys=[RED, BLUE])
    parts = [
        pickle.loads(pickle.dumps(counted(of, LABELS[:2], SCORES[:2], keys=[RED, BLUE]))),
        pickle.loads(pickle.dumps(counted(of, LABELS[2:], SCORES[2:], keys=[RED, BLUE]))),
        pickle.loads(pickle.dumps(of.accumulator())),
    ]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        merged = of.accumulator()
        for number in order:
            merged.merge(parts[number])
        for key in (RED, BLUE):
            assert numbers(merged, key) == pytest.approx(numbers(whole, key), nan_ok=True)


def test_slices_that_others_have_numbered_differently_are_merged_by_key() -> None:
    of = plan("MeanPrediction")
    one = counted(of, [1.0], np.array([0.5]), keys=[RED])
    other = counted(of, [1.0, 1.0], np.array([0.2, 0.3]), keys=[BLUE, RED])
    one.merge(other)
    assert numbers(one, RED)["mean_prediction"] == pytest.approx(0.4)
    assert numbers(one, BLUE)["mean_prediction"] == pytest.approx(0.2)


def test_memory_does_not_grow_with_rows() -> None:
    of = plan("AUC", "ExampleCount")
    small = len(pickle.dumps(counted(of)))
    assert len(pickle.dumps(counted(of, np.tile(LABELS, 10_000), np.tile(SCORES, 10_000)))) == small


def test_a_slice_with_too_few_rows_is_only_named() -> None:
    results = counted(
        plan("AUC", options={"min_slice_size": 4}), LABELS[:5], SCORES[:5], keys=[RED, BLUE]
    ).results()
    assert results.too_small == {RED: 3, BLUE: 2} and not results.metrics


def test_all_rows_together_are_never_too_few() -> None:
    """As in TFMA, whose `FilterOutSlices` keeps the overall slice: a verdict must be given on few rows, too."""
    results = counted(plan("AUC", options={"min_slice_size": 7})).results()
    assert not results.too_small and results.metrics[OVERALL]


def test_nothing_added_gives_nothing() -> None:
    assert not plan("AUC").accumulator().results().metrics


def test_weights_that_are_all_zero_give_nan_and_no_warning() -> None:
    of = plan(
        *("AUC", "Precision", "MeanLabel", "Calibration", "SquaredPearsonCorrelation"),
        model_specs=[{"example_weight_key": "weight"}],
    )
    found = numbers(counted(of, weights=np.zeros(6)))
    assert all(math.isnan(found[name]) for name in ("precision", "mean_label", "calibration"))


def test_the_change_is_the_candidates_value_minus_the_baselines() -> None:
    models = [{"name": "new"}, {"name": "old", "is_baseline": True}]
    metrics: list[Any] = [
        "Recall",
        {"class_name": "ConfusionMatrixAtThresholds", "config": {"thresholds": [0.5]}},
    ]
    new, old = (
        counted(plan(*metrics, model=m, model_specs=models), LABELS, s)
        for m, s in (("new", SCORES), ("old", 1 - SCORES))
    )
    found = new.results(old).metrics[OVERALL]
    assert found[MetricKey("recall", "new")] == 0.75 and found[MetricKey("recall", "old")] == 0.25
    assert found[MetricKey("recall", "new", is_diff=True)] == 0.5
    change = found[MetricKey("confusion_matrix_at_thresholds", "new", is_diff=True)]
    assert isinstance(change, ConfusionMatrices)
    assert change.tp.tolist() == [2.0] and change.thresholds.tolist() == [0.5]


def test_every_metric_that_tfma_and_keras_know_is_computed_here_or_has_a_reason() -> None:
    import tensorflow_model_analysis as tfma
    import tf_keras
    from tensorflow_model_analysis.metrics import metric_types

    assert tfma.metrics
    keras = {
        name
        for name, found in vars(tf_keras.metrics).items()
        if isinstance(found, type) and issubclass(found, tf_keras.metrics.Metric)
    }
    known = set(metric_types.registered_metrics()) | keras
    assert known <= set(FAMILIES) | set(ELSEWHERE), sorted(known - set(FAMILIES) - set(ELSEWHERE))
    assert not set(FAMILIES) & set(ELSEWHERE)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ({"class_name": "NDCG"}, "query"),
        ({"class_name": "Mine", "module": "my.metrics"}, "class of the module 'my.metrics'"),
        ({"class_name": "Recall", "config": {"preprocessors": [1]}}, "setting 'preprocessors'"),
        ({"class_name": "SymmetricFlipRate"}, "two models"),
        ({"class_name": "MeanSquaredError", "module": "tf_keras.losses"}, "loss function"),
    ],
)
def test_what_is_not_computed_here_is_handed_on_with_a_reason(metric: dict[str, Any], reason: str) -> None:
    of = plan("AUC", metric)
    (other,) = of.others
    assert reason in other.reason
    assert [m.class_name for m in other.spec.metrics] == [metric["class_name"]]
    assert [key.name for key in of.standard] == ["auc"]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ({"class_name": "AOC"}, "there is no metric 'AOC'. Did you mean 'AUC'?"),
        (
            {"class_name": "AUC", "config": {"curve": "RCO"}},
            "curve of auc cannot be 'RCO'. Did you mean 'ROC'?",
        ),
        (
            {"class_name": "AUC", "config": {"num_thresholds": 1}},
            "num_thresholds of auc must be 2 or more, but is 1",
        ),
        (
            {"class_name": "Recall", "config": {"thresholds": "0.5"}},
            "thresholds of recall must be a number or numbers",
        ),
        ({"class_name": "PrecisionAtRecall"}, "precision_at_recall needs recall, a number from 0 to 1"),
        ({"class_name": "PrecisionAtRecall", "config": {"recall": 1.5}}, "but got 1.5"),
        (
            {"class_name": "AUC", "config": {"num_thresholds": 5, "thresholds": [0.5]}},
            "auc has thresholds and num_thresholds",
        ),
        (
            {"class_name": "CalibrationPlot", "config": {"left": 2, "right": 1}},
            "left below right, but got 2 and 1",
        ),
        ({"class_name": "AUC", "config": {"num_thresholds": "100"}}, "must be a whole number, but got '100'"),
        (
            {"class_name": "BinaryCrossentropy", "config": {"label_smoothing": "a"}},
            "must be a number, but got 'a'",
        ),
        (
            {"class_name": "Recall", "config": {"class_id": 0.5}},
            "class_id of recall must be a whole number, but got 0.5",
        ),
        (
            {"class_name": "ConfusionMatrixPlot", "config": {"num_thresholds": 0}},
            "must be 1 or more, but got 0",
        ),
    ],
)
def test_a_wrong_setting_is_refused_when_planning(metric: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message.replace("(", r"\(").replace("?", r"\?")):
        plan(metric)


@pytest.mark.parametrize(
    ("labels", "scores", "weights", "message"),
    [
        ([1.0, 0.0], [0.5, math.nan], None, "Row 11: a score must be a number, but is nan"),
        ([1.0, math.nan], [0.5, 0.5], None, "Row 11: a label must be a number, but is nan"),
        ([1.0, 2.0], [0.5, 0.5], None, "Row 11: a label must be 0 or 1, or between, but is 2.0"),
        ([1.0, 0.0], [0.5, 0.5], [1.0, -1.0], "Row 11: a weight must be 0 or more, but is -1.0"),
        ([1.0, 0.0], [0.5, 0.5], [1.0, math.nan], "Row 11: a weight must be 0 or more, but is nan"),
        ([1.0, 0.0], [0.5, 0.5], [1.0], "2 rows need as many weights"),
        (
            [1.0, 0.0],
            [[0.5, 0.5], [0.5, 0.5]],
            None,
            "Scores of a binary problem do not have the shape (2, 2)",
        ),
    ],
)
def test_rows_that_cannot_be_counted_are_named(
    labels: list[float], scores: list[Any], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        counted(
            plan("AUC"),
            labels,
            np.array(scores),
            first_row=10,
            weights=None if weights is None else np.array(weights),
        )
    assert message in str(refused.value)


def test_numbers_of_a_regression_are_no_labels_of_a_confusion_matrix() -> None:
    with pytest.raises(
        BadInput, match="A label is 7, but a metric of the EvalConfig takes labels from 0 to 1 only"
    ):
        counted(plan("AUC", task=Task.REGRESSION), [7.0], np.array([6.0]))


def test_the_share_of_explained_variance_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import r2_score

    labels, scores = np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 8.0])
    found = numbers(counted(plan("R2Score", task=Task.REGRESSION), labels, scores))
    assert found["r2_score"] == pytest.approx(r2_score(labels, scores))


def test_one_score_cannot_be_binarized() -> None:
    spec = {"metrics": [{"class_name": "AUC"}], "binarize": {"class_ids": {"values": [1]}}}
    with pytest.raises(
        WrongArgument, match="AUC is wanted of a class, .* but a binary problem has one score"
    ):
        plan_metrics(config_message({"metrics_specs": [spec]}), "", Task.BINARY)


def test_a_batch_without_rows_changes_nothing() -> None:
    of = plan("AUC", "ExampleCount")
    accumulator = counted(of)
    accumulator.add(Batch(LABELS[:0], SCORES[:0]), RowSlices([OVERALL], np.zeros(0, int), np.zeros(0, int)))
    assert numbers(accumulator) == numbers(counted(of))


def test_fairness_indicators_are_rates_at_thresholds() -> None:
    found = numbers(
        counted(plan({"class_name": "FairnessIndicators", "config": {"thresholds": [0.5, 0.75]}}))
    )
    assert len(found) == 20
    assert found["fairness_indicators_metrics/true_positive_rate@0.50"] == 0.75
    assert found["fairness_indicators_metrics/positive_rate@0.75"] == pytest.approx(2 / 6)
    assert found["fairness_indicators_metrics/false_discovery_rate@0.75"] == 0.0
