"""How often each value of a categorical feature occurs: exactly while that fits in memory, estimated beyond.

TFDV on Beam counts exactly by a shuffle; TFDV in memory always estimates, so that a feature with more than
a thousand distinct values gets other top values than from Beam.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    import tensorflow_data_validation as tfdv
    from tensorflow_data_validation.utils.top_k_uniques_stats_util import FeatureValueCount
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

EXACT_BYTES = 32 << 20
"""Per feature: about a million distinct values of a dozen characters. Beyond it the count is a sketch."""


class ValueCounts:
    """The distinct values of each categorical feature, how often they occur and what they weigh.

    Categorical is every string, unless the schema calls it bytes, and every integer that the schema calls so.
    """

    def __init__(self, options: tfdv.StatsOptions) -> None:
        from tensorflow_data_validation.utils import schema_util

        schema = options.schema
        self._options = options
        self._bytes = set(schema_util.get_bytes_features(schema)) if schema else set()
        self._numbers = schema_util.get_categorical_numeric_feature_types(schema) if schema else {}
        self._features: dict[tfdv.FeaturePath, _Exact | _Sketched] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Count the values of `batch`, whose columns are lists."""
        from tensorflow_data_validation.arrow import arrow_util
        from tfx_bsl.arrow import array_util

        weights_of = self._options.example_weight_map
        leaves = arrow_util.enumerate_arrays(batch, weights_of, enumerate_leaves_only=True)
        for path, array, weights in leaves:
            if not self._is_categorical(path, array.type):
                continue
            values, rows = array_util.flatten_nested(array, weights is not None)
            if len(values):
                counts = self._features.setdefault(path, _Exact())
                counts.add(_count(values, None if weights is None else weights[rows]))
                if isinstance(counts, _Exact) and counts.nbytes > EXACT_BYTES:
                    self._features[path] = _Sketched(counts.table, self._kept)

    def statistics(self) -> DatasetFeatureStatistics:
        """TFDV's proto with `unique`, `top_values` and `rank_histogram` of each feature."""
        from tensorflow_data_validation.utils import top_k_uniques_stats_util
        from tensorflow_metadata.proto.v0 import statistics_pb2

        options = self._options
        found = statistics_pb2.DatasetFeatureStatistics()
        for path, counts in self._features.items():
            found.features.add().CopyFrom(
                top_k_uniques_stats_util.make_feature_stats_proto_topk_uniques(
                    feature_path=path,
                    num_top_values=options.num_top_values,
                    num_rank_histogram_buckets=options.num_rank_histogram_buckets,
                    num_unique=counts.distinct,
                    value_count_list=counts.top("count", self._kept),
                    weighted_value_count_list=counts.top("weight", self._kept),
                    frequency_threshold=options.frequency_threshold,
                    weighted_frequency_threshold=options.weighted_frequency_threshold,
                )
            )
        return found

    @property
    def _kept(self) -> int:
        return int(max(self._options.num_top_values, self._options.num_rank_histogram_buckets))

    def _is_categorical(self, path: tfdv.FeaturePath, kind: pa.DataType) -> bool:
        from tensorflow_data_validation.utils import stats_util
        from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

        feature_type = stats_util.get_feature_type_from_arrow_type(path, kind)
        if feature_type == statistics_pb2.FeatureNameStatistics.STRING:
            return path not in self._bytes
        is_integer = feature_type == statistics_pb2.FeatureNameStatistics.INT
        return bool(is_integer and self._numbers.get(path) == schema_pb2.INT)


class _Exact:
    """A table with a row for each distinct value: `value`, `count` and, if there are weights, `weight`."""

    def __init__(self) -> None:
        self._parts: list[pa.Table] = []

    def add(self, counts: pa.Table) -> None:
        self._parts.append(counts)
        merged, *pending = (part.num_rows for part in self._parts)
        # Merging costs as much as all that is there: wait until it has doubled.
        if sum(pending) > merged:
            self._parts = [_summed(self._parts)]

    @property
    def table(self) -> pa.Table:
        if len(self._parts) > 1:
            self._parts = [_summed(self._parts)]
        return self._parts[0]

    @property
    def nbytes(self) -> int:
        return int(self._parts[0].nbytes)

    @property
    def distinct(self) -> int:
        return int(self.table.num_rows)

    def top(self, by: str, number: int) -> list[FeatureValueCount]:
        if by not in self.table.column_names:
            return []
        # The order among equals is TFDV's: the larger value first.
        rows = self.table.sort_by([(by, "descending"), ("value", "descending")]).slice(0, number)
        return _feature_value_counts(rows["value"], rows[by])


class _Sketched:
    """TFDV's sketches, of the sizes that TFDV gives them, continuing an exact count that grew too large."""

    def __init__(self, counted: pa.Table, kept: int) -> None:
        from tensorflow_data_validation import constants
        from tfx_bsl.sketches import KmvSketch, MisraGriesSketch

        self._values = KmvSketch(16_384)
        self._tops = {
            name: MisraGriesSketch(
                num_buckets=max(1_024, kept),
                invalid_utf8_placeholder=constants.NON_UTF8_PLACEHOLDER,
                large_string_threshold=1_024,
                large_string_placeholder=constants.LARGE_BYTES_PLACEHOLDER,
            )
            for name in counted.column_names[1:]
        }
        self.add(counted)

    def add(self, counts: pa.Table) -> None:
        import pyarrow as pa

        counts = counts.combine_chunks()
        for batch in counts.to_batches():
            self._values.AddValues(batch["value"])
            for name, sketch in self._tops.items():
                sketch.AddValues(batch["value"], batch[name].cast(pa.float32()))

    @property
    def distinct(self) -> int:
        return int(self._values.Estimate())

    def top(self, by: str, number: int) -> list[FeatureValueCount]:
        if by not in self._tops:
            return []
        values, counts = self._tops[by].Estimate().flatten()
        pairs = _feature_value_counts(values, counts.cast("int64", safe=False) if by == "count" else counts)
        return sorted(pairs, key=lambda pair: (pair.count, pair.feature_value), reverse=True)[:number]


def _count(values: pa.Array, weights: npt.NDArray[np.float32] | None) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    if weights is None:
        distinct, counts = values.value_counts().flatten()
        return pa.table({"value": distinct, "count": counts})
    ones = np.ones(len(values), np.int64)
    return _summed([pa.table({"value": values, "count": ones, "weight": weights.astype(np.float64)})])


def _summed(parts: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    # One chunk, so that threads cannot add weights in another order the next time.
    table = pa.concat_tables(parts).combine_chunks()
    numbers = table.column_names[1:]
    summed = table.group_by("value").aggregate([(name, "sum") for name in numbers])
    return summed.select(["value", *(f"{name}_sum" for name in numbers)]).rename_columns(table.column_names)


def _feature_value_counts(values: pa.Array, counts: pa.Array) -> list[FeatureValueCount]:
    from tensorflow_data_validation.utils.top_k_uniques_stats_util import FeatureValueCount

    return [FeatureValueCount(v, n) for v, n in zip(values.to_pylist(), counts.to_pylist(), strict=True)]
