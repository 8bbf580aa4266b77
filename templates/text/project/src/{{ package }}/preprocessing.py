"""From raw columns to what the model sees. The same graph serves training and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .features import CATEGORIES, CLASSES, LABEL, LENGTH, TEXT, WORDS

if TYPE_CHECKING:
    import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor | tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Number words, categories and classes."""
    import tensorflow_transform as tft

    outputs = {TEXT: _word_numbers(_dense(inputs[TEXT]))}
    for name in CATEGORIES:
        outputs[name] = tft.compute_and_apply_vocabulary(
            _dense(inputs[name]), num_oov_buckets=1, vocab_filename=name
        )
    outputs[LABEL] = _class_numbers(_dense(inputs[LABEL]))
    return outputs


def _word_numbers(texts: tf.Tensor) -> tf.Tensor:
    """int64 of shape (rows, LENGTH): 0 where a text has ended, 1 for a word that is not known."""
    import tensorflow as tf
    import tensorflow_transform as tft

    plain = tf.strings.regex_replace(tf.strings.lower(texts[:, 0], encoding="utf-8"), r"[^\p{L}\p{N}]+", " ")
    words = tf.strings.split(plain).to_sparse()
    known = tft.compute_and_apply_vocabulary(words, top_k=WORDS, default_value=-1, vocab_filename=TEXT)
    numbers = tf.RaggedTensor.from_sparse(tf.SparseTensor(known.indices, known.values + 2, known.dense_shape))
    return numbers.to_tensor(shape=[None, LENGTH])


def _class_numbers(labels: tf.Tensor) -> tf.Tensor:
    """The place of each label in CLASSES; -1, on which training stops, if it is none of them."""
    import tensorflow as tf

    matches = labels == tf.constant([CLASSES])
    number = tf.where(tf.reduce_any(matches, axis=1), tf.argmax(matches, axis=1), -1)
    return number[:, tf.newaxis]


def _dense(feature: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """One text a row. A feature is sparse if the schema allows it to be missing."""
    import tensorflow as tf

    if not isinstance(feature, tf.SparseTensor):
        return feature
    rows = feature.dense_shape[0]
    return tf.sparse.to_dense(tf.SparseTensor(feature.indices, feature.values, [rows, 1]), "")
