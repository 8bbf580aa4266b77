"""A text file of any encoding as a stream of UTF-8, which is all that Arrow's parsers read."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 22


class Utf8Stream(io.RawIOBase):
    """The text of a file, perhaps gzipped (`.gz`), without a byte order mark, and `end` after it.

    BadInput if the file is no whole gzip file or not in this encoding, with the byte and the line.
    """

    def __init__(self, path: Path, encoding: str, *, end: str = "") -> None:
        self._path = path
        self._encoding = encoding
        self._end = end
        self._raw = _open(path)
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._bytes_read = 0
        self._ready = memoryview(b"")
        self._at_start = True

    def readable(self) -> bool:
        return True

    def readinto(self, target: WriteableBuffer, /) -> int:
        room = memoryview(target).cast("B")
        filled = 0
        while filled < len(room) and (self._ready or not self._raw.closed):
            if not self._ready:
                self._ready = memoryview(self._next().encode())
            count = min(len(room) - filled, len(self._ready))
            room[filled : filled + count] = self._ready[:count]
            self._ready = self._ready[count:]
            filled += count
        return filled

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _next(self) -> str:
        """More text; at the end of the file, the last, and the file is closed."""
        chunk = self._read()
        before = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as e:
            raise self._undecodable(e, self._bytes_read - len(chunk) - before + e.start) from e
        if self._at_start and text:
            text = text.removeprefix("\ufeff")
            self._at_start = False
        if chunk:
            return text
        self._raw.close()
        return text + self._end

    def _read(self) -> bytes:
        try:
            chunk = self._raw.read(CHUNK)
        except (gzip.BadGzipFile, EOFError, zlib.error) as e:
            raise BadInput(f"{self._path} is not a complete gzip file: {e}") from e
        self._bytes_read += len(chunk)
        return chunk

    def _undecodable(self, error: UnicodeDecodeError, place: int) -> BadInput:
        wrong = error.object[error.start]
        return BadInput(
            f"{self._path}, line {self._line_at(place)}: byte {place} (0x{wrong:02X}) is not "
            f"{self._encoding}. Pass the file's own encoding, such as encoding={self._likely_encoding()!r}"
        )

    def _line_at(self, place: int) -> int:
        with _open(self._path) as file:
            lines = 1
            while place > 0:
                chunk = file.read(min(place, CHUNK))
                lines += chunk.count(b"\n")
                place -= len(chunk)
            return lines

    def _likely_encoding(self) -> str:
        with _open(self._path) as file:
            start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        return "cp1252" if codecs.lookup(self._encoding).name == "utf-8" else "utf-8"


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else open(path, "rb")
