"""Metrics of several classes: of one class each, averaged, and of all at once; held against TFMA's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tfma_oracle import Columns, Table, assert_same, config, metrics_table, ours, plots_table, theirs

from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.metrics import batches
from millwork.evaluation.metrics.engine import Task

Spec = dict[str, Any]


def _named(class_name: str, **settings: Any) -> Spec:
    return {"class_name": class_name, "config": settings} if settings else {"class_name": class_name}


def _prefixed(prefix: str, metrics: list[Spec]) -> list[Spec]:
    """Each under a name of its own: TFMA's keys do not tell all averages apart."""
    return [
        {**m, "config": {**m.get("config", {}), "name": f"{prefix}_{m['class_name'].lower()}"}}
        for m in metrics
    ]


SEVERAL = [
    *(_named(name) for name in ("AUC", "Precision", "Recall", "BinaryAccuracy", "F1Score", "MaxRecall")),
    *(
        _named(name)
        for name in ("MeanLabel", "MeanPrediction", "Calibration", "MeanSquaredError", "ExampleCount")
    ),
]
NUMBERS = [m for m in SEVERAL if m["class_name"] not in ("ExampleCount", "MaxRecall")]
"""TFMA refuses the two others with class weights."""
AT_TOP_K = [
    _named(name)
    for name in (
        "Precision",
        "Recall",
        "BinaryAccuracy",
        "AUC",
        "FalsePositives",
        "TrueNegatives",
        "FNR",
        "F1Score",
    )
]
ALL_CLASSES = [
    *SEVERAL,
    *(_named(name) for name in ("SquaredPearsonCorrelation", "CoefficientOfDiscrimination")),
    _named("MultiClassConfusionMatrixAtThresholds", thresholds=[0.6, 0.4, 0.9]),
    _named("MultiClassConfusionMatrixPlot", thresholds=[0.6, 0.4, 0.9]),
    _named("ConfusionMatrixPlot", num_thresholds=10),
    _named("Recall", name="recall_of_2", class_id=2),
    _named("Precision", name="precision_top_2", top_k=2),
]
SPARSE = [
    _named("SparseCategoricalAccuracy"),
    _named("SparseCategoricalCrossentropy"),
    _named("SparseCategoricalCrossentropy", name="of_logits", from_logits=True),
    _named("SparseTopKCategoricalAccuracy", k=2),
    _named("SparseTopKCategoricalAccuracy", name="top_3", k=3),
]
ONE_HOT = [
    _named("MultiClassConfusionMatrixPlot"),
    _named("CategoricalAccuracy"),
    _named("TopKCategoricalAccuracy", k=2),
    _named("CategoricalCrossentropy"),
    _named("CategoricalCrossentropy", name="smooth", label_smoothing=0.1),
    _named("CategoricalCrossentropy", name="of_logits", from_logits=True),
]
CLASS_WEIGHTS = {0: 1.0, 1: 2.0, 3: 0.5}
# TFMA shares what it counts between metrics whose thresholds or averages are not in its keys: matrices of classes at
# other thresholds, or the means of a weighted and of a plain average, become the same. So these are asked for apart.
SPECS: tuple[Spec, ...] = (
    {"metrics": [*ALL_CLASSES, *SPARSE]},
    {
        "metrics": [*SEVERAL, _named("BinaryCrossentropy"), _named("CalibrationPlot", num_buckets=5)],
        "binarize": {"class_ids": {"values": [0, 3]}, "k_list": {"values": [1, 3]}},
    },
    {"metrics": AT_TOP_K, "binarize": {"top_k_list": {"values": [1, 2, 4]}}},
    {"metrics": SEVERAL, "aggregate": {"micro_average": True}},
    {
        "metrics": _prefixed("micro_top", [_named("Precision"), _named("Recall"), _named("AUC")]),
        "aggregate": {"micro_average": True, "top_k_list": {"values": [3]}},
    },
    {
        "metrics": _prefixed("macro", NUMBERS),
        "binarize": {"class_ids": {"values": [1]}},
        "aggregate": {"macro_average": True, "class_weights": CLASS_WEIGHTS},
    },
    {
        "metrics": _prefixed("macro_top", [_named("Precision"), _named("MeanPrediction")]),
        "aggregate": {"macro_average": True, "top_k_list": {"values": [2, 3]}},
    },
    {
        "metrics": _prefixed("by_labels", NUMBERS),
        "aggregate": {"weighted_macro_average": True, "class_weights": CLASS_WEIGHTS},
    },
)


HOT_SPECS: tuple[Spec, ...] = (
    {"metrics": ONE_HOT},
    {
        "metrics": _prefixed("weighted_micro", NUMBERS),
        "aggregate": {"micro_average": True, "class_weights": CLASS_WEIGHTS},
    },
)


def birds(*, one_hot: bool = False) -> Columns:
    """Four species, one of them rare, in two forests. The scores of a row add up to 1, and have no ties."""
    random = np.random.default_rng(9)
    labels = random.choice(4, 72, p=[0.4, 0.3, 0.25, 0.05])
    logits = random.normal(size=(72, 4)) + 1.5 * np.eye(4)[labels]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    weights = np.round(random.uniform(0.1, 2, 72), 2)
    features = {"forest": random.choice(["north", "south"], 72).tolist()}
    return Columns(Task.MULTI_CLASS, labels, scores, weights, None, features, one_hot)


@pytest.fixture(scope="session")
def bird_tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, Table]:
    """TFMA's metrics and plots of the birds."""
    return theirs(config(birds(), *SPECS), birds(), tmp_path_factory.mktemp("birds"))


def test_metrics_of_several_classes_equal_those_of_tfma_binarized_and_averaged_in_all_ways(
    bird_tables: tuple[Table, Table],
) -> None:
    assert_same(metrics_table(ours(config(birds(), *SPECS), birds())), bird_tables[0])


def test_plots_of_several_classes_equal_those_of_tfma(bird_tables: tuple[Table, Table]) -> None:
    assert_same(plots_table(ours(config(birds(), *SPECS), birds())), bird_tables[1])


def test_metrics_for_rows_of_0_and_1_equal_those_of_tfma_though_labels_are_class_ids_here(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    columns = birds(one_hot=True)
    asked = config(columns, *HOT_SPECS)
    metrics, plots = theirs(asked, columns, tmp_path_factory.mktemp("hot"))
    found = ours(asked, columns)
    assert_same(metrics_table(found), metrics)
    assert_same(plots_table(found), plots)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_cross_entropy_of_tfma_itself_which_its_own_pipeline_cannot_run(smoothing: float) -> None:
    """It divides in place what Beam hands it read-only; so its formula is asked, row by row."""
    from tensorflow_model_analysis.metrics import cross_entropy_metrics

    columns = replace(birds(one_hot=True), features={})
    assert columns.weights is not None
    plain = cross_entropy_metrics._CategoricalCrossEntropyCombiner(
        None, "", "", None, None, None, True, label_smoothing=smoothing
    )
    rows = zip(np.eye(4)[columns.labels], columns.scores, columns.weights, strict=True)
    total = sum(plain._cross_entropy(label, score.copy()) * weight for label, score, weight in rows)
    metric = _named("CategoricalCrossEntropy", label_smoothing=smoothing)
    (found,) = metrics_table(ours(config(columns, {"metrics": [metric]}), columns)).values()
    assert found[".value.doubleValue"] == pytest.approx(total / columns.weights.sum())


LABEL_SPECS: tuple[Spec, ...] = (
    {
        "metrics": [
            *SEVERAL,
            *(_named(name) for name in ("BinaryCrossentropy", "RootMeanSquaredError", "LogCoshError")),
            _named("MultiClassConfusionMatrixPlot", name="plot_of_five", num_thresholds=5),
            _named("MultiLabelConfusionMatrixPlot"),
            _named("MultiLabelConfusionMatrixPlot", name="plot_of_four", num_thresholds=4),
        ]
    },
    {"metrics": SEVERAL, "binarize": {"class_ids": {"values": [0, 1, 2]}}},
    {"metrics": [_named("Precision"), _named("Recall")], "binarize": {"top_k_list": {"values": [2]}}},
    {
        "metrics": _prefixed("macro", NUMBERS),
        "aggregate": {"macro_average": True, "class_weights": {0: 1.0, 1: 1.0, 2: 1.0}},
    },
    {
        "metrics": _prefixed("by_labels", NUMBERS),
        "aggregate": {"weighted_macro_average": True, "class_weights": {0: 1.0, 2: 3.0}},
    },
)


def songs() -> Columns:
    """Three labels, of which a row has any number."""
    random = np.random.default_rng(10)
    labels = (random.uniform(size=(150, 3)) < [0.6, 0.3, 0.4]).astype(float)
    scores = np.round(np.clip(0.4 * labels + random.uniform(0, 0.6, (150, 3)), 0.01, 0.99), 4)
    features = {"band": random.choice(["Can", "Neu"], 150).tolist()}
    return Columns(Task.MULTI_LABEL, labels, scores, np.round(random.uniform(0.1, 2, 150), 2), None, features)


@pytest.fixture(scope="session")
def song_tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, Table]:
    """TFMA's metrics and plots of the songs."""
    return theirs(config(songs(), *LABEL_SPECS), songs(), tmp_path_factory.mktemp("songs"))


def test_metrics_of_several_labels_equal_those_of_tfma(song_tables: tuple[Table, Table]) -> None:
    assert_same(metrics_table(ours(config(songs(), *LABEL_SPECS), songs())), song_tables[0])


def test_plots_of_several_labels_equal_those_of_tfma(song_tables: tuple[Table, Table]) -> None:
    assert_same(plots_table(ours(config(songs(), *LABEL_SPECS), songs())), song_tables[1])


def test_many_classes_are_counted_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = config(songs(), *LABEL_SPECS)
    expected = metrics_table(ours(asked, songs()))
    monkeypatch.setattr(batches, "STEP", 9 * 20)
    assert_same(metrics_table(ours(asked, songs())), expected)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"metrics": [_named("AUC")], "aggregate": {"macro_average": True}}, "aggregate needs class_weights"),
        (
            {
                "metrics": [_named("CalibrationPlot")],
                "aggregate": {"macro_average": True, "class_weights": {0: 1.0}},
            },
            "CalibrationPlot is no single number",
        ),
        (
            {"metrics": [_named("Recall", class_id=1)], "binarize": {"class_ids": {"values": [0]}}},
            "recall has class_id in its config, and its metrics spec has binarize",
        ),
        (
            {
                "metrics": [_named("AUC")],
                "aggregate": {
                    "micro_average": True,
                    "class_weights": {0: 1.0},
                    "top_k_list": {"values": [1]},
                },
            },
            "class_weights cannot be combined with top_k_list",
        ),
        (
            {"metrics": [_named("MultiClassConfusionMatrixPlot", num_thresholds=1)]},
            "must be 2 or more, but is 1",
        ),
    ],
)
def test_a_wrong_way_to_put_classes_together_is_refused_when_planning(spec: Spec, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        ours(config(birds(), spec), birds())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"metrics": [_named("AUC")], "binarize": {"class_ids": {"values": [4]}}},
            "wants metrics of class 4, but the model has 4 classes, from 0 to 3",
        ),
        (
            {"metrics": [_named("AUC")], "binarize": {"top_k_list": {"values": [5]}}},
            "the top_k 5, but the model has 4",
        ),
        (
            {"metrics": [_named("SparseTopKCategoricalAccuracy")]},
            "wants the top 5 classes, but the model has 4",
        ),
    ],
)
def test_a_class_that_the_model_does_not_have_is_refused(spec: Spec, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        ours(config(birds(), spec), birds())


def test_a_matrix_of_classes_is_refused_for_one_score() -> None:
    columns = Columns(Task.BINARY, np.array([1.0]), np.array([0.5]))
    with pytest.raises(
        WrongArgument, match="needs a score for each of several classes, but the problem is binary"
    ):
        ours(config(columns, {"metrics": [_named("MultiClassConfusionMatrixPlot")]}), columns)
