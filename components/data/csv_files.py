"""Reading CSV files as blocks of text, streaming. What the texts mean is decided in `csv_types`."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.data.column_names import check_names, with_row_labels
from millwork.components.data.text_stream import Utf8Stream
from millwork.core.errors import BadInput, WrongArgument

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 23
"""Bytes that are read and parsed at once, and the most that one row may have."""

END = "EndOfMillworkFile"
"""Starts a row that is added at the end. If it does not come out again, a quote was never closed."""


@dataclass(frozen=True)
class CsvFormat:
    """How the files are written."""

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    column_names: tuple[str, ...] | None = None
    """Of files without a header; None: the first row has them."""
    null_values: tuple[str, ...] = ()
    """What stands for a missing value when it is not quoted, besides nothing at all."""

    def __post_init__(self) -> None:
        _check_mark("delimiter", self.delimiter)
        if self.quote is not None:
            _check_mark("quote", self.quote)
        if self.quote == self.delimiter:
            raise WrongArgument(f"delimiter and quote are both {self.quote!r}. They must differ")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise WrongArgument(
                f"Python knows no encoding {self.encoding!r}. Common ones are utf-8, cp1252 and utf-16"
            ) from None
        if self.column_names is not None:
            check_names("column_names", self.column_names)


@dataclass(frozen=True)
class TextBlock:
    """Some rows of a file. A missing value is null; a quoted empty text is ''."""

    file: CsvFile
    first_row: int
    """How many rows of the file come before it, the header not counted."""
    texts: pa.RecordBatch

    def where(self, row: int) -> str:
        """File and line of one of these rows, for a message."""
        return f"{self.file.path}, line {self.file.line_of(self.first_row + row)}"


@dataclass(frozen=True)
class CsvFile:
    """One CSV file, perhaps gzipped (`.gz`). All that is wrong with it is a BadInput with path and line."""

    path: Path
    format: CsvFormat

    @property
    def column_names(self) -> tuple[str, ...]:
        """From the format, or from the header."""
        return self._head[0]

    @cached_property
    def _head(self) -> tuple[tuple[str, ...], int]:
        """The names of the columns, and the line on which the header ends."""
        _, last_line, first_row = next(self._rows_slowly(), (0, 0, []))
        if not first_row:
            raise BadInput(
                f"{self.path} is empty. Remove it, or choose files by a pattern that leaves it out"
            )
        if self.format.column_names is not None:
            return self.format.column_names, 0
        names = with_row_labels(first_row)
        try:
            check_names(f"the header of {self.path}", names)
        except WrongArgument as e:
            raise BadInput(f"{e}, or pass header=False if the first row is data") from None
        return tuple(names), last_line

    def blocks(self, columns: Sequence[str]) -> Iterator[TextBlock]:
        """The rows in the order of the file, these columns as texts."""
        import pyarrow as pa

        bad_rows: list[str] = []
        ends: list[str] = []

        def on_bad_row(row: Any) -> str:
            is_end = row.text.startswith(END)
            (ends if is_end else bad_rows).append(row.text)
            return "skip" if is_end else "error"

        rows = 0
        try:
            for texts in self._parse(columns, on_bad_row):
                yield TextBlock(self, rows, texts)
                rows += texts.num_rows
        except pa.ArrowInvalid as e:
            raise (self._ragged() if bad_rows else self._unreadable(e)) from e
        if not ends:
            raise self._unclosed(max(rows - 1, 0))

    def line_of(self, row: int) -> int:
        """The line, from 1, where a row starts: values may have several lines."""
        first = 0 if self.format.column_names else 1
        line, _, _ = next(islice(self._rows_slowly(), row + first, None), (0, 0, []))
        return line

    def _parse(self, columns: Sequence[str], on_bad_row: Callable[[Any], str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        names, header_lines = self._head
        end = self.format.delimiter.join([END] * (len(names) + 1))
        read = arrow_csv.ReadOptions(block_size=BLOCK, column_names=names, skip_rows=header_lines)
        parse = arrow_csv.ParseOptions(
            delimiter=self.format.delimiter,
            quote_char=self.format.quote or False,
            newlines_in_values=self.format.quote is not None,
            invalid_row_handler=on_bad_row,
        )
        convert = arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=list(columns),
            null_values=["", *self.format.null_values],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        with Utf8Stream(self.path, self.format.encoding, end=f"\n{end}\n") as stream:
            yield from arrow_csv.open_csv(stream, read, parse, convert)

    def _rows_slowly(self) -> Iterator[tuple[int, int, list[str]]]:
        """First line, last line and values of each row, the header too; for what Arrow does not tell."""
        csv.field_size_limit(max(csv.field_size_limit(), BLOCK))
        with Utf8Stream(self.path, self.format.encoding) as stream:
            reader = csv.reader(
                io.TextIOWrapper(io.BufferedReader(stream), "utf-8", newline=""),
                delimiter=self.format.delimiter,
                quotechar=self.format.quote,
                quoting=csv.QUOTE_MINIMAL if self.format.quote else csv.QUOTE_NONE,
            )
            line = 1
            try:
                for values in reader:
                    if values:  # an empty line is no row
                        yield line, reader.line_num, values
                    line = reader.line_num + 1
            except csv.Error as e:
                raise BadInput(
                    f"{self.path}, line {line}: {e}. Is a quote ({self.format.quote}) opened, never closed?"
                ) from e

    def _ragged(self) -> BadInput:
        expected = len(self.column_names)
        for line, _, values in self._rows_slowly():
            if len(values) != expected:
                return BadInput(
                    f"{self.path}, line {line}: there are {expected} columns, but this row has {len(values)} "
                    f"values: {shorten(self.format.delimiter.join(values))}. Correct the row, quote values "
                    f"that contain {self.format.delimiter!r}, or pass the delimiter= of this file"
                )
        return BadInput(f"{self.path}: a row has more or fewer values than the {expected} columns")

    def _unclosed(self, row: int) -> BadInput:
        return BadInput(
            f"{self.path}, line {self.line_of(row)}: a quote ({self.format.quote}) is opened and never "
            "closed, so the rest of the file became one value. Close it, or pass quote=None if quotes mean "
            "nothing in this file"
        )

    def _unreadable(self, error: Exception) -> BadInput:
        if "straddl" in str(error):
            return BadInput(
                f"{self.path}: a row is longer than {BLOCK >> 20} MB. Is a quote ({self.format.quote}) "
                "opened and never closed? Close it, or pass quote=None if quotes mean nothing in this file"
            )
        return BadInput(f"{self.path} cannot be read as CSV: {error}")


def shorten(text: str, width: int = 80) -> str:
    """The start of a long text, for a message."""
    return text if len(text) <= width else text[:width] + "…"


def _check_mark(name: str, mark: str) -> None:
    if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in "\r\n":
        raise WrongArgument(
            f"{name} must be one ASCII character that is no letter, digit or end of line, such as , ; | or "
            f"'\\t', but got {mark!r}"
        )
