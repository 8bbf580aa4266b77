"""From raw columns to what the model sees: z-scores, vocabularies, quantiles, and the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.taxi.features import (
    AREAS,
    CATEGORIES,
    FARE,
    LABEL,
    NUMBERS,
    PLACE_BUCKETS,
    PLACES,
    TIPS,
    UNKNOWN_BUCKETS,
    VOCABULARIES,
    VOCABULARY_SIZE,
)

if TYPE_CHECKING:
    import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor | tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """What `Transform` calls."""
    import tensorflow as tf
    import tensorflow_transform as tft

    filled = {name: _filled(tensor) for name, tensor in inputs.items()}
    outputs = {name: tft.scale_to_z_score(tf.cast(filled[name], tf.float32)) for name in NUMBERS}
    for name in VOCABULARIES:
        outputs[name] = tft.compute_and_apply_vocabulary(
            filled[name], top_k=VOCABULARY_SIZE, num_oov_buckets=UNKNOWN_BUCKETS
        )
    outputs |= {name: tft.bucketize(filled[name], PLACE_BUCKETS) for name in PLACES}
    outputs |= {name: filled[name] for name in (*CATEGORIES, *AREAS)}
    outputs[LABEL] = tf.cast(filled[TIPS] > 0.2 * filled[FARE], tf.int64)
    return outputs


def _filled(feature: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """One value a row: 0 or the empty text where it is missing."""
    import tensorflow as tf

    if not isinstance(feature, tf.SparseTensor):
        return feature
    one_column = tf.SparseTensor(feature.indices, feature.values, [feature.dense_shape[0], 1])
    return tf.sparse.to_dense(one_column, "" if feature.dtype == tf.string else 0)
