"""Several CSV files as one table: the same columns everywhere, and one type for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data.csv_files import CsvFile, TextBlock, shorten
from millwork.components.data.csv_types import Kind, Unfit, arrow_type, typed, widen
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class CsvTable:
    """CSV files with the same columns, and the kind of each column that is kept."""

    files: Mapping[Path, CsvFile]
    kinds: Mapping[str, Kind]

    @property
    def schema(self) -> pa.Schema:
        return schema_of(self.kinds)

    def batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        for block in self.files[path].blocks(list(self.kinds)):
            yield typed_batch(block, self.kinds)

    def where(self, path: Path, row: int) -> str:
        return f"{path}, line {self.files[path].line_of(row)}"


def common_columns(files: Sequence[CsvFile]) -> tuple[str, ...]:
    """The columns of all these files. BadInput if two files differ, even in the order."""
    first, *others = files
    for file in others:
        if file.column_names != first.column_names:
            raise BadInput(
                f"{file.path} has other columns than {first.path}: {_difference(first, file)}. Write them "
                "with one header, or read them with two CsvExampleGens"
            )
    return first.column_names


def infer_kinds(
    files: Sequence[CsvFile], columns: Sequence[str], declared: Mapping[str, Kind]
) -> dict[str, Kind]:
    """The kind of each column: as declared, else the narrowest that fits every row of every file."""
    open_kinds: dict[str, Kind] = {name: "unknown" for name in columns if name not in declared}
    if open_kinds:
        for file in files:
            for block in file.blocks(list(open_kinds)):
                for name, texts in zip(open_kinds, block.texts.columns, strict=True):
                    open_kinds[name] = widen(open_kinds[name], texts)
    return {name: declared.get(name) or open_kinds[name] for name in columns}


def schema_of(kinds: Mapping[str, Kind]) -> pa.Schema:
    """The Arrow schema of columns of these kinds."""
    import pyarrow as pa

    return pa.schema([(name, arrow_type(kind)) for name, kind in kinds.items()])


def typed_batch(block: TextBlock, kinds: Mapping[str, Kind]) -> pa.RecordBatch:
    """The values of a block. BadInput with file, line and column for a text that is none of its kind."""
    import pyarrow as pa

    columns = []
    for (name, kind), texts in zip(kinds.items(), block.texts.columns, strict=True):
        try:
            columns.append(typed(texts, kind))
        except Unfit as e:
            raise BadInput(
                f"{block.where(e.row)}: column {name!r} is {shorten(e.text)!r}, which is not "
                f"{EXPECTED[kind]}. Correct it, declare the column as string in column_types, or add "
                "the text to null_values"
            ) from None
    return pa.RecordBatch.from_arrays(columns, schema=schema_of(kinds))


EXPECTED: dict[Kind, str] = {"int": "an integer of 64 bits", "float": "a number"}


def _difference(first: CsvFile, other: CsvFile) -> str:
    missing = [name for name in first.column_names if name not in other.column_names]
    extra = [name for name in other.column_names if name not in first.column_names]
    parts = [f"{', '.join(map(repr, missing))} missing"] if missing else []
    parts += [f"{', '.join(map(repr, extra))} added"] if extra else []
    return " and ".join(parts) or f"the order is {', '.join(other.column_names)}"
