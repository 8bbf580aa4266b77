"""What components cost as the data grows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.measuring import Measured, measure
from benchmarks.peer import COMPONENTS
from benchmarks.results import Part, Record, Settings
from benchmarks.taxi.features import LABEL, SLICES
from benchmarks.taxi.model import run_fn
from benchmarks.taxi.preprocessing import preprocessing_fn
from benchmarks.taxi.rows import write_csv
from millwork.components.csv_example_gen import CsvExampleGen
from millwork.components.models.training import EvalArgs, TrainArgs
from millwork.components.predict import Predict
from millwork.components.schema_gen import SchemaGen
from millwork.components.statistics_gen import StatisticsGen
from millwork.components.trainer import Trainer
from millwork.components.transform import Transform
from millwork.core.artifacts import Examples, ExampleStatistics, Model, Schema, TransformGraph
from millwork.core.component import Component
from millwork.core.graph import Artifact
from millwork.core.records import artifact_from_json, artifact_to_json
from millwork.core.testing import perform

A = TypeVar("A", bound=Artifact)


class Folder:
    """Where the components of one size leave what they write, for the next one to find."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def data(self) -> Path:
        """The CSV file's folder."""
        return self.path / "data"

    def perform(self, name: str, step: Component) -> None:
        """Run a component and keep its outputs under a name."""
        done = perform(step, self.path / name)
        for output, artifact in done.outputs.items():
            (self.path / name / f"{output}.json").write_text(json.dumps(artifact_to_json(artifact)))

    def load(self, kind: type[A], name: str, output: str) -> A:
        """An output that was kept."""
        artifact = artifact_from_json(json.loads((self.path / name / f"{output}.json").read_text()), kind)
        assert isinstance(artifact, kind)
        return artifact

    def examples(self) -> Examples:
        """The rows, in Parquet."""
        return self.load(Examples, "ingest", "examples")

    def tfrecord_examples(self) -> Examples:
        """The same rows, in TFRecord."""
        return self.load(Examples, "ingest_tfrecord", "examples")

    def schema(self) -> Schema:
        """What their columns are."""
        return self.load(Schema, "schema", "schema")


def ingest(folder: Folder) -> Component:
    """To Parquet."""
    return CsvExampleGen(input_base=folder.data)


def ingest_to_tfrecord(folder: Folder) -> Component:
    """To what the peer writes."""
    return CsvExampleGen(input_base=folder.data, format="tfrecord")


def statistics(folder: Folder) -> Component:
    """Of both splits."""
    return StatisticsGen(examples=folder.examples())


def schema(folder: Folder) -> Component:
    """For Transform."""
    return SchemaGen(statistics=folder.load(ExampleStatistics, "statistics", "statistics"))


def transform(folder: Folder) -> Component:
    """As it is by default: without statistics."""
    return Transform(examples=folder.examples(), schema=folder.schema(), preprocessing_fn=preprocessing_fn)


def transform_with_statistics(folder: Folder) -> Component:
    """All that the peer's Transform does."""
    return Transform(
        examples=folder.examples(),
        schema=folder.schema(),
        preprocessing_fn=preprocessing_fn,
        compute_statistics=True,
    )


def train(folder: Folder) -> Component:
    """A model for Predict: 100 steps are enough to have one of the right size."""
    return Trainer(
        examples=folder.load(Examples, "transform", "transformed_examples"),
        transform_graph=folder.load(TransformGraph, "transform", "transform_graph"),
        run_fn=run_fn,
        train_args=TrainArgs(num_steps=100),
        eval_args=EvalArgs(num_steps=10),
    )


def predict(folder: Folder) -> Component:
    """All rows, from raw examples: parsing, transforming, scoring."""
    return Predict(
        model=folder.load(Model, "train", "model"),
        examples=folder.examples(),
        label_examples=folder.load(Examples, "transform", "transformed_examples"),
        label=LABEL,
        splits=("train", "eval"),
        slice_features=SLICES,
    )


@dataclass(frozen=True)
class Recipe:
    """One component, ready to be measured."""

    component: type[Component]
    make: Callable[[Folder], Component]
    variant: str = ""
    reported: bool = True
    """Otherwise it is only run because others need what it writes."""


RECIPES = {
    "ingest": Recipe(CsvExampleGen, ingest, "to Parquet"),
    "ingest_tfrecord": Recipe(CsvExampleGen, ingest_to_tfrecord, "to TFRecord"),
    "statistics": Recipe(StatisticsGen, statistics),
    "schema": Recipe(SchemaGen, schema, reported=False),
    "transform": Recipe(Transform, transform),
    "transform_statistics": Recipe(Transform, transform_with_statistics, "with statistics"),
    "train": Recipe(Trainer, train, reported=False),
    "predict": Recipe(Predict, predict),
}
AIMS = {"CsvExampleGen": 106.0, "StatisticsGen": 37.0, "Transform": 112.0}
"""Seconds at 1.5 million rows: a tenth of the peer's, and a third."""


def run_recipe(name: str, folder: str) -> None:
    """Make the component and let it work, in this process."""
    place = Folder(Path(folder))
    place.perform(name, RECIPES[name].make(place))


def measure_components(settings: Settings) -> Iterator[Record]:
    """Each in a process of its own, which has imported the component's libraries before."""
    for rows in settings.rows:
        folder = settings.work / "components" / str(rows)
        write_csv(folder / "data/trips.csv", rows)
        for name, recipe in RECIPES.items():
            libraries = recipe.component.libraries
            measured = measure(run_recipe, libraries=libraries, name=name, folder=str(folder))
            if recipe.reported:
                yield _record(recipe, rows, measured)


def _record(recipe: Recipe, rows: int, measured: Measured) -> Record:
    component = recipe.component.__name__
    peer = COMPONENTS.get((component, rows), {})
    return {
        "component": f"{component} {recipe.variant}".strip(),
        "rows": rows,
        "wall_seconds": measured.work.wall,
        "cpu_seconds": measured.work.cpu,
        "peak_bytes": measured.peak_memory,
        "imports_seconds": measured.imports,
        "after_imports_bytes": measured.memory_after_imports,
        "aim_seconds": AIMS.get(component) if rows == 1_500_000 else None,
        "peer_wall_seconds": peer.get("wall_seconds"),
        "peer_cpu_seconds": peer.get("cpu_seconds"),
    }


COMPONENTS_PART = Part(
    "components", "Components as the data grows (imports apart; peer: another day)", measure_components
)
