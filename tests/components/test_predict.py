"""Predict scores rows with models of every framework, and writes the same columns for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components.data.forms import to_flat_form
from millwork.components.data.writing import ExamplesWriter
from millwork.components.models import scoring
from millwork.components.models.fn_args import FnArgs
from millwork.components.predict import Predict
from millwork.components.trainer import Trainer
from millwork.components.transform import Transform
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Model, Schema
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

ROWS = 40
FORMATS = pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
SCHEMA = """
    feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "z" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "y" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""


def rows_of(**columns: Any) -> pa.RecordBatch:
    """A batch as it is stored: whole numbers int64, others float32."""
    arrays = [pa.array(v) if isinstance(v, list) else v for v in columns.values()]
    return to_flat_form(pa.RecordBatch.from_arrays(arrays, list(columns)))


def points(rows: int = ROWS) -> pa.RecordBatch:
    """Two numbers, whether their sum is positive, and things to keep beside the scores."""
    random = np.random.default_rng(5)
    x, z = random.normal(size=(2, rows)).astype(np.float32)
    y = (x + z > 0).astype(np.int64)
    return rows_of(
        x=pa.array(x),
        z=pa.array(z),
        y=pa.array(y),
        answer=pa.array(np.where(y, "yes", "no")),
        colour=pa.array(["red", None] * (rows // 2)),
        importance=pa.array(np.arange(rows, dtype=np.float32)),
        name=pa.array([f"point {n}" for n in range(rows)]),
    )


def examples_of(folder: Path, file_format: str = PARQUET, **splits: pa.RecordBatch | None) -> Examples:
    """Examples with these splits, None being one without rows."""
    examples = Examples(str(folder))
    schema = next((batch.schema for batch in splits.values() if batch is not None), points().schema)
    with ExamplesWriter(examples, list(splits), file_format, schema) as writer:
        for name, batch in splits.items():
            if batch is not None:
                writer.write(name, batch)
    return examples


def train_keras(fn_args: FnArgs) -> None:
    """A Keras model that takes serialised examples, as most modules for TFX save one."""
    import keras
    import tensorflow as tf
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx_bsl.public import tfxio

    from millwork.components.models.fn_args import parse_pbtxt_file

    assert fn_args.data_accessor
    assert fn_args.train_files
    assert fn_args.schema_path
    assert fn_args.serving_model_dir
    schema = parse_pbtxt_file(fn_args.schema_path, schema_pb2.Schema())
    options = tfxio.TensorFlowDatasetOptions(batch_size=10, label_key="y")
    rows = fn_args.data_accessor.tf_dataset_factory(fn_args.train_files, options, schema)
    model = keras_model("sigmoid", 1)
    model.compile("adam", "binary_crossentropy")
    model.fit(rows, steps_per_epoch=fn_args.train_steps or 4, shuffle=False, verbose=0)
    spec = {name: tf.io.FixedLenFeature([1], tf.float32) for name in ("x", "z")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: Any) -> Any:
        return {"probability": model(tf.io.parse_example(examples, spec))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def explain(examples: Any) -> Any:
        parsed = tf.io.parse_example(examples, spec)
        return {"probability": model(parsed), "sum": parsed["x"] + parsed["z"]}

    signatures = {"serving_default": serve, "explain": explain}
    tf.saved_model.save(model, fn_args.serving_model_dir, signatures=signatures)
    keras.saving.save_model(model, Path(fn_args.serving_model_dir).parent / "same.keras")


def train_sklearn(fn_args: FnArgs) -> None:
    """A scikit-learn model that knows the names of its columns and classes."""
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from tfx_bsl.public import tfxio

    assert fn_args.data_accessor
    assert fn_args.train_files
    assert fn_args.serving_model_dir
    options = tfxio.RecordBatchesOptions(batch_size=100, num_epochs=1)
    (batch,) = fn_args.data_accessor.record_batch_factory(fn_args.train_files, options, None)
    columns = {name: batch[name].flatten() for name in ("x", "z", "answer")}
    frame = pa.table({**columns, "answer": columns["answer"].cast(pa.large_string())}).to_pandas()
    model = LogisticRegression().fit(frame[["x", "z"]], frame["answer"])
    Path(fn_args.serving_model_dir).mkdir()
    skops.io.dump(model, Path(fn_args.serving_model_dir) / "model.skops")


def keras_model(activation: str, width: int) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    inputs = {name: keras.Input((1,), name=name) for name in ("x", "z")}
    joined = keras.layers.Concatenate()(list(inputs.values()))
    return keras.Model(inputs, keras.layers.Dense(width, activation=activation)(joined))


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    folder = tmp_path_factory.mktemp("points")
    return examples_of(folder, train=points(), eval=points())


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    folder = tmp_path_factory.mktemp("schema")
    (folder / "schema.pbtxt").write_text(SCHEMA)
    return Schema(str(folder))


@pytest.fixture(scope="session")
def keras_trained(tmp_path_factory: pytest.TempPathFactory, examples: Examples, schema: Schema) -> Model:
    folder = tmp_path_factory.mktemp("keras")
    return perform(Trainer(examples=examples, schema=schema, run_fn=train_keras), folder).model


@pytest.fixture(scope="session")
def sklearn_trained(tmp_path_factory: pytest.TempPathFactory, examples: Examples) -> Model:
    folder = tmp_path_factory.mktemp("sklearn")
    return perform(Trainer(examples=examples, run_fn=train_sklearn), folder).model


class ScoresInColumns:
    """Stands for a trained model: the scores are columns of the examples."""

    def __init__(self, columns: list[str], classes: list[Any] | None = None) -> None:
        self.feature_names_in_ = columns
        if classes is not None:
            self.classes_ = classes

    def predict_proba(self, frame: Any) -> Any:
        return frame.to_numpy("float64")

    def predict(self, frame: Any) -> Any:
        return frame.to_numpy("float64")[:, 0]


class Shrug:
    """Names classes, but gives no scores."""

    feature_names_in_ = ("x",)
    classes_ = (0, 1)

    def predict(self, frame: Any) -> Any:
        return np.zeros(len(frame))


def pickled(folder: Path, model: object) -> Model:
    import joblib

    serving = folder / "model" / "Format-Serving"
    serving.mkdir(parents=True)
    joblib.dump(model, serving / "model.joblib")
    return Model(str(folder / "model"))


def scores_in(folder: Path, *columns: str, classes: list[Any] | None = None) -> Model:
    return pickled(folder, ScoresInColumns(list(columns), classes))


def scored(folder: Path, model: Model, examples: Examples | pa.RecordBatch, **arguments: Any) -> Predict:
    if isinstance(examples, pa.RecordBatch):
        examples = examples_of(folder / "examples", eval=examples)
    given = {"label": "y", "trusted": True, **arguments}
    return perform(Predict(model=model, examples=examples, **given), folder / "out")


def table(step: Predict, split: str = "eval") -> dict[str, list[Any]]:
    """The predictions of a split by column."""
    read: dict[str, list[Any]] = pq.read_table(
        step.predictions.split(split) / "predictions.parquet"
    ).to_pydict()
    return read


def direct_scores(model: Model) -> Any:
    """What the trained Keras model says about `points()` when it is asked without us."""
    import keras

    same = keras.saving.load_model(model.path / "same.keras")
    x, z = (points().column(i).to_numpy()[:, None] for i in (0, 1))
    return np.asarray(same({"x": x, "z": z}))[:, 0]


# Models of every framework


@FORMATS
def test_a_saved_model_scores_serialised_examples(
    tmp_path: Path, keras_trained: Model, file_format: str
) -> None:
    examples = examples_of(tmp_path / "examples", file_format, eval=points())
    step = scored(tmp_path, keras_trained, examples)

    found = table(step)
    expected = direct_scores(keras_trained)
    np.testing.assert_allclose(found["score_1"], expected, rtol=1e-5)
    np.testing.assert_allclose(found["score_0"], 1 - expected, rtol=1e-5)
    assert found["label"] == [str(v) for v in points().column(2).to_pylist()]
    assert found["predicted"] == ["1" if score > 0.5 else "0" for score in expected]
    assert found["row_id"] == list(range(ROWS))
    assert found["weight"] == [1.0] * ROWS


def test_the_columns_and_properties_are_those_of_predictions(tmp_path: Path, keras_trained: Model) -> None:
    examples = examples_of(tmp_path / "examples", eval=points(), test=points(10))
    step = scored(tmp_path, keras_trained, examples, splits=("eval", "test"), slice_features=("colour",))

    assert step.predictions.properties == {
        "span": 0,
        "split_names": ("eval", "test"),
        "problem": "binary",
        "classes": ("0", "1"),
        "label": "y",
        "slice_features": ("colour",),
        "id_feature": "",
        "num_examples": {"eval": ROWS, "test": 10},
    }
    schema = pq.read_schema(step.predictions.split("test") / "predictions.parquet")
    assert {field.name: str(field.type) for field in schema} == {
        "row_id": "int64",
        "label": "string",
        "predicted": "string",
        "weight": "double",
        "score_0": "double",
        "score_1": "double",
        "slice_colour": "string",
    }


def test_rows_whose_truth_nobody_knows_are_scored_all_the_same(
    tmp_path: Path, keras_trained: Model, sklearn_trained: Model
) -> None:
    known = points()
    kept = [n for n in range(known.num_columns) if known.schema.names[n] not in ("y", "answer")]
    unknown = pa.RecordBatch.from_arrays(
        [known.column(n) for n in kept], [known.schema.names[n] for n in kept]
    )
    examples = examples_of(tmp_path / "examples", new=unknown)
    for model in (keras_trained, sklearn_trained):
        step = perform(Predict(model=model, examples=examples, splits=("new",)), tmp_path / model.framework)
        found = pq.read_table(step.predictions.split("new") / "predictions.parquet")
        assert found.column("label").null_count == ROWS
        assert step.predictions.label == ""
        assert set(found.column("predicted").to_pylist()) == set(step.predictions.classes)


def test_a_label_is_named_if_it_is_in_other_examples(keras_trained: Model, examples: Examples) -> None:
    with pytest.raises(WrongArgument, match="label_examples hold the label. Say which feature"):
        Predict(model=keras_trained, examples=examples, label_examples=examples)


def test_another_signature_and_output_can_be_named(
    tmp_path: Path, keras_trained: Model, examples: Examples
) -> None:
    step = scored(tmp_path, keras_trained, examples, signature_name="explain", output_name="probability")
    np.testing.assert_allclose(table(step)["score_1"], direct_scores(keras_trained), rtol=1e-5)

    sums = {"output_name": "sum", "problem": "regression", "label": "x"}
    step = scored(tmp_path / "sums", keras_trained, examples, signature_name="explain", **sums)
    np.testing.assert_allclose(table(step)["score"], np.add(*points().columns[:2]), rtol=1e-5)


def test_a_scikit_learn_model_in_skops_knows_its_columns_and_classes(
    tmp_path: Path, sklearn_trained: Model, examples: Examples
) -> None:
    import skops.io

    step = scored(tmp_path, sklearn_trained, examples, label="answer", trusted=False)

    model = skops.io.load(sklearn_trained.path / "Format-Serving" / "model.skops")
    frame = pa.Table.from_batches([points()]).to_pandas()
    found = table(step)
    assert step.predictions.classes == ("no", "yes")
    np.testing.assert_allclose(found["score_yes"], model.predict_proba(frame[["x", "z"]])[:, 1])
    assert found["predicted"] == model.predict(frame[["x", "z"]]).tolist()
    assert found["label"] == frame["answer"].tolist()


def save_by_tensorflow(model: Any, serving: Path) -> None:
    import tensorflow as tf

    tf.saved_model.save(model, str(serving))


def save_by_export(model: Any, serving: Path) -> None:
    model.export(str(serving), verbose=False)


def save_as_keras_file(model: Any, serving: Path) -> None:
    serving.mkdir()
    model.save(serving / "model.keras")


@pytest.mark.parametrize("save", [save_by_tensorflow, save_by_export, save_as_keras_file])
def test_keras_models_take_columns_by_name(
    tmp_path: Path, examples: Examples, save: Callable[[Any, Path], None]
) -> None:
    model = keras_model("softmax", 3)
    (tmp_path / "model").mkdir()
    save(model, tmp_path / "model" / "Format-Serving")
    # TensorFlow forgets the names of a dict's inputs; their order is that of the sorted names.
    features = ("x", "z") if save is save_by_tensorflow else None
    step = scored(tmp_path, Model(str(tmp_path / "model")), examples, features=features)

    x, z = (points().column(i).to_numpy()[:, None] for i in (0, 1))
    found = table(step)
    assert step.predictions.problem == "multiclass"
    for place, scores in enumerate(np.asarray(model({"x": x, "z": z})).T):
        np.testing.assert_allclose(found[f"score_{place}"], scores, rtol=1e-5)


def save_as_keras_2_folder(model: Any, serving: Path) -> None:
    model.save(str(serving))


@pytest.mark.parametrize("save", [save_as_keras_2_folder, save_by_tensorflow, save_as_keras_file])
def test_keras_2_models_take_a_matrix_of_named_features(
    tmp_path: Path, examples: Examples, save: Callable[[Any, Path], None]
) -> None:
    import tf_keras

    model = tf_keras.Sequential([tf_keras.Input((2,)), tf_keras.layers.Dense(1, activation="sigmoid")])
    (tmp_path / "model").mkdir()
    save(model, tmp_path / "model" / "Format-Serving")
    step = scored(tmp_path, Model(str(tmp_path / "model")), examples, features=("z", "x"))

    matrix = np.stack([points().column(i).to_numpy() for i in (1, 0)], axis=1)
    np.testing.assert_allclose(table(step)["score_1"], model(matrix).numpy()[:, 0], rtol=1e-5)


def test_unnamed_inputs_are_counted_in_their_order(tmp_path: Path) -> None:
    import keras

    columns = [f"c{n}" for n in range(12)]
    inputs = [keras.Input((1,)) for _ in columns]
    (tmp_path / "model").mkdir()
    model = keras.Model(inputs, keras.layers.Concatenate()(inputs))
    save_by_tensorflow(model, tmp_path / "model" / "Format-Serving")
    rows = rows_of(y=[0], **{name: [n / 16] for n, name in enumerate(columns)})
    found = table(scored(tmp_path, Model(str(tmp_path / "model")), rows, features=tuple(columns)))

    assert [found[f"score_{n}"] for n in range(12)] == [[n / 16] for n in range(12)]


def test_a_keras_3_model_takes_lists_and_several_inputs_by_place(tmp_path: Path) -> None:
    import keras

    vector, number = keras.Input((2,), name="a"), keras.Input((1,), name="b", dtype="int32")
    total = keras.layers.Add()([vector, keras.layers.Rescaling(1.0)(number)])
    (tmp_path / "model").mkdir()
    keras.Model([vector, number], total).save(tmp_path / "model" / "model.keras")
    rows = rows_of(v=[[0.125, 0.25], [0.25, 0.5]], n=[0, 0], y=[0, 1])
    step = scored(tmp_path, Model(str(tmp_path / "model")), rows, features=("v", "n"))

    assert table(step)["score_1"] == [0.25, 0.5]


def test_a_model_of_a_matrix_takes_the_features_in_the_order_given(
    tmp_path: Path, examples: Examples
) -> None:
    from sklearn.linear_model import LinearRegression

    matrix = np.stack([points().column(i).to_numpy() for i in (1, 0)], axis=1)
    model = LinearRegression().fit(matrix, matrix[:, 0] - 2 * matrix[:, 1])
    step = scored(tmp_path, pickled(tmp_path, model), examples, label="x", features=("z", "x"))

    found = table(step)
    assert step.predictions.problem == "regression"
    assert step.predictions.classes == ()
    np.testing.assert_allclose(found["score"], matrix[:, 0] - 2 * matrix[:, 1], atol=1e-5)
    assert found["predicted"] == found["score"]
    assert found["label"] == points().column(0).to_pylist()


def test_scikit_learn_sees_missing_numbers_as_nan_and_lists_as_columns(tmp_path: Path) -> None:
    class_counts = rows_of(x=[1.0, None], v=[[2.0, 3.0], [4.0, 5.0]], y=[0, 1])
    seen = pickled(tmp_path, KeepsMatrix())
    scored(tmp_path, seen, class_counts, features=("v", "x"))

    np.testing.assert_array_equal(KeepsMatrix.seen, np.array([[2, 3, 1], [4, 5, np.nan]]))


class KeepsMatrix:
    """A regressor that remembers what it was given."""

    seen: Any = None

    def predict(self, matrix: Any) -> Any:
        KeepsMatrix.seen = matrix
        return np.zeros(len(matrix))


def test_the_margin_of_a_model_without_probabilities_needs_an_activation(
    tmp_path: Path, examples: Examples
) -> None:
    from sklearn.linear_model import RidgeClassifier

    frame = pa.Table.from_batches([points()]).to_pandas()
    model = RidgeClassifier().fit(frame[["x", "z"]], frame["answer"])
    step = scored(tmp_path, pickled(tmp_path, model), examples, label="answer", activation="sigmoid")

    margin = model.decision_function(frame[["x", "z"]])
    np.testing.assert_allclose(table(step)["score_yes"], 1 / (1 + np.exp(-margin)), rtol=1e-6)


# Transform graphs and labels that Transform computed


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_transform as tft

    return {
        "x": inputs["x"] - tft.mean(inputs["x"]),
        "z": 2 * inputs["z"],
        "is_negative": tf.cast(inputs["y"] == 0, tf.int64),
    }


@pytest.fixture(scope="session")
def transformed(tmp_path_factory: pytest.TempPathFactory, examples: Examples, schema: Schema) -> Transform:
    folder = tmp_path_factory.mktemp("transform")
    return perform(Transform(examples=examples, schema=schema, preprocessing_fn=preprocessing_fn), folder)


def test_a_transform_graph_prepares_the_features_and_may_compute_the_label(
    tmp_path: Path, examples: Examples, transformed: Transform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "BLOCK", 1)
    arguments = {"label": "is_negative", "problem": "regression", "slice_features": ("colour",)}
    model = scores_in(tmp_path, "z")
    step = scored(
        tmp_path, model, examples, transform_graph=transformed.transform_graph, batch_size=7, **arguments
    )

    found = table(step)
    np.testing.assert_allclose(found["score"], 2 * points().column(1).to_numpy())
    assert found["label"] == [1 - y for y in points().column(2).to_pylist()]
    assert found["slice_colour"] == points().column(4).to_pylist()


@FORMATS
def test_the_label_may_come_from_other_examples_of_the_same_rows(
    tmp_path: Path,
    keras_trained: Model,
    transformed: Transform,
    file_format: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scoring, "BLOCK", 1)
    examples = examples_of(tmp_path / "examples", file_format, eval=points())
    labels = transformed.transformed_examples
    step = scored(tmp_path, keras_trained, examples, label="is_negative", label_examples=labels, batch_size=7)

    assert table(step)["label"] == [str(1 - y) for y in points().column(2).to_pylist()]
    np.testing.assert_allclose(table(step)["score_1"], direct_scores(keras_trained), rtol=1e-5)


@pytest.mark.parametrize("rows", [ROWS - 2, ROWS + 2])
def test_label_examples_with_other_rows_are_refused(tmp_path: Path, examples: Examples, rows: int) -> None:
    labels = examples_of(tmp_path / "labels", eval=points(rows))
    model = scores_in(tmp_path, "importance")
    with pytest.raises(BadInput, match=rf"'eval' of label_examples has {rows} rows.* must be the same rows"):
        scored(tmp_path, model, examples, label_examples=labels, problem="regression")


# What becomes of scores, labels, weights, ids and slices


def test_batches_and_blocks_do_not_show(
    tmp_path: Path, keras_trained: Model, examples: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(scored(tmp_path / "whole", keras_trained, examples))
    monkeypatch.setattr(scoring, "BLOCK", 2)
    parts = table(scored(tmp_path / "parts", keras_trained, examples, batch_size=4))

    np.testing.assert_allclose(parts.pop("score_1"), whole.pop("score_1"), rtol=1e-5)
    np.testing.assert_allclose(parts.pop("score_0"), whole.pop("score_0"), rtol=1e-5)
    assert parts == whole


def test_ids_weights_and_slices_are_kept(tmp_path: Path, sklearn_trained: Model, examples: Examples) -> None:
    kept = {"id_feature": "name", "weight": "importance", "slice_features": ("colour", "y")}
    step = scored(tmp_path, sklearn_trained, examples, label="answer", **kept)
    found = table(step)

    assert step.predictions.id_feature == "name"
    assert found["row_id"] == points().column(6).to_pylist()
    assert found["weight"] == points().column(5).to_pylist()
    assert found["slice_colour"] == ["red", None] * (ROWS // 2)
    assert found["slice_y"] == points().column(2).to_pylist()


def test_the_positive_class_is_predicted_above_the_threshold(tmp_path: Path) -> None:
    rows = rows_of(p=[0.1, 0.25, 0.26, 1.0], y=[0, 0, 1, 1])
    step = scored(tmp_path, probabilities_in(tmp_path, "p"), rows, threshold=0.25, classes=("no", "yes"))

    assert table(step)["predicted"] == ["no", "no", "yes", "yes"]


@pytest.mark.parametrize(
    ("labels", "classes", "known", "expected"),
    [
        ([0, 1, None], None, None, ["0", "1", None]),
        ([0.0, 1.0, float("nan")], None, None, ["0", "1", None]),
        ([0, 1, 1], ("no", "yes"), None, ["no", "yes", "yes"]),
        (["no", "yes", None], ("no", "yes"), None, ["no", "yes", None]),
        ([b"no", b"yes", b"no"], ("no", "yes"), None, ["no", "yes", "no"]),
        ([[1], [0], []], None, None, ["1", "0", None]),
        ([3, 5, 3], ("3", "5"), None, ["3", "5", "3"]),
        ([3, 5, 3], None, [3, 5], ["3", "5", "3"]),
        ([3, 5, 3], ("low", "high"), [3, 5], ["low", "high", "low"]),
        (["b", "a", "a"], ("beta", "alpha"), ["b", "a"], ["beta", "alpha", "alpha"]),
        ([0, 1, 0], None, [False, True], ["False", "True", "False"]),
        ([None, None, None], None, None, [None, None, None]),
    ],
)
def test_labels_become_names_of_classes(
    tmp_path: Path, labels: list[Any], classes: Any, known: Any, expected: list[str | None]
) -> None:
    rows = rows_of(p=[0.5, 0.5, 0.5], q=[0.5, 0.5, 0.5], y=labels)
    model = scores_in(tmp_path, "q", "p", classes=known) if known else probabilities_in(tmp_path, "p")
    step = scored(tmp_path, model, rows, classes=classes, problem="binary")

    assert table(step)["label"] == expected


def probabilities_in(folder: Path, *columns: str) -> Model:
    """A model that does not know its classes: a Keras one that gives its inputs back."""
    import keras

    inputs = [keras.Input((1,), name=name) for name in columns]
    outputs = (
        keras.layers.Concatenate()(inputs) if len(inputs) > 1 else keras.layers.Rescaling(1.0)(inputs[0])
    )
    serving = folder / "model" / "Format-Serving"
    serving.mkdir(parents=True)
    keras.Model(inputs, outputs).save(serving / "model.keras")
    return Model(str(folder / "model"))


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([0, 1, 1], "binary"),
        (["0", "1", "1"], "binary"),
        ([0.5, 1, 1], "regression"),
        ([0, 1, 7], "regression"),
    ],
)
def test_one_score_is_a_regression_if_the_labels_are_other_numbers_than_0_and_1(
    tmp_path: Path, labels: list[Any], problem: str
) -> None:
    model = probabilities_in(tmp_path, "p")
    step = scored(tmp_path, model, rows_of(p=[0.5, 0.5, 0.5], y=labels))

    assert step.predictions.problem == problem


def test_the_likeliest_of_several_classes_is_predicted(tmp_path: Path) -> None:
    rows = rows_of(a=[0.2, 0.7], b=[0.5, 0.2], c=[0.3, 0.1], y=["Gentoo", "Adelie"])
    names = ("Adelie", "Chinstrap", "Gentoo")
    step = scored(tmp_path, probabilities_in(tmp_path, "a", "b", "c"), rows, classes=names)

    assert step.predictions.problem == "multiclass"
    assert table(step)["predicted"] == ["Chinstrap", "Adelie"]
    assert table(step)["label"] == ["Gentoo", "Adelie"]


@pytest.mark.parametrize(("activation", "columns"), [("sigmoid", ["b"]), ("softmax", ["a", "b"])])
def test_an_activation_makes_probabilities_of_logits(
    tmp_path: Path, activation: str, columns: list[str]
) -> None:
    rows = rows_of(a=[0.0, 0.0], b=[-800.0, 2.0], y=[0, 1])
    step = scored(tmp_path, probabilities_in(tmp_path, *columns), rows, activation=activation)

    np.testing.assert_allclose(table(step)["score_1"], [0, 1 / (1 + np.exp(-2))])


# Splits without rows


def tagged(rows: int = 4) -> pa.RecordBatch:
    """Rows that belong to any number of classes, and scores for each."""
    tags = [["sea", "sun"], [], None, ["sun"]][:rows]
    return rows_of(
        sea=pa.array([0.9, 0.1, 0.6, 0.2][:rows], pa.float32()),
        sun=pa.array([0.7, 0.2, 0.8, 0.4][:rows], pa.float32()),
        tags=pa.array(tags, pa.list_(pa.string())),
        numbers=pa.array([t if t is None else [["sea", "sun"].index(x) for x in t] for t in tags]),
    )


@pytest.mark.parametrize("label", ["tags", "numbers"])
def test_a_row_may_have_several_labels_or_none(tmp_path: Path, label: str) -> None:
    model = scores_in(tmp_path, "sea", "sun", classes=[0, 1])
    step = scored(tmp_path, model, tagged(), label=label, problem="multilabel", classes=("sea", "sun"))

    found = table(step)
    assert step.predictions.problem == "multilabel"
    assert found["label"] == [["sea", "sun"], [], None, ["sun"]]
    assert found["predicted"] == [["sea", "sun"], [], ["sea", "sun"], []]
    np.testing.assert_allclose(found["score_sun"], [0.7, 0.2, 0.8, 0.4], rtol=1e-6)


@pytest.mark.parametrize("wrapper", ["OneVsRestClassifier", "MultiOutputClassifier"])
def test_scikit_learn_says_that_it_gives_several_labels(tmp_path: Path, wrapper: str) -> None:
    import pandas as pd
    from sklearn import multiclass, multioutput
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({name: points()[name].to_numpy() for name in ("x", "z")})
    truth = np.stack([frame.x > 0, frame.z > 0], axis=1).astype(int)
    makers = {"OneVsRestClassifier": multiclass, "MultiOutputClassifier": multioutput}
    model = getattr(makers[wrapper], wrapper)(LogisticRegression()).fit(frame, truth)
    tags = [[name for name, has in zip(("x", "z"), row, strict=True) if has] for row in truth]
    rows = rows_of(x=pa.array(frame.x), z=pa.array(frame.z), tags=pa.array(tags, pa.list_(pa.string())))
    step = scored(tmp_path, pickled(tmp_path, model), rows, label="tags", classes=("x", "z"))

    assert step.predictions.problem == "multilabel"
    assert table(step)["predicted"] == [
        [name for name, has in zip(("x", "z"), row, strict=True) if has] for row in model.predict(frame)
    ]


def test_several_labels_of_unknown_classes_are_refused(tmp_path: Path) -> None:
    model = scores_in(tmp_path, "sea", "sun", classes=["sea", "ice"])
    with pytest.raises(BadInput, match=r"The label is 'sun' \(column 'tags', split 'eval', row 0\)"):
        scored(tmp_path, model, tagged(), label="tags", problem="multilabel")


def test_rows_without_several_labels_give_an_empty_file_of_lists(tmp_path: Path) -> None:
    model = scores_in(tmp_path, "sea", "sun", classes=["sea", "sun"])
    examples = examples_of(tmp_path / "examples", train=tagged(), eval=None)
    step = scored(tmp_path, model, examples, label="tags", problem="multilabel")
    schema = pq.read_schema(step.predictions.split("eval") / "predictions.parquet")
    assert str(schema.field("label").type) == "list<item: string>"


def test_several_spans_are_scored_as_one_data_set(
    tmp_path: Path, sklearn_trained: Model, examples: Examples
) -> None:
    newer = examples_of(tmp_path / "newer", PARQUET, train=points(), eval=points(10))
    newer.span = 3
    predict = Predict(model=sklearn_trained, examples=[examples, newer], label="answer")
    step = perform(predict, tmp_path / "out")

    assert (step.predictions.span, step.predictions.num_examples) == (3, {"eval": ROWS + 10})
    assert table(step)["row_id"] == list(range(ROWS + 10))


@FORMATS
def test_a_split_without_rows_gets_a_valid_empty_file(
    tmp_path: Path, keras_trained: Model, file_format: str
) -> None:
    examples = examples_of(tmp_path / "examples", file_format, nothing=None, eval=points())
    step = scored(tmp_path, keras_trained, examples, splits=("nothing", "eval"), slice_features=("colour",))

    empty = pq.read_table(step.predictions.split("nothing") / "predictions.parquet")
    full = pq.read_table(step.predictions.split("eval") / "predictions.parquet")
    assert empty.num_rows == 0
    assert empty.schema == full.schema
    assert step.predictions.num_examples == {"nothing": 0, "eval": ROWS}


def test_without_any_rows_the_model_says_what_its_scores_are(tmp_path: Path) -> None:
    examples = examples_of(tmp_path / "examples", eval=None)
    step = scored(tmp_path, probabilities_in(tmp_path, "a", "b", "c"), examples)

    assert step.predictions.classes == ("0", "1", "2")
    assert "score_2" in table(step)


# Models that cannot be used


def test_a_pickle_is_not_loaded_unless_it_is_trusted(tmp_path: Path, examples: Examples) -> None:
    model = scores_in(tmp_path, "x")
    with pytest.raises(BadInput, match=r"model\.joblib' is a pickle.*pass trusted=True"):
        scored(tmp_path, model, examples, trusted=False)


def test_skops_loads_only_types_that_are_known_or_trusted(tmp_path: Path, examples: Examples) -> None:
    import skops.io

    (tmp_path / "model").mkdir()
    skops.io.dump(ScoresInColumns(["x"]), tmp_path / "model" / "model.skops")
    model = Model(str(tmp_path / "model"))
    with pytest.raises(BadInput, match=r"trusted_types=\('.*ScoresInColumns',\)"):
        scored(tmp_path, model, examples, trusted=False)
    kind = f"{ScoresInColumns.__module__}.ScoresInColumns"
    step = scored(tmp_path, model, examples, trusted=False, trusted_types=(kind,), label="z")
    assert step.predictions.problem == "regression"


def broken_models() -> Iterator[Any]:
    yield pytest.param({}, r"There is no model in .*\(it holds: nothing\).*saved_model\.pb", id="nothing")
    yield pytest.param({"a.txt": b""}, r"it holds: a\.txt", id="something else")
    yield pytest.param(
        {"a.skops": b"", "b.skops": b""}, r"several models in .*: a\.skops, b\.skops", id="two"
    )
    yield pytest.param({"a.keras": b"x"}, r"a\.keras' is not a model that Keras saved", id="damaged")


@pytest.mark.parametrize(("files", "message"), broken_models())
def test_a_folder_without_one_model_is_refused(
    tmp_path: Path, examples: Examples, files: dict[str, bytes], message: str
) -> None:
    (tmp_path / "model").mkdir()
    for name, content in files.items():
        (tmp_path / "model" / name).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        scored(tmp_path, Model(str(tmp_path / "model")), examples)


def test_a_signature_or_output_that_is_not_there_is_refused(
    tmp_path: Path, keras_trained: Model, examples: Examples
) -> None:
    with pytest.raises(BadInput, match=r"no signature 'predict'\. There are: explain, serving_default"):
        scored(tmp_path, keras_trained, examples, signature_name="predict")
    with pytest.raises(BadInput, match=r"'explain' has several outputs: 'probability', 'sum'.*output_name"):
        scored(tmp_path, keras_trained, examples, signature_name="explain")
    with pytest.raises(BadInput, match=r"no output 'probabilities'\. Did you mean 'probability'"):
        scored(tmp_path, keras_trained, examples, output_name="probabilities")


def test_examples_without_the_features_that_a_signature_parses_are_refused(
    tmp_path: Path, keras_trained: Model
) -> None:
    with pytest.raises(
        BadInput, match=r"(?s)cannot read the examples from split 'eval', row 0 on.*Feature: z "
    ):
        scored(tmp_path, keras_trained, rows_of(x=[0.5], y=[0]))


def test_a_model_that_does_not_know_its_columns_needs_features(tmp_path: Path, examples: Examples) -> None:
    from sklearn.dummy import DummyRegressor

    model = pickled(tmp_path, DummyRegressor().fit([[1.0]], [1.0]))
    with pytest.raises(BadInput, match=r"DummyRegressor does not know the names of its columns.*features="):
        scored(tmp_path, model, examples)


def test_a_classifier_without_scores_is_refused(tmp_path: Path, examples: Examples) -> None:
    with pytest.raises(BadInput, match="Shrug names a class for each row, but gives no score"):
        scored(tmp_path, pickled(tmp_path, Shrug()), examples)


@pytest.mark.parametrize(
    ("rows", "arguments", "message"),
    [
        (
            rows_of(q=[0.5], y=[0]),
            {},
            r"takes p \(float32, shape \(None, 1\)\), and the examples have no column",
        ),
        (rows_of(p=["a"], y=[0]), {}, r"'p' holds strings, but the model takes p \(float32"),
        (rows_of(p=[0.5, None], y=[0, 1]), {}, r"'p' has no value in split 'eval', row 1, .* input 'p'"),
        (
            rows_of(p=[[0.5], [0.5, 1.0]], y=[0, 1]),
            {},
            r"'p' has 2 values in split 'eval', row 1, but 1 in row 0",
        ),
        (rows_of(p=[[0.5, 1.0]], y=[0]), {}, r"'p' has 2 values a row, but the model takes p"),
        (rows_of(a=[0.5], b=[0.5], y=[0]), {"features": ("a", "b")}, r"a, b give 2 values for each row, but"),
        (
            rows_of(p=[0.5], y=[0]),
            {"features": ("p", "r")},
            r"no column 'r' \(input 'p' of the model, split 'eval'\)",
        ),
    ],
)
def test_examples_that_do_not_fit_the_model_are_refused(
    tmp_path: Path, rows: pa.RecordBatch, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        scored(tmp_path, probabilities_in(tmp_path, "p"), rows, **arguments)


def test_a_feature_that_scikit_learn_wants_and_the_examples_lack_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"no column 'p' \(a feature of the model, split 'eval'\). There are: q, y"
    ):
        scored(tmp_path, scores_in(tmp_path, "p"), rows_of(q=[0.5], y=[0]))


# Rows that cannot be used


@pytest.mark.parametrize(
    ("rows", "arguments", "message"),
    [
        (rows_of(p=[0.5], y=[0]), {"label": "tip"}, r"no column 'tip' \(the label: .*There are: p, y"),
        (
            rows_of(p=[0.5, 0.5], y=[0, 2]),
            {"problem": "binary"},
            r"label is 2 \(column 'y', split 'eval', row 1\)",
        ),
        (
            rows_of(p=[0.5], y=["maybe"]),
            {"classes": ("no", "yes")},
            r"'maybe' .* none of the classes 'no', 'yes'\.",
        ),
        (
            rows_of(p=[0.5], y=["a"]),
            {"problem": "regression"},
            r"'y' holds string values: .* regression is a number",
        ),
        (rows_of(p=[0.5], y=[[0, 1]]), {}, r"'y' \(the label.*\) has 2 values in split 'eval', row 0"),
        (
            rows_of(p=[0.5, -3.0], y=[0, 1]),
            {},
            r"score is -3 in split 'eval', row 1 .*activation='sigmoid' or 'softmax' to this",
        ),
        (
            rows_of(p=[0.5, float("nan")], y=[0, 1]),
            {},
            r"score is nan in split 'eval', row 1 \(and so in 1 of these 2",
        ),
        (
            rows_of(p=[float("inf")], y=[1]),
            {"problem": "regression"},
            r"score is inf .* must be a finite number",
        ),
        (
            rows_of(p=[0.5], y=[0]),
            {"classes": ("a", "b", "c")},
            r"gives 1 scores for each row, .* 3 classes: a, b, c",
        ),
        (rows_of(p=[0.5], y=[0]), {"activation": "softmax"}, r"'softmax' needs a score for each class"),
        (rows_of(p=[0.5], y=[0]), {"weight": "w"}, r"no column 'w' \(the weight, split 'eval'\)"),
        (rows_of(p=[0.5], y=[0], w=[-1.0]), {"weight": "w"}, r"'w' is -1\.0 in split 'eval', row 0"),
        (
            rows_of(p=[0.5, 0.5], y=[0, 1], w=[1, None]),
            {"weight": "w"},
            r"'w' is None in split 'eval', row 1",
        ),
        (rows_of(p=[0.5], y=[0], w=["1"]), {"weight": "w"}, r"'w' holds string values: a weight is a number"),
        (rows_of(p=[0.5], y=[0]), {"slice_features": ("s",)}, r"no column 's' \(a slice feature"),
        (rows_of(p=[0.5], y=[0]), {"id_feature": "i"}, r"no column 'i' \(id_feature"),
    ],
)
def test_rows_that_cannot_be_scored_or_stored_are_refused(
    tmp_path: Path, rows: pa.RecordBatch, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        scored(tmp_path, probabilities_in(tmp_path, "p"), rows, **arguments)


def test_the_row_of_an_error_is_counted_over_blocks_and_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "BLOCK", 2)
    rows = rows_of(p=[0.5] * 10 + [2.0], y=[0] * 11)
    with pytest.raises(BadInput, match="score is 2 in split 'eval', row 10"):
        scored(tmp_path, probabilities_in(tmp_path, "p"), rows, batch_size=2)


def test_several_scores_are_no_regression(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="gives 2 scores for each row: a regression has one"):
        scored(
            tmp_path,
            probabilities_in(tmp_path, "p", "q"),
            rows_of(p=[0.5], q=[1.0], y=[2]),
            problem="regression",
        )


def test_an_unknown_split_is_refused(tmp_path: Path, keras_trained: Model, examples: Examples) -> None:
    with pytest.raises(BadInput, match="no split 'evaluation'"):
        scored(tmp_path, keras_trained, examples, splits=("evaluation",))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"splits": ()}, "at least one split"),
        ({"splits": ("eval", "eval")}, "splits names 'eval' twice"),
        ({"classes": ("yes",)}, r"at least two names, but got \('yes',\)"),
        ({"classes": ("yes", "yes")}, "classes names 'yes' twice"),
        ({"problem": "regression", "classes": ("no", "yes")}, "a regression has neither classes nor"),
        ({"threshold": 1.5}, "threshold must be from 0 to 1, but got 1.5"),
        ({"batch_size": 0}, "batch_size must be at least 1, but got 0"),
        ({"activation": "relu"}, "activation must be"),
    ],
)
def test_impossible_arguments_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        Predict(model=Model(), examples=Examples(), label="y", **arguments)
