"""Finding the rows of two data sets that have the same identifiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PAIRS = 65_536
"""About as many pairs are compared at once."""


@dataclass
class MatchStats:
    """How well the identifiers of two data sets agree. The names are those of TFDV's MatchStats."""

    base_with_id_count: int = 0
    """Rows that have all identifiers."""
    test_with_id_count: int = 0
    identifiers_count: int = 0
    """Distinct ones, of both data sets."""
    ids_missing_in_base_count: int = 0
    """Identifiers that only the test data has."""
    ids_missing_in_test_count: int = 0
    matching_pairs_count: int = 0
    """Pairs of rows with the same identifiers, compared or not."""
    duplicate_id_count: int = 0
    """Identifiers that occur more than once in the base or in the test data."""
    base_missing_id_count: int = 0
    """Rows that lack an identifier."""
    test_missing_id_count: int = 0


def match(
    base: pa.Array, test: pa.Array, allow_duplicates: bool, stats: MatchStats
) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """The places of the rows that belong together, a chunk of pairs at a time; counts are added to `stats`."""
    import numpy as np
    import pyarrow as pa

    codes = pa.concat_arrays([base, test]).dictionary_encode()
    of_base, of_test = np.split(codes.indices.to_numpy(), [len(base)])
    in_base = np.bincount(of_base, minlength=len(codes.dictionary))
    in_test = np.bincount(of_test, minlength=len(codes.dictionary))
    _count(in_base, in_test, stats)
    double = (in_base > 1) | (in_test > 1)
    partners = in_test if allow_duplicates else np.where(double, 0, in_test)
    by_code = np.argsort(of_test, kind="stable")
    first = np.cumsum(in_test) - in_test
    repeats = partners[of_base]
    ends = np.cumsum(repeats)
    start = 0
    while start < len(of_base):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + PAIRS, side="right")))
        rows = np.repeat(np.arange(start, stop), repeats[start:stop])
        if len(rows):
            within = np.arange(len(rows)) - (ends[rows] - repeats[rows] - done)
            yield rows, by_code[first[of_base[rows]] + within]
        start = stop


def _count(in_base: np.ndarray[Any, Any], in_test: np.ndarray[Any, Any], stats: MatchStats) -> None:
    stats.base_with_id_count += int(in_base.sum())
    stats.test_with_id_count += int(in_test.sum())
    stats.identifiers_count += len(in_base)
    stats.ids_missing_in_base_count += int((in_base == 0).sum())
    stats.ids_missing_in_test_count += int((in_test == 0).sum())
    stats.matching_pairs_count += int((in_base * in_test).sum())
    stats.duplicate_id_count += int(((in_base > 1) | (in_test > 1)).sum())
