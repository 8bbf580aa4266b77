"""Data that come with a project, made when it is created."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from millwork.templates.sample_data import image, text


def test_a_picture_is_a_png_file_of_these_pixels() -> None:
    import tensorflow as tf

    pixels = np.random.default_rng(1).integers(0, 256, (5, 9), dtype=np.uint8)
    read = tf.io.decode_png(image.png(pixels))
    np.testing.assert_array_equal(read[:, :, 0], pixels)


def test_digits_are_records_of_a_picture_and_its_class(tmp_path: Path) -> None:
    import tensorflow as tf
    from sklearn.datasets import load_digits

    image.write_data(tmp_path / "data", {})
    records = list(tf.data.TFRecordDataset(str(tmp_path / "data/digits.tfrecord")).as_numpy_iterator())
    truth = load_digits()
    assert len(records) == len(truth.target)
    last = tf.train.Example.FromString(records[-1]).features.feature
    assert last["label"].int64_list.value == [truth.target[-1]]
    pixels = tf.io.decode_png(last["image"].bytes_list.value[0])[:, :, 0]
    np.testing.assert_allclose(pixels, truth.images[-1] * 255 / 16, atol=0.5)


def test_messages_are_the_same_for_the_same_seed() -> None:
    assert list(text.messages(50)) == list(text.messages(50))
    assert list(text.messages(50)) != list(text.messages(50, seed=8))


def test_channels_differ_in_how_often_the_problem_is_told() -> None:
    def vague(channel: str, effect: float) -> float:
        texts = [said for said, by, _, _ in text.messages(3_000, channel_effect=effect) if by == channel]
        return sum("something is wrong" in said or "a problem with" in said for said in texts) / len(texts)

    assert vague("phone", 1) > 2 * vague("email", 1)
    assert vague("phone", 2) > vague("phone", 1)
    assert abs(vague("phone", 0) - vague("email", 0)) < 0.03


def test_label_noise_is_the_share_of_messages_in_wrong_hands() -> None:
    clean = [team for *_, team in text.messages(4_000, label_noise=0)]
    assert set(Counter(clean)) == set(text.PROBLEMS)
    receipts = [team for said, _, _, team in text.messages(4_000, label_noise=0.4) if "charged twice" in said]
    # Of the 40 % that are drawn anew, a quarter is right by chance.
    assert abs(1 - receipts.count("billing") / len(receipts) - 0.3) < 0.08


def test_drift_brings_problems_that_earlier_messages_do_not_have() -> None:
    def new(drift: float) -> float:
        texts = [said for said, *_ in text.messages(2_000, drift=drift)]
        return sum("passkey" in said or "face login" in said for said in texts) / len(texts)

    assert new(0) == 0
    assert new(0.5) > 0.05
