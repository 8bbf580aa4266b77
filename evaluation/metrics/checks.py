"""What can be counted: batches of the right shape, with labels that can be, and no NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput
from millwork.evaluation.metrics.batches import Batch, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCORES_ARE_TABLES = (Task.MULTI_CLASS, Task.MULTI_LABEL)


def check_batch(batch: Batch, task: Task, classes: int | None) -> None:
    """Raise BadInput for the first row that cannot be counted. `classes`: of earlier batches."""
    import numpy as np

    _check_shapes(batch, task, classes)
    _refuse(batch, np.isnan(batch.scores), "a score must be a number, but is", batch.scores)
    if batch.labels.dtype.kind == "f":
        _refuse(batch, np.isnan(batch.labels), "a label must be a number, but is", batch.labels)
    if batch.weights is not None:
        _refuse(batch, ~(batch.weights >= 0), "a weight must be 0 or more, but is", batch.weights)
    if task in (Task.BINARY, Task.MULTI_LABEL):
        wrong = (batch.labels < 0) | (batch.labels > 1)
        _refuse(batch, wrong, "a label must be 0 or 1, or between, but is", batch.labels)
    if task is Task.MULTI_CLASS:
        known = batch.scores.shape[1]
        wrong = (batch.labels < 0) | (batch.labels >= known)
        _refuse(batch, wrong, f"a label must be a class id below {known}, but is", batch.labels)


def _check_shapes(batch: Batch, task: Task, classes: int | None) -> None:
    rows = len(batch.labels)
    if batch.scores.ndim != (2 if task in SCORES_ARE_TABLES else 1) or len(batch.scores) != rows:
        raise BadInput(
            f"Scores of a {task} problem do not have the shape {batch.scores.shape} for {rows} labels. Expected is "
            f"{'(rows, classes)' if task in SCORES_ARE_TABLES else '(rows,)'}"
        )
    if task is Task.MULTI_LABEL and batch.labels.shape != batch.scores.shape:
        raise BadInput(
            f"Labels of a multi_label problem need the shape of the scores, {batch.scores.shape}, but have "
            f"{batch.labels.shape}"
        )
    if batch.weights is not None and batch.weights.shape != (rows,):
        raise BadInput(f"{rows} rows need as many weights, but there are {batch.weights.shape}")
    if classes is not None and task in SCORES_ARE_TABLES and batch.scores.shape[1] != classes:
        raise BadInput(
            f"Row {batch.first_row}: there are {batch.scores.shape[1]} scores, but {classes} in the rows before"
        )


def _refuse(batch: Batch, wrong: NDArray[np.bool_], what: str, values: NDArray[Any]) -> None:
    if wrong.any():
        import numpy as np

        where = tuple(np.argwhere(wrong)[0].tolist())
        raise BadInput(f"Row {batch.first_row + where[0]}: {what} {values[where]}")
