"""Our components against the libraries' own way on Beam: the same rows, the same run, so that ratios count.

The Beam side is written as the libraries' documentation has it, on Beam's in-memory runner, and does what our
component does and no more. It reads and writes TFRecord, as TFX does; ours reads and writes its own default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.components import RECIPES, Folder, run_recipe
from benchmarks.measuring import measure
from benchmarks.results import Part, Record, Settings
from benchmarks.taxi.preprocessing import preprocessing_fn
from benchmarks.taxi.rows import write_csv

if TYPE_CHECKING:
    import apache_beam as beam

MOST_ROWS = 150_000
"""Beyond this the Beam side takes many minutes."""


def ingest(folder: str) -> None:
    """CSV to TFRecord of tf.Example in two splits by a hash of the row."""
    import apache_beam as beam
    from apache_beam.io.tfrecordio import WriteToTFRecord
    from tfx_bsl.coders.example_coder import RecordBatchToExamples
    from tfx_bsl.public.tfxio import CsvTFXIO

    data = Path(folder, "data/trips.csv")
    columns = data.open().readline().strip().split(",")
    source = CsvTFXIO(
        str(data), column_names=columns, skip_header_lines=1, telemetry_descriptors=["benchmark"]
    )
    with _pipeline() as pipeline:
        examples = pipeline | source.BeamSource() | beam.FlatMap(RecordBatchToExamples)
        splits = examples | beam.Partition(_train_or_eval, 2)
        for name, rows in zip(("train", "eval"), splits, strict=True):
            prefix = str(Path(folder, "beam_ingest", f"Split-{name}", "data_tfrecord"))
            rows | f"Write {name}" >> WriteToTFRecord(prefix, file_name_suffix=".gz")


def statistics(folder: str) -> None:
    """Of both splits."""
    import tensorflow_data_validation as tfdv

    examples = Folder(Path(folder)).tfrecord_examples()
    for split in examples.split_names:
        target = Path(folder, "beam_statistics", split)
        target.mkdir(parents=True, exist_ok=True)
        tfdv.generate_statistics_from_tfrecord(
            str(examples.split(split) / "*"), str(target / "stats.tfrecord"), pipeline_options=_options()
        )


def transform(folder: str) -> None:
    """Analyze one split, transform both, write the graph and the transformed examples."""
    import apache_beam as beam
    import tensorflow_transform.beam as tft_beam
    from apache_beam.io.tfrecordio import WriteToTFRecord
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tfx_bsl.coders.example_coder import RecordBatchToExamples
    from tfx_bsl.public.tfxio import TFExampleRecord

    from millwork.components.data.schema_file import read_schema

    place = Folder(Path(folder))
    examples = place.tfrecord_examples()
    schema: Schema = read_schema(place.schema().path)
    target = Path(folder, "beam_transform")
    with _pipeline() as pipeline, tft_beam.Context(temp_dir=str(target / "temporary")):
        raw: dict[str, Any] = {}
        for split in examples.split_names:
            source = TFExampleRecord(str(examples.split(split) / "*"), schema=schema)
            raw[split] = (pipeline | f"Read {split}" >> source.BeamSource(), source.TensorAdapterConfig())
        graph = raw["train"] | tft_beam.AnalyzeDataset(preprocessing_fn)
        graph | tft_beam.WriteTransformFn(str(target / "graph"))
        for split, rows in raw.items():
            transformed, _ = (rows, graph) | f"Transform {split}" >> tft_beam.TransformDataset(
                output_record_batches=True
            )
            encoded = transformed | f"Encode {split}" >> beam.FlatMapTuple(
                lambda batch, _: RecordBatchToExamples(batch)
            )
            prefix = str(target / f"Split-{split}" / "transformed_examples")
            encoded | f"Write {split}" >> WriteToTFRecord(prefix, file_name_suffix=".gz")


@dataclass(frozen=True)
class Rival:
    """One of our recipes, and the function that does the same on Beam."""

    recipe: str
    on_beam: Callable[[str], None]
    libraries: tuple[str, ...]


RIVALS = (
    Rival("ingest", ingest, ("apache_beam", "tfx_bsl.public.tfxio")),
    Rival("statistics", statistics, ("tensorflow_data_validation",)),
    Rival("transform", transform, ("tensorflow_transform.beam", "tfx_bsl.public.tfxio")),
)
_PREPARED = ("ingest", "ingest_tfrecord", "statistics", "schema")
"""What both sides read."""


def measure_against_beam(settings: Settings) -> Iterator[Record]:
    """Ours, then theirs at once, so that other work on the machine disturbs both alike."""
    for rows in (rows for rows in settings.rows if rows <= MOST_ROWS):
        folder = settings.work / "against_beam" / str(rows)
        write_csv(folder / "data/trips.csv", rows)
        for name in _PREPARED:
            measure(run_recipe, name=name, folder=str(folder))
        for rival in RIVALS:
            yield _compare(rival, rows, str(folder))


def _compare(rival: Rival, rows: int, folder: str) -> Record:
    component = RECIPES[rival.recipe].component
    ours = measure(run_recipe, libraries=component.libraries, name=rival.recipe, folder=folder)
    theirs = measure(rival.on_beam, libraries=rival.libraries, folder=folder)
    return {
        "component": component.__name__,
        "rows": rows,
        "wall_seconds": ours.work.wall,
        "cpu_seconds": ours.work.cpu,
        "peak_bytes": ours.peak_memory,
        "on_beam_wall_seconds": theirs.work.wall,
        "on_beam_cpu_seconds": theirs.work.cpu,
        "on_beam_peak_bytes": theirs.peak_memory,
        "times_less_cpu": theirs.work.cpu / ours.work.cpu,
    }


def _pipeline() -> beam.Pipeline:
    import apache_beam as beam

    return beam.Pipeline(options=_options())


def _options() -> Any:
    """Named, because Beam's default runner would first try to download another one."""
    from apache_beam.options.pipeline_options import PipelineOptions

    return PipelineOptions(["--runner=FnApiRunner"])


def _train_or_eval(row: bytes, splits: int) -> int:
    import hashlib

    return int(int(hashlib.sha256(row).hexdigest(), 16) % 3 == 2)


AGAINST_BEAM_PART = Part(
    "against-beam",
    "Components against TFDV, TFT and tfx_bsl on Beam in memory, same run",
    measure_against_beam,
)
