"""From raw columns to what the model sees. The same graph serves training and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .features import LABEL, MEASURES, SEX, SPECIES

if TYPE_CHECKING:
    import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor | tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Scale measures (a missing one becomes the mean), tell the sexes apart, and number the species."""
    import tensorflow as tf
    import tensorflow_transform as tft

    outputs = {name: dense(tft.scale_to_z_score(cast(inputs[name], tf.float32)), 0.0) for name in MEASURES}
    sex = dense(inputs[SEX], "")
    outputs |= {f"is_{name}": tf.cast(sex == name, tf.float32) for name in ("male", "female")}
    species = dense(inputs[LABEL], "")
    outputs[LABEL] = tf.argmax(species == tf.constant([SPECIES]), axis=1)[:, tf.newaxis]
    return outputs


def cast(feature: tf.Tensor | tf.SparseTensor, dtype: tf.DType) -> tf.Tensor | tf.SparseTensor:
    """As `tf.cast`, which does not take sparse tensors."""
    import tensorflow as tf

    if isinstance(feature, tf.SparseTensor):
        return tf.SparseTensor(feature.indices, tf.cast(feature.values, dtype), feature.dense_shape)
    return tf.cast(feature, dtype)


def dense(feature: tf.Tensor | tf.SparseTensor, missing: float | str) -> tf.Tensor:
    """One value a row. A feature is sparse if the schema allows it to be missing."""
    import tensorflow as tf

    if not isinstance(feature, tf.SparseTensor):
        return feature
    rows = feature.dense_shape[0]
    return tf.sparse.to_dense(tf.SparseTensor(feature.indices, feature.values, [rows, 1]), missing)
