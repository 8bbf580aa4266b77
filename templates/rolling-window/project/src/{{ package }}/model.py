"""A small network that goes on from the model in service, exported with its preprocessing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from millwork.components import FnArgs

from .features import CLASSES, LABEL, MODEL_FEATURES

BATCH = 64
LEARNING_RATE = 3e-3
WEIGHTS = "assets.extra/network.weights.h5"
"""Beside the SavedModel, where servers expect files that are not theirs."""


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import keras
    import tensorflow_transform as tft

    keras.utils.set_random_seed(7)
    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    model = build()
    if fn_args.base_model:
        model.optimizer.build(model.trainable_variables)  # so that its state is loaded, too
        model.load_weights(Path(fn_args.base_model) / WEIGHTS)
    model.fit(
        dataset(fn_args, fn_args.train_files, graph),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args, fn_args.eval_files, graph, epochs=1),
        shuffle=False,  # the rows come in random order
        callbacks=[keras.callbacks.TensorBoard(fn_args.model_run_dir)],
        verbose=2,
    )
    export(model, graph, Path(fn_args.serving_model_dir))


def build() -> Any:
    """A network with one hidden layer."""
    import keras

    inputs = {name: keras.Input((1,), name=name) for name in MODEL_FEATURES}
    hidden = keras.layers.concatenate(list(inputs.values()))
    hidden = keras.layers.Dense(16, activation="relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(len(CLASSES), activation="softmax")(hidden))
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def dataset(fn_args: FnArgs, files: list[str], graph: Any, epochs: int | None = None) -> Any:
    """Batches of features and label, so many times, or again and again."""
    from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

    options = TensorFlowDatasetOptions(batch_size=BATCH, num_epochs=epochs, label_key=LABEL, shuffle_seed=7)
    return fn_args.data_accessor.tf_dataset_factory(files, options, graph.transformed_metadata.schema)


def export(model: Any, graph: Any, folder: Path) -> None:
    """Save the network behind its preprocessing, and its weights for the next one to start from."""
    import tensorflow as tf

    layer = graph.transform_features_layer()
    spec = {name: of for name, of in graph.raw_feature_spec().items() if name != LABEL}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = layer(tf.io.parse_example(examples, spec))
        return {"probabilities": model({name: transformed[name] for name in MODEL_FEATURES})}

    served = tf.Module()
    served.model, served.layer = model, layer
    tf.saved_model.save(served, str(folder), signatures={"serving_default": serve})
    (folder / WEIGHTS).parent.mkdir(exist_ok=True)
    model.save_weights(folder / WEIGHTS)
