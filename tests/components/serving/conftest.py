"""Models of every framework, on two numbers `x` and `z`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from millwork.components.models.scorers import LoadOptions
from millwork.components.serving.servable import Servable, load_servable

X, Z = [0.1, -2.5, 3.25], [1.0, 0.0, -1.5]


def keras_model() -> Any:
    """A logistic regression."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = {name: keras.Input((1,), name=name) for name in ("x", "z")}
    joined = keras.layers.Concatenate()(list(inputs.values()))
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(joined))


def save(model: Any, folder: Path) -> None:
    """With signatures of all kinds that TensorFlow Serving knows."""
    import tensorflow as tf

    spec = {name: tf.io.FixedLenFeature([1], tf.float32) for name in ("x", "z")}
    examples = tf.TensorSpec([None], tf.string)
    number = tf.TensorSpec([None, 1], tf.float32)

    @tf.function(input_signature=[examples])
    def serve(examples: Any) -> Any:
        return {"probability": model(tf.io.parse_example(examples, spec))}

    @tf.function(input_signature=[examples])
    def classify(inputs: Any) -> Any:
        yes = model(tf.io.parse_example(inputs, spec))
        classes = tf.tile(tf.constant([["no", "yes"]]), [tf.shape(yes)[0], 1])
        return {"scores": tf.concat([1 - yes, yes], 1), "classes": classes}

    @tf.function(input_signature=[examples])
    def regress(inputs: Any) -> Any:
        return {"outputs": model(tf.io.parse_example(inputs, spec))}

    @tf.function(input_signature=[number, number])
    def tensors(x: Any, z: Any) -> Any:
        return {"probability": model({"x": x, "z": z}), "sum": x[:, 0] + z[:, 0]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int64)])
    def echo(text: Any, whole: Any) -> Any:
        return {"text": text, "raw_bytes": text, "whole": whole}

    signatures = {
        "serving_default": serve,
        "classification": classify,
        "regression": regress,
        "tensors": tensors,
        "echo": echo,
    }
    tf.saved_model.save(model, str(folder), signatures=signatures)


def save_sklearn(folder: Path, by_name: bool = True, classes: tuple[Any, Any] = ("no", "yes")) -> Path:
    """A classifier of scikit-learn in a .skops file."""
    import pandas as pd
    import skops.io
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({"x": np.linspace(-3, 3, 20), "z": np.arange(20) % 3})
    labels = np.where(frame.x + frame.z > 1, *reversed(classes))
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(
        LogisticRegression().fit(frame if by_name else frame.to_numpy(), labels), folder / "model.skops"
    )
    return folder


@pytest.fixture(scope="session")
def tensor_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`saved/7` with a SavedModel and `keras/model.keras`."""
    folder = tmp_path_factory.mktemp("tensors")
    model = keras_model()
    save(model, folder / "saved" / "7")
    (folder / "keras").mkdir()
    model.save(folder / "keras" / "model.keras")
    return folder


@pytest.fixture(scope="session")
def saved(tensor_folder: Path) -> Servable:
    return load_servable(tensor_folder / "saved" / "7", LoadOptions())


@pytest.fixture(scope="session")
def keras_file(tensor_folder: Path) -> Servable:
    return load_servable(tensor_folder / "keras", LoadOptions())


@pytest.fixture(scope="session")
def sklearn_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sklearn(tmp_path_factory.mktemp("sklearn"))


@pytest.fixture(scope="session")
def classifier(sklearn_folder: Path) -> Servable:
    return load_servable(sklearn_folder, LoadOptions())


@pytest.fixture(scope="session")
def probabilities(saved: Servable) -> list[float]:
    """What the network says about X and Z when it is asked without the API."""
    inputs = {"x": np.array(X, np.float32)[:, None], "z": np.array(Z, np.float32)[:, None]}
    found: list[float] = saved.model.call("tensors", inputs)["probability"][:, 0].tolist()
    return found
