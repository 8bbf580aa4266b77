"""A wide and deep network of the size of TFX's taxi example, exported with its preprocessing."""

from __future__ import annotations

from typing import Any

from benchmarks.taxi.features import (
    CATEGORIES,
    LABEL,
    NUMBERS,
    PLACE_BUCKETS,
    PLACES,
    TIPS,
    UNKNOWN_BUCKETS,
    VOCABULARIES,
    VOCABULARY_SIZE,
)
from millwork.components.models.fn_args import FnArgs

BATCH = 40
HIDDEN = (100, 70, 48, 34)
TOKENS = {
    **dict.fromkeys(VOCABULARIES, VOCABULARY_SIZE + UNKNOWN_BUCKETS),
    **dict.fromkeys(PLACES, PLACE_BUCKETS),
    **CATEGORIES,
}
"""Of each categorical input, how many values there are."""


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import keras
    import tensorflow_transform as tft

    keras.utils.set_random_seed(7)
    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    model = _model()
    model.fit(
        _dataset(fn_args, fn_args.train_files, graph),
        steps_per_epoch=fn_args.train_steps,
        validation_data=_dataset(fn_args, fn_args.eval_files, graph),
        validation_steps=fn_args.eval_steps,
        callbacks=[keras.callbacks.TensorBoard(fn_args.model_run_dir, update_freq="epoch")],
        verbose=2,
    )
    _export(model, graph, fn_args.serving_model_dir)


def _model() -> Any:
    import keras

    numbers = {name: keras.Input((1,), name=name) for name in NUMBERS}
    categories = {name: keras.Input((1,), name=name, dtype="int32") for name in TOKENS}
    deep = keras.layers.concatenate(list(numbers.values()))
    for width in HIDDEN:
        deep = keras.layers.Dense(width, activation="relu")(deep)
    wide = [
        keras.layers.CategoryEncoding(TOKENS[name], output_mode="one_hot")(input)
        for name, input in categories.items()
    ]
    probability = keras.layers.Dense(1, activation="sigmoid")(keras.layers.concatenate([deep, *wide]))
    model = keras.Model([*numbers.values(), *categories.values()], probability)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["binary_accuracy"])
    return model


def _dataset(fn_args: FnArgs, files: list[str] | None, graph: Any) -> Any:
    from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

    options = TensorFlowDatasetOptions(batch_size=BATCH, label_key=LABEL, shuffle_seed=7)
    assert fn_args.data_accessor is not None
    return fn_args.data_accessor.tf_dataset_factory(files or [], options, graph.transformed_metadata.schema)


def _export(model: Any, graph: Any, folder: str | None) -> None:
    """Save the network behind its preprocessing, so that raw examples can be scored wherever it is served."""
    import tensorflow as tf

    layer = graph.transform_features_layer()
    spec = graph.raw_feature_spec()
    del spec[TIPS]  # not known before the trip has ended

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = layer(tf.io.parse_example(examples, spec))
        return {"probability": model({name: transformed[name] for name in (*NUMBERS, *TOKENS)})}

    served = tf.Module()
    served.model, served.layer = model, layer
    tf.saved_model.save(served, folder, signatures={"serving_default": serve})
