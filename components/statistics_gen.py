"""Describe each split of the examples: counts, ranges, histograms, frequent values, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from millwork.components.data import payloads, reading, schema_file, statistics
from millwork.components.data.stats_options import GivenOptions, load_options, said_twice, settled_options
from millwork.core.artifacts import Examples, ExampleStatistics, Schema
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, WrongArgument, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa
    import tensorflow_data_validation as tfdv
    from tensorflow_metadata.proto.v0 import schema_pb2

TOP_VALUES, BUCKETS = 20, 10
"""TFDV's defaults."""
UNDERSTOOD = (payloads.TF_EXAMPLE, payloads.TF_SEQUENCE_EXAMPLE)


class StatisticsGen(Component):
    """Describe each split with TFDV: counts, ranges, histograms, frequent values, what is missing.

    With a schema, integers that it calls categorical are described as such, and so are its sparse, weighted
    and natural-language features. A split without rows is described as one of 0 examples, with no features.

        statistics = StatisticsGen(examples=examples.examples, slice_features=("island",)).statistics
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow_data_validation",)

    examples: Examples | list[Examples]
    """Several, such as one for each span, are described as one data set."""
    schema: Schema | None = None
    exclude_splits: tuple[str, ...] = ()
    sample_rate: float | Mapping[str, float] | None = None
    """Share of the rows to describe, above 0 and up to 1. The choice is random, and the same each time. A rate for
    some splits only: `{"train": 0.1}`."""
    sample_count: int | None = None
    """How many rows of each split to describe, chosen at random in the same way. They are held in memory."""
    num_top_values: int = TOP_VALUES
    """How many of a string feature's most frequent values to list."""
    num_histogram_buckets: int = BUCKETS
    """Buckets of equal width in a number's histogram."""
    slice_features: tuple[str | tuple[str, ...], ...] = ()
    """Describe, besides the whole, the rows of each value of a feature, or of each combination of several:
    `("sex", ("sex", "island"))` gives slices such as `sex_female` and `island_Dream_sex_female`."""
    weight_feature: str | None = None
    """A number in each row: how much the row counts. Adds weighted statistics to the others."""
    stats_options: GivenOptions | None = None
    """What there is no parameter for: TFDV's `StatsOptions`, as TFX takes it, or its arguments as a mapping, such as
    `{"feature_allowlist": ["fare"], "num_quantiles_histogram_buckets": 20}`."""
    statistics: ExampleStatistics = output()

    def check(self) -> None:
        if self.sample_rate is not None and self.sample_count is not None:
            raise WrongArgument("StatisticsGen: pass sample_rate=... or sample_count=..., not both")
        rates = self.sample_rate if isinstance(self.sample_rate, Mapping) else {"": self.sample_rate}
        for rate in rates.values():
            if rate is not None and not 0 < rate <= 1:
                raise WrongArgument(
                    f"StatisticsGen: sample_rate must be above 0 and at most 1, but got {rate}"
                )
        for name in ("sample_count", "num_top_values", "num_histogram_buckets"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise WrongArgument(f"StatisticsGen: {name} must be at least 1, but got {value}")
        self.stats_options = settled_options(self.stats_options) or None
        if twice := said_twice(self.stats_options or {}, self._own):
            raise WrongArgument(
                f"StatisticsGen: {twice} is an argument, and part of stats_options as well. Say it once"
            )

    def run(self) -> None:
        payload = reading.payload_of(self.examples, UNDERSTOOD)
        if payload == payloads.TF_SEQUENCE_EXAMPLE and self.sample_count is not None:
            raise BadInput(
                f"sample_count={self.sample_count} draws rows of tf.Examples only, and these are "
                f"{payloads.said(payload)}. Pass sample_rate=... instead"
            )
        newest = reading.newest(self.examples)
        self.statistics.split_names = statistics.splits_without(newest, self.exclude_splits)
        self.statistics.span = newest.span
        self._check_sampled_splits()
        schema = schema_file.read_schema(self.schema.path) if self.schema else None
        for split in self.statistics.split_names:
            options = self._options(split, schema)
            described = statistics.describe(self._rows(split, options.weight_feature), options)
            statistics.write_statistics(self.statistics, split, described)

    @property
    def _own(self) -> dict[str, Any]:
        """The parameters that are options of TFDV's, if they are not as they are by default."""
        own: dict[str, Any] = {
            "sample_rate": self.sample_rate,
            "num_top_values": self.num_top_values if self.num_top_values != TOP_VALUES else None,
            "num_histogram_buckets": self.num_histogram_buckets
            if self.num_histogram_buckets != BUCKETS
            else None,
            "weight_feature": self.weight_feature,
        }
        return {name: value for name, value in own.items() if value is not None}

    def _check_sampled_splits(self) -> None:
        for split in self.sample_rate if isinstance(self.sample_rate, Mapping) else ():
            if split not in self.statistics.split_names:
                known = did_you_mean(split, self.statistics.split_names)
                raise BadInput(f"sample_rate names the split {split!r}, which is not described. {known}")

    def _options(self, split: str, schema: schema_pb2.Schema | None) -> tfdv.StatsOptions:
        from tensorflow_data_validation.utils.slicing_util import get_feature_value_slicer

        assert self.stats_options is None or isinstance(self.stats_options, Mapping), "check() made it one"
        options = load_options(self.stats_options or {})
        if schema is not None and options.schema is not None:
            raise BadInput("There is a schema, and another one in stats_options. Leave one of them out")
        options.schema = schema or options.schema
        own = self._own
        if isinstance(self.sample_rate, Mapping):
            own["sample_rate"] = self.sample_rate.get(split)
        for name, value in own.items():
            setattr(options, name, value)
        slicers = [get_feature_value_slicer(dict.fromkeys(names)) for names in self._slices]
        options.experimental_slice_functions = slicers or None
        return options

    @property
    def _slices(self) -> list[tuple[str, ...]]:
        return [(names,) if isinstance(names, str) else names for names in self.slice_features]

    def _rows(self, split: str, weight_feature: str | None) -> Iterator[pa.RecordBatch]:
        rows = self._checked_rows(split, weight_feature)
        return rows if self.sample_count is None else statistics.draw(rows, self.sample_count)

    def _checked_rows(self, split: str, weight_feature: str | None) -> Iterator[pa.RecordBatch]:
        columns: set[str] = set()
        done, weight = 0, 0.0
        for batch in reading.feature_batches(self.examples, split, understood=UNDERSTOOD):
            columns.update(batch.schema.names)
            if weight_feature is not None:
                weight += _total_weight(batch, weight_feature, split, done)
            done += batch.num_rows
            yield batch
        if done and weight_feature is not None and not weight:
            raise BadInput(f"weight_feature: {weight_feature!r} is 0 in each row of split {split!r}")
        for name in (name for names in self._slices for name in names):
            if done and name not in columns:
                raise BadInput(
                    f"slice_features names {name!r}, but split {split!r} has no such feature. "
                    f"{did_you_mean(name, columns)}"
                )


def _total_weight(batch: pa.RecordBatch, name: str, split: str, first_row: int) -> float:
    """The sum of the weights, each row having exactly one that is not negative."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = batch.schema.names
    if name not in names:
        raise BadInput(
            f"weight_feature: split {split!r} has no feature {name!r}. {did_you_mean(name, names)}"
        )
    column = batch[name]
    if pa.types.is_null(column.type):
        column = pa.nulls(len(column), pa.large_list(pa.float32()))
    if not pa.types.is_primitive(column.type.value_type):
        raise BadInput(f"weight_feature: {name!r} holds strings in split {split!r}. Weights must be numbers")
    bad = pc.index(pc.equal(pc.fill_null(pc.list_value_length(column), 0), 1), False).as_py()
    if bad < 0:
        weights = column.flatten()
        bad = pc.index(pc.and_(pc.is_finite(weights), pc.greater_equal(weights, 0)), False).as_py()
    if bad >= 0:
        raise BadInput(
            f"weight_feature: {name!r} is {column[bad].as_py()} in row {first_row + bad} of split {split!r} "
            "(the first row is 0). A weight is one number, not negative: correct it, or leave such rows out"
        )
    return float(pc.sum(weights).as_py() or 0)
