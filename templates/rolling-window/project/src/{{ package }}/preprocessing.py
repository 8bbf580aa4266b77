"""From raw columns to what the model sees. The same graph serves training and serving."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .features import CLASSES, LABEL, MEASURES, MONTH, YESTERDAY

if TYPE_CHECKING:
    import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Scale measures, put the month on a circle, tell yesterday's weather, and number today's.

    Only means and variances are taken from the data: their parts are kept for each year, and a new window adds its own.
    """
    import tensorflow as tf
    import tensorflow_transform as tft

    outputs = {name: tft.scale_to_z_score(tf.cast(inputs[name], tf.float32)) for name in MEASURES}
    outputs["is_wet"] = tf.cast(inputs["precipitation"] > 0, tf.float32)
    angle = 2 * math.pi * tf.cast(inputs[MONTH], tf.float32) / 12
    outputs |= {"summer": -tf.cos(angle), "spring": tf.sin(angle)}
    outputs |= {f"was_{name}": tf.cast(inputs[YESTERDAY] == name, tf.float32) for name in CLASSES}
    outputs[LABEL] = tf.argmax(inputs[LABEL] == tf.constant([CLASSES]), axis=1)[:, tf.newaxis]
    return outputs
