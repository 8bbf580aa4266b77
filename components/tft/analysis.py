"""Analysis with TFT: from a `preprocessing_fn` and the rows to look at to a finished transform graph."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.reading import ROWS
from millwork.components.data.schema_file import write_schema
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
    """The rows that analyzers look at: some splits of examples, as one data set."""

    examples: Examples
    splits: tuple[str, ...]
    batch_rows: int = ROWS

    def __str__(self) -> str:
        return " and ".join(map(repr, self.splits))

    def batches(self, config: TensorAdapterConfig) -> Iterator[pa.RecordBatch]:
        """The rows with the columns that `config` wants. BadInput if there are none."""
        found = 0
        for split in self.splits:
            for batch in rows_for(config, self.examples, split, self.batch_rows):
                found += batch.num_rows
                yield batch
        if not found:
            raise BadInput(f"There are no rows to analyze in split {self}. Name others in analyze_splits=...")


def analyze(preprocessing: Preprocessing, schema: Any, source: AnalyzedRows, target: Path) -> None:
    """Write below `target` what `tft.TFTransformOutput` reads: the graph, its vocabularies and both schemas.

    Only features that an analyzer such as `tft.mean` depends on are read, and nothing if there is no
    analyzer. What `preprocessing_fn` raises comes out as it is.
    """
    import tensorflow_transform as tft

    specs = tensor_specs(schema)
    needed = tft.get_analyze_input_columns(preprocessing, specs)
    if needed:
        _analyze_rows(preprocessing, tensor_config(schema, needed), source, target)
    else:
        _trace(preprocessing, specs, target)
    (target / "metadata").mkdir()
    write_schema(target / "metadata", schema)


def needed_features(preprocessing: Preprocessing, schema: Any) -> list[str]:
    """The features that the transformed ones depend on."""
    import tensorflow_transform as tft

    specs = tensor_specs(schema)
    return tft.get_transform_input_columns(preprocessing, specs) or list(specs)


def _analyze_rows(
    preprocessing: Preprocessing, config: TensorAdapterConfig, source: AnalyzedRows, target: Path
) -> None:
    import tensorflow as tf
    import tensorflow_transform.beam as tft_beam

    read = _reading(source, config)
    try:
        with (
            tempfile.TemporaryDirectory() as temporary,
            tft_beam.Context(temp_dir=temporary, use_deep_copy_optimization=True),
            _each_pass_reads(read),
            in_memory_pipeline() as pipeline,
        ):
            transform_fn = (pipeline | read, config) | tft_beam.AnalyzeDataset(preprocessing)
            transform_fn | tft_beam.WriteTransformFn(str(target))
    except tf.errors.OpError as e:
        raise BadInput(f"preprocessing_fn failed on rows of split {source}: {reason_of(e)}") from e


def _reading(source: AnalyzedRows, config: TensorAdapterConfig) -> beam.PTransform:
    import apache_beam as beam
    import pyarrow as pa

    # Beam pickles the artifact: without its producer, which leads to the whole pipeline.
    alone = replace(source, examples=replace(source.examples, producer=None))
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
