"""Score examples with a model of any framework, and keep what it said about each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from millwork.components.data.forms import flatten
from millwork.components.data.reading import batches, flat_schema, serialized_batches
from millwork.components.data.schema_file import read_schema
from millwork.components.data.tf_example import decode, encode
from millwork.components.models.alignment import Follower
from millwork.components.models.inputs import Rows
from millwork.components.models.loading import load_scorer
from millwork.components.models.scorers import LoadOptions, Scorer
from millwork.components.models.scores import Activation, Task, as_matrix, decide_task
from millwork.components.tft.graph import LoadedTransform
from millwork.components.tft.raw_features import tensor_config
from millwork.core.artifacts import PARQUET, Examples, Model, Predictions, TransformGraph
from millwork.core.component import Component, output
from millwork.core.errors import WrongArgument

if TYPE_CHECKING:
    import pyarrow as pa

FILE_NAME = "predictions.parquet"
BLOCK = 16
"""Batches that are read at once, and written as one row group."""


class Predict(Component):
    """Score examples with a model of any framework, and keep what it said about each row.

    The model may be a SavedModel with a signature on serialised `tf.Example`s or on named tensors, a
    `.keras` file, or one of scikit-learn in a `.skops` or, if trusted, a `.joblib` or `.pkl` file. Raw
    examples suit a model that does its own preprocessing; for others give the transformed examples, or the
    transform graph as well. Memory does not grow with the number of rows.

        predictions = Predict(
            model=trainer.model, examples=examples.examples, label="species", classes=("Adelie", "Gentoo")
        ).predictions
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow", "sklearn")

    model: Model
    examples: Examples
    transform_graph: TransformGraph | None = None
    """Transforms each row before a model that takes columns gets it. It may also compute the label."""
    label_examples: Examples | None = None
    """The same rows in the same order, where the label is in these: transformed examples, say."""
    label: str
    """The feature that holds the truth. A row without it is scored all the same."""
    splits: tuple[str, ...] = ("eval",)
    signature_name: str = "serving_default"
    """Of a SavedModel."""
    output_name: str | None = None
    """Which output of the model holds the scores, if it has several."""
    problem: Literal["auto", "binary", "multiclass", "regression"] = "auto"
    """By default what the model knows, or what the number of its scores says. A single score is a regression if
    no classes are named and the first labels are numbers other than 0 and 1."""
    classes: tuple[str, ...] | None = None
    """Names of the classes in the order of the scores; the last of two is the positive one. By default what
    the model knows, else "0", "1", … A label that is a number counts them from 0, unless they are numbers."""
    activation: Activation = "none"
    """What turns the model's logits into probabilities."""
    threshold: float = 0.5
    """A row is predicted to be of the positive class if its score is above."""
    features: tuple[str, ...] | None = None
    """Columns in the order in which the model takes them, where it does not know their names."""
    weight: str | None = None
    """A feature that says how much each row counts; 1 by default."""
    slice_features: tuple[str, ...] = ()
    """Features to keep beside the scores, so that results can be told apart by them."""
    id_feature: str | None = None
    """A feature that identifies the row; by default its place in the split."""
    batch_size: int = 4_096
    """Rows that the model gets at once. Sixteen times as many are in memory."""
    trusted: bool = False
    """Load models in formats that can run any code, such as pickle."""
    trusted_types: tuple[str, ...] = ()
    """Types to allow in a `.skops` file besides those that skops knows."""
    predictions: Predictions = output()

    def check(self) -> None:
        for name in ("splits", "classes", "features", "slice_features"):
            given = getattr(self, name) or ()
            if repeated := sorted({value for value in given if given.count(value) > 1}):
                raise WrongArgument(f"Predict: {name} names {repeated[0]!r} twice")
        if not self.splits:
            raise WrongArgument("Predict: name at least one split, such as splits=('eval',)")
        if self.classes is not None and len(self.classes) < 2:
            raise WrongArgument(f"Predict: classes needs at least two names, but got {self.classes!r}")
        if self.problem == "regression" and (self.classes or self.activation != "none"):
            raise WrongArgument("Predict: a regression has neither classes nor an activation. Leave them out")
        if not 0 <= self.threshold <= 1:
            raise WrongArgument(f"Predict: threshold must be from 0 to 1, but got {self.threshold}")
        if self.batch_size < 1:
            raise WrongArgument(f"Predict: batch_size must be at least 1, but got {self.batch_size}")

    def run(self) -> None:
        for split in self.splits:
            self.examples.split(split)
        options = LoadOptions(
            self.signature_name, self.output_name, self.features, self.trusted, self.trusted_types
        )
        scoring = Scoring(self, load_scorer(self.model, options))
        self.predictions.span = self.examples.span
        self.predictions.split_names = self.splits
        written = {split: _write(self._file(split), scoring.scored(split)) for split in self.splits}
        task = scoring.task or scoring.decide(None)
        for split in self.splits:
            if not written[split]:
                _write_empty(self._file(split), self._schema(task))
        self.predictions.num_examples = written
        self.predictions.problem = task.problem
        self.predictions.classes = task.classes
        self.predictions.label = self.label
        self.predictions.slice_features = self.slice_features

    def _file(self, split: str) -> Path:
        folder = self.predictions.split(split)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / FILE_NAME

    def _schema(self, task: Task) -> pa.Schema:
        """The columns of a split without rows, which does not know what types its slices would have."""
        import pyarrow as pa

        of_class = pa.float64() if task.problem == "regression" else pa.string()
        scores = ["score"] if task.problem == "regression" else [f"score_{name}" for name in task.classes]
        slices = [f"slice_{name}" for name in self.slice_features]
        return pa.schema(
            [("row_id", pa.int64()), ("label", of_class), ("predicted", of_class), ("weight", pa.float64())]
            + [(name, pa.float64()) for name in scores]
            + [(name, pa.string()) for name in slices]
        )


@dataclass(frozen=True)
class Block:
    """Rows as they are read: what the model sees, and where the rest is found."""

    features: Rows
    about: Rows
    """With the columns for weight, slices and id: all that there are, transformed ones too."""
    truth: Rows
    """With the label."""


class Scoring:
    """A model at work. What task it does is known at the latest when it has seen its first rows."""

    def __init__(self, step: Predict, scorer: Scorer) -> None:
        self.step = step
        self.scorer = scorer
        self.task: Task | None = None
        self.transform = _load_transform(step.transform_graph) if step.transform_graph else None

    def scored(self, split: str) -> Iterator[pa.RecordBatch]:
        """The predictions of one split."""
        import numpy as np

        step = self.step
        for block in self._blocks(split):
            label = block.truth.values(step.label, "the label: what Transform computed is in label_examples")
            parts = block.features.parts(step.batch_size)
            raw = np.concatenate([as_matrix(self.scorer.score(part), part) for part in parts])
            self.task = self.task or self.decide(raw.shape[1], label)
            yield self._columns(self.task, raw, label, block)

    def decide(self, width: int | None, label: pa.Array | None = None) -> Task:
        """The task, from the first rows or, if no split has any, from what the model says of itself."""
        step = self.step
        named = len(step.classes) if step.classes else 1
        return decide_task(
            step.problem, step.classes, self.scorer, width or self.scorer.width or named, label
        )

    def _columns(self, task: Task, raw: Any, label: pa.Array, block: Block) -> pa.RecordBatch:
        import numpy as np
        import pyarrow as pa

        step, about = self.step, block.about
        scores = task.score_columns(raw, block.features, step.activation)
        ids = pa.array(np.arange(about.first, about.first + len(raw)))
        columns = {
            "row_id": about.values(step.id_feature, "id_feature") if step.id_feature else ids,
            "label": task.labels(label, block.truth, step.label),
            "predicted": task.predicted(scores, step.threshold),
            "weight": about.weights(step.weight) if step.weight else pa.array(np.ones(len(raw))),
            **{name: pa.array(values) for name, values in scores.items()},
            **{f"slice_{name}": about.values(name, "a slice feature") for name in step.slice_features},
        }
        return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))

    def _blocks(self, split: str) -> Iterator[Block]:
        step = self.step
        rows = step.batch_size * BLOCK
        transformed = labels = None
        if transform := self.transform:
            made = map(transform.flat, transform.batches(step.examples, split, rows=rows))
            transformed = Follower(made, f"Split {split!r}, transformed,")
        if step.label_examples:
            found = batches(step.label_examples, split, columns=[step.label], rows=rows)
            labels = Follower(found, f"Split {split!r} of label_examples")
        for raw in _raw_rows(step.examples, split, rows, self.scorer.takes_examples):
            features = about = raw
            if transformed:
                extra = transformed.take(raw.batch.num_rows)
                about = raw.with_columns(extra)
                features = raw if self.scorer.takes_examples else raw.instead(extra)
            truth = raw.instead(labels.take(raw.batch.num_rows)) if labels else about
            yield Block(features, about, truth)
        for follower in (transformed, labels):
            if follower:
                follower.finish()


def _raw_rows(examples: Examples, split: str, rows: int, with_serialized: bool) -> Iterator[Rows]:
    first = 0
    if with_serialized and examples.file_format != PARQUET:
        schema = flat_schema(examples, split)
        for records in serialized_batches(examples, split, rows=rows):
            yield Rows(split, first, flatten(decode(records), schema), records)
            first += len(records)
        return
    for batch in batches(examples, split, rows=rows):
        yield Rows(split, first, batch, encode(batch) if with_serialized else None)
        first += batch.num_rows


def _load_transform(graph: TransformGraph) -> LoadedTransform:
    """The graph, to be fed with all the features that it was made for."""
    return LoadedTransform(graph.path, tensor_config(read_schema(graph.path / "metadata")))


def _write(path: Path, batches: Iterator[pa.RecordBatch]) -> int:
    """Write all batches as they come, and say how many rows they had. Without any, there is no file."""
    import pyarrow.parquet as pq

    first = next(batches, None)
    if first is None:
        return 0
    rows = 0
    with pq.ParquetWriter(path, first.schema) as writer:
        for batch in chain([first], batches):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write_empty(path: Path, schema: pa.Schema) -> None:
    import pyarrow.parquet as pq

    pq.write_table(schema.empty_table(), path)
