"""What was published about the peer: never measured in a run of ours, so never to be read as a ratio to it.

TFX 1.16 (Python 3.10, TF 2.16, Beam 2.59, LocalDagRunner) on Chicago
taxi data and perturbed copies of it, on a machine of this kind (2 shared cores, 24 GiB, Debian 12) on another
day. At 15 thousand rows the machine was quiet; at more rows other work ran beside.
"""

from __future__ import annotations

from benchmarks.results import Record

SOURCE = (
    "TFX 1.16 with LocalDagRunner, measured on another day on a machine of this kind (2 shared cores, 24 GiB): "
    "our own measurement, not part of this run. Beyond 15,000 rows other work ran beside it."
)

CLASSIC: Record = {"wall_seconds": 86.0, "cpu_seconds": 84.0, "peak_bytes": int(1.13 * 2**30)}
"""Without Predict, ConfusionMatrix and Roc, and with an Evaluator of 12 s in their place."""

COMPONENTS: dict[tuple[str, int], Record] = {
    ("CsvExampleGen", 15_000): {"wall_seconds": 6.5, "cpu_seconds": 6.1},
    ("CsvExampleGen", 150_000): {"wall_seconds": 115.0, "cpu_seconds": 64.0},
    ("CsvExampleGen", 1_500_000): {"wall_seconds": 1_065.0, "cpu_seconds": 575.0},
    ("StatisticsGen", 15_000): {"wall_seconds": 4.9, "cpu_seconds": 4.6},
    ("StatisticsGen", 150_000): {"wall_seconds": 31.0, "cpu_seconds": 15.0},
    ("StatisticsGen", 1_500_000): {"wall_seconds": 111.0, "cpu_seconds": 81.0},
    ("Transform", 15_000): {"wall_seconds": 32.0, "cpu_seconds": 30.0},
    ("Transform", 150_000): {"wall_seconds": 101.0, "cpu_seconds": 61.0},
    ("Transform", 1_500_000): {"wall_seconds": 338.0, "cpu_seconds": 320.0},
}
"""By component and rows; the whole process needed up to 4.4 GB at 1.5 million."""
