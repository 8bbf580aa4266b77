"""Analysis with TFT: from a `preprocessing_fn` and the rows to look at to a finished transform graph."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.reading import ROWS, feature_batches, split_files
from millwork.components.data.schema_file import write_schema
from millwork.components.tft.analyzer_cache import AnalyzerCache
from millwork.components.tft.canonical_graph import make_canonical
from millwork.components.tft.in_memory_beam import in_memory_pipeline
from millwork.components.tft.preprocessing import Preprocessing, reason_of
from millwork.components.tft.raw_features import rows_for, tensor_config, tensor_specs
from millwork.core.artifacts import Examples
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import apache_beam as beam
    import pyarrow as pa
    from tfx_bsl.public.tfxio import TensorAdapterConfig


@dataclass(frozen=True)
class AnalyzedRows:
    """The rows that analyzers look at: some splits of examples, or one file of a split, as one data set."""

    examples: tuple[Examples, ...]
    splits: tuple[str, ...]
    batch_rows: int = ROWS
    file: Path | None = None

    def __str__(self) -> str:
        return " and ".join(map(repr, self.splits))

    def batches(self, config: TensorAdapterConfig) -> Iterator[pa.RecordBatch]:
        """The rows with the columns that `config` wants. BadInput if there are none."""
        found = 0
        for split in self.splits:
            for batch in rows_for(config, self.examples, split, self.batch_rows, self.file):
                found += batch.num_rows
                yield batch
        if not found:
            raise self._no_rows()

    def files(self) -> list[AnalyzedRows]:
        """The same rows file by file. Files without rows are left out. BadInput if there are no others."""
        every = [(split, file) for split in self.splits for file in split_files(self.examples, split)]
        filled = [(split, file) for split, file in every if _has_rows(self.examples, split, file)]
        if not filled:
            raise self._no_rows()
        return [replace(self, splits=(split,), file=file) for split, file in filled]

    def _no_rows(self) -> BadInput:
        return BadInput(f"There are no rows to analyze in split {self}. Name others in analyze_splits=...")


def _has_rows(examples: tuple[Examples, ...], split: str, file: Path) -> bool:
    return any(True for _ in feature_batches(examples, split, rows=1, only=file))


def analyze(
    preprocessing: Preprocessing,
    schema: Any,
    source: AnalyzedRows,
    target: Path,
    cache: AnalyzerCache | None = None,
) -> None:
    """Write below `target` what `tft.TFTransformOutput` reads: the graph, its vocabularies and both schemas.

    Only features that an analyzer such as `tft.mean` depends on are read, and nothing if there is no analyzer.
    With a cache, files of which it knows what every analyzer finds in them are not read. The same rows and code
    give the same bytes. What `preprocessing_fn` raises comes out as it is.
    """
    import tensorflow_transform as tft

    specs = tensor_specs(schema)
    needed = tft.get_analyze_input_columns(preprocessing, specs)
    with tempfile.TemporaryDirectory() as temporary:
        if needed:
            config = tensor_config(schema, needed)
            _on_beam(preprocessing, config, source, target, cache, temporary)
        else:
            _trace(preprocessing, specs, target)
        make_canonical(target / "transform_fn", temporary)
    (target / "metadata").mkdir()
    write_schema(target / "metadata", schema)


def needed_features(preprocessing: Preprocessing, schema: Any) -> list[str]:
    """The features that the transformed ones depend on."""
    import tensorflow_transform as tft

    specs = tensor_specs(schema)
    return tft.get_transform_input_columns(preprocessing, specs) or list(specs)


def _on_beam(
    preprocessing: Preprocessing,
    config: TensorAdapterConfig,
    source: AnalyzedRows,
    target: Path,
    cache: AnalyzerCache | None,
    temporary: str,
) -> None:
    import tensorflow as tf
    import tensorflow_transform.beam as tft_beam

    read = _reading(source, config)
    try:
        with (
            tft_beam.Context(temp_dir=temporary, use_deep_copy_optimization=True),
            _each_pass_reads(read),
            in_memory_pipeline() as pipeline,
        ):
            if cache is None:
                transform_fn = (pipeline | read, config) | tft_beam.AnalyzeDataset(preprocessing)
            else:
                transform_fn = _by_files(pipeline, preprocessing, config, source, cache)
            transform_fn | tft_beam.WriteTransformFn(str(target))
    except tf.errors.OpError as e:
        raise BadInput(f"preprocessing_fn failed on rows of split {source}: {reason_of(e)}") from e


def _by_files(
    pipeline: beam.Pipeline,
    preprocessing: Preprocessing,
    config: TensorAdapterConfig,
    source: AnalyzedRows,
    cache: AnalyzerCache,
) -> Any:
    """An analysis that reads only the files in which an analyzer has something to find."""
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.beam import analysis_graph_builder
    from tfx_bsl.public.tfxio import TensorAdapter

    files = source.files()
    parts = dict(zip(cache.keys(part.file for part in files if part.file), files, strict=True))
    known = cache.read(pipeline, parts)
    specs = TensorAdapter(config).OriginalTypeSpecs()
    wanted = analysis_graph_builder.get_analysis_dataset_keys(
        preprocessing, specs, parts.keys(), known, force_tf_compat_v1=False
    )
    rows = {
        key: pipeline | f"File {place}" >> _reading(part, config) if key in wanted else None
        for place, (key, part) in enumerate(parts.items())
    }
    transform_fn, found = (rows, known, config) | tft_beam.AnalyzeDatasetWithCache(preprocessing, pipeline)
    cache.keep(parts)
    cache.write(found)
    return transform_fn


def _reading(source: AnalyzedRows, config: TensorAdapterConfig) -> beam.PTransform:
    import apache_beam as beam
    import pyarrow as pa

    # Beam pickles the artifacts: without their producer, which leads to the whole pipeline.
    alone = replace(source, examples=tuple(replace(one, producer=None) for one in source.examples))
    read = beam.FlatMap(alone.batches).with_output_types(pa.RecordBatch)
    return "Rows" >> (beam.Create([config], reshuffle=False) | read)


@contextmanager
def _each_pass_reads(read: beam.PTransform) -> Iterator[None]:
    """Let each pass over the rows read them for itself, so that Beam does not keep them for the next one.

    An analyzer that needs the result of another, such as the mean of a clipped z-score, makes TFT take one more
    pass. To read again, it would copy the steps before it with a function that Beam 2.72 has outgrown.
    """
    from tensorflow_transform.beam import deep_copy

    copy = deep_copy.deep_copy
    deep_copy.deep_copy = lambda rows: rows.pipeline | read
    try:
        yield
    finally:
        deep_copy.deep_copy = copy


def _trace(preprocessing: Preprocessing, specs: Any, target: Path) -> None:
    """What TFT itself does where there is nothing to analyze: no rows, and no Beam."""
    from tensorflow_transform import impl_helper

    impl_helper.analyze_in_place(
        preprocessing_fn=preprocessing,
        force_tf_compat_v1=False,
        feature_specs=None,
        type_specs=specs,
        transform_output_path=str(target),
    )
