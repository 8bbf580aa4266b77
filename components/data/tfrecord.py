"""TFRecord files, without TensorFlow: gzipped when they are written; when read plain ones too, and zlib's.

A record is framed as: length (8 bytes), its checksum (4), the data, its checksum (4).
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import gzip
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from millwork.core.errors import BadInput

CHUNK = 1 << 22
"""Bytes that are unpacked or packed at once."""
HEADER = 12
FOOTER = 4
GZIP = 31
"""zlib's name for a gzip header and trailer (which then holds no time) around the largest window."""


class TfRecordWriter:
    """Writes records to one gzipped file. The same records give the same bytes."""

    def __init__(self, path: Path, *, level: int = 1) -> None:
        self._file = open(path, "wb")  # noqa: SIM115 - close() closes it
        self._gzip = zlib.compressobj(level, zlib.DEFLATED, GZIP)

    def write(self, records: Sequence[bytes]) -> None:
        self._file.write(self._gzip.compress(framed(records)))

    def close(self) -> None:
        self._file.write(self._gzip.flush())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def framed(records: Iterable[bytes]) -> bytes:
    """The content of a TFRecord file that is not compressed."""
    import google_crc32c

    parts: list[bytes] = []
    for record in records:
        checksum = _masked(google_crc32c.value(record)).to_bytes(FOOTER, "little")
        parts += (_header(len(record)), record, checksum)
    return b"".join(parts)


def read_records(path: Path, rows: int, most_bytes: int = sys.maxsize) -> Iterator[list[bytes]]:
    """The records of one file, `rows` at a time, or fewer once they have `most_bytes`.

    BadInput if the file is damaged, with the number of the record.
    """
    waiting: list[bytes] = []
    for found in _records(path):
        waiting += found
        while len(waiting) >= rows:
            yield waiting[:rows]
            del waiting[:rows]
        if sum(map(len, waiting)) >= most_bytes:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _records(path: Path) -> Iterator[list[bytes]]:
    """The records in each piece of the file."""
    done = 0
    rest = b""
    try:
        for chunk in _unpacked(path):
            found, rest = _split(rest + chunk, f"{path}, record", done)
            done += len(found)
            yield found
    except (OSError, EOFError, zlib.error) as e:
        raise BadInput(f"{path} is damaged or not complete: {e}. {_readable(done)}") from e
    if rest:
        raise BadInput(
            f"{path} ends in the middle of a record. It was not written completely. {_readable(done)}"
        )


def _readable(records: int) -> str:
    return f"It can be read up to record {records} (the first is 0). Make it again"


def _unpacked(path: Path) -> Iterator[bytes]:
    """The content, however it is compressed: of a plain file the first length has the right checksum."""
    with open(path, "rb") as file:
        head = file.read(HEADER)
        file.seek(0)
        if not head or (len(head) == HEADER and head == _header(_number(head))):
            yield from _chunks(file)
        elif head[:2] == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield from _chunks(unpacked)
        elif len(head) > 1 and head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0:
            yield from _inflated(file)
        else:
            raise BadInput(
                f"{path} is not a TFRecord file, neither plain nor compressed with gzip or zlib; or its first record "
                "is damaged"
            )


def _chunks(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    zlib_stream = zlib.decompressobj()
    for chunk in _chunks(file):
        while chunk:
            yield zlib_stream.decompress(chunk, CHUNK)
            chunk = zlib_stream.unconsumed_tail
    yield zlib_stream.flush()
    if not zlib_stream.eof:
        raise EOFError("zlib's stream ends too early")


def _split(data: bytes, record: str, number: int) -> tuple[list[bytes], bytes]:
    """The whole records in `data`, and what is left. `number` is that of the first one."""
    import google_crc32c

    records: list[bytes] = []
    start = 0
    while len(data) - start >= HEADER:
        header = data[start : start + HEADER]
        end = start + HEADER + _number(header)
        if header != _header(_number(header)):
            raise BadInput(
                f"{record} {number + len(records)} (the first is 0): it is not a TFRecord file, or it is damaged: the "
                "checksum of the record's length is wrong"
            )
        if end + FOOTER > len(data):
            break
        content = data[start + HEADER : end]
        if data[end : end + FOOTER] != _masked(google_crc32c.value(content)).to_bytes(FOOTER, "little"):
            raise BadInput(
                f"{record} {number + len(records)} (the first is 0): it is damaged: the checksum of its "
                "content is wrong"
            )
        records.append(content)
        start = end + FOOTER
    return records, data[start:]


@lru_cache(maxsize=1 << 16)
def _header(length: int) -> bytes:
    import google_crc32c

    size = struct.pack("<Q", length)
    return size + _masked(google_crc32c.value(size)).to_bytes(4, "little")


def _number(header: bytes) -> int:
    return int.from_bytes(header[:8], "little")


def _masked(checksum: int) -> int:
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
