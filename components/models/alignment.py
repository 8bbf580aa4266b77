"""Two readers of the same rows, kept in step although they cut them into batches differently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


class Follower:
    """Gives the next so many rows of a stream. BadInput if it has fewer or more than are asked for."""

    def __init__(self, batches: Iterator[pa.RecordBatch], what: str) -> None:
        self._batches = batches
        self._what = what
        self._waiting: pa.Table | None = None
        self._given = 0

    def take(self, rows: int) -> pa.RecordBatch:
        """The next `rows` rows."""
        import pyarrow as pa

        while self._waiting is None or self._waiting.num_rows < rows:
            batch = next(self._batches, None)
            if batch is None:
                has = self._given + (self._waiting.num_rows if self._waiting is not None else 0)
                raise BadInput(
                    f"{self._what} has {has} rows, fewer than the examples: they must be the same rows"
                )
            new = pa.Table.from_batches([batch])
            self._waiting = new if self._waiting is None else pa.concat_tables([self._waiting, new])
        taken = self._waiting.slice(0, rows).combine_chunks()
        self._waiting = self._waiting.slice(rows)
        self._given += rows
        return pa.RecordBatch.from_arrays([c.chunk(0) for c in taken.columns], schema=taken.schema)

    def finish(self) -> None:
        """Refuse rows that are left."""
        left = self._waiting.num_rows if self._waiting is not None else 0
        left += sum(batch.num_rows for batch in self._batches)
        if left:
            raise BadInput(
                f"{self._what} has {self._given + left} rows, but the examples have {self._given}: they must "
                "be the same rows"
            )
