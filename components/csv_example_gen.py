"""Bring CSV files into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from millwork.components.data.csv_files import CsvFile, CsvFormat
from millwork.components.data.csv_table import CsvTable, common_columns, infer_kinds
from millwork.components.data.file_example_gen import FileExampleGen
from millwork.core.errors import BadInput, WrongArgument


class CsvExampleGen(FileExampleGen):
    """Read CSV files, find out the types of the columns and divide the rows into splits.

    `input_base` is a folder, a file, or a pattern such as `data/2024-*.csv`; files may be gzipped. All its
    files are one input, whose rows are divided by `splits`: a hash of its content decides where a row goes
    (TFX's rule, with TFX's result), so it stays there when other rows come and go. Rows that are divided
    already are read by `input_splits={"train": "train/*.csv", "eval": "eval/*.csv"}`.

    Where each day has its folder, or each span its number, `pattern="{YYYY}-{MM}-{DD}/*.csv"` reads the latest day,
    `span="2024-05-31"` another, `span=RollingRange(last=7)` the last seven. A span (of days: the number since
    1970-01-01) is recorded on what is made of it, and keeps a file of its own in each split, so that a Transform with
    an analyzer cache sees again what it has seen before.

    A column that `column_types` does not declare is int if every value in every file is, else float if every
    value is a number, else string: one 'abc' among numbers makes them strings, and so does an integer of more
    than 64 bits. A column without any value has no type (Arrow's null). All this is as TFX does it.

        examples = CsvExampleGen(input_base="data", splits={"train": 8, "eval": 2}).examples

    A first column without a name, as pandas and R write for the labels of the rows, is called `Unnamed: 0`, as
    `pandas.read_csv` calls it. `columns=(...)` leaves it out.

    Missing is what is empty and not quoted, and what is in `null_values`. A quoted empty text is the string
    '' (TFX takes it for missing), but missing in a column of numbers.
    """

    libraries = ("pyarrow",)

    column_types: Mapping[str, Literal["int", "float", "string"]] | None = None
    """Declare types where spans are read one by one: what looks like an int in each row of a day may be a float the
    next day."""
    null_values: tuple[str, ...] = ()
    """Texts besides the empty one that mean a missing value when they are not quoted, such as NA."""
    delimiter: str = ","
    quote: str | None = '"'
    """None: quotes are ordinary characters."""
    header: bool = True
    column_names: tuple[str, ...] | None = None
    """Of files without a header."""
    encoding: str = "utf-8"

    def check(self) -> None:
        super().check()
        if self.header == (self.column_names is not None):
            raise WrongArgument(
                "CsvExampleGen: pass header=False and column_names=(...) for files without a header, and "
                "neither of them for files with one. To choose columns, pass columns=(...)"
            )
        if self._csv_format.column_names is not None:
            self.check_known("columns", self.columns or (), self.column_names or (), WrongArgument)
        if known := self.columns or self.column_names:
            self.check_known("partition_feature", self._partition, known, WrongArgument)
            self.check_known("column_types", self.column_types or (), known, WrongArgument)

    def table(self, files: Sequence[Path]) -> CsvTable:
        read = {path: CsvFile(path, self._csv_format) for path in files}
        columns = self.chosen_columns(common_columns(list(read.values())))
        self.check_known("column_types", self.column_types or (), columns, BadInput)
        return CsvTable(read, infer_kinds(list(read.values()), columns, self.column_types or {}))

    @property
    def _csv_format(self) -> CsvFormat:
        return CsvFormat(self.delimiter, self.quote, self.encoding, self.column_names, self.null_values)
