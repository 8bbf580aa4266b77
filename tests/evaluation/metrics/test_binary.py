"""Metrics of binary problems and their plots, held against TFMA's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tfma_oracle import Columns, Table, assert_same, config, metrics_table, ours, plots_table, theirs

from millwork.evaluation.metrics.binary_losses import METRICS as LOSSES
from millwork.evaluation.metrics.confusion_rates import METRICS as RATES
from millwork.evaluation.metrics.engine import Task

THRESHOLDS = [0.7, 0.0, 0.25, 1.0]
"""In no order: TFMA answers in this order, too."""


def _named(class_name: str, **settings: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": settings} if settings else {"class_name": class_name}


EACH_RATE = [_named(name) for name in RATES]
AT_THRESHOLDS = [
    _named(name, name=f"{name}_at", thresholds=THRESHOLDS)
    for name in ("Precision", "Recall", "F1Score", "FPR", "MatthewsCorrelationCoefficient", "TruePositives")
]
AREAS = [
    _named(
        "AUC",
        name=f"auc_{curve}_{method}_{number}",
        curve=curve,
        summation_method=method,
        num_thresholds=number,
    )
    for curve in ("ROC", "PR")
    for method in ("interpolation", "majoring", "minoring")
    for number in (10_000, 200, 11, 2)
]
OTHERS = [
    _named("AUC"),
    _named("AUCPrecisionRecall"),
    _named("AUC", name="auc_at", thresholds=sorted(THRESHOLDS)),
    _named("BinaryAccuracy", name="accuracy_30", threshold=0.3),
    _named("Recall", name="recall_below_0", thresholds=-0.5),
    _named("Precision", name="precision_evenly", num_thresholds=5),
    _named("SensitivityAtSpecificity", specificity=0.5),
    _named("SensitivityAtSpecificity", name="several", specificity=[0.1, 0.9, 1.0], num_thresholds=50),
    _named("SpecificityAtSensitivity", sensitivity=0.8),
    _named("PrecisionAtRecall", recall=0.75),
    _named("PrecisionAtRecall", name="precision_at_recall_exact", recall=0.75, thresholds=[0.1, 0.5, 0.9]),
    _named("RecallAtPrecision", precision=0.6),
    _named("RecallAtFalsePositiveRate", false_positive_rate=0.2),
    _named("ThresholdAtRecall", recall=0.75),
    _named("ConfusionMatrixAtThresholds", thresholds=THRESHOLDS),
    *(
        _named(name)
        for name in ("ExampleCount", "MeanLabel", "MeanPrediction", "Calibration", "MeanSquaredError")
    ),
    *(_named(name) for name in ("CoefficientOfDiscrimination", "RelativeCoefficientOfDiscrimination")),
    *(_named(name) for name in LOSSES if name != "BinaryCrossentropy"),
    _named("BinaryCrossentropy", name="keras"),
    _named("BinaryCrossEntropy", name="smooth", label_smoothing=0.2),
    _named("BinaryCrossEntropy", name="logits", from_logits=True),
    _named("BinaryCrossentropy", name="keras_smooth", label_smoothing=0.2),
    _named("BinaryCrossentropy", name="keras_logits", from_logits=True),
]
PLOTS = [
    _named("ConfusionMatrixPlot"),
    _named("ConfusionMatrixPlot", name="coarse", num_thresholds=7),
    _named("CalibrationPlot"),
    _named("CalibrationPlot", name="narrow", num_buckets=13, left=0.2, right=0.9),
]
SPECS = (
    {"metrics": [*EACH_RATE, *AT_THRESHOLDS, *AREAS, *OTHERS, *PLOTS]},
    {
        "metrics": [_named("AUC"), _named("Precision"), _named("CalibrationPlot")],
        "example_weights": {"unweighted": True},
    },
)


def answers(*, extreme: bool = True) -> Columns:
    """Scores with ties, on thresholds and at both ends. One slice has only positives, one a single row."""
    random = np.random.default_rng(5)
    labels = (random.uniform(size=160) < 0.4).astype(np.float64)
    scores = np.clip(np.round(0.35 * labels + random.beta(2, 3, 160), 2), 0.01, 0.99)
    if extreme:
        scores[:8] = [0.0, 1.0, 0.5, 0.25, 0.7, 0.3, 1.0, 0.0]
    colours = random.choice(["red", "green"], 160)
    colours[labels.nonzero()[0][:9]] = "blue"
    colours[33] = "white"
    return Columns(
        Task.BINARY,
        labels,
        scores,
        np.round(random.uniform(0, 2, 160), 2),
        np.round(np.clip(scores * 0.8 + 0.1, 0.01, 0.99), 3),
        {"colour": colours.tolist(), "size": random.integers(1, 3, 160).tolist()},
    )


@pytest.fixture(scope="session")
def answer_tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, Table]:
    """TFMA's metrics and plots of the answers, with a baseline."""
    return theirs(config(answers(), *SPECS), answers(), tmp_path_factory.mktemp("answers"))


def test_binary_metrics_equal_those_of_tfma_by_slice_and_weight_and_against_a_baseline(
    answer_tables: tuple[Table, Table],
) -> None:
    assert_same(metrics_table(ours(config(answers(), *SPECS), answers())), answer_tables[0])


def test_binary_plots_equal_those_of_tfma(answer_tables: tuple[Table, Table]) -> None:
    assert_same(plots_table(ours(config(answers(), *SPECS), answers())), answer_tables[1])
