"""Turn raw examples into what a model learns from, with the user's `preprocessing_fn` and TFT."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from millwork.components.data.reading import ROWS, each, feature_batches, newest, payload_of
from millwork.components.data.schema_file import FILE_NAME as SCHEMA_FILE
from millwork.components.data.schema_file import read_schema, write_schema
from millwork.components.data.statistics import describe, write_statistics
from millwork.components.data.writing import ExamplesWriter
from millwork.components.tft.analysis import AnalyzedRows, analyze, needed_features
from millwork.components.tft.analyzer_cache import AnalyzerCache
from millwork.components.tft.description import StatsType, options_for, validate
from millwork.components.tft.graph import LoadedTransform, NotText
from millwork.components.tft.preprocessing import Preprocessing
from millwork.components.tft.raw_features import tensor_config
from millwork.core.artifacts import (
    PARQUET,
    TFRECORD,
    ExampleAnomalies,
    Examples,
    ExampleStatistics,
    Schema,
    TransformCache,
    TransformGraph,
)
from millwork.core.callables import check_user_function, load_module_file, reference_to, user_function
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, WrongArgument, did_you_mean
from millwork.core.signature import ModuleFile
from millwork.core.source import sources_of_file, sources_of_module, version_of
from millwork.core.values import canonical, encode

if TYPE_CHECKING:
    import pyarrow as pa
    import tensorflow_data_validation as tfdv

    RowsOf = Callable[[str], Iterator[pa.RecordBatch]]
    """From the name of a split to its rows."""

FORMATS = {"parquet": PARQUET, "tfrecord": TFRECORD}
LIBRARIES = ("tensorflow", "tensorflow_transform", "tfx_bsl")
"""Those whose versions decide what an analyzer finds."""


class Transform(Component):
    """Turn raw examples into what a model learns from, with the user's `preprocessing_fn` and TFT.

    `preprocessing_fn(inputs)`, or `preprocessing_fn(inputs, custom_config)`, is TFX's: it gets a tensor for
    each feature of the schema and returns one for each transformed feature. Values over the whole data, such
    as `tft.mean`, come from the rows of `analyze_splits`; the graph with these values in it is then applied
    to `transform_splits`, and again by whoever serves the model.

        transform = Transform(
            examples=examples.examples, schema=schema.schema, preprocessing_fn=my_model.preprocessing_fn
        )

    Inputs are dense where the schema fixes a shape and presence, else sparse, as in TFX. Missing values of a
    dense feature are an error that names the row. The same rows and code give the same graph, byte for byte.
    """

    base_type = "mlmd.Transform"
    libraries = ("tensorflow_transform.beam", "tensorflow", "apache_beam", "tensorflow_data_validation")

    examples: Examples | list[Examples]
    """Several, such as one for each span, are one data set: their rows in the order of the list."""
    schema: Schema
    analyzer_cache: TransformCache | None = None
    """What an earlier Transform kept, such as `latest_artifact(TransformCache, node="transform")`. A file of rows that
    it has seen, with the same code, schema and libraries, is not analyzed again: see docs/rolling-windows.md. An
    analyzer that TFT cannot keep, or that needs the result of another one, sees all rows each time."""
    preprocessing_fn: Callable[..., Any] | str | None = None
    module_file: ModuleFile | None = None
    """A Python file that defines `preprocessing_fn`, instead of the function itself."""
    custom_config: Mapping[str, Any] | None = None
    """Given to `preprocessing_fn` if it has a parameter of this name ({} if this is None)."""
    analyze_splits: tuple[str, ...] = ("train",)
    """Rows that the analyzers look at, as one data set."""
    transform_splits: tuple[str, ...] = ()
    """Empty means all."""
    materialize: bool = True
    """Write the transformed examples. Otherwise that output has no splits and no files."""
    compute_statistics: bool = False
    """Describe each transformed split before and after, as StatisticsGen does, and check it against the schema of
    after. Otherwise the outputs of statistics and anomalies have no splits and no files. The two schemas are always
    written."""
    stats_options_updater_fn: Callable[..., Any] | str | None = None
    """Changes what is computed then: `stats_options_updater_fn(stats_type, options)` gets `StatsType.PRE_TRANSFORM` or
    `StatsType.POST_TRANSFORM` and TFDV's options, and returns them. A module file may define it, as in TFX."""
    write_analyzer_cache: bool | None = None
    """Keep what the analyzers find for the next run, which costs a little more time. None: if `analyzer_cache` is
    wired. Otherwise `updated_analyzer_cache` has no files."""
    format: Literal["parquet", "tfrecord"] = "parquet"
    batch_rows: int = ROWS
    """Rows in memory at once. Fewer are slower, but may be needed for large ones such as images. The last digit
    of sums of floats depends on it."""
    transform_graph: TransformGraph = output()
    transformed_examples: Examples = output()
    pre_transform_schema: Schema = output()
    pre_transform_stats: ExampleStatistics = output()
    post_transform_schema: Schema = output()
    post_transform_stats: ExampleStatistics = output()
    post_transform_anomalies: ExampleAnomalies = output()
    updated_analyzer_cache: TransformCache = output()

    def check(self) -> None:
        check_user_function("Transform", "preprocessing_fn", self.preprocessing_fn, self.module_file)
        if callable(self.stats_options_updater_fn):
            reference_to(self.stats_options_updater_fn)
        if self.write_analyzer_cache is None:
            self.write_analyzer_cache = self.analyzer_cache is not None
        if not self.analyze_splits:
            raise WrongArgument(
                "Transform: analyze_splits is empty. Name at least one split, such as 'train'"
            )
        if self.batch_rows < 1:
            raise WrongArgument(f"Transform: batch_rows must be at least 1, but got {self.batch_rows}")

    def run(self) -> None:
        payload_of(self.examples)
        function = user_function("preprocessing_fn", self.preprocessing_fn, self.module_file)
        preprocessing = Preprocessing(function, self.custom_config)
        schema = read_schema(self.schema.path)
        analyzed = self._known_splits("analyze_splits")
        splits = self._known_splits("transform_splits") or newest(self.examples).split_names

        graph = self.transform_graph.path
        rows = AnalyzedRows(each(self.examples), analyzed, self.batch_rows)
        analyze(preprocessing, schema, rows, graph, self._cache(function))
        write_schema(self.pre_transform_schema.path, schema)
        write_schema(self.post_transform_schema.path, read_schema(graph / "transformed_metadata"))
        if self.materialize or self.compute_statistics:
            transform = LoadedTransform(graph, tensor_config(schema, needed_features(preprocessing, schema)))
            self._apply(transform, schema, splits)

    def _cache(self, function: Callable[..., Any]) -> AnalyzerCache | None:
        earlier = self.analyzer_cache.path if self.analyzer_cache else None
        later = self.updated_analyzer_cache.path if self.write_analyzer_cache else None
        self.updated_analyzer_cache.span = newest(self.examples).span
        if earlier is None and later is None:
            return None
        return AnalyzerCache(earlier, later, self._version(function))

    def _version(self, function: Callable[..., Any]) -> str:
        """A digest of what decides, besides the rows, what analyzers find."""
        in_file = self.module_file is not None
        sources = (
            sources_of_file(Path(str(self.module_file)))
            if in_file
            else sources_of_module(function.__module__)
        )
        packages = {*sources.installed, *LIBRARIES} - {"millwork"}
        said = {
            "function": function.__qualname__,
            "files": dict(sources.files),
            "versions": {package: version_of(package) for package in sorted(packages)},
            "custom_config": encode(self.custom_config, "Transform: custom_config"),
            "schema": (self.schema.path / SCHEMA_FILE).read_text(encoding="utf-8"),
        }
        return hashlib.sha256(canonical(said).encode()).hexdigest()

    def _known_splits(self, parameter: str) -> tuple[str, ...]:
        known = newest(self.examples).split_names
        for name in getattr(self, parameter):
            if name not in known:
                raise BadInput(
                    f"Transform: {parameter} names {name!r}, but the examples have no such split. "
                    f"{did_you_mean(name, known)}"
                )
        return tuple(dict.fromkeys(getattr(self, parameter)))

    def _apply(self, transform: LoadedTransform, schema: Any, splits: tuple[str, ...]) -> None:
        transformed = partial(transform.batches, self.examples, rows=self.batch_rows)
        if self.materialize:
            self._write(transform, splits, transformed)
        if self.compute_statistics:
            before, after = (
                self._stats_options(k, s) for k, s in zip(StatsType, (schema, transform.schema), strict=True)
            )
            self._describe(self.pre_transform_stats, splits, partial(feature_batches, self.examples), before)
            self._describe(self.post_transform_stats, splits, transformed, after)
            validate(self.post_transform_stats, transform.schema, self.post_transform_anomalies)

    def _stats_options(self, kind: StatsType, schema: Any) -> tfdv.StatsOptions:
        updater = None
        if self.stats_options_updater_fn is not None:
            updater = user_function("stats_options_updater_fn", self.stats_options_updater_fn, None)
        elif self.module_file is not None:
            updater = getattr(load_module_file(self.module_file), "stats_options_updater_fn", None)
        return options_for(kind, schema, updater)

    def _write(self, transform: LoadedTransform, splits: tuple[str, ...], transformed: RowsOf) -> None:
        """Parquet, other than TFRecord, wants to know what is text before the first row.

        Bytes that are no text (images, serialised messages) are so rare in transformed features that trying,
        and starting over where they turn up, is cheaper than looking at all rows first.
        """
        self.transformed_examples.span = newest(self.examples).span
        self.transformed_examples.version = newest(self.examples).version
        binary = set(transform.no_rows().schema.names) if self.format == "tfrecord" else set()
        while True:
            try:
                return self._write_splits(transform, splits, transformed, binary)
            except NotText as e:
                binary.add(e.feature)

    def _write_splits(
        self, transform: LoadedTransform, splits: tuple[str, ...], transformed: RowsOf, binary: set[str]
    ) -> None:
        columns = transform.flat(transform.no_rows(), binary).schema
        with ExamplesWriter(self.transformed_examples, splits, FORMATS[self.format], columns) as writer:
            for split in splits:
                for batch in transformed(split):
                    writer.write(split, transform.flat(batch, binary))

    def _describe(
        self, target: ExampleStatistics, splits: tuple[str, ...], rows_of: RowsOf, options: tfdv.StatsOptions
    ) -> None:
        target.split_names = splits
        target.span = newest(self.examples).span
        for split in splits:
            write_statistics(target, split, describe(rows_of(split), options))
