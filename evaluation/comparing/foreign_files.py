"""Finding and reading predictions that something else wrote: Parquet or CSV, one file or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput, did_you_mean
from millwork.evaluation.comparing.arrow_columns import joined

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
SPLIT = "Split-"
"""Folders of an artifact's splits start so."""
LARGEST = (1 << 31) - 1


@dataclass(frozen=True)
class ForeignFiles:
    """Files that belong together: all have the same columns."""

    path: Path
    """What the user named."""
    files: tuple[Path, ...]
    splits: tuple[str, ...]
    """Of each file its split, where they are those of a `Predictions` artifact; else none."""
    names: tuple[str, ...]
    """Of the columns."""

    def read(self, names: Sequence[str], as_text: Sequence[str] = ()) -> ForeignRows:
        """These columns of all rows; of CSV files some as text, whatever they look like."""
        tables = [_read(file, names, as_text) for file in self.files]
        columns = {name: joined([table.column(name) for table in tables]) for name in names}
        return ForeignRows(columns, self.files, tuple(table.num_rows for table in tables))


@dataclass(frozen=True)
class ForeignRows:
    """The rows of all files, one after another."""

    columns: Mapping[str, pa.Array]
    files: tuple[Path, ...]
    rows: tuple[int, ...]
    """Of each file."""

    def where(self, row: int) -> str:
        """Where a row is, for people."""
        for file, rows in zip(self.files, self.rows, strict=True):
            if row < rows:
                return f"{str(file)!r}, row {row + 1:,}"
            row -= rows
        raise IndexError(row)


def find_files(path: Path, splits: Sequence[str] = ()) -> ForeignFiles:
    """The files at a path: itself, those in the folder, or those of an artifact's splits.

    Raises BadInput if there are none, if a folder has several kinds, and if columns differ.
    """
    by_split = {folder.name.removeprefix(SPLIT): folder for folder in sorted(path.glob(f"{SPLIT}*"))}
    if by_split:
        for name in splits:
            if name not in by_split:
                raise BadInput(f"{str(path)!r} has no split {name!r}. {did_you_mean(name, by_split)}")
        chosen = list(dict.fromkeys(splits)) or list(by_split)
        found = [(file, name) for name in chosen for file in _files(by_split[name])]
        return ForeignFiles(path, tuple(f for f, _ in found), tuple(s for _, s in found), _same_names(found))
    is_split = path.name.startswith(SPLIT) or path.parent.name.startswith(SPLIT)
    if splits and not is_split:
        raise BadInput(
            f"{str(path)!r} has no splits, so that {', '.join(map(repr, splits))} cannot be chosen"
        )
    found = [(file, "") for file in _files(path)]
    return ForeignFiles(
        path, tuple(f for f, _ in found), ("",) * len(found) if is_split else (), _same_names(found)
    )


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise BadInput(f"There is nothing at {str(path)!r}")
    if path.is_file():
        if not path.name.lower().endswith(PARQUET + CSV):
            raise BadInput(
                f"{str(path)!r} is not understood. Predictions are read from {', '.join(PARQUET + CSV)}"
            )
        return [path]
    files = sorted(file for file in path.iterdir() if file.is_file() and file.name[0] not in "._")
    kinds = {kind: [file for file in files if file.name.lower().endswith(kind)] for kind in (PARQUET, CSV)}
    if kinds[PARQUET] and kinds[CSV]:
        one, two = kinds[PARQUET][0].name, kinds[CSV][0].name
        raise BadInput(f"{str(path)!r} has files of two kinds, {one!r} and {two!r}. Name the file to read")
    found = kinds[PARQUET] or kinds[CSV]
    if not found:
        raise BadInput(f"The folder {str(path)!r} has no predictions: no {', '.join(PARQUET + CSV)} file")
    return found


def _same_names(files: Sequence[tuple[Path, str]]) -> tuple[str, ...]:
    """The names of the columns, which all files have."""
    first, names = files[0][0], _names(files[0][0])
    for file, _ in files[1:]:
        if differ := sorted(set(names) ^ set(_names(file))):
            having, lacking = (first, file) if differ[0] in names else (file, first)
            raise BadInput(
                f"{str(having)!r} has a column {differ[0]!r}, and {str(lacking)!r} has not. Files of one model's "
                "predictions need the same columns"
            )
    return names


def _names(file: Path) -> tuple[str, ...]:
    names = _csv_names(file) if file.name.lower().endswith(CSV) else _parquet_names(file)
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{str(file)!r} has two columns {name!r}. Give each a name of its own")
    return names


def _parquet_names(file: Path) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(file).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"{str(file)!r} cannot be read as Parquet: {error}") from error


def _csv_names(file: Path) -> tuple[str, ...]:
    import csv

    import pyarrow as pa

    try:
        with pa.input_stream(str(file), compression="detect") as stream:
            head = stream.read(1 << 16).decode("utf-8-sig", "replace")
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"{str(file)!r} cannot be read: {error}") from error
    if not head.strip():
        raise BadInput(f"{str(file)!r} is empty")
    return tuple(next(csv.reader(head.splitlines(), delimiter=_delimiter(head.splitlines()[0]))))


def _delimiter(header: str) -> str:
    """What separates the names of the columns: usually a comma."""
    return max(",;\t", key=header.count)


def _read(file: Path, names: Sequence[str], as_text: Sequence[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if file.name.lower().endswith(CSV):
        return _read_csv(file, names, as_text)
    try:
        return pq.read_table(file, columns=list(names), partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"{str(file)!r} cannot be read as Parquet: {error}") from error


def _read_csv(file: Path, names: Sequence[str], as_text: Sequence[str]) -> pa.Table:
    """In one block, so that a column's type follows from all of its rows. An empty text is a missing one."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    with pa.input_stream(str(file), compression="detect") as stream:
        content = stream.read()
    header = content[: 1 << 16].decode("utf-8-sig", "replace").splitlines()[0]
    types: dict[str, Any] = {name: pa.string() for name in as_text}
    try:
        table = csv.read_csv(
            pa.BufferReader(content),
            csv.ReadOptions(block_size=min(len(content) + 1, LARGEST)),
            csv.ParseOptions(delimiter=_delimiter(header), newlines_in_values=True),
            csv.ConvertOptions(include_columns=list(names), column_types=types),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise BadInput(f"{str(file)!r} cannot be read as CSV in UTF-8: {error}") from error
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if pa.types.is_string(column.type):
            missing = pc.equal(column, "")
            if pc.any(missing).as_py():
                column = pc.if_else(missing, pa.scalar(None, pa.string()), column)
                table = table.set_column(place, name, column)
    return table
