"""Which split a row belongs to: its input's, or one that a hash of its content decides by TFX's rule."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING

from millwork.components.data.tf_example import encode, encode_feature
from millwork.core.errors import WrongArgument

if TYPE_CHECKING:
    import pyarrow as pa


DEFAULT_BUCKETS = {"train": 2, "eval": 1}


def check_splits(
    input_splits: Mapping[str, str] | None, buckets: Mapping[str, int] | None, partition_feature: str | None
) -> None:
    """Refuse splits that an ExampleGen cannot make. Only a single input can be divided by hash."""
    for argument, splits in (("input_splits", input_splits), ("splits", buckets)):
        if splits is not None and not splits:
            raise WrongArgument(f"{argument} is empty. Name at least one split, or leave it out")
        for name in splits or {}:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
                raise WrongArgument(
                    f"{argument}: {name!r} cannot name a split, because it becomes part of a folder's name. "
                    "Use letters, digits, _, . and -"
                )
    if input_splits and len(input_splits) > 1:
        for argument, value in (("splits", buckets), ("partition_feature", partition_feature)):
            if value is not None:
                raise WrongArgument(
                    f"{argument} divides a single input, but input_splits names {', '.join(input_splits)}: "
                    "these are divided already. Leave one of the two out"
                )
    for name, share in (buckets or {}).items():
        if share < 1:
            raise WrongArgument(
                f"splits: {name!r} gets {share} hash buckets. Give it 1 or more, or leave it out"
            )


def hash_split(
    batch: pa.RecordBatch, buckets: Mapping[str, int], partition_feature: str | None = None
) -> dict[str, pa.RecordBatch]:
    """The rows of each split, in their order. A split gets its share of the buckets' sum.

    The whole row is hashed, as a serialised tf.Example: equal rows meet in one split, and a row stays in its
    split whatever other rows there are. With `partition_feature` only this column is: all rows with one value
    (a user, a day) meet in one split.
    """
    import numpy as np
    import pyarrow as pa

    if partition_feature is None:
        places = np.array(owners(encode(batch), buckets), np.int64)
    else:
        keys = batch.column(batch.schema.get_field_index(partition_feature)).dictionary_encode()
        places = np.array(owners(encode_feature(keys.dictionary), buckets), np.int64)[keys.indices.to_numpy()]
    return {split: batch.filter(pa.array(places == place)) for place, split in enumerate(buckets)}


def owners(keys: Iterable[bytes], buckets: Mapping[str, int]) -> list[int]:
    """For each key, such as a serialised record, the place of its split in `buckets`."""
    ends = list(accumulate(buckets.values()))
    return [bisect(ends, int.from_bytes(sha256(key).digest(), "big") % ends[-1]) for key in keys]
