"""Letting KerasTuner search with models of Keras 2 (`tf.keras`), as TFX's module files have them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any


@contextmanager
def legacy_models_accepted() -> Iterator[None]:
    """KerasTuner takes models of the one Keras that `import keras` gives. Within this block, also those of tf_keras.

    What differs is two checks of a class, and three questions that Keras 2 asks its callbacks. The places are private
    to KerasTuner (1.4.7, 1.4.8); where they are not found, nothing changes.
    """
    if "tf_keras" not in sys.modules:
        yield
        return
    from keras_tuner.src.backend import keras as known
    from keras_tuner.src.engine import tuner_utils

    callbacks = [tuner_utils.TunerCallback, tuner_utils.SaveBestEpoch]
    with _with_attributes(known, _either(known)):
        asked = ("train", "test", "predict")
        for kind in callbacks:
            for name in asked:
                setattr(kind, f"_implements_{name}_batch_hooks", lambda self, answer=name == "train": answer)
        yield


def _either(known: Any) -> dict[str, Any]:
    """Modules of Keras in which the classes that are checked stand for both."""
    import tf_keras

    models, callbacks = known.models, known.callbacks
    return {
        "models": SimpleNamespace(**{**vars(models), "Model": (models.Model, tf_keras.Model)}),
        "callbacks": SimpleNamespace(
            **{**vars(callbacks), "History": (callbacks.History, tf_keras.callbacks.History)}
        ),
    }


@contextmanager
def _with_attributes(module: Any, values: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(module, name) for name in values}
    vars(module).update(values)
    try:
        yield
    finally:
        vars(module).update(before)
