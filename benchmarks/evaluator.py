"""Evaluator with 25 slices and two thresholds as the data grows, and TensorFlow Model Analysis on the same rows.

Both get the same stored predictions, write the same files and validate: no model is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import measure
from benchmarks.results import Part, Record, Settings
from millwork.core.artifacts import Predictions

AIMS = {15_000: 4.0, 1_500_000: 10.0}
"""Seconds."""
MOST_FOR_TFMA = 1_500_000
"""Rows for which TFMA, too, is measured: it took five and a half minutes and 1.5 GiB for these."""
HOURS = 24
BATCH = 65_536

THRESHOLD = {"value_threshold": {"lower_bound": 0.6}}
CONFIG: dict[str, Any] = {
    "model_specs": [{"label_key": "label", "prediction_key": "score"}],
    "slicing_specs": [{}, {"feature_keys": ["hour"]}],
    "metrics_specs": [
        {
            "metrics": [
                {"class_name": "ExampleCount"},
                {"class_name": "AUC", "threshold": THRESHOLD},
                {"class_name": "BinaryAccuracy", "threshold": THRESHOLD},
            ]
        }
    ],
}


def write_rows(folder: str, rows: int) -> None:
    """Predictions of a mediocre binary model, sliced by the hour."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random, path = np.random.default_rng(11), _predictions(folder).split("eval")
    path.mkdir(parents=True)
    writer = None
    for first in range(0, rows, BATCH):
        number = min(BATCH, rows - first)
        label = random.integers(0, 2, number)
        score = 1 / (1 + np.exp(random.normal(0.5, 1, number) - label))
        names = np.array(["no", "yes"])
        table = pa.table(
            {
                "row_id": np.arange(first, first + number),
                "label": names[label],
                "predicted": names[(score > 0.5).astype(int)],
                "weight": np.ones(number),
                "score_no": 1 - score,
                "score_yes": score,
                "slice_hour": random.integers(0, HOURS, number),
            }
        )
        writer = writer or pq.ParquetWriter(path / "predictions.parquet", table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def run_ours(folder: str) -> dict[str, float]:
    """Evaluator, from reading to the last file."""
    from millwork.components.evaluator import Evaluator
    from millwork.core.testing import perform

    step = perform(Evaluator(predictions=_predictions(folder), eval_config=CONFIG), Path(folder, "ours"))
    assert step.blessing.blessed, step.blessing.reason
    document = json.loads((step.evaluation.path / "metrics.json").read_text())
    return {f"{entry['slice']} {entry['metric']}": entry["value"] for entry in document["metrics"]}


def run_tfma(folder: str) -> dict[str, float]:
    """TFMA's own pipeline, from the same file, on Beam in memory."""
    import apache_beam as beam
    import tensorflow_model_analysis as tfma

    from millwork.components.tft.in_memory_beam import in_memory_pipeline
    from millwork.evaluation.eval_config import config_message

    with in_memory_pipeline() as pipeline:
        _ = (
            pipeline
            | beam.Create(list(_record_batches(folder)))
            | tfma.ExtractEvaluateAndWriteResults(
                eval_config=config_message(CONFIG), output_path=f"{folder}/tfma"
            )
        )
    assert tfma.load_validation_result(f"{folder}/tfma").validation_ok
    found = tfma.load_eval_result(f"{folder}/tfma").slicing_metrics
    titles = {key: " & ".join(f"{name}:{value}" for name, value in key) or "Overall" for key, _ in found}
    return {
        f"{titles[key]} {name}": value["doubleValue"]
        for key, metrics in found
        for name, value in metrics[""][""].items()
    }


def measure_evaluator(settings: Settings) -> Iterator[Record]:
    """Each in a process of its own, which has imported its libraries before."""
    for rows in settings.rows:
        folder = str(settings.work / "evaluator" / str(rows))
        write_rows(folder, rows)
        ours = measure(run_ours, libraries=("numpy", "pyarrow.parquet"), folder=folder)
        theirs = None
        if rows <= MOST_FOR_TFMA:
            theirs = measure(run_tfma, libraries=("tensorflow_model_analysis",), folder=folder)
            assert ours.value.keys() == theirs.value.keys()
        yield {
            "rows": rows,
            "slices": HOURS + 1,
            "wall_seconds": ours.work.wall,
            "cpu_seconds": ours.work.cpu,
            "peak_bytes": ours.peak_memory,
            "imports_seconds": ours.imports,
            "aim_seconds": AIMS.get(rows),
            "tfma_wall_seconds": theirs.work.wall if theirs else None,
            "tfma_cpu_seconds": theirs.work.cpu if theirs else None,
            "tfma_peak_bytes": theirs.peak_memory if theirs else None,
            "tfma_imports_seconds": theirs.imports if theirs else None,
            "largest_difference": max(abs(ours.value[n] - v) for n, v in theirs.value.items())
            if theirs
            else None,
        }


def _predictions(folder: str) -> Predictions:
    return Predictions(
        f"{folder}/predictions",
        split_names=("eval",),
        classes=("no", "yes"),
        label="label",
        slice_features=("hour",),
    )


def _record_batches(folder: str) -> Iterator[Any]:
    """The rows as TFX's readers give them to TFMA: a list of values for each feature."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(_predictions(folder).split("eval") / "predictions.parquet") as file:
        for batch in file.iter_batches(1_000):
            label = pc.equal(batch.column("label"), "yes").cast(pa.int64())
            columns = {"label": label, "score": batch.column("score_yes"), "hour": batch.column("slice_hour")}
            each = pa.array(range(batch.num_rows + 1), pa.int64())
            lists = [pa.LargeListArray.from_arrays(each, column) for column in columns.values()]
            yield pa.RecordBatch.from_arrays(lists, list(columns))


EVALUATOR_PART = Part(
    "evaluator", "Evaluator with 25 slices and two thresholds, and TFMA on the same rows", measure_evaluator
)
