"""Statistics of rows: computed with TFDV's own generators in one pass and without Beam, written and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from millwork.components.data.value_counts import ValueCounts
from millwork.core.artifacts import ExampleStatistics, SplitArtifact
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa
    import tensorflow_data_validation as tfdv
    from tensorflow_metadata.proto.v0.statistics_pb2 import (
        DatasetFeatureStatistics,
        DatasetFeatureStatisticsList,
    )

FILE_NAME = "FeatureStats.pb"
MOST_SLICES = 1_000
"""More distinct slices than this are refused: each needs its own statistics in memory."""


def describe(
    batches: Iterable[pa.RecordBatch], options: tfdv.StatsOptions | None = None
) -> DatasetFeatureStatisticsList:
    """The statistics of rows in feature form: one dataset, or `All Examples` and one for each slice.

    They equal what `tfdv.GenerateStatistics(options)` computes on Beam, except that `sample_rate` chooses
    rows, where TFDV chooses whole batches, and that slices are those of `experimental_slice_functions` only.
    Memory does not grow with the number of rows. Give large batches: 65,536 rows take a quarter of the time of
    as many in batches of 1,000.
    """
    import tensorflow_data_validation as tfdv
    from tensorflow_data_validation import constants
    from tensorflow_metadata.proto.v0 import statistics_pb2

    options = options or tfdv.StatsOptions()
    generators = _generators(options)
    slicers = options.experimental_slice_functions or ()
    whole = constants.DEFAULT_SLICE_KEY if slicers else ""
    slices = {whole: _Summary(options, generators)}
    for batch in _wanted(batches, options):
        slices[whole].add(batch)
        for name, part in _parts(batch, slicers):
            if name not in slices:
                _refuse_too_many(slices)
                slices[name] = _Summary(options, generators)
            slices[name].add(part)
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[s.result(n) for n, s in slices.items()])


def draw(batches: Iterable[pa.RecordBatch], count: int) -> Iterator[pa.RecordBatch]:
    """At most `count` rows, each as likely as any other, always the same ones. They are held in memory."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(0)
    kept: list[pa.RecordBatch] = []
    ranks = np.empty(0)
    for batch in batches:
        kept.append(batch)
        ranks = np.concatenate([ranks, random.random(batch.num_rows)])
        if len(ranks) > count:
            lowest = np.sort(np.argpartition(ranks, count)[:count])
            pool = pa.Table.from_batches(_with_all_columns(kept)).take(lowest).combine_chunks()
            kept, ranks = pool.to_batches(), ranks[lowest]
    yield from kept


def write_statistics(
    artifact: ExampleStatistics, split: str, statistics: DatasetFeatureStatisticsList
) -> None:
    """Write one split's `FeatureStats.pb`; the same statistics give the same bytes."""
    folder = artifact.split(split)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_bytes(statistics.SerializeToString(deterministic=True))


def read_statistics(artifact: ExampleStatistics, split: str) -> DatasetFeatureStatisticsList:
    """One split's statistics. Raises BadInput if the file is missing or damaged."""
    from google.protobuf.message import DecodeError
    from tensorflow_metadata.proto.v0 import statistics_pb2

    path = artifact.split(split) / FILE_NAME
    if not path.is_file():
        raise BadInput(
            f"Split {split!r} has no statistics: there is no file {str(path)!r}. Run StatisticsGen"
        )
    try:
        statistics = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    except DecodeError as e:
        raise BadInput(
            f"The statistics of split {split!r} are damaged: {str(path)!r} is not a binary "
            f"DatasetFeatureStatisticsList ({e}). Run StatisticsGen again"
        ) from e
    if not statistics.datasets:
        raise BadInput(f"The statistics of split {split!r} are empty: {str(path)!r} holds no dataset")
    return statistics


def num_examples(statistics: DatasetFeatureStatisticsList) -> int:
    """Rows of the whole split that the statistics were computed from."""
    return max(int(dataset.num_examples) for dataset in statistics.datasets)


def splits_without(artifact: SplitArtifact, exclude: Sequence[str]) -> tuple[str, ...]:
    """The names of the splits that are left. Raises BadInput if a name is unknown or nothing is left."""
    for name in exclude:
        if name not in artifact.split_names:
            raise BadInput(
                f"exclude_splits names {name!r}, but {artifact.type_name} has no such split. "
                f"{did_you_mean(name, artifact.split_names)}"
            )
    left = tuple(name for name in artifact.split_names if name not in exclude)
    if not left:
        had = ", ".join(artifact.split_names) or "none"
        raise BadInput(
            f"{artifact.type_name} has no split left (it has: {had}). Name fewer in exclude_splits"
        )
    return left


class _Summary:
    """The statistics of one slice in the making."""

    def __init__(self, options: tfdv.StatsOptions, generators: Sequence[Any]) -> None:
        self._generators = generators
        self._partial = [generator.create_accumulator() for generator in generators]
        self._counts = ValueCounts(options) if options.add_default_generators else None

    def add(self, batch: pa.RecordBatch) -> None:
        pairs = zip(self._generators, self._partial, strict=True)
        self._partial = [generator.add_input(partial, batch) for generator, partial in pairs]
        if self._counts:
            self._counts.add(batch)

    def result(self, name: str) -> DatasetFeatureStatistics:
        from tfx_bsl.statistics import merge_util

        pairs = zip(self._generators, self._partial, strict=True)
        outputs = [generator.extract_output(generator.compact(partial)) for generator, partial in pairs]
        if self._counts:
            outputs.append(self._counts.statistics())
        (dataset,) = merge_util.merge_dataset_feature_statistics(outputs).datasets
        dataset.name = name
        return dataset


def _generators(options: tfdv.StatsOptions) -> list[Any]:
    from tensorflow_data_validation.statistics import stats_impl
    from tensorflow_data_validation.statistics.generators import top_k_uniques_sketch_stats_generator

    estimated = top_k_uniques_sketch_stats_generator.TopKUniquesSketchStatsGenerator
    generators = stats_impl.get_generators(options, in_memory=True)
    exact = [generator for generator in generators if not isinstance(generator, estimated)]
    for generator in exact:
        generator.setup()
    return exact


def _parts(
    batch: pa.RecordBatch, slicers: Sequence[Callable[..., Any]]
) -> Iterator[tuple[str, pa.RecordBatch]]:
    from tensorflow_data_validation.utils import slicing_util

    try:
        yield from slicing_util.generate_slices(batch, slicers)
    except ValueError as e:
        raise BadInput(f"The rows cannot be sliced: {e}") from e


def _wanted(batches: Iterable[pa.RecordBatch], options: tfdv.StatsOptions) -> Iterator[pa.RecordBatch]:
    """The columns and the share of the rows that the options ask for."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(0)
    for batch in batches:
        if options.feature_allowlist:
            names = [name for name in options.feature_allowlist if name in batch.schema.names]
            batch = pa.RecordBatch.from_arrays([batch[name] for name in names], names)
        if options.sample_rate is not None:
            batch = batch.filter(pa.array(random.random(batch.num_rows) < options.sample_rate))
        yield batch


def _with_all_columns(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """TFRecords need not have every feature in every batch: where one is not there, it is missing."""
    import pyarrow as pa

    schema = pa.unify_schemas([batch.schema for batch in batches])

    def completed(batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = [batch[f.name] if f in batch.schema else pa.nulls(batch.num_rows, f.type) for f in schema]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    return [completed(batch) for batch in batches]


def _refuse_too_many(slices: dict[str, _Summary]) -> None:
    if len(slices) > MOST_SLICES:
        raise BadInput(
            f"There are more than {MOST_SLICES:,} slices, the last being {list(slices)[-1]!r}. "
            "Slice by a feature with fewer distinct values"
        )
