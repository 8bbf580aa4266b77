"""TFX's file functions: those of `tf.io.gfile`, where `open` is `GFile`."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import tensorflow as tf

    return getattr(tf.io.gfile, "GFile" if name == "open" else name)
