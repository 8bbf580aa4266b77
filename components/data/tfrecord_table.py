"""TFRecord files as records, and as a table of the features that their tf.Examples have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data.discovery import discover
from millwork.components.data.forms import flatten
from millwork.components.data.payloads import split_keys
from millwork.components.data.tf_example import decode
from millwork.components.data.tfrecord import read_records
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 16_384
"""Records that are handled at once, unless they are large."""
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class RecordTable:
    """tf.Examples with the features of `schema`."""

    schema: pa.Schema

    def batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        for _, records in numbered_records(path):
            yield self.batch(records)

    def batch(self, records: Sequence[bytes]) -> pa.RecordBatch:
        """Records as rows."""
        return flatten(decode(records), self.schema)

    def where(self, path: Path, row: int) -> str:
        return place_of(path, row)


def as_table(files: Sequence[Path], choose: Callable[[Sequence[str]], Sequence[str]]) -> RecordTable:
    """The files as one table with the features that `choose` takes from all of them. This reads them once.

    BadInput if the records are no tf.Examples, or if they disagree about the type of a feature.
    """
    import pyarrow as pa

    found = discover(
        _decoded(path, start, records) for path in files for start, records in numbered_records(path)
    )
    return RecordTable(pa.schema([found.field(name) for name in choose(found.names)]))


def numbered_records(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """The records of a file in batches, with the number of the first in each."""
    start = 0
    for records in read_records(path, ROWS, MOST_BYTES):
        yield start, records
        start += len(records)


def place_of(path: Path, number: int) -> str:
    """A record, for a message."""
    return f"{path}, record {number} (the first is 0)"


def _decoded(path: Path, start: int, records: Sequence[bytes]) -> pa.RecordBatch:
    try:
        return decode(records)
    except BadInput as e:
        split_keys(records, "tf_example", None, lambda number: place_of(path, start + number))  # says which
        raise BadInput(f"{path}: {e}") from e
