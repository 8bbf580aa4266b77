"""Comparing two models with intervals in 20 slices as rows grow, and TensorFlow Model Analysis's bootstrap of them.

Both get the same scores. TFMA gives intervals of each metric and of its change; verdicts, and a correction for
slices, are only in ours. It makes 20 resamples, whatever its config says, and ours a thousand, so the times
stand beside each other and are no ratio.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import MeasurementFailed, measure
from benchmarks.results import Part, Record, Settings

SIZES = (1_000, 4_000, 10_000, 100_000, 1_000_000)
AIM = 20.0
"""Seconds for the largest size; and 2 GiB."""
RESAMPLES = 1_000
TFMA_RESAMPLES = 20
SLICES = 20
TIME_OUT = 600
"""Seconds of processor time that TFMA may take. What it does not finish is not measured, nor anything larger."""
BATCH = 1_000

METRICS = {
    "auc": "AUC",
    "pr_auc": "AUCPrecisionRecall",
    "accuracy": "BinaryAccuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1Score",
    "log_loss": "BinaryCrossEntropy",
    "brier": "MeanSquaredError",
}
"""Ours, and TFMA's that means the same."""


def write_scores(folder: str, rows: int) -> None:
    """Of two binary models that are as good, sliced by region."""
    import numpy as np

    random = np.random.default_rng(11)
    truth = random.normal(-0.5, 1.5, rows)
    labels = random.random(rows) < 1 / (1 + np.exp(-truth))
    scores = [1 / (1 + np.exp(-truth - random.normal(0, 0.5, rows))) for _ in range(2)]
    Path(folder).mkdir(parents=True)
    regions = random.integers(0, SLICES, rows)
    np.savez(f"{folder}/scores.npz", labels=labels, baseline=scores[0], challenger=scores[1], regions=regions)


def run_ours(folder: str) -> int:
    """From arrays to verdicts; how many there are."""
    import numpy as np

    from millwork.evaluation.comparing.comparing import compare
    from millwork.evaluation.comparing.contest import OVERALL, Contender, Contest, SliceOfRows
    from millwork.evaluation.comparing.findings import Settings

    with np.load(f"{folder}/scores.npz") as file:
        labels, regions = file["labels"].astype(np.int64), file["regions"]
        ids = np.arange(len(labels))
        contenders = tuple(
            Contender(name, "binary", ("no", "yes"), ids, labels, file[name], (file[name] > 0.5).astype(int))
            for name in ("baseline", "challenger")
        )
    slices = [SliceOfRows(OVERALL, (ids, ids))]
    for number in range(SLICES):
        places = np.flatnonzero(regions == number)
        slices.append(SliceOfRows(f"region:{number}", (places, places)))
    found = compare(Contest(contenders, True, tuple(slices)), Settings(tuple(METRICS), resamples=RESAMPLES))
    return len(found.entries)


def run_tfma(folder: str) -> int:
    """TFMA's own pipeline on Beam in memory; how many metrics have intervals."""
    import apache_beam as beam
    import tensorflow_model_analysis as tfma

    from millwork.components.tft.in_memory_beam import in_memory_pipeline
    from millwork.evaluation.eval_config import config_message

    resource.setrlimit(resource.RLIMIT_CPU, (TIME_OUT, TIME_OUT))
    with in_memory_pipeline() as pipeline:
        _ = (
            pipeline
            | beam.Create(list(_record_batches(folder)))
            | tfma.ExtractEvaluateAndWriteResults(
                eval_config=config_message(_config()), output_path=f"{folder}/tfma"
            )
        )
    found = tfma.load_eval_result(f"{folder}/tfma", model_name="challenger").slicing_metrics
    intervals = sum("boundedValue" in value for _, metrics in found for value in metrics[""][""].values())
    assert intervals, "TFMA found no intervals"
    return intervals


def measure_comparing(settings: Settings) -> Iterator[Record]:
    """Each in a process of its own, which has imported its libraries before."""
    in_time = True
    for rows in SIZES:
        folder = str(settings.work / "comparing" / str(rows))
        write_scores(folder, rows)
        ours = measure(run_ours, libraries=("numpy", "scipy.special"), folder=folder)
        theirs = None
        if in_time:
            try:
                theirs = measure(run_tfma, libraries=("tensorflow_model_analysis",), folder=folder)
            except MeasurementFailed:
                in_time = False
        yield {
            "rows": rows,
            "slices": SLICES + 1,
            "metrics": len(METRICS),
            "resamples": RESAMPLES,
            "wall_seconds": ours.work.wall,
            "cpu_seconds": ours.work.cpu,
            "peak_bytes": ours.peak_memory,
            "imports_seconds": ours.imports,
            "aim_seconds": AIM if rows == SIZES[-1] else None,
            "tfma_resamples": TFMA_RESAMPLES if theirs else None,
            "tfma_wall_seconds": theirs.work.wall if theirs else None,
            "tfma_cpu_seconds": theirs.work.cpu if theirs else None,
            "tfma_peak_bytes": theirs.peak_memory if theirs else None,
        }


def _config() -> dict[str, Any]:
    models: list[dict[str, Any]] = [
        {"name": name, "label_key": "label", "prediction_key": name} for name in ("baseline", "challenger")
    ]
    models[0]["is_baseline"] = True
    return {
        "model_specs": models,
        "slicing_specs": [{}, {"feature_keys": ["region"]}],
        "metrics_specs": [{"metrics": [{"class_name": name} for name in METRICS.values()]}],
        "options": {
            "compute_confidence_intervals": True,
            "confidence_intervals": {"method": "POISSON_BOOTSTRAP"},
        },
    }


def _record_batches(folder: str) -> Iterator[Any]:
    """The rows as TFX's readers give them to TFMA: a list of values for each feature."""
    import numpy as np
    import pyarrow as pa

    with np.load(f"{folder}/scores.npz") as file:
        columns = {name: file[name] for name in ("baseline", "challenger")}
        columns |= {"label": file["labels"].astype(np.int64), "region": file["regions"]}
    for first in range(0, len(columns["label"]), BATCH):
        arrays = {name: pa.array(values[first : first + BATCH]) for name, values in columns.items()}
        each = pa.array(range(len(arrays["label"]) + 1), pa.int64())
        lists = [pa.LargeListArray.from_arrays(each, array) for array in arrays.values()]
        yield pa.RecordBatch.from_arrays(lists, list(arrays))


COMPARING_PART = Part(
    "comparing",
    "Two models in 20 slices, 8 metrics, 1,000 resamples; and TFMA's bootstrap",
    measure_comparing,
)
