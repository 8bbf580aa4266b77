"""Where tallies are kept: sums by slice, part and cell, in arrays that grow with the slices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.batches import RowSlices
from millwork.evaluation.metrics.keys import SliceKey
from millwork.evaluation.metrics.sampling import Sampling
from millwork.evaluation.metrics.tallies import Additions, Tally
from millwork.evaluation.metrics.views import BatchRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Dealt = tuple[NDArray[np.int64] | int, NDArray[np.float64] | None]
    """Of each row its part, and how often it is counted there."""


@dataclass
class Stored:
    """What tallies counted, by slice."""

    sampling: Sampling
    classes: int
    numbers: dict[SliceKey, int] = field(default_factory=dict)
    """Where each slice is in the arrays."""
    sums: dict[Tally, NDArray[np.float64]] = field(default_factory=dict)
    """Components x slices x parts x cells."""

    def add(self, tally: Tally, rows: BatchRows, slices: RowSlices, dealt: list[Dealt]) -> None:
        """Count a batch, each of its rows in all its slices."""
        numbers = self._places(slices)
        sums = self._room(tally)
        additions = tally.additions(rows)
        for part, times in dealt:
            _add(sums, additions, slices.rows, numbers, part, times)

    def merge(self, other: Stored) -> None:
        """Take in what was counted elsewhere, whatever the order of its slices."""
        import numpy as np

        places = np.array([self._number(key) for key in other.numbers], dtype=np.int64)
        for tally, found in other.sums.items():
            sums = self._room(tally)
            sums[:, places] += found[:, : len(places)]

    def found(self, tally: Tally, key: SliceKey) -> NDArray[np.float64]:
        """Components x samples x cells, of one slice."""
        return self.sampling.samples(self.sums[tally][:, self.numbers[key]])

    def _number(self, key: SliceKey) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def _places(self, slices: RowSlices) -> NDArray[np.int64]:
        """Our numbers of the slices of a batch. Only slices with rows are taken up."""
        import numpy as np

        places = np.zeros(len(slices.keys), dtype=np.int64)
        for number in np.unique(slices.slices).tolist():
            places[number] = self._number(slices.keys[number])
        return places[slices.slices]

    def _room(self, tally: Tally) -> NDArray[np.float64]:
        """The array of a tally, with room for all slices."""
        import numpy as np

        known = self.sums.get(tally)
        have = 0 if known is None else known.shape[1]
        if known is None or have < len(self.numbers):
            wanted = max(len(self.numbers), 2 * have if have < 1024 else have + 256)
            shape = (tally.components, wanted, self.sampling.parts, tally.cells(self.classes))
            grown = np.zeros(shape)
            if known is not None:
                grown[:, :have] = known
            self.sums[tally] = known = grown
        return known


def _add(
    sums: NDArray[np.float64],
    additions: Additions,
    rows: NDArray[np.int64],
    slices: NDArray[np.int64],
    part: NDArray[np.int64] | int,
    times: NDArray[np.float64] | None,
) -> None:
    """Add each row's amounts to its cells, in all its slices: one histogram over slice, part and cell."""
    import numpy as np

    _, _, parts, cells = sums.shape
    place = (slices * parts + (part if isinstance(part, int) else part[rows])) * cells
    several = additions.amounts[0].ndim == 2
    if additions.cells is not None:
        place = (place[:, None] if several else place) + additions.cells[rows]
    elif several:
        place = np.broadcast_to(place[:, None], (len(rows), additions.amounts[0].shape[1]))
    place = place.ravel()
    size = int(slices.max(initial=-1) + 1) * parts * cells
    for component, amounts in enumerate(additions.amounts):
        if times is not None:
            amounts = amounts * (times[:, None] if several else times)
        flat = sums[component].reshape(-1)
        flat[:size] += np.bincount(place, weights=amounts[rows].ravel(), minlength=size)
