"""Stored predictions of one model, or of a model and a baseline side by side, as batches for the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput
from millwork.evaluation.metrics.engine import Batch, Task
from millwork.evaluation.predictions import Rows, labelled_rows

if TYPE_CHECKING:
    import pyarrow as pa

TASKS = {
    "binary": Task.BINARY,
    "multiclass": Task.MULTI_CLASS,
    "multilabel": Task.MULTI_LABEL,
    "regression": Task.REGRESSION,
}


@dataclass(frozen=True)
class ScoredRows:
    """Some rows, all with labels, and what one or two models say about them."""

    candidate: Batch
    baseline: Batch | None
    columns: dict[str, pa.Array]
    """By name of the feature: what slices are made of."""
    unlabelled: int
    """Rows left out between these."""

    def __len__(self) -> int:
        return len(self.candidate.labels)


def task_of(predictions: Predictions) -> Task:
    """What the model does. BadInput for what cannot be evaluated."""
    if predictions.problem not in TASKS:
        raise BadInput(
            f"These predictions are of a {predictions.problem!r} problem. Evaluated can be: {', '.join(TASKS)}"
        )
    if predictions.problem != "regression" and len(predictions.classes) < 2:
        raise BadInput(f"These predictions name {len(predictions.classes)} classes, and need two or more")
    return TASKS[predictions.problem]


def are_weighted(predictions: Predictions, splits: Sequence[str]) -> bool:
    """Whether any row weighs something else than 1, by the statistics in the files."""
    import pyarrow.parquet as pq

    for split in splits:
        path = predictions.split(split) / "predictions.parquet"
        if not path.is_file():
            continue  # reading it will say so
        with pq.ParquetFile(path) as file:
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            if not all(_all_ones(group, "weight") for group in groups):
                return True
    return False


def check_same_task(predictions: Predictions, baseline: Predictions) -> None:
    """Refuse a baseline that cannot be compared. The order of its classes may be another."""
    if predictions.problem != baseline.problem:
        raise BadInput(
            f"The baseline's predictions are of a {baseline.problem} problem, but the model's of a "
            f"{predictions.problem} problem. Give a baseline of the same kind, or none"
        )
    if set(predictions.classes) != set(baseline.classes):
        raise BadInput(
            f"The baseline knows the classes {', '.join(baseline.classes)}, but the model knows "
            f"{', '.join(predictions.classes)}. Give a baseline with the same classes, or none"
        )


def scored_rows(
    predictions: Predictions,
    baseline: Predictions | None,
    splits: Sequence[str],
    features: Sequence[str],
    *,
    rows: int = 65_536,
) -> Iterator[ScoredRows]:
    """The rows that have a label, batch by batch, all splits as one data set.

    The baseline's predictions must be of the same rows in the same order: BadInput names the first that is not.
    """
    task, classes = task_of(predictions), predictions.classes
    slices = [f"slice_{feature}" for feature in features]
    first = 0
    for split in splits:
        wanted = ["row_id", *_score_columns(task, classes)]
        own = labelled_rows(predictions, split, [*wanted, *slices], rows=rows)
        other = labelled_rows(baseline, split, wanted, rows=rows) if baseline else None
        for some in own:
            beside = _beside(some, other, split)
            yield ScoredRows(
                _batch(task, some, classes, first),
                _batch(task, beside, classes, first) if beside else None,
                {f: some.batch.column(f"slice_{f}") for f in features},
                some.unlabelled,
            )
            first += some.batch.num_rows + some.unlabelled
        if other and next(other, None):
            raise BadInput(
                f"The baseline's predictions of split {split!r} have more rows than the model's. Score both with "
                "Predict on the same examples"
            )


def _all_ones(group: Any, column: str) -> bool:
    for number in range(group.num_columns):
        about = group.column(number)
        if about.path_in_schema == column:
            known = about.statistics is not None and about.statistics.has_min_max
            return known and (about.statistics.min, about.statistics.max) == (1, 1)
    return True


def _score_columns(task: Task, classes: Sequence[str]) -> list[str]:
    if task is Task.REGRESSION:
        return ["score"]
    return [f"score_{name}" for name in (classes[-1:] if task is Task.BINARY else classes)]


def _batch(task: Task, rows: Rows, classes: Sequence[str], first: int) -> Batch:
    import numpy as np

    weights = rows.weights()
    if task is Task.REGRESSION:
        return Batch(rows.numbers("label"), rows.numbers("score"), weights, first)
    if task is Task.BINARY:
        labels = rows.class_numbers("label", classes).astype(np.float64)
        return Batch(labels, rows.scores(classes[-1]), weights, first)
    scores = np.stack([rows.scores(name) for name in classes], axis=1)
    of_rows = rows.class_sets if task is Task.MULTI_LABEL else rows.class_numbers
    return Batch(of_rows("label", classes), scores, weights, first)


def _beside(rows: Rows, other: Iterator[Rows] | None, split: str) -> Rows | None:
    """The baseline's rows that go with these."""
    if other is None:
        return None
    beside = next(other, None)
    if beside is None:
        raise BadInput(
            f"The baseline's predictions of split {split!r} have fewer rows than the model's. Score both with Predict "
            "on the same examples"
        )
    own, found = rows.batch.column("row_id"), beside.batch.column("row_id")
    read = [some.batch.num_rows + some.unlabelled for some in (rows, beside)]
    if read[0] == read[1] and len(own) != len(found):
        raise BadInput(
            f"The model's predictions of split {split!r} have {len(own)} rows with a label where the baseline's have "
            f"{len(found)}. Score both with Predict on the same examples, with the same label"
        )
    for place, (one, two) in enumerate(zip(own, found, strict=False)) if not own.equals(found) else ():
        if one != two:
            raise BadInput(
                f"The baseline's predictions are of other rows: in split {split!r}, row {rows.place[place]}, row_id is "
                f"{two.as_py()!r} instead of {one.as_py()!r}. Score both models with Predict on the same examples"
            )
    if len(own) != len(found):
        relation = "more" if len(found) > len(own) else "fewer"
        raise BadInput(
            f"The baseline's predictions of split {split!r} have {relation} rows than the model's. Score both with "
            "Predict on the same examples"
        )
    return beside
