"""Comparing the values of a feature in pairs of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.components.checks.partitions import tidy_floats
from millwork.components.data.reading import SCHEMA_TYPES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MATCH, MISMATCH, BASE_ONLY, TEST_ONLY = range(4)
KINDS = ("match", "mismatch", "base_only", "test_only")


@dataclass
class FeatureSkew:
    """How often a feature differs between rows that belong together. The counts are those of TFDV's FeatureSkew."""

    feature_name: str
    base_type: str
    """INT, FLOAT or BYTES; empty if the data set does not have the feature, or no value of it."""
    test_type: str
    base_count: int = 0
    """Pairs in which the base's row has a value."""
    test_count: int = 0
    match_count: int = 0
    """Pairs with equal values, or without a value on either side."""
    base_only: int = 0
    test_only: int = 0
    mismatch_count: int = 0
    max_difference: float | None = None
    """The largest difference of two numbers in the same place, not rounded."""

    @property
    def diff_count(self) -> int:
        """Pairs in which the feature differs."""
        return self.base_only + self.test_only + self.mismatch_count

    @property
    def diff_fraction(self) -> float:
        """The share of all pairs."""
        return self.diff_count / max(1, self.diff_count + self.match_count)

    def add(self, kinds: np.ndarray[Any, Any], present: tuple[int, int], difference: float | None) -> None:
        """Count the pairs of a chunk."""
        import numpy as np

        counts = np.bincount(kinds, minlength=len(KINDS)).tolist()
        self.match_count += counts[MATCH]
        self.mismatch_count += counts[MISMATCH]
        self.base_only += counts[BASE_ONLY]
        self.test_only += counts[TEST_ONLY]
        self.base_count += present[0]
        self.test_count += present[1]
        if difference is not None:
            self.max_difference = max(difference, self.max_difference or 0.0)


def new_skew(name: str, base: pa.DataType | None, test: pa.DataType | None) -> FeatureSkew:
    """Nothing counted yet."""
    return FeatureSkew(name, type_name(base), type_name(test))


def type_name(kind: pa.DataType | None) -> str:
    """INT, FLOAT or BYTES. Empty if there is no such feature, or it has no values."""
    import pyarrow as pa

    return "" if kind is None or pa.types.is_null(kind) else SCHEMA_TYPES[str(kind.value_type)]


def compare_feature(
    skew: FeatureSkew, base: pa.Array | None, test: pa.Array | None, digits: int | None, pairs: int
) -> np.ndarray[Any, Any]:
    """For each pair one of KINDS, by its place; counted in `skew`. None: the data set does not have the feature."""
    import numpy as np

    in_base, in_test = _lengths(base, pairs), _lengths(test, pairs)
    kinds = np.full(pairs, MATCH, np.int8)
    kinds[(in_base > 0) & (in_test == 0)] = BASE_ONLY
    kinds[(in_base == 0) & (in_test > 0)] = TEST_ONLY
    both = (in_base > 0) & (in_test > 0)
    kinds[both] = MISMATCH
    difference = None
    alike = both & (in_base == in_test)
    if base is not None and test is not None and base.type == test.type and alike.any():
        equal, difference = _equal(base, test, alike, digits)
        starts = np.cumsum(in_base[alike]) - in_base[alike]
        kinds[alike] = np.where(np.logical_and.reduceat(equal, starts), MATCH, MISMATCH)
    skew.add(kinds, (int((in_base > 0).sum()), int((in_test > 0).sum())), difference)
    return kinds


def _lengths(column: pa.Array | None, rows: int) -> np.ndarray[Any, Any]:
    """How many values each row has."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if column is None or pa.types.is_null(column.type):
        return np.zeros(rows, np.int64)
    lengths: np.ndarray[Any, Any] = pc.list_value_length(column).fill_null(0).to_numpy()
    return lengths


def _equal(
    base: pa.Array, test: pa.Array, alike: np.ndarray[Any, Any], digits: int | None
) -> tuple[np.ndarray[Any, Any], float | None]:
    """Which values of the rows that are `alike` in length are equal, and the largest difference of numbers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    mask = pa.array(alike)
    one, other = base.filter(mask), test.filter(mask)
    if one.type == pa.large_list(pa.large_binary()):
        return pc.equal(one.flatten(), other.flatten()).to_numpy(zero_copy_only=False), None
    with np.errstate(invalid="ignore"):
        apart = np.abs(_numbers(one).astype(np.float64) - _numbers(other).astype(np.float64))
    known = apart[np.isfinite(apart)]
    a, b = _numbers(tidy_floats(one, digits)), _numbers(tidy_floats(other, digits))
    equal = (a == b) | (np.isnan(a) & np.isnan(b)) if a.dtype.kind == "f" else a == b
    return equal, float(known.max()) if len(known) else None


def _numbers(lists: pa.Array) -> np.ndarray[Any, Any]:
    numbers: np.ndarray[Any, Any] = lists.flatten().to_numpy(zero_copy_only=False)
    return numbers
