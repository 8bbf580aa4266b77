"""Which labels, scores and weights a metric sees: of the rows, of one class of them, or of all classes at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.evaluation.metrics.batches import Batch, Task
from millwork.evaluation.metrics.binarized import binarized
from millwork.evaluation.metrics.keys import Aggregation, SubKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class View:
    """What a metric is computed of. Equal views share their tallies."""

    task: Task
    weighted: bool = False
    sub_key: SubKey | None = None
    aggregation: Aggregation | None = None
    """MICRO, or None. Macro averages are made of metrics of single classes."""
    class_weights: tuple[tuple[int, float], ...] = ()

    @property
    def is_scalar(self) -> bool:
        """Whether a row has one label and one score."""
        picked = self.sub_key is not None and (
            self.sub_key.class_id is not None or self.sub_key.k is not None
        )
        return self.task in (Task.BINARY, Task.REGRESSION) or picked


@dataclass(frozen=True, eq=False)
class Columns:
    """A batch as a view shows it. All arrays are rows x m: m is 1, or the number of classes shown of each row."""

    labels: NDArray[np.float64]
    scores: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BatchRows:
    """A batch, with what views made of it."""

    batch: Batch
    _columns: dict[View, Columns] = field(default_factory=dict)

    def columns(self, view: View) -> Columns:
        if view not in self._columns:
            self._columns[view] = _shown(self.batch, view)
        return self._columns[view]

    def weights(self, *, weighted: bool) -> NDArray[np.float64]:
        """(n,). Ones, unless there are weights, and they are wanted."""
        import numpy as np

        weights = self.batch.weights
        return weights if weighted and weights is not None else np.ones(len(self.batch.labels))

    @property
    def classes(self) -> int:
        """Columns of scores."""
        return self.batch.scores.shape[1] if self.batch.scores.ndim == 2 else 1


def _shown(batch: Batch, view: View) -> Columns:
    import numpy as np

    weights = BatchRows(batch).weights(weighted=view.weighted)[:, None]
    if view.task in (Task.BINARY, Task.REGRESSION):
        scores = batch.scores.astype(np.float64, copy=False)[:, None]
        return Columns(batch.labels.astype(np.float64)[:, None], scores, weights)
    labels, scores, weights = binarized(
        one_hot(batch), batch.scores, weights, view.sub_key, view.aggregation, view.class_weights
    )
    return Columns(labels, scores, np.broadcast_to(weights, scores.shape))


def one_hot(batch: Batch) -> NDArray[Any]:
    """(n, classes), 1 for the classes that a row has."""
    import numpy as np

    if batch.labels.ndim == 2:
        return batch.labels.astype(np.float64)
    chosen: NDArray[np.bool_] = batch.labels[:, None] == np.arange(batch.scores.shape[1])
    return chosen.astype(np.float64)
