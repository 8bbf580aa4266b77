"""Several files whose columns have Arrow types as one table: all their columns, and one type for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from millwork.components.data.arrow_values import Meaning, flat_values, meaning_of
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536
"""Rows that are read at once."""


class ArrowFile(Protocol):
    """A file of rows, as its format gives them."""

    @property
    def schema(self) -> pa.Schema:
        """Of its columns. BadInput if it cannot be read."""

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows with these columns, which may come in any order. BadInput if it is damaged."""


@dataclass(frozen=True)
class ArrowTable:
    """What a file lacks is missing in each of its rows. Columns are in the order in which they first occur."""

    files: Mapping[Path, ArrowFile]
    schema: pa.Schema

    def batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        file = self.files[path]
        stored = [name for name in self.schema.names if name in file.schema.names]
        for batch in file.batches(stored):
            try:
                columns = [_column(batch, field, field.name in stored) for field in self.schema]
            except BadInput as e:
                raise BadInput(f"{path}: {e}") from e
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def where(self, path: Path, row: int) -> str:
        return f"{path}, row {row} (the first is 0)"


def as_table(files: Mapping[Path, ArrowFile], choose: Callable[[Sequence[str]], Sequence[str]]) -> ArrowTable:
    """The files as one table with the columns that `choose` takes from all of them.

    BadInput names both files if they disagree about the type of one.
    """
    import pyarrow as pa

    found: dict[str, None] = {}
    for path, file in files.items():
        names = file.schema.names
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise BadInput(f"{path}: two columns are called {repeated!r}. Rename one of them")
        found |= dict.fromkeys(names)
    if not found:
        raise BadInput(f"{next(iter(files))} has no columns")
    columns = [(name, _common(name, files).type) for name in choose(list(found))]
    return ArrowTable(files, pa.schema(columns))


def _common(name: str, files: Mapping[Path, ArrowFile]) -> Meaning:
    """What a column becomes in all the files."""
    import pyarrow as pa

    first: tuple[Path, Meaning] | None = None
    for path, file in files.items():
        if name not in file.schema.names:
            continue
        try:
            meaning = meaning_of(name, file.schema.field(name).type)
        except BadInput as e:
            raise BadInput(f"{path}: {e}") from None
        if pa.types.is_null(meaning.type):
            continue
        if first is None:
            first = path, meaning
        elif meaning != first[1]:
            raise BadInput(
                f"Column {name!r} is {meaning} in {path}, but {first[1]} in {first[0]}. Write it with one type, or "
                "leave it out: choose the others by columns=(...)"
            )
    return first[1] if first else Meaning(pa.null())


def _column(batch: pa.RecordBatch, field: pa.Field, stored: bool) -> pa.Array:
    import pyarrow as pa

    if not stored:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(batch.schema.get_field_index(field.name))
    if pa.types.is_null(column.type):
        return pa.nulls(batch.num_rows, field.type)
    return flat_values(field.name, column)
