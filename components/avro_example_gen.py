"""Bring Avro files into the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from millwork.components.data.arrow_table import ArrowTable, as_table
from millwork.components.data.avro_files import AvroSource
from millwork.components.data.file_example_gen import FileExampleGen


class AvroExampleGen(FileExampleGen):
    """Read Avro files and divide the rows into splits.

    Files, spans and splits are chosen as by CsvExampleGen. A file holds records; their fields are the columns.

        examples = AvroExampleGen(input_base="data", pattern="{YYYY}/{MM}/{DD}/*.avro").examples

    Integers, floats (kept with 32 bits), strings and bytes are what they are; an enum is its text, fixed is bytes, an
    array a feature of several values, and a union with null a column with missing values. Booleans are 0 and 1, dates
    days since 1970-01-01, timestamps whole seconds since 1970 in UTC, times of day seconds; decimals are floats, but
    ints if they have no digits after the point. Records in records, maps, arrays of arrays and unions of different
    types are refused, unless `columns` leaves them out.

    A null is a missing value, never 0 or ''. So is a column that a file lacks; two files that disagree about the type
    of a column are refused. TFX takes 0 and '' for missing, too, and may put a row with such a value, or with a missing
    one, into another split.
    """

    libraries = ("pyarrow", "fastavro")

    def table(self, files: Sequence[Path]) -> ArrowTable:
        return as_table({path: AvroSource(path) for path in files}, self.chosen_columns)
