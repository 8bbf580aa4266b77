"""Counting pairs of classes batch by batch, and the metrics that follow from the counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput
from millwork.evaluation.predictions import Slice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CELLS = 20_000_000
"""Of all slices of a feature together: a bound on memory, and on what is written."""


@dataclass(frozen=True)
class Counts:
    """The matrices of one slice, classes x classes: truth down, predictions across."""

    slice: Slice
    rows: NDArray[np.int64]
    weighted: NDArray[np.float64]

    def described(self, classes: Sequence[str]) -> dict[str, Any]:
        """The matrices and their metrics as JSON. What is not defined, such as 0/0, is None."""
        right, true, predicted = (
            self.weighted.diagonal(),
            self.weighted.sum(axis=1),
            self.weighted.sum(axis=0),
        )
        per_class = [
            {
                "class": name,
                "precision": _ratio(right[i], predicted[i]),
                "recall": _ratio(right[i], true[i]),
                "f1": _ratio(2 * right[i], true[i] + predicted[i]),
                "support": float(true[i]),
                "rows": int(self.rows[i].sum()),
            }
            for i, name in enumerate(classes)
        ]
        recalls = right[true > 0] / true[true > 0]
        return {
            "rows": int(self.rows.sum()),
            "weight": float(self.weighted.sum()),
            "matrix": {"count": self.rows.tolist(), "weighted": self.weighted.tolist()},
            "accuracy": _ratio(right.sum(), self.weighted.sum()),
            "balanced_accuracy": _ratio(recalls.sum(), len(recalls)),
            "per_class": per_class,
        }


class Tally:
    """The matrices of all slices of one feature, batch by batch. All rows together are one slice."""

    def __init__(self, classes: int) -> None:
        import numpy as np

        self._classes = classes
        self._rows = np.zeros((0, classes, classes), np.int64)
        self._weighted = np.zeros((0, classes, classes), np.float64)
        self._grow(1)

    def add(
        self,
        true: NDArray[np.int64],
        predicted: NDArray[np.int64],
        weights: NDArray[np.float64],
        slices: NDArray[np.int64] | int = 0,
    ) -> None:
        """Count rows: numbers of their classes, weights, and numbers of their slices."""
        import numpy as np

        self._grow(int(np.max(slices, initial=0)) + 1)
        cells = (slices * self._classes + true) * self._classes + predicted
        shape, size = self._rows.shape, self._rows.size
        self._rows += np.bincount(cells, minlength=size).reshape(shape)
        self._weighted += np.bincount(cells, weights, minlength=size).reshape(shape)

    def counts(self, slices: Iterable[Slice]) -> list[Counts]:
        """What was counted for each slice."""
        return [Counts(s, self._rows[n], self._weighted[n]) for n, s in enumerate(slices)]

    def _grow(self, slices: int) -> None:
        import numpy as np

        cells = slices * self._classes**2
        if cells > MAX_CELLS:
            raise BadInput(
                f"{slices:,} slices of {self._classes:,} classes make {cells:,} counts, more than "
                f"{MAX_CELLS:,}. Slice by a feature with fewer values"
            )
        if slices > len(self._rows):
            more = ((0, slices - len(self._rows)), (0, 0), (0, 0))
            self._rows, self._weighted = np.pad(self._rows, more), np.pad(self._weighted, more)


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None
