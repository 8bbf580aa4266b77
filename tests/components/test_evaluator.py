"""Evaluator evaluates predictions of any model, writes what TFMA reads, and always says whether it is good enough."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sample_project import Project

from millwork.components import Evaluator
from millwork.components.data.forms import to_flat_form
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Model, Predictions
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

ROWS = 300
AT_LEAST = {"value_threshold": {"lower_bound": 0.7}}
NO_WORSE = {"change_threshold": {"absolute": -0.01, "direction": "HIGHER_IS_BETTER"}}


def config(*metrics: Mapping[str, Any] | str, slices: Sequence[Any] = ({},), **more: Any) -> dict[str, Any]:
    """A config with these metrics."""
    described = [{"class_name": metric} if isinstance(metric, str) else dict(metric) for metric in metrics]
    return {
        "model_specs": [{"label_key": "y"}],
        "slicing_specs": list(slices),
        "metrics_specs": [{"metrics": described}],
        **more,
    }


BY_TOWN: tuple[dict[str, Any], ...] = ({}, {"feature_keys": ["town"]})
AUC = {"class_name": "AUC", "threshold": AT_LEAST}
MODEL_AND_EXAMPLES: dict[str, Any] = {
    "eval_config": config("AUC"),
    "model": Model(),
    "examples": Examples(),
}


def rows(number: int = ROWS) -> dict[str, Any]:
    random = np.random.default_rng(3)
    y = random.integers(0, 2, number)
    x = random.normal(size=number) + y
    z = random.normal(size=number)
    return {
        "x": x.astype("float32"),
        "z": z.astype("float32"),
        "y": y,
        "town": np.array(["Graz", "Wien", "Linz"])[random.integers(0, 3, number)],
        "hour": random.integers(0, 4, number),
        "importance": random.integers(1, 4, number),
    }


def stored(
    folder: Path,
    scores: Mapping[str, Any],
    labels: Any,
    problem: str = "binary",
    split: str = "eval",
    **more: Any,
) -> Predictions:
    """Predictions as somebody else's program might write them: of a PyTorch model, say."""
    data = rows(len(labels))
    classes = () if problem == "regression" else tuple(scores)
    names = (
        {"score": scores["score"]}
        if problem == "regression"
        else {f"score_{c}": s for c, s in scores.items()}
    )
    columns = {
        "row_id": np.arange(len(labels)),
        "label": labels,
        "predicted": labels,
        "weight": np.ones(len(labels)),
        **names,
        "slice_town": data["town"],
        "slice_hour": data["hour"],
        **more,
    }
    predictions = Predictions(
        str(folder),
        split_names=(split,),
        problem=problem,
        classes=classes,
        label="y",
        slice_features=("town", "hour"),
    )
    predictions.split(split).mkdir(parents=True)
    pq.write_table(pa.table(columns), predictions.split(split) / "predictions.parquet")
    return predictions


def binary(folder: Path, noise: float = 0.0, **more: Any) -> Predictions:
    data = rows()
    score = 1 / (1 + np.exp(0.5 - data["x"].astype(float) + noise * data["z"]))
    labels = np.where(data["y"], "yes", "no")
    return stored(folder, {"no": 1 - score, "yes": score}, more.pop("labels", labels), **more)


def examples_of(folder: Path, file_format: str = PARQUET, **more: Any) -> Examples:
    columns = {**rows(), **more}
    batch = to_flat_form(pa.RecordBatch.from_arrays([pa.array(v) for v in columns.values()], list(columns)))
    examples = Examples(str(folder))
    with ExamplesWriter(examples, ["eval"], file_format, batch.schema) as writer:
        writer.write("eval", batch)
    return examples


def sklearn_model(folder: Path, *features: str) -> Model:
    import pandas as pd
    import skops.io
    from sklearn.linear_model import LogisticRegression

    data = rows()
    frame = pd.DataFrame({name: data[name] for name in features})
    serving = folder / "Format-Serving"
    serving.mkdir(parents=True)
    skops.io.dump(LogisticRegression().fit(frame, data["y"]), serving / "model.skops")
    model = Model(str(folder))
    model.id = 7
    return model


def evaluated(folder: Path, **arguments: Any) -> Evaluator:
    return perform(Evaluator(**arguments), folder / "out")


def table(step: Evaluator) -> dict[tuple[str, str], dict[str, Any]]:
    """The entries of metrics.json by slice and metric."""
    document = json.loads((step.evaluation.path / "metrics.json").read_text())
    return {(entry["slice"], entry["metric"]): entry for entry in document["metrics"]}


# What is evaluated


def test_stored_predictions_are_evaluated_and_tfma_reads_the_result(tmp_path: Path) -> None:
    import tensorflow_model_analysis as tfma
    from sklearn.metrics import accuracy_score, roc_auc_score

    step = evaluated(
        tmp_path,
        predictions=binary(tmp_path / "p"),
        baseline_predictions=binary(tmp_path / "b", noise=2.0),
        eval_config=config(
            {**AUC, "threshold": {**AT_LEAST, **NO_WORSE}},
            "BinaryAccuracy",
            "ConfusionMatrixPlot",
            slices=BY_TOWN,
        ),
    )

    assert (step.blessing.verdict, step.blessing.blessed) == ("BLESSED", 1)
    assert step.blessing.reason == "2 thresholds held in 4 slices (8 checks)"
    result = tfma.load_eval_result(str(step.evaluation.path), model_name="candidate")
    assert len(result.plots) == 4
    assert {key for key, _ in result.slicing_metrics} == {
        (),
        *((("town", t),) for t in ("Graz", "Wien", "Linz")),
    }
    found = dict(result.slicing_metrics)[(("town", "Graz"),)][""][""]
    data, there = rows(), rows()["town"] == "Graz"
    score = pq.read_table(step.predictions.split("eval"))["score_yes"].to_numpy()  # type: ignore[union-attr]
    assert found["auc"]["doubleValue"] == pytest.approx(
        roc_auc_score(data["y"][there], score[there]), abs=1e-3
    )
    expected = accuracy_score(data["y"][there], score[there] > 0.5)
    assert found["binary_accuracy"]["doubleValue"] == pytest.approx(expected)
    assert found["auc_diff"]["doubleValue"] > 0
    assert tfma.load_validation_result(str(step.evaluation.path)).validation_ok
    entry = table(step)["town:Graz", "binary_accuracy"]
    assert entry["value"] == pytest.approx(expected)
    assert entry["change"] == pytest.approx(entry["value"] - entry["baseline"])
    assert step.evaluation.metrics["binary_accuracy"] == table(step)["Overall", "binary_accuracy"]["value"]
    assert (step.evaluation.num_slices, step.evaluation.num_examples) == (4, ROWS)


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_predictions_are_made_of_a_model_first(tmp_path: Path, file_format: str) -> None:
    step = evaluated(
        tmp_path,
        model=sklearn_model(tmp_path / "model", "x", "z"),
        baseline_model=sklearn_model(tmp_path / "old", "z"),
        examples=examples_of(tmp_path / "examples", file_format),
        eval_config={
            **config({**AUC, "threshold": {**AT_LEAST, **NO_WORSE}}, slices=BY_TOWN),
            "model_specs": [{"label_key": "y", "example_weight_key": "importance"}],
        },
        keep_features=("hour",),
    )
    assert step.blessing.verdict == "BLESSED"
    assert step.blessing.properties == {
        **step.blessing.properties,
        "current_model": str(tmp_path / "model"),
        "current_model_id": 7,
        "baseline_model": str(tmp_path / "old"),
        "baseline_model_id": 7,
        "component_id": "evaluator",
    }
    assert step.new_predictions.slice_features == ("town", "hour")
    kept = pq.read_table(step.new_predictions.split("eval"))
    assert kept["weight"].to_pylist() == rows()["importance"].tolist()
    assert kept["row_id"].equals(pq.read_table(step.new_baseline_predictions.split("eval"))["row_id"])


def saved_model(folder: Path) -> Model:
    """As TFX's examples save one: its label is what a signature makes of raw examples."""
    import tensorflow as tf

    module = tf.Module()
    text = tf.TensorSpec([None], tf.string)

    def parsed(serialized: Any) -> dict[str, Any]:
        return dict(
            tf.io.parse_example(serialized, {n: tf.io.FixedLenFeature([1], tf.float32) for n in ("x", "z")})
        )

    @tf.function(input_signature=[text])
    def serve(examples: Any) -> dict[str, Any]:
        return {"outputs": tf.sigmoid(parsed(examples)["x"] - 0.5)}

    @tf.function(input_signature=[text])
    def transform_features(examples: Any) -> dict[str, Any]:
        found = parsed(examples)
        big = tf.where(found["x"] > 1, "big", "small")
        return {"label_xf": tf.cast(found["x"] + found["z"] > 0.5, tf.int64), "size": big}

    signatures = {"serving_default": serve, "transform_features": transform_features}
    tf.saved_model.save(module, str(folder / "Format-Serving"), signatures=signatures)
    return Model(str(folder))


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_a_model_may_transform_the_label_and_the_slices_itself(tmp_path: Path, file_format: str) -> None:
    given = config(
        {"class_name": "BinaryAccuracy", "threshold": AT_LEAST},
        slices=[{}, {"feature_keys": ["size", "town"]}],
    )
    given["model_specs"] = [{"label_key": "label_xf", "preprocessing_function_names": ["transform_features"]}]
    step = evaluated(
        tmp_path,
        model=saved_model(tmp_path / "model"),
        examples=examples_of(tmp_path / "examples", file_format),
        eval_config=given,
    )
    data = rows()
    right = ((data["x"] + data["z"]) > 0.5) == (data["x"] > 0.5)
    graz = (data["x"] > 1) & (data["town"] == "Graz")
    found = table(step)
    assert found["Overall", "binary_accuracy"]["value"] == pytest.approx(right.mean())
    assert found["size:big & town:Graz", "binary_accuracy"]["value"] == pytest.approx(right[graz].mean())


def test_regression_classes_and_several_labels_are_evaluated(tmp_path: Path) -> None:
    data, random = rows(), np.random.default_rng(1)
    noisy = stored(tmp_path / "r", {"score": data["x"] + 0.1}, data["x"].astype(float), "regression")
    step = evaluated(tmp_path / "1", predictions=noisy, eval_config=config("MeanAbsoluteError"))
    assert step.evaluation.metrics["mean_absolute_error"] == pytest.approx(0.1, abs=1e-6)

    three = random.dirichlet([1, 1, 1], ROWS).T
    labels = np.array(["a", "b", "c"])[three.argmax(axis=0)]
    predictions = stored(tmp_path / "m", dict(zip("abc", three, strict=True)), labels, "multiclass")
    step = evaluated(tmp_path / "2", predictions=predictions, eval_config=config("SparseCategoricalAccuracy"))
    assert step.evaluation.metrics["sparse_categorical_accuracy"] == 1

    sets = pa.array([["a"] if a > 0.5 else [] for a in three[0]], pa.list_(pa.string()))
    predictions = stored(tmp_path / "l", {"a": three[0], "b": three[1] * 0}, sets, "multilabel")
    by_class = config("BinaryAccuracy")
    by_class["metrics_specs"][0]["binarize"] = {"class_ids": {"values": [0]}}
    step = evaluated(tmp_path / "3", predictions=predictions, eval_config=by_class)
    assert step.evaluation.metrics["binary_accuracy of class 0"] == 1


def test_a_slice_of_infinity_is_one_as_well(tmp_path: Path) -> None:
    step = evaluated(
        tmp_path,
        predictions=binary(tmp_path / "p", slice_hour=np.where(np.arange(ROWS) % 2, np.inf, 1.5)),
        eval_config=config("ExampleCount", slices=[{"feature_keys": ["hour"]}]),
    )
    assert {where: entry["features"] for (where, _), entry in table(step).items()} == {
        "hour:1.5": {"hour": 1.5},
        "hour:inf": {"hour": "inf"},
    }


def test_several_splits_are_one_data_set_and_rows_without_label_are_left_out(tmp_path: Path) -> None:
    labels = [None if row % 3 == 0 else "yes" if y else "no" for row, y in enumerate(rows()["y"])]
    step = evaluated(
        tmp_path, predictions=binary(tmp_path / "p", labels=labels), eval_config=config("ExampleCount")
    )
    assert step.evaluation.metrics == {"example_count": 200.0}
    document = json.loads((step.evaluation.path / "metrics.json").read_text())
    assert (document["rows"], document["rows_without_label"]) == (200, 100)


def test_intervals_fairness_cross_slices_and_small_slices_are_in_the_files(tmp_path: Path) -> None:
    import tensorflow_model_analysis as tfma

    labels = np.where(rows()["y"], "yes", "no")
    towns = np.array(["Graz", *["Wien"] * (ROWS - 1)])
    step = evaluated(
        tmp_path,
        predictions=binary(tmp_path / "p", labels=labels, slice_town=towns),
        eval_config=config(
            "BinaryAccuracy",
            slices=BY_TOWN,
            cross_slicing_specs=[{"baseline_spec": {}, "slicing_specs": [{"feature_keys": ["town"]}]}],
            options={"compute_confidence_intervals": True, "min_slice_size": 2},
        ),
        fairness_indicator_thresholds=(0.5,),
    )
    found = table(step)
    entry = found["Overall", "binary_accuracy"]
    assert entry["lower"] < entry["value"] < entry["upper"]
    assert "fairness_indicators_metrics/recall@0.5" in step.evaluation.metrics
    difference = entry["value"] - found["town:Wien", "binary_accuracy"]["value"]
    assert found["Overall against town:Wien", "binary_accuracy"]["value"] == pytest.approx(difference)
    document = json.loads((step.evaluation.path / "metrics.json").read_text())
    assert document["too_small"] == [{"slice": "town:Graz", "rows": 1}]
    keys = {key for key, _ in tfma.load_eval_result(str(step.evaluation.path)).slicing_metrics}
    assert {(), (("town", "Wien"),), ((), (("town", "Wien"),))} <= keys


def test_only_the_libraries_that_a_step_needs_are_loaded(tmp_path: Path) -> None:
    stored_ones: dict[str, Any] = {"predictions": Predictions(), "eval_config": config("AUC")}
    assert Evaluator(**stored_ones).libraries == ("pyarrow",)
    assert "tensorflow" in Evaluator(model=Model(), examples=Examples(), eval_config=config("AUC")).libraries
    ranking = {**stored_ones, "eval_config": config("NDCG")}
    assert "tensorflow_model_analysis" in Evaluator(**ranking).libraries

    binary(tmp_path / "p")
    program = f"""
import sys
from millwork.components import Evaluator
from millwork.core.artifacts import Predictions
from millwork.core.testing import perform

predictions = Predictions({str(tmp_path / "p")!r}, split_names=("eval",), classes=("no", "yes"))
perform(Evaluator(predictions=predictions, eval_config={config("AUC")!r}), {str(tmp_path / "out")!r})
print([m for m in ("tensorflow", "apache_beam", "tensorflow_model_analysis", "sklearn") if m in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


# The verdict


def test_predictions_without_splits_are_those_of_no_baseline(tmp_path: Path) -> None:
    step = evaluated(
        tmp_path,
        predictions=binary(tmp_path / "p"),
        baseline_predictions=Predictions(),
        eval_config=config({"class_name": "AUC", "threshold": {**AT_LEAST, **NO_WORSE}}),
    )
    assert step.blessing.verdict == "BLESSED"
    assert "there is no baseline" in step.blessing.reason


def test_a_worse_model_is_not_blessed_and_the_reason_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        step = evaluated(
            tmp_path,
            predictions=binary(tmp_path / "p", noise=2.0),
            baseline_predictions=binary(tmp_path / "b"),
            eval_config=config({"class_name": "AUC", "threshold": NO_WORSE}),
        )
    assert [path.name for path in sorted(step.blessing.path.iterdir())] == ["NOT_BLESSED", "blessing.json"]
    assert step.blessing.blessed == 0
    assert "and the baseline's is" in step.blessing.reason
    assert f"NOT_BLESSED: {step.blessing.reason}" in caplog.text
    (check,) = json.loads((step.blessing.path / "blessing.json").read_text())["checks"]
    assert not check["passed"]


@pytest.mark.parametrize(
    ("metric", "policy", "verdict"),
    [
        ("AUC", {}, "NOT_EVALUATED"),
        ("AUC", {"without_thresholds": "blessed"}, "BLESSED"),
        ({"class_name": "AUC", "threshold": NO_WORSE}, {}, "BLESSED"),
        ({"class_name": "AUC", "threshold": NO_WORSE}, {"without_baseline": "not_blessed"}, "NOT_BLESSED"),
        (
            {"class_name": "AUC", "threshold": NO_WORSE},
            {"without_baseline": "not_evaluated"},
            "NOT_EVALUATED",
        ),
    ],
)
def test_there_is_always_a_verdict(tmp_path: Path, metric: Any, policy: dict[str, Any], verdict: str) -> None:
    step = evaluated(tmp_path, predictions=binary(tmp_path / "p"), eval_config=config(metric), **policy)
    assert (step.blessing.path / verdict).is_file()
    assert step.blessing.verdict == verdict
    assert step.blessing.reason


# What only TFMA computes

CUSTOM = '''
import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.metrics import metric_util


class Largest(metric_types.Metric):
    """The largest score."""

    def __init__(self, name="largest"):
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name)


def _computations(name, eval_config, model_name, output_name, sub_key=None, aggregation_type=None,
                  class_weights=None, example_weighted=False):
    key = metric_types.MetricKey(name=name, model_name=model_name, output_name=output_name, sub_key=sub_key)
    return [metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=_Max(key))]


class _Max(beam.CombineFn):
    def __init__(self, key):
        self._key = key

    def create_accumulator(self):
        return 0.0

    def add_input(self, found, inputs):
        prediction = inputs.prediction
        if isinstance(prediction, dict):
            prediction = prediction[self._key.model_name]
        return max(found, float(prediction.max()))

    def merge_accumulators(self, accumulators):
        return max(accumulators)

    def extract_output(self, found):
        return {self._key: found}
'''


def test_metrics_of_ones_own_and_rankings_are_computed_by_tfma(tmp_path: Path, project: Project) -> None:
    (project.folder / "own_metrics.py").write_text(CUSTOM)
    predictions = binary(tmp_path / "p")
    own = {
        "class_name": "Largest",
        "module": "own_metrics",
        "threshold": {**NO_WORSE, "value_threshold": {"upper_bound": 0.5}},
    }
    given = config(own, "BinaryAccuracy", slices=BY_TOWN)
    given["metrics_specs"].append({"metrics": [{"class_name": "MinLabelPosition"}], "query_key": "hour"})
    other = binary(tmp_path / "b", noise=0.1)
    step = evaluated(tmp_path, predictions=predictions, baseline_predictions=other, eval_config=given)

    score = pq.read_table(predictions.split("eval"))["score_yes"].to_numpy()
    found = table(step)
    assert found["Overall", "largest"]["value"] == pytest.approx(score.max())
    assert found["town:Graz", "largest"]["value"] == pytest.approx(score[rows()["town"] == "Graz"].max())
    assert found["Overall", "largest"]["change"] == pytest.approx(
        score.max() - pq.read_table(other.split("eval"))["score_yes"].to_numpy().max()
    )
    assert ("Overall", "min_label_position") in found
    assert ("town:Wien", "binary_accuracy") in found
    assert step.blessing.verdict == "NOT_BLESSED"
    assert "largest is" in step.blessing.reason


def test_slices_in_sql_are_made_by_tfma(tmp_path: Path) -> None:
    by_sql = {"slice_keys_sql": "SELECT STRUCT(town) FROM example.town"}
    step = evaluated(
        tmp_path,
        predictions=binary(tmp_path / "p"),
        eval_config=config("BinaryAccuracy", slices=[{}, by_sql]),
    )
    usual = evaluated(
        tmp_path / "usual",
        predictions=binary(tmp_path / "q"),
        eval_config=config("BinaryAccuracy", slices=BY_TOWN),
    )
    expected = {place: pytest.approx(entry["value"]) for place, entry in table(usual).items()}
    assert {place: entry["value"] for place, entry in table(step).items()} == expected


EXTRACTORS = """
import apache_beam as beam
import joblib
import numpy as np
import tensorflow_model_analysis as tfma
from pathlib import Path


def custom_eval_shared_model(eval_saved_model_path, model_name, eval_config, **others):
    from tensorflow_model_analysis.api import types

    (path,) = Path(eval_saved_model_path).glob("*.joblib")
    loader = types.ModelLoader(construct_fn=lambda: joblib.load(path))
    return types.EvalSharedModel(model_path=str(path), model_name=model_name, model_loader=loader, model_type="own")


def custom_extractors(eval_shared_model, eval_config, tensor_adapter_config):
    model = eval_shared_model.model_loader.construct_fn()

    def predict(extracts):
        features = extracts[tfma.FEATURES_KEY]
        matrix = np.stack([np.ravel(features[name]) for name in ("x", "z")], axis=1)
        return {**extracts, tfma.PREDICTIONS_KEY: model.predict_proba(matrix)[:, 1]}

    own = tfma.extractors.Extractor("Predict", beam.Map(predict))
    return tfma.default_extractors(
        eval_shared_model=eval_shared_model, eval_config=eval_config, custom_predict_extractor=own
    )
"""


def test_tfx_user_functions_leave_all_to_tfma(tmp_path: Path) -> None:
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score

    data = rows()
    matrix = np.stack([data["x"], data["z"]], axis=1)
    fitted = LogisticRegression().fit(matrix, data["y"])
    serving = tmp_path / "model" / "Format-Serving"
    serving.mkdir(parents=True)
    joblib.dump(fitted, serving / "model.joblib")
    (tmp_path / "functions.py").write_text(EXTRACTORS)
    step = evaluated(
        tmp_path,
        model=Model(str(tmp_path / "model")),
        examples=examples_of(tmp_path / "examples"),
        eval_config=config(
            {"class_name": "BinaryAccuracy", "threshold": {"value_threshold": {"lower_bound": 0.5}}},
            slices=BY_TOWN,
        ),
        module_file=tmp_path / "functions.py",
    )
    expected = accuracy_score(data["y"], fitted.predict(matrix))
    assert table(step)["Overall", "binary_accuracy"]["value"] == pytest.approx(expected)
    assert (step.blessing.verdict, step.evaluation.num_slices) == ("BLESSED", 4)


# What is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eval_config": config("AUC")}, r"needs predictions=\.\.\., or model=\.\.\. and examples"),
        (
            {"eval_config": {}, "model": Model(), "examples": Examples()},
            "does not say which feature holds the truth",
        ),
        ({"eval_config": {"metric_specs": []}, "predictions": Predictions()}, "Did you mean 'metrics_specs'"),
        (
            {"eval_config": config("AUC"), "predictions": Predictions(), "example_splits": ()},
            "at least one split",
        ),
        (
            {"eval_config": {}, "predictions": Predictions(), "baseline_model": Model()},
            "baseline_model needs examples",
        ),
        (
            {"eval_config": {}, "predictions": Predictions(), "fairness_indicator_thresholds": (1.5,)},
            "must be from 0 to 1, but got 1.5",
        ),
        (
            {"eval_config": {}, "predictions": Predictions(), "custom_extractors": "own.extractors"},
            r"need model=\.\.\. and examples",
        ),
        (
            {
                **MODEL_AND_EXAMPLES,
                "custom_extractors": "own.extractors",
                "fairness_indicator_thresholds": (0.5,),
            },
            "fairness_indicator_thresholds would have no effect",
        ),
        (
            {**MODEL_AND_EXAMPLES, "module_file": __file__, "predictions": Predictions()},
            "predictions would have no effect",
        ),
    ],
)
def test_impossible_arguments_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        Evaluator(**arguments)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (config("AOC"), "there is no metric 'AOC'. Did you mean 'AUC'"),
        (
            config("AUC", slices=[{"feature_keys": ["twon"]}]),
            "'twon', which was not stored with them. Did you mean",
        ),
    ],
)
def test_unknown_metrics_and_features_are_refused(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises((BadInput, WrongArgument), match=message):
        evaluated(tmp_path, predictions=binary(tmp_path / "p"), eval_config=given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model_specs": [{"label_key": "yy"}]}, r"no column 'yy' \(the label.*Did you mean"),
        (config("AUC", slices=[{"feature_keys": ["twon"]}]), r"no column 'twon' \(a slice feature"),
        (
            {"model_specs": [{"label_key": "y", "preprocessing_function_names": ["transform_features"]}]},
            "'transform_features', a signature of a SavedModel, but the model at .* is of another kind",
        ),
    ],
)
def test_columns_that_the_examples_lack_are_refused(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        evaluated(
            tmp_path,
            model=sklearn_model(tmp_path / "model", "x", "z"),
            examples=examples_of(tmp_path / "examples"),
            eval_config=given,
        )


def test_predictions_that_cannot_be_evaluated_are_refused(tmp_path: Path) -> None:
    def refused(message: str, predictions: Predictions, **more: Any) -> None:
        with pytest.raises(BadInput, match=message):
            evaluated(tmp_path, predictions=predictions, eval_config=config("AUC"), **more)

    good, labels = binary(tmp_path / "good"), np.where(rows()["y"], "yes", "no")
    refused("has no split 'evil'. Did you mean 'eval'", good, example_splits=("evil",))
    scores = np.where(np.arange(ROWS) == 8, np.nan, 0.5)
    refused("row 8: score_yes is nan", stored(tmp_path / "nan", {"no": scores, "yes": scores}, labels))
    refused("row 0: label is 'maybe', which is none of", binary(tmp_path / "l", labels=["maybe"] * ROWS))
    nobody = binary(tmp_path / "n", labels=pa.nulls(ROWS, pa.string()))
    refused("nothing to evaluate in eval. None of the 300 rows has a value of 'y'", nobody)
    others = stored(tmp_path / "o", {"no": scores, "sure": scores}, labels)
    refused("The baseline knows the classes no, sure", good, baseline_predictions=others)
    shifted = binary(tmp_path / "s", row_id=np.arange(ROWS) + 1)
    refused("row 0, row_id is 1 instead of 0", good, baseline_predictions=shifted)
    numbers = stored(tmp_path / "r", {"score": scores}, np.zeros(ROWS), "regression")
    refused("of a regression problem, but the model's of a binary", good, baseline_predictions=numbers)


def test_a_module_file_without_the_functions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(BadInput, match="defines neither of custom_eval_shared_model and custom_extractors"):
        evaluated(
            tmp_path,
            model=sklearn_model(tmp_path / "model", "x"),
            examples=examples_of(tmp_path / "examples"),
            eval_config=config("AUC"),
            module_file=tmp_path / "empty.py",
        )
