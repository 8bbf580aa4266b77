"""How somebody's CSV file is written: its encoding and its delimiter, from its content."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from itertools import islice
from pathlib import Path
from typing import IO, cast

from millwork.components.data.csv_files import CsvFormat
from millwork.components.data.text_stream import Utf8Stream
from millwork.core.errors import BadInput, NotFound

DELIMITERS = ",;\t|"
"""The likeliest first."""
ROWS = 100
"""At the start of the file, which decide about the delimiter."""
NO_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another archive. Save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the sheet as CSV",
    b"PAR1": "Parquet. Write it as CSV, or read it with ParquetExampleGen",
    b"SQLite": "an SQLite database. Write a table of it as CSV, or read it with QueryExampleGen",
}
"""What people take for CSV, by its first bytes."""


def format_of(path: Path) -> CsvFormat:
    """The format of a CSV file with a header, perhaps gzipped. NotFound or BadInput if it cannot be one."""
    if path.is_dir():
        raise BadInput(
            f"{path} is a folder. A project is written for one CSV file: name the one that stands for all"
        )
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}")
    encoding = _encoding_of(path)
    return CsvFormat(delimiter=_delimiter_of(path, encoding), encoding=encoding)


def _encoding_of(path: Path) -> str:
    """UTF-8 if the whole file is, UTF-16 if it says so, else what Windows writes in western Europe."""
    with _open(path) as file:
        head = file.read(1 << 12)
        for magic, what in NO_TEXT.items():
            if head.startswith(magic):
                raise BadInput(f"{path} is no CSV file, but {what}")
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in head:
            raise BadInput(f"{path} is no text: it has zero bytes. Save it as CSV in UTF-8")
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while head:
                decoder.decode(head)
                head = file.read(1 << 22)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252" if _decodes(path, "cp1252") else "latin-1"
    return "utf-8"


def _decodes(path: Path, encoding: str) -> bool:
    """For an encoding of one byte a character."""
    with _open(path) as file:
        try:
            while chunk := file.read(1 << 22):
                chunk.decode(encoding)
        except UnicodeDecodeError:
            return False
    return True


def _delimiter_of(path: Path, encoding: str) -> str:
    """The one by which most rows have as many values as the header. Of several the one with most columns."""
    found = {delimiter: _fit(path, encoding, delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: found[delimiter])


def _fit(path: Path, encoding: str, delimiter: str) -> tuple[float, int]:
    """Which share of the first rows has as many values as the header, and how many these are."""
    with Utf8Stream(path, encoding) as stream:
        text = io.TextIOWrapper(io.BufferedReader(stream), "utf-8", newline="")
        try:
            rows = [row for row in islice(csv.reader(text, delimiter=delimiter), ROWS) if row]
        except csv.Error:
            return 0.0, 0
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = len(rows[0])
    return sum(len(row) == width for row in rows) / len(rows), width


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else open(path, "rb")
