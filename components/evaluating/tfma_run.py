"""Running TensorFlow Model Analysis itself, in this process."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.schema_file import read_schema
from millwork.components.tft.in_memory_beam import in_memory_pipeline
from millwork.core.artifacts import Schema
from millwork.evaluation.evaluating import Evaluated
from millwork.evaluation.written_evaluation import read_evaluation

if TYPE_CHECKING:
    import pyarrow as pa


def run_tfma(
    config: Any, rows: Iterable[pa.RecordBatch], schema: Schema | None, **arguments: Any
) -> Evaluated:
    """The metrics and plots of a config over record batches in feature form. `arguments` go to TFMA.

    All rows are in memory at once, and each costs TFMA some work in Python for each of its slices.
    """
    import apache_beam as beam
    import tensorflow_model_analysis as tfma

    with tempfile.TemporaryDirectory(prefix="millwork-tfma-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TFMA divides by 0
        with in_memory_pipeline() as pipeline:
            found = pipeline | "Rows" >> beam.Create(list(rows))
            _ = found | "Evaluate" >> tfma.ExtractEvaluateAndWriteResults(
                eval_config=config,
                output_path=folder,
                schema=read_schema(schema.path) if schema is not None else None,
                **arguments,
            )
        return read_evaluation(Path(folder))
