"""What tallies counted: a table of sums for each of them, in which every slice has a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.batches import RowSlices
from millwork.evaluation.metrics.keys import SliceKey
from millwork.evaluation.metrics.sampling import Sampling
from millwork.evaluation.metrics.tables import WHOLE, Shape, SparseTable, Table, WholeTable
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
    """Where each slice is in the tables."""
    tables: dict[Tally, Table] = field(default_factory=dict)

    def add(self, tally: Tally, rows: BatchRows, slices: RowSlices, dealt: list[Dealt]) -> None:
        """Count a batch, each of its rows in all its slices."""
        numbers = self._numbers(slices)
        table = self._table(tally)
        additions = tally.additions(rows)
        for part, times in dealt:
            _add(table, additions, slices.rows, numbers, part, times)

    def merge(self, other: Stored) -> None:
        """Take in what was counted elsewhere, whatever the order of its slices."""
        import numpy as np

        numbers = np.array([self._number(key) for key in other.numbers], dtype=np.int64)
        for tally, found in other.tables.items():
            self._table(tally).merge(found, numbers)

    def found(self, tally: Tally, key: SliceKey) -> NDArray[np.float64]:
        """Components x samples x cells, of one slice."""
        return self.sampling.samples(self.tables[tally].slice(self.numbers[key]))

    def _number(self, key: SliceKey) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def _numbers(self, slices: RowSlices) -> NDArray[np.int64]:
        """Our numbers of the slices of a batch. Only slices with rows are taken up."""
        import numpy as np

        numbers = np.zeros(len(slices.keys), dtype=np.int64)
        for number in np.flatnonzero(np.bincount(slices.slices, minlength=1)).tolist():
            numbers[number] = self._number(slices.keys[number])
        return numbers[slices.slices]

    def _table(self, tally: Tally) -> Table:
        """The table of a tally, with room for all slices."""
        shape = Shape(tally.components, self.sampling.parts, tally.cells(self.classes))
        table = self.tables.get(tally) or WholeTable(shape)
        if isinstance(table, WholeTable):
            if len(self.numbers) * shape.width > WHOLE:
                table = SparseTable.of(table)
            else:
                table.make_room(len(self.numbers))
        self.tables[tally] = table
        return table


def _add(
    table: Table,
    additions: Additions,
    rows: NDArray[np.int64],
    slices: NDArray[np.int64],
    part: NDArray[np.int64] | int,
    times: NDArray[np.float64] | None,
) -> None:
    """Add each row's amounts to its cells, in all its slices."""
    import numpy as np

    amounts = [of_rows[rows] for of_rows in additions.amounts]
    if not isinstance(part, int):
        part = part[rows]
    if times is not None:
        of_rows = times[rows]
        amounts = [values * (of_rows[:, None] if values.ndim == 2 else of_rows) for values in amounts]
    if amounts[0].ndim == 2:
        slices = np.broadcast_to(slices[:, None], amounts[0].shape)
        part = part if isinstance(part, int) else part[:, None]
    table.add(slices, part, additions.cells[rows] if additions.cells is not None else 0, amounts)
