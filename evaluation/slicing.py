"""Which slices a row belongs to: an EvalConfig's slicing specs, applied to columns of feature values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput, did_you_mean
from millwork.evaluation.metrics.batches import RowSlices
from millwork.evaluation.metrics.keys import OVERALL, CrossSliceKey, MetricKey, SliceKey, SliceValue
from millwork.evaluation.metrics.values import (
    BoundedValue,
    ClassConfusionMatrices,
    ConfusionMatrices,
    LabelConfusionMatrices,
    Plain,
    Results,
    Value,
)
from millwork.evaluation.thresholds import feature_matches, spec_names

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

MAX_SLICES = 2_000
"""More slices than this of one spec are a mistake: an id, or a number that wants buckets."""
MATRICES = (ConfusionMatrices, ClassConfusionMatrices, LabelConfusionMatrices)
SMALL_TABLE = 1 << 20
"""Numbers below this are looked up in an array; sorting them takes longer."""


class Slicer:
    """Numbers the slices of a data set as they appear, batch after batch.

    As in TFMA: without specs there is the slice of all rows; a row is in no slice of a feature that it lacks (NaN
    counts as lacking); a row with several values of a feature is in the slice of each; booleans are 0 and 1; what
    `cross_slicing_specs` compare are slices, too.
    """

    def __init__(self, eval_config: Any) -> None:
        specs = [*eval_config.slicing_specs]
        for crossing in eval_config.cross_slicing_specs:
            specs += [crossing.baseline_spec, *crossing.slicing_specs]
        self.others: tuple[Any, ...] = tuple(spec for spec in specs if spec.slice_keys_sql)
        """The `SlicingSpec`s with `slice_keys_sql`, which only TFMA understands."""
        wanted = dict.fromkeys(map(_Wanted.of, specs)) or {_Wanted(): None}
        self._seen: dict[_Wanted, set[SliceKey]] = {one: set() for one in wanted}
        self.features: tuple[str, ...] = tuple(sorted({name for one in wanted for name, _ in one.pairs}))
        """The columns that `slice` needs."""
        self._keys: list[SliceKey] = []
        self._numbers: dict[SliceKey, int] = {}

    def slice(self, columns: Mapping[str, pa.Array], rows: int) -> RowSlices:
        """The slices of `rows` rows. Raises BadInput on a missing column and on too many slices."""
        import numpy as np

        values = {feature: _FeatureValues.of(feature, columns) for feature in self.features}
        parts: list[tuple[Ints, Ints]] = []
        given: set[int] = set()
        for wanted in self._seen:
            of_rows, numbers = self._slice_by(wanted, values, rows)
            if given:  # two specs may name the same slice, and a row is in it once
                new = ~np.isin(numbers, list(given))
                of_rows, numbers = of_rows[new], numbers[new]
            given.update(np.unique(numbers).tolist() if len(self._seen) > 1 else ())
            parts.append((of_rows, numbers))
        return RowSlices(
            self._keys, np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        )

    def _slice_by(
        self, wanted: _Wanted, values: Mapping[str, _FeatureValues], rows: int
    ) -> tuple[Ints, Ints]:
        """Rows, and the numbers of the slices of this spec that they are in."""
        import numpy as np

        of_rows, places, keys = np.arange(rows), np.zeros(rows, np.int64), [OVERALL] if rows else []
        for name, value in wanted.pairs:
            feature = values[name].only(value)
            of_rows, codes = feature.joined(of_rows, places)
            found, places = _distinct(codes, len(keys) * len(feature.values))
            split = (divmod(code, len(feature.values)) for code in found.tolist())
            keys = [(*keys[place], (name, feature.values[code])) for place, code in split]
        self._limit(wanted, keys)
        numbers = np.array([self._number_of(key) for key in keys], np.int64)
        return of_rows, numbers[places]

    def _limit(self, wanted: _Wanted, keys: Sequence[SliceKey]) -> None:
        self._seen[wanted].update(keys)
        if len(self._seen[wanted]) > MAX_SLICES:
            raise BadInput(
                f"Slicing by {' and '.join(repr(name) for name, _ in wanted.pairs)} makes more than {MAX_SLICES:,} "
                "slices. Slice by features with fewer values: put numbers into buckets first, and do not slice by an id"
            )

    def _number_of(self, key: SliceKey) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return self._numbers[key]


def cross_slices(eval_config: Any, keys: Sequence[SliceKey]) -> tuple[CrossSliceKey, ...]:
    """The pairs of slices that `cross_slicing_specs` compare, each the baseline slice first.

    A spec that names no slices to compare compares all that its baseline does not name.
    """
    pairs: dict[CrossSliceKey, None] = {}
    for spec in eval_config.cross_slicing_specs:
        baselines = [key for key in keys if spec_names(spec.baseline_spec, key)]
        others = [key for key in keys if any(spec_names(one, key) for one in spec.slicing_specs)]
        if not spec.slicing_specs:
            others = [key for key in keys if key not in baselines]
        pairs |= {(baseline, other): None for baseline in baselines for other in others}
    return tuple(pairs)


def cross_slice_results(eval_config: Any, results: Results) -> dict[CrossSliceKey, dict[MetricKey, Plain]]:
    """The differences between slices, baseline slice minus comparison slice, as TFMA's, but without intervals.

    The samples behind the intervals of two slices are gone by now, and slices may share rows.
    """
    metrics = results.metrics
    return {
        (first, second): {
            key: _minus(value, metrics[second][key])
            for key, value in metrics[first].items()
            if key in metrics[second]
        }
        for first, second in cross_slices(eval_config, list(metrics))
    }


@dataclass(frozen=True, eq=False)
class _FeatureValues:
    """One feature of a batch: the values of each row, as places in a list of the different ones."""

    values: Sequence[SliceValue]
    codes: Ints
    """Row after row, each value of a row once."""
    starts: Ints
    """Of each row, where its codes begin."""
    counts: Ints

    @classmethod
    def of(cls, feature: str, columns: Mapping[str, pa.Array]) -> _FeatureValues:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if feature not in columns:
            raise BadInput(
                f"There is no feature {feature!r} to slice by. {did_you_mean(feature, list(columns))}"
            )
        column = columns[feature]
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        rows, several = np.arange(len(column)), False
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            rows, several = pc.list_parent_indices(column).to_numpy(), True
            column = pc.list_flatten(column)
        values, codes = _encoded(feature, column)
        there = codes >= 0
        rows, codes = rows[there], codes[there]
        if several:
            pairs = np.unique(rows * max(1, len(values)) + codes)
            rows, codes = np.divmod(pairs, max(1, len(values)))
        counts = np.bincount(rows, minlength=len(columns[feature]))
        return cls(values, codes, np.cumsum(counts) - counts, counts)

    def only(self, value: str | None) -> _FeatureValues:
        """With this value, written as in a spec, and no other; as it is, if any value is wanted."""
        import numpy as np

        if value is None:
            return self
        kept = np.array([feature_matches(value, one) for one in self.values], bool)
        picked = kept[self.codes] if len(self.codes) else np.zeros(0, bool)
        # A sum up to each place says how many of the codes before it were kept.
        before = np.concatenate([[0], np.cumsum(picked)])
        starts, ends = before[self.starts], before[self.starts + self.counts]
        return _FeatureValues(self.values, self.codes[picked], starts, ends - starts)

    def joined(self, rows: Ints, codes: Ints) -> tuple[Ints, Ints]:
        """Rows with the codes of other features, once for each value that the row has of this one."""
        import numpy as np

        counts = self.counts[rows]
        if len(counts) and counts.max() > 1:
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            rows, codes = np.repeat(rows, counts), np.repeat(codes, counts)
        else:
            there = counts > 0
            rows, codes, within = rows[there], codes[there], 0
        own = self.codes[self.starts[rows] + within]
        return rows, codes * len(self.values) + own


@dataclass(frozen=True)
class _Wanted:
    """What a `SlicingSpec` says."""

    pairs: tuple[tuple[str, str | None], ...] = ()
    """Sorted names of features, each with the value that is wanted. None: each value."""

    @classmethod
    def of(cls, spec: Any) -> _Wanted:
        return cls(tuple(sorted({**dict.fromkeys(spec.feature_keys), **spec.feature_values}.items())))


def _encoded(feature: str, column: pa.Array) -> tuple[list[SliceValue], Ints]:
    """The different values, and for each element the place of its own. -1: it has none."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_nested(column.type) and not pa.types.is_dictionary(column.type):
        raise BadInput(f"Feature {feature!r} cannot be sliced by: its values are {column.type}")
    if pa.types.is_dictionary(column.type):  # it may know values that no row has
        column = column.dictionary_decode()
    encoded = column.dictionary_encode()
    values: dict[SliceValue, int] = {}
    places = [_place(_slice_value(one), values) for one in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(places)).to_numpy().astype(np.int64)
    return list(values), np.array([*places, -1], np.int64)[codes]


def _place(value: SliceValue | None, values: dict[SliceValue, int]) -> int:
    return -1 if value is None else values.setdefault(value, len(values))


def _slice_value(value: object) -> SliceValue | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return int(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str | int | float) else str(value)


def _distinct(codes: Ints, size: int) -> tuple[Ints, Ints]:
    """The different codes, rising, and for each the place of its own. All are below `size`."""
    import numpy as np

    if size > SMALL_TABLE:
        found, places = np.unique(codes, return_inverse=True)
        return found, places
    used = np.zeros(size, bool)
    used[codes] = True
    found = np.flatnonzero(used)
    table = np.zeros(size, np.int64)
    table[found] = np.arange(len(found))
    return found, table[codes]


def _minus(first: Value, second: Value) -> Plain:
    """The difference, field by field where a value has several."""
    first = first.value if isinstance(first, BoundedValue) else first
    second = second.value if isinstance(second, BoundedValue) else second
    if isinstance(first, MATRICES):
        pairs = {
            field.name: getattr(first, field.name) - getattr(second, field.name)
            for field in fields(first)
            if field.name != "thresholds"
        }
        return replace(first, **pairs)
    difference: Plain = first - second  # type: ignore[operator]  # both are of the kind that the key names
    return difference
