"""The hash split, against TFX's formula written out over protobuf messages."""

from __future__ import annotations

import bisect
import hashlib
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.splitting import check_splits, hash_split
from millwork.core.errors import WrongArgument

BUCKETS = {"train": 2, "eval": 1, "test": 3}


def by_tfx(message: Any) -> str:
    """TFX's rule: sha256 of the message, modulo the sum of the buckets."""
    digest = hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
    return list(BUCKETS)[bisect.bisect([2, 3, 6], int(digest, 16) % 6)]


def test_a_row_goes_where_tfx_sends_it() -> None:
    import tensorflow as tf

    batch = pa.RecordBatch.from_arrays([pa.array(range(200))], ["n"])
    parts = hash_split(batch, BUCKETS)
    assert list(parts) == list(BUCKETS)
    for split, rows in parts.items():
        assert rows.num_rows > 10
        for n in rows.column(0).to_pylist():
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[n]))
            assert by_tfx(tf.train.Example(features=tf.train.Features(feature={"n": feature}))) == split


def test_a_partition_feature_decides_as_in_tfx() -> None:
    import tensorflow as tf

    users = pa.array([f"user {n % 40}" for n in range(200)])
    batch = pa.RecordBatch.from_arrays([pa.array(range(200)), users], ["n", "user"])
    for split, rows in hash_split(batch, BUCKETS, "user").items():
        for user in rows.column(1).to_pylist():
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[user.encode()]))
            assert by_tfx(feature) == split


def test_the_split_of_a_row_never_changes() -> None:
    """Not with the version of protobuf, nor with that of anything else."""
    columns = {
        "trip": pa.array(range(20)),
        "tri": pa.array([f"user {n}" for n in range(20)]),
        "fare": pa.array([n / 4 for n in range(20)], pa.float32()),
    }
    parts = hash_split(pa.RecordBatch.from_arrays(list(columns.values()), list(columns)), BUCKETS)
    assert {split: rows.column(0).to_pylist() for split, rows in parts.items()} == {
        "train": [6, 8, 9, 17],
        "eval": [3, 5, 7, 10, 18],
        "test": [0, 1, 2, 4, 11, 12, 13, 14, 15, 16, 19],
    }


def test_rows_keep_their_order() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(range(200))], ["n"])
    for rows in hash_split(batch, BUCKETS).values():
        assert rows.column(0).to_pylist() == sorted(rows.column(0).to_pylist())


def test_one_bucket_takes_all_rows_and_no_rows_make_empty_splits() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1, 2, 3])], ["n"])
    assert hash_split(batch, {"all": 1})["all"].equals(batch)
    assert [rows.num_rows for rows in hash_split(batch.slice(0, 0), BUCKETS).values()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, {}, None), "splits is empty"),
        (({}, None, None), "input_splits is empty"),
        ((None, {"a/b": 1}, None), "'a/b' cannot name a split"),
        ((None, {"train": 0}, None), "'train' gets 0 hash buckets"),
        (({"a": "*", "b": "*"}, {"train": 1}, None), "splits divides a single input"),
        (({"a": "*", "b": "*"}, None, "user"), "partition_feature divides a single input"),
    ],
)
def test_splits_that_cannot_be_made_are_refused(arguments: tuple[Any, Any, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        check_splits(*arguments)
