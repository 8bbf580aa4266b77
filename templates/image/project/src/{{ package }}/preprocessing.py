"""From the bytes of a picture to what the model sees. The same graph serves training and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .features import CHANNELS, HEIGHT, IMAGE, LABEL, WIDTH

if TYPE_CHECKING:
    import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Pictures become float32 of shape (rows, height, width, channels), from 0 to 1."""
    import tensorflow as tf

    files = tf.reshape(inputs[IMAGE], [-1])
    pixels = tf.map_fn(_pixels, files, fn_output_signature=tf.float32)
    return {IMAGE: tf.ensure_shape(pixels, [None, HEIGHT, WIDTH, CHANNELS]), LABEL: inputs[LABEL]}


def _pixels(file: tf.Tensor) -> tf.Tensor:
    """One picture, in the model's size."""
    import tensorflow as tf

    picture = tf.io.decode_image(file, channels=CHANNELS, expand_animations=False)
    picture = tf.image.resize(tf.cast(picture, tf.float32) / 255, [HEIGHT, WIDTH])
    return tf.ensure_shape(picture, [HEIGHT, WIDTH, CHANNELS])
