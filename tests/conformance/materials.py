"""Real artifacts for the conformance suite, each made by the real component when it is first asked for."""

from __future__ import annotations

import csv
import random
import sqlite3
from contextlib import closing
from functools import cached_property
from pathlib import Path

import fastavro
import sample_model

from millwork.components import (
    CsvExampleGen,
    Predict,
    SchemaGen,
    StatisticsGen,
    Trainer,
    Transform,
)
from millwork.components.data.reading import batches
from millwork.core.artifacts import Examples, ExampleStatistics, Model, Predictions, Schema, TransformGraph
from millwork.core.testing import perform

SPLITS = ("train", "eval")


class Materials:
    """One small data set and what the classic pipeline makes of it. Its eval split may be empty."""

    def __init__(self, folder: Path, eval_rows: int) -> None:
        self.folder = folder
        self.data = folder / "data"
        for split, rows in (("train", 60), ("eval", eval_rows)):
            (self.data / split).mkdir(parents=True)
            (self.data / split / "rows.csv").write_text(_csv(split, rows))

    @cached_property
    def examples(self) -> Examples:
        step = CsvExampleGen(input_base=self.data, input_splits={s: f"{s}/*.csv" for s in SPLITS})
        return perform(step, self.folder / "csv").examples

    @cached_property
    def avro(self) -> Path:
        """A folder with the same rows, a file for each split."""
        kinds = {"age": "long", "fare": "double", "town": "string", "returned": "long"}
        fields = [{"name": name, "type": ["null", kind]} for name, kind in kinds.items()]
        folder = self.folder / "avro"
        folder.mkdir()
        for split in SPLITS:
            rows = [row for batch in batches(self.examples, split) for row in batch.to_pylist()]
            with open(folder / f"{split}.avro", "wb") as file:
                fastavro.writer(file, {"type": "record", "name": "Row", "fields": fields}, rows)
        return folder

    @cached_property
    def records(self) -> Path:
        """The examples as TFRecords of tf.Examples, in folders `Split-train` and `Split-eval`."""
        splits = {s: f"{s}/*.csv" for s in SPLITS}
        step = CsvExampleGen(input_base=self.data, input_splits=splits, format="tfrecord")
        return perform(step, self.folder / "records").examples.path

    @cached_property
    def database(self) -> Path:
        """A file of SQLite with the rows of all splits in one table."""
        file = self.folder / "rows.db"
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(
                "CREATE TABLE rows (age INTEGER, fare REAL, town TEXT, returned INTEGER, split TEXT)"
            )
            for split in SPLITS:
                with open(self.data / split / "rows.csv") as lines:
                    rows = [(*row.values(), split) for row in csv.DictReader(lines)]
                connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", rows)
        return file

    @cached_property
    def statistics(self) -> ExampleStatistics:
        return perform(StatisticsGen(examples=self.examples), self.folder / "statistics").statistics

    @cached_property
    def schema(self) -> Schema:
        return perform(SchemaGen(statistics=self.statistics), self.folder / "schema").schema

    @cached_property
    def transform(self) -> Transform:
        step = Transform(
            examples=self.examples, schema=self.schema, preprocessing_fn=sample_model.preprocessing_fn
        )
        return perform(step, self.folder / "transform")

    @property
    def transform_graph(self) -> TransformGraph:
        return self.transform.transform_graph

    @property
    def transformed_examples(self) -> Examples:
        return self.transform.transformed_examples

    @cached_property
    def model(self) -> Model:
        step = Trainer(examples=self.transformed_examples, run_fn=sample_model.run_fn)
        return perform(step, self.folder / "trainer").model

    @cached_property
    def predictions(self) -> Predictions:
        step = Predict(model=self.model, examples=self.transformed_examples, label=sample_model.LABEL)
        return perform(step, self.folder / "predict").predictions


def _csv(split: str, rows: int) -> str:
    rng = random.Random(split)
    lines = ["age,fare,town,returned"]
    for _ in range(rows):
        age, fare = rng.randint(18, 80), rng.uniform(0, 50)
        town = rng.choice(["Graz", "Köln", ""])
        lines.append(f"{age},{fare:.2f},{town},{int(age + fare + rng.gauss(0, 10) > 70)}")
    return "\n".join(lines) + "\n"
