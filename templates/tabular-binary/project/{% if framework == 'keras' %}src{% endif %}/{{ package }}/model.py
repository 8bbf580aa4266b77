"""A small network, exported with its preprocessing: it takes raw serialised `tf.Example`s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from millwork.components import FnArgs, TunerFnResult

from .features import LABEL, VISITS

BATCH = 256
DEFAULTS = {"units": 16, "learning_rate": 2e-3}
UNITS = [8, 16, 32]
LEARNING_RATES = [5e-3, 2e-3]


def run_fn(fn_args: FnArgs) -> None:
    """What `Trainer` calls."""
    import keras
    import tensorflow_transform as tft

    keras.utils.set_random_seed(7)
    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    features = settings(fn_args)["features"]
    model = build(features, **(DEFAULTS | hyperparameters(fn_args)))
    model.fit(
        dataset(fn_args, fn_args.train_files, graph, features),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args, fn_args.eval_files, graph, features, epochs=1),
        shuffle=False,  # the rows come in random order
        callbacks=[keras.callbacks.TensorBoard(fn_args.model_run_dir)],
        verbose=2,
    )
    export(model, graph, features, fn_args.serving_model_dir)


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """What `Tuner` calls: the search, and what each trial fits."""
    import keras_tuner
    import tensorflow_transform as tft

    graph = tft.TFTransformOutput(fn_args.transform_graph_path)
    features = settings(fn_args)["features"]
    tuner = keras_tuner.RandomSearch(
        lambda hp: build(features, hp.Choice("units", UNITS), hp.Choice("learning_rate", LEARNING_RATES)),
        objective="val_accuracy",
        max_trials=settings(fn_args)["trials"],
        seed=7,
        directory=fn_args.working_dir,
    )
    fit = {
        "x": dataset(fn_args, fn_args.train_files, graph, features),
        "steps_per_epoch": fn_args.train_steps,
        "validation_data": dataset(fn_args, fn_args.eval_files, graph, features, epochs=1),
        "shuffle": False,
    }
    return TunerFnResult(tuner, fit)


def build(features: Sequence[str], units: int, learning_rate: float) -> Any:
    """A network with one hidden layer."""
    import keras

    inputs = {name: keras.Input((1,), name=name) for name in features}
    hidden = keras.layers.concatenate(list(inputs.values()))
    hidden = keras.layers.Dense(units, activation="relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(
        keras.optimizers.Adam(learning_rate), "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC()]
    )
    return model


def settings(fn_args: FnArgs) -> dict[str, Any]:
    """What the pipeline says: `features` that the model sees, and how many `trials` the Tuner has."""
    return dict(fn_args.custom_config or {})


def hyperparameters(fn_args: FnArgs) -> dict[str, Any]:
    """What the Tuner found, if there is one."""
    return dict((fn_args.hyperparameters or {}).get("values", {}))


def dataset(
    fn_args: FnArgs, files: list[str], graph: Any, features: Sequence[str], epochs: int | None = None
) -> Any:
    """Batches of features and label, so many times, or again and again."""
    from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

    options = TensorFlowDatasetOptions(batch_size=BATCH, num_epochs=epochs, label_key=LABEL, shuffle_seed=7)
    rows = fn_args.data_accessor.tf_dataset_factory(files, options, graph.transformed_metadata.schema)
    return rows.map(lambda columns, label: ({name: columns[name] for name in features}, label))


def export(model: Any, graph: Any, features: Sequence[str], folder: str) -> None:
    """Save the network behind its preprocessing, so that raw examples, which lack the visits, can be scored."""
    import tensorflow as tf

    layer = graph.transform_features_layer()
    spec = {name: of for name, of in graph.raw_feature_spec().items() if name != VISITS}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = layer(tf.io.parse_example(examples, spec))
        return {"probability": model({name: transformed[name] for name in features})}

    served = tf.Module()
    served.model, served.layer = model, layer
    tf.saved_model.save(served, folder, signatures={"serving_default": serve})
