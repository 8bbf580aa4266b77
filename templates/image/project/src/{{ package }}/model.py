"""A small convolution, exported with its preprocessing: it takes `tf.Example`s with a picture's bytes."""

from __future__ import annotations

from typing import Any

from millwork.components import FnArgs

from .features import CHANNELS, CLASSES, HEIGHT, IMAGE, LABEL, WIDTH

BATCH = 64
LEARNING_RATE = 3e-3


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import keras
    import tensorflow_transform as tft

    keras.utils.set_random_seed(7)
    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    model = build(**(fn_args.custom_config or {}))
    model.fit(
        dataset(fn_args, fn_args.train_files, graph),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args, fn_args.eval_files, graph),
        validation_steps=fn_args.eval_steps,
        callbacks=[keras.callbacks.TensorBoard(fn_args.model_run_dir)],
        verbose=2,
    )
    _export(model, graph, fn_args.serving_model_dir)


def build(filters: int = 16) -> Any:
    """Two convolutions, the second of twice as many `filters`, and a score for each class."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, CHANNELS)),
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(2 * filters, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(len(CLASSES), activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def dataset(fn_args: FnArgs, files: list[str], graph: Any) -> Any:
    """Batches of pictures and labels, again and again."""
    from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

    options = TensorFlowDatasetOptions(batch_size=BATCH, label_key=LABEL, shuffle_seed=7)
    rows = fn_args.data_accessor.tf_dataset_factory(files, options, graph.transformed_metadata.schema)
    return rows.map(lambda features, label: (features[IMAGE], label))


def _export(model: Any, graph: Any, folder: str) -> None:
    """Save the network behind its preprocessing, so that whoever serves it takes pictures as they are."""
    import tensorflow as tf

    layer = graph.transform_features_layer()
    spec = {IMAGE: graph.raw_feature_spec()[IMAGE]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": model(layer(tf.io.parse_example(examples, spec))[IMAGE])}

    served = tf.Module()
    served.model, served.layer = model, layer
    tf.saved_model.save(served, folder, signatures={"serving_default": serve})
