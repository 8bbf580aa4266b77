"""The files of an evaluation are those that TFMA writes for the same rows, and TFMA's are read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tfma_oracle import Columns, theirs

from millwork.core.artifacts import Predictions
from millwork.evaluation.eval_config import config_message
from millwork.evaluation.eval_files import read_messages
from millwork.evaluation.evaluating import Evaluated, decide, evaluate, plan
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.settled_config import Settled, settle
from millwork.evaluation.tfma_protos import tfma_protos
from millwork.evaluation.written_evaluation import read_evaluation, write_evaluation

ROWS = 200
AT_LEAST = {"value_threshold": {"lower_bound": 0.72}}
NO_WORSE = {"change_threshold": {"absolute": 0.0, "direction": "HIGHER_IS_BETTER"}}
CONFIG: dict[str, Any] = {
    "slicing_specs": [
        {},
        {"feature_keys": ["town"]},
        {"feature_keys": ["hour"], "feature_values": {"town": "Graz"}},
    ],
    "cross_slicing_specs": [{"baseline_spec": {}, "slicing_specs": [{"feature_keys": ["town"]}]}],
    "metrics_specs": [
        {
            "metrics": [
                {"class_name": "ExampleCount"},
                {"class_name": "AUC", "threshold": {**AT_LEAST, **NO_WORSE}},
                {
                    "class_name": "BinaryAccuracy",
                    "per_slice_thresholds": [
                        {
                            "slicing_specs": [
                                {"feature_keys": ["town"]},
                                {"feature_values": {"town": "Rome"}},
                            ],
                            "threshold": AT_LEAST,
                        }
                    ],
                },
                {"class_name": "ConfusionMatrixPlot", "config": {"num_thresholds": 4}},
                {"class_name": "CalibrationPlot", "config": {"num_buckets": 4}},
            ]
        }
    ],
}


@pytest.fixture(scope="module")
def rows() -> Columns:
    random = np.random.default_rng(8)
    labels = random.integers(0, 2, ROWS).astype(float)
    towns = np.array(["Graz", "Wien", "Linz"])[random.integers(0, 3, ROWS)].tolist()
    return Columns(
        Task.BINARY,
        labels,
        np.clip(0.3 * labels + random.uniform(0, 0.7, ROWS), 0, 1),
        weights=random.integers(1, 4, ROWS).astype(float),
        baseline=np.clip(0.2 * labels + random.uniform(0, 0.8, ROWS), 0, 1),
        features={"town": towns, "hour": random.integers(0, 3, ROWS).tolist()},
    )


def stored(folder: Path, rows: Columns, scores: Any) -> Predictions:
    predictions = Predictions(
        str(folder), split_names=("eval",), classes=("0", "1"), slice_features=("town", "hour")
    )
    predictions.split("eval").mkdir(parents=True)
    columns = {
        "row_id": np.arange(ROWS),
        "label": [str(int(label)) for label in rows.labels],
        "weight": rows.weights,
        "score_0": 1 - scores,
        "score_1": scores,
        **{f"slice_{name}": list(values) for name, values in rows.features.items()},
    }
    pq.write_table(pa.table(columns), predictions.split("eval") / "predictions.parquet", row_group_size=30)
    return predictions


@pytest.fixture(scope="module")
def ours(rows: Columns, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settled]:
    """A folder that we have written."""
    folder = tmp_path_factory.mktemp("ours")
    settled = settle(config_message(CONFIG), Task.BINARY, has_baseline=True, weighted=True)
    predictions = stored(folder / "p", rows, rows.scores)
    baseline = stored(folder / "b", rows, rows.baseline)
    evaluated = evaluate(settled, plan(settled, Task.BINARY), predictions, baseline, ["eval"])
    verdict, limits = decide(
        settled, Task.BINARY, evaluated, without_thresholds="not_evaluated", without_baseline="blessed"
    )
    models = {"candidate": "models/new", "baseline": "models/old"}
    write_evaluation(folder, settled, evaluated, verdict, limits, data="data", models=models)
    return folder, settled


@pytest.fixture(scope="module")
def of_tfma(rows: Columns, ours: tuple[Path, Settled], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that TFMA has written for the same config and rows."""
    folder, config = tmp_path_factory.mktemp("theirs"), config_message(CONFIG)
    config.CopyFrom(ours[1].config)
    for spec in config.model_specs:
        spec.label_key, spec.example_weight_key = "label", "weight"
        spec.prediction_key = "baseline_prediction" if spec.is_baseline else "prediction"
    config.metrics_specs[0].metrics[1].threshold.ClearField(
        "change_threshold"
    )  # TFMA would load the baseline itself
    theirs(config, rows, folder)
    return folder


def numbers(evaluated: Evaluated) -> dict[Any, float]:
    return {
        (key, metric): found.number
        for key, metrics in evaluated.metrics.items()
        for metric, found in metrics.items()
        if found.number is not None
    }


def test_metrics_of_all_slices_and_pairs_of_slices_are_those_of_tfma(
    ours: tuple[Path, Settled], of_tfma: Path
) -> None:
    expected = numbers(read_evaluation(of_tfma))
    assert len(expected) == 90
    assert numbers(read_evaluation(ours[0])) == pytest.approx(expected, abs=1e-6)


def test_plots_are_those_of_tfma(ours: tuple[Path, Settled], of_tfma: Path) -> None:
    own = read_evaluation(ours[0]).plots
    # Of pairs of slices TFMA writes messages without plots.
    expected = {key: m for key, m in read_evaluation(of_tfma).plots.items() if m.plot_keys_and_values}
    assert own.keys() == expected.keys()
    for key, message in expected.items():
        ours_by_key = {str(e.key): e.value for e in own[key].plot_keys_and_values}
        theirs_by_key = {str(e.key): e.value for e in message.plot_keys_and_values}
        assert ours_by_key.keys() == theirs_by_key.keys()
        for name, value in theirs_by_key.items():
            found = ours_by_key[name].confusion_matrix_at_thresholds.matrices
            expected_ones = value.confusion_matrix_at_thresholds.matrices
            assert [m.true_positives for m in found] == [m.true_positives for m in expected_ones]
            buckets = value.calibration_histogram_buckets.buckets
            assert len(ours_by_key[name].calibration_histogram_buckets.buckets) == len(buckets) > 0


def test_the_validation_is_that_of_tfma(ours: tuple[Path, Settled], of_tfma: Path) -> None:
    kind = tfma_protos().validation_result.ValidationResult
    (own,) = read_messages(ours[0] / "validations.tfrecord", kind)
    (expected,) = read_messages(next(of_tfma.glob("validations*")), kind)

    def failures(message: Any) -> set[tuple[str, str, float]]:
        return {
            (str(of_slice.slice_key), str(f.metric_key), round(f.metric_value.double_value.value, 6))
            for of_slice in message.metric_validations_per_slice
            for f in of_slice.failures
            if not f.metric_key.is_diff
        }

    assert failures(own) == failures(expected) != set()
    assert own.validation_ok is expected.validation_ok is False
    assert [str(spec) for spec in own.missing_slices] == [str(spec) for spec in expected.missing_slices]


def test_tfma_reads_config_models_metrics_and_plots(ours: tuple[Path, Settled]) -> None:
    import tensorflow_model_analysis as tfma

    folder, settled = ours
    result = tfma.load_eval_result(str(folder), model_name="candidate")
    assert result.config == settled.config
    assert (result.data_location, result.model_location) == ("data", "models/new")
    assert len(result.slicing_metrics) == 10
    assert len(result.plots) == 7


def test_the_readable_file_has_a_number_with_its_baseline_and_change(ours: tuple[Path, Settled]) -> None:
    document = json.loads((ours[0] / "metrics.json").read_text())
    assert (document["schema"], document["rows"]) == ("millwork/evaluation/v1", ROWS)
    entries = {(e["slice"], e["metric"]): e for e in document["metrics"]}
    auc = entries["town:Graz", "auc"]
    assert auc["features"] == {"town": "Graz"}
    assert auc["change"] == pytest.approx(auc["value"] - auc["baseline"])
    assert entries["Overall against town:Graz", "auc"]["features"] is None
    assert ("hour:1 & town:Graz", "example_count") in entries
