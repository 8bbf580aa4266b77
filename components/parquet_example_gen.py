"""Bring Parquet files into the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from millwork.components.data.arrow_table import ArrowTable, as_table
from millwork.components.data.file_example_gen import FileExampleGen
from millwork.components.data.parquet_files import parquet_sources


class ParquetExampleGen(FileExampleGen):
    """Read Parquet files, of any program, and divide the rows into splits.

    Files, spans and splits are chosen as by CsvExampleGen. `pattern="**/*"` reads a dataset in folders: what
    `year=2024/country=AT/` says is a column, too.

        examples = ParquetExampleGen(input_base="data/sales", pattern="**/*.parquet").examples

    The types are those of the files: integers, floats (kept with 32 bits), text, bytes, and lists of these, which are
    features of several values. Booleans are 0 and 1, dates days since 1970-01-01, timestamps whole seconds since 1970
    in UTC, times of day and durations seconds; decimals are floats, but ints if they have no digits after the point.
    Structs, maps and lists of lists are refused, unless `columns` leaves them out.

    A null is a missing value, never 0 or ''. So is a column that a file lacks; two files that disagree about the type
    of a column are refused. TFX takes 0 and '' for missing, too, and may put a row with such a value, or with a missing
    one, into another split.
    """

    libraries = ("pyarrow",)

    def table(self, files: Sequence[Path]) -> ArrowTable:
        return as_table(parquet_sources(Path(self.input_base), files), self.chosen_columns)
