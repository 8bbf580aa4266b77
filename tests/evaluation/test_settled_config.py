"""A config is settled for what is really evaluated: metrics, names of models, thresholds where they belong."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.core.errors import WrongArgument
from millwork.evaluation.eval_config import config_message
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.metrics.engine import plan_metrics
from millwork.evaluation.settled_config import Settled, settle

AT_LEAST_HALF = {"value_threshold": {"lower_bound": 0.5}}
NO_WORSE = {"change_threshold": {"absolute": 0.0, "direction": "HIGHER_IS_BETTER"}}


def settled(data: dict[str, Any], task: Task = Task.BINARY, **more: Any) -> Settled:
    return settle(config_message(data), task, **more)


def metrics_of(config: Any) -> list[str]:
    return [metric.class_name for spec in config.metrics_specs for metric in spec.metrics]


def test_a_single_model_has_no_name_whatever_the_config_says() -> None:
    found = settled(
        {"model_specs": [{"name": "new", "label_key": "y"}, {"name": "old", "is_baseline": True}]}
    )
    assert (found.candidate, found.baseline, found.model_names) == ("", None, ("",))
    assert [(spec.name, spec.label_key) for spec in found.config.model_specs] == [("", "y")]


def test_two_models_have_the_names_of_tfma_or_their_own() -> None:
    assert settled({"model_specs": [{"label_key": "y"}]}, has_baseline=True).model_names == (
        "candidate",
        "baseline",
    )
    own = settled({"model_specs": [{"name": "new"}, {"name": "old", "is_baseline": True}]}, has_baseline=True)
    assert own.model_names == ("new", "old")
    assert list(own.config.metrics_specs[0].model_names) == ["new", "old"]


@pytest.mark.parametrize("task", list(Task))
def test_without_metrics_there_are_the_usual_ones_and_they_can_be_computed(task: Task) -> None:
    found = settled({}, task, classes=3)
    plan = plan_metrics(found.config, "", task)
    assert "ExampleCount" in metrics_of(found.config)
    assert not plan.others


def test_many_classes_get_no_metrics_of_their_own() -> None:
    assert len(settled({}, Task.MULTI_CLASS, classes=3).config.metrics_specs) == 2
    assert len(settled({}, Task.MULTI_CLASS, classes=300).config.metrics_specs) == 1


@pytest.mark.parametrize(
    ("task", "class_name"),
    [(Task.BINARY, "BinaryAccuracy"), (Task.MULTI_CLASS, "SparseCategoricalAccuracy")],
)
def test_accuracy_is_that_of_the_likeliest_class(task: Task, class_name: str) -> None:
    found = settled({"metrics_specs": [{"metrics": [{"class_name": "Accuracy"}]}]}, task)
    (metric,) = found.config.metrics_specs[0].metrics
    assert (metric.class_name, metric.config) == (class_name, '{"name": "accuracy"}')


def test_thresholds_by_name_go_to_the_metric_of_this_name_or_to_what_a_model_would_bring() -> None:
    spec = {
        "metrics": [{"class_name": "AUC"}],
        "thresholds": {"auc": AT_LEAST_HALF, "accuracy": AT_LEAST_HALF},
        "per_slice_thresholds": {
            "auc": {"thresholds": [{"slicing_specs": [{}], "threshold": AT_LEAST_HALF}]}
        },
    }
    (found,) = settled({"metrics_specs": [spec]}).config.metrics_specs
    assert [m.class_name for m in found.metrics] == ["AUC", "BinaryAccuracy"]
    assert all(m.threshold.value_threshold.lower_bound.value == 0.5 for m in found.metrics)
    assert len(found.metrics[0].per_slice_thresholds) == 1
    assert not found.thresholds
    assert not found.per_slice_thresholds


def test_thresholds_for_one_of_several_numbers_stay() -> None:
    name = "fairness_indicators_metrics/recall@0.5"
    spec = {"metrics": [{"class_name": "FairnessIndicators"}], "thresholds": {name: AT_LEAST_HALF}}
    (found,) = settled({"metrics_specs": [spec]}).config.metrics_specs
    assert list(found.thresholds) == [name]


def test_change_thresholds_are_waived_without_a_baseline() -> None:
    data = {
        "metrics_specs": [
            {
                "metrics": [
                    {"class_name": "AUC", "threshold": {**AT_LEAST_HALF, **NO_WORSE}},
                    {
                        "class_name": "Precision",
                        "threshold": NO_WORSE,
                        "per_slice_thresholds": [
                            {"slicing_specs": [{}], "threshold": NO_WORSE},
                            {"slicing_specs": [{}], "threshold": AT_LEAST_HALF},
                        ],
                    },
                ]
            }
        ]
    }
    found = settled(data)
    auc, precision = found.config.metrics_specs[0].metrics
    assert found.waived == ("AUC.threshold", "Precision.threshold", "Precision.per_slice_thresholds")
    assert not auc.threshold.HasField("change_threshold")
    assert not precision.HasField("threshold")
    assert len(precision.per_slice_thresholds) == 1
    assert settled(data, has_baseline=True).waived == ()


def test_weights_fairness_and_intervals_are_filled_in() -> None:
    data = {"model_specs": [{"label_key": "y"}], "options": {"compute_confidence_intervals": True}}
    found = settled(data, weighted=True, fairness_thresholds=[0.25, 0.5]).config
    assert found.model_specs[0].example_weight_key == "weight"
    assert "FairnessIndicators" in metrics_of(found)
    assert found.options.confidence_intervals.method == 2, "JACKKNIFE"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"thresholds": {"aucc": AT_LEAST_HALF}},
            "thresholds for 'aucc', but no metric of this name.* Did you mean 'auc'",
        ),
        (
            {
                "metrics": [{"class_name": "AUC", "threshold": AT_LEAST_HALF}],
                "thresholds": {"auc": AT_LEAST_HALF},
            },
            "'auc' has a value_threshold in its metric and another in thresholds",
        ),
    ],
)
def test_thresholds_for_nothing_or_twice_are_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        settled({"metrics_specs": [spec]})
