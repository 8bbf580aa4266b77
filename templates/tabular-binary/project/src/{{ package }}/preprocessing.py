"""From raw columns to what the model sees. The same graph serves training and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .features import FLAGS, LABEL, SCALED, VISITS

if TYPE_CHECKING:
    import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Scale numbers, keep flags, and make the label: at least one visit."""
    import tensorflow as tf
    import tensorflow_transform as tft

    outputs = {name: tft.scale_to_z_score(tf.cast(inputs[name], tf.float32)) for name in SCALED}
    outputs |= {name: tf.cast(inputs[name], tf.float32) for name in FLAGS}
    outputs[LABEL] = tf.cast(inputs[VISITS] > 0, tf.int64)
    return outputs
