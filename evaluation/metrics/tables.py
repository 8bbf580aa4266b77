"""Arrays of sums by slice, part and cell: whole ones while they are small, else only the cells that have something.

Most of many slices are small, and fill few of the 10,000 buckets of a histogram.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Array = NDArray[np.float64]

WHOLE = 6_000_000
"""Cells up to which an array is kept whole (48 MB for each component)."""
PENDING = 2_000_000
"""Sums that wait to be added up."""


@dataclass(frozen=True)
class Shape:
    """Of what is kept for each slice."""

    components: int
    parts: int
    cells: int

    @property
    def width(self) -> int:
        return self.parts * self.cells


class WholeTable:
    """Components x slices x parts x cells."""

    def __init__(self, shape: Shape) -> None:
        import numpy as np

        self.shape = shape
        self.sums = np.zeros((shape.components, 0, shape.parts, shape.cells))

    def make_room(self, slices: int) -> None:
        """For so many slices, and some more."""
        import numpy as np

        have = self.sums.shape[1]
        if have < slices:
            more = np.zeros((self.shape.components, max(slices, have * 5 // 4) - have, *self.sums.shape[2:]))
            self.sums = np.concatenate([self.sums, more], axis=1)

    def add(self, slices: Ints, part: Ints | int, cells: Ints | int, amounts: list[Array]) -> None:
        """Add amounts to the cells of the slices; all arrays have one shape."""
        import numpy as np

        used = int(slices.max(initial=-1)) + 1
        if isinstance(part, int):
            place, target = slices * self.shape.cells + cells, self.sums[:, :used, part]
        else:
            place, target = (slices * self.shape.parts + part) * self.shape.cells + cells, self.sums[:, :used]
        place = place.ravel()
        for component, of_rows in enumerate(amounts):
            found = np.bincount(place, weights=of_rows.ravel(), minlength=target[0].size)
            target[component] += found.reshape(target.shape[1:])

    def merge(self, other: Table, numbers: Ints) -> None:
        """Add what another table has. `numbers`: ours of its slices."""
        if isinstance(other, WholeTable):
            self.sums[:, numbers] += other.sums[:, : len(numbers)]
        else:
            for theirs, ours in enumerate(numbers.tolist()):
                self.sums[:, ours] += other.slice(theirs)

    def slice(self, number: int) -> Array:
        """Components x parts x cells."""
        return self.sums[:, number]


@dataclass
class SparseTable:
    """The sums of cells that have any, by their place: slice, part and cell in one number."""

    shape: Shape
    places: Ints
    """Rising."""
    sums: Array
    """Components x places."""
    _pending: list[tuple[Ints, Array]] = field(default_factory=list)

    @classmethod
    def of(cls, whole: WholeTable) -> SparseTable:
        import numpy as np

        flat = whole.sums.reshape(whole.shape.components, -1)
        places = np.flatnonzero(flat.any(axis=0))
        return cls(whole.shape, places, flat[:, places])

    def add(self, slices: Ints, part: Ints | int, cells: Ints | int, amounts: list[Array]) -> None:
        """Add amounts to the cells of the slices; all arrays have one shape."""
        import numpy as np

        place = (slices * self.shape.parts + part) * self.shape.cells + cells
        self._put(*_summed(place.ravel(), np.stack([of_rows.ravel() for of_rows in amounts])))

    def merge(self, other: Table, numbers: Ints) -> None:
        """Add what another table has. `numbers`: ours of its slices."""
        sparse = other if isinstance(other, SparseTable) else SparseTable.of(other)
        sparse.settle()
        slices, inner = sparse.places // self.shape.width, sparse.places % self.shape.width
        self._put(numbers[slices] * self.shape.width + inner, sparse.sums)

    def slice(self, number: int) -> Array:
        """Components x parts x cells."""
        import numpy as np

        self.settle()
        start = number * self.shape.width
        first, end = np.searchsorted(self.places, [start, start + self.shape.width])
        sums = np.zeros((self.shape.components, self.shape.width))
        sums[:, self.places[first:end] - start] = self.sums[:, first:end]
        return sums.reshape(self.shape.components, self.shape.parts, self.shape.cells)

    def settle(self) -> None:
        """Add up what waits."""
        import numpy as np

        if self._pending:
            places, sums = zip((self.places, self.sums), *self._pending, strict=True)
            self.places, self.sums = _summed(np.concatenate(places), np.concatenate(sums, axis=1))
            self._pending = []

    def _put(self, places: Ints, sums: Array) -> None:
        self._pending.append((places, sums))
        if sum(len(waiting) for waiting, _ in self._pending) > max(PENDING, len(self.places)):
            self.settle()


Table = WholeTable | SparseTable


def _summed(places: Ints, amounts: Array) -> tuple[Ints, Array]:
    """Each place once, with the sum of its amounts."""
    import numpy as np

    once, which = np.unique(places, return_inverse=True)
    return once, np.stack([np.bincount(which, weights=of_one, minlength=len(once)) for of_one in amounts])
