"""Scoring whole splits with a model, and storing what it said about each row as `Predictions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.forms import flatten
from millwork.components.data.reading import batches, each, flat_schema, newest, serialized_batches
from millwork.components.data.schema_file import read_schema
from millwork.components.data.tf_example import decode, encode
from millwork.components.models.alignment import Follower
from millwork.components.models.inputs import Rows
from millwork.components.models.scorers import Scorer
from millwork.components.models.scores import Activation, Task, WantedProblem, as_matrix, decide_task
from millwork.components.tft.graph import LoadedTransform
from millwork.components.tft.raw_features import tensor_config
from millwork.core.artifacts import PARQUET, Predictions, TransformGraph

if TYPE_CHECKING:
    import pyarrow as pa

    from millwork.components.data.reading import OneOrMore

FILE_NAME = "predictions.parquet"
BLOCK = 16
"""Batches that are read at once, and written as one row group."""


@dataclass(frozen=True)
class Sources:
    """Where the rows come from."""

    examples: OneOrMore
    transform_graph: TransformGraph | None = None
    """Transforms each row before a model that takes columns gets it."""
    label_examples: OneOrMore | None = None
    """The same rows in the same order, with the label."""
    preprocessing: Callable[[Rows], pa.RecordBatch] | None = None
    """Makes transformed columns of rows, as `transform_graph` does."""
    transformed_first: bool = False
    """Whether label, weight and slices are those of the transformed rows where the raw ones have them, too."""


@dataclass(frozen=True)
class ScoringOptions:
    """What the columns of the predictions are made of."""

    label: str | None
    """None: nobody knows the truth."""
    problem: WantedProblem = "auto"
    classes: tuple[str, ...] | None = None
    activation: Activation = "none"
    threshold: float = 0.5
    weight: str | None = None
    slice_features: tuple[str, ...] = ()
    id_feature: str | None = None
    batch_size: int = 4_096


@dataclass(frozen=True)
class Block:
    """Rows as they are read: what the model sees, and where the rest is found."""

    features: Rows
    about: Rows
    """With the columns for weight, slices and id: all that there are, transformed ones too."""
    truth: Rows
    """With the label."""


def write_predictions(
    predictions: Predictions, scorer: Scorer, sources: Sources, options: ScoringOptions, splits: Sequence[str]
) -> None:
    """Score these splits, and fill the artifact: its files and its properties."""
    for split in splits:
        for examples in each(sources.examples):
            examples.split(split)
    scoring = Scoring(scorer, sources, options)
    predictions.span = newest(sources.examples).span
    predictions.split_names = tuple(splits)
    written = {split: _write(_file(predictions, split), scoring.scored(split)) for split in splits}
    task = scoring.task or scoring.decide(None)
    for split in splits:
        if not written[split]:
            _write_empty(_file(predictions, split), _schema(task, options))
    predictions.num_examples = written
    predictions.problem = task.problem
    predictions.classes = task.classes
    predictions.label = options.label or ""
    predictions.slice_features = options.slice_features
    predictions.id_feature = options.id_feature or ""


class Scoring:
    """A model at work. What task it does is known at the latest when it has seen its first rows."""

    def __init__(self, scorer: Scorer, sources: Sources, options: ScoringOptions) -> None:
        self.task: Task | None = None
        self._scorer = scorer
        self._sources = sources
        self._options = options
        graph = sources.transform_graph
        self._transform = _load_transform(graph) if graph else None

    def scored(self, split: str) -> Iterator[pa.RecordBatch]:
        """The predictions of one split."""
        import numpy as np

        options = self._options
        for block in self._blocks(split):
            label = self._label(block)
            parts = block.features.parts(options.batch_size)
            raw = np.concatenate([as_matrix(self._scorer.score(part), part) for part in parts])
            self.task = self.task or self.decide(raw.shape[1], label)
            yield self._columns(self.task, raw, label, block)

    def decide(self, width: int | None, label: pa.Array | None = None) -> Task:
        """The task, from the first rows or, if no split has any, from what the model says of itself."""
        options = self._options
        named = len(options.classes) if options.classes else 1
        return decide_task(
            options.problem, options.classes, self._scorer, width or self._scorer.width or named, label
        )

    def _label(self, block: Block) -> pa.Array | None:
        """The truth, if it is known: a list for each row if it may have several labels."""
        name, purpose = self._options.label, "the label: what Transform computed is in label_examples"
        if name is None:
            return None
        problem = self.task.problem if self.task else self._options.problem
        several = problem == "multilabel" or (problem == "auto" and self._scorer.problem == "multilabel")
        return block.truth.column(name, purpose) if several else block.truth.values(name, purpose)

    def _columns(self, task: Task, raw: Any, label: pa.Array | None, block: Block) -> pa.RecordBatch:
        import numpy as np
        import pyarrow as pa

        options, about = self._options, block.about
        scores = task.score_columns(raw, block.features, options.activation)
        ids = pa.array(np.arange(about.first, about.first + len(raw)))
        columns = {
            "row_id": about.values(options.id_feature, "id_feature") if options.id_feature else ids,
            "label": pa.nulls(len(raw), task.label_type())
            if label is None
            else task.labels(label, block.truth, options.label or ""),
            "predicted": task.predicted(scores, options.threshold),
            "weight": about.weights(options.weight) if options.weight else pa.array(np.ones(len(raw))),
            **{name: pa.array(values) for name, values in scores.items()},
            **{f"slice_{name}": about.values(name, "a slice feature") for name in options.slice_features},
        }
        return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))

    def _blocks(self, split: str) -> Iterator[Block]:
        sources, rows = self._sources, self._options.batch_size * BLOCK
        transformed = labels = None
        if transform := self._transform:
            made = map(transform.flat, transform.batches(sources.examples, split, rows=rows))
            transformed = Follower(made, f"Split {split!r}, transformed,")
        if sources.label_examples and self._options.label:
            found = batches(sources.label_examples, split, columns=[self._options.label], rows=rows)
            labels = Follower(found, f"Split {split!r} of label_examples")
        serialized = self._scorer.takes_examples or sources.preprocessing is not None
        for raw in _raw_rows(sources.examples, split, rows, serialized):
            features = about = raw
            columns = transformed.take(raw.batch.num_rows) if transformed else None
            if sources.preprocessing:
                columns = sources.preprocessing(raw)
            if columns is not None:
                extra = raw.instead(columns)
                both = (extra, raw) if sources.transformed_first else (raw, extra)
                about = both[0].with_columns(both[1].batch)
                features = raw if self._scorer.takes_examples else extra
            truth = raw.instead(labels.take(raw.batch.num_rows)) if labels else about
            yield Block(features, about, truth)
        for follower in (transformed, labels):
            if follower:
                follower.finish()


def _raw_rows(examples: OneOrMore, split: str, rows: int, with_serialized: bool) -> Iterator[Rows]:
    first = 0
    if with_serialized and any(one.file_format != PARQUET for one in each(examples)):
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


def _file(predictions: Predictions, split: str) -> Path:
    folder = predictions.split(split)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / FILE_NAME


def _schema(task: Task, options: ScoringOptions) -> pa.Schema:
    """The columns of a split without rows, which does not know what types its slices would have."""
    import pyarrow as pa

    of_class = task.label_type()
    scores = ["score"] if task.problem == "regression" else [f"score_{name}" for name in task.classes]
    slices = [f"slice_{name}" for name in options.slice_features]
    return pa.schema(
        [("row_id", pa.int64()), ("label", of_class), ("predicted", of_class), ("weight", pa.float64())]
        + [(name, pa.float64()) for name in scores]
        + [(name, pa.string()) for name in slices]
    )


def _write(path: Path, found: Iterator[pa.RecordBatch]) -> int:
    """Write all batches as they come, and say how many rows they had. Without any, there is no file."""
    import pyarrow.parquet as pq

    first = next(found, None)
    if first is None:
        return 0
    rows = 0
    with pq.ParquetWriter(path, first.schema) as writer:
        for batch in chain([first], found):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write_empty(path: Path, schema: pa.Schema) -> None:
    import pyarrow.parquet as pq

    pq.write_table(schema.empty_table(), path)
