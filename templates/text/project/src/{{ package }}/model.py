"""A bag of word vectors, exported with its preprocessing: it takes raw serialised `tf.Example`s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millwork.components import FnArgs

from .features import CATEGORIES, CLASSES, LABEL, LENGTH, TEXT

BATCH = 64
LEARNING_RATE = 5e-3


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import keras
    import tensorflow_transform as tft

    keras.utils.set_random_seed(7)
    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    sizes = {name: graph.vocabulary_size_by_name(name) for name in (TEXT, *CATEGORIES)}
    model = build(sizes, **(fn_args.custom_config or {}))
    model.fit(
        dataset(fn_args, fn_args.train_files, graph),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args, fn_args.eval_files, graph),
        validation_steps=fn_args.eval_steps,
        callbacks=[keras.callbacks.TensorBoard(fn_args.model_run_dir)],
        verbose=2,
    )
    _export(model, graph, fn_args.serving_model_dir)


def build(vocabulary_sizes: Mapping[str, int], width: int = 16) -> Any:
    """Vectors of `width` numbers for words, whose mean meets the categories in one hidden layer.

    Numbers of words begin after two that have a meaning of their own, those of categories end with one.
    """
    import keras

    words = keras.Input((LENGTH,), dtype="int64", name=TEXT)
    vectors = keras.layers.Embedding(vocabulary_sizes[TEXT] + 2, width, mask_zero=True)(words)
    parts = [keras.layers.GlobalAveragePooling1D()(vectors)]
    inputs = {TEXT: words}
    for name in CATEGORIES:
        inputs[name] = keras.Input((1,), dtype="int64", name=name)
        encoding = keras.layers.CategoryEncoding(vocabulary_sizes[name] + 1, output_mode="one_hot")
        parts.append(encoding(inputs[name]))
    hidden = keras.layers.Dense(width, activation="relu")(keras.layers.concatenate(parts))
    model = keras.Model(inputs, keras.layers.Dense(len(CLASSES), activation="softmax")(hidden))
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def dataset(fn_args: FnArgs, files: list[str], graph: Any) -> Any:
    """Batches of features and labels, again and again."""
    from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

    options = TensorFlowDatasetOptions(batch_size=BATCH, label_key=LABEL, shuffle_seed=7)
    return fn_args.data_accessor.tf_dataset_factory(files, options, graph.transformed_metadata.schema)


def _export(model: Any, graph: Any, folder: str) -> None:
    """Save the network behind its preprocessing, so that raw examples can be scored wherever it is served."""
    import tensorflow as tf

    layer = graph.transform_features_layer()
    spec = {name: of for name, of in graph.raw_feature_spec().items() if name != LABEL}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = layer(tf.io.parse_example(examples, spec))
        return {"probabilities": model({name: transformed[name] for name in (TEXT, *CATEGORIES)})}

    served = tf.Module()
    served.model, served.layer = model, layer
    tf.saved_model.save(served, folder, signatures={"serving_default": serve})
