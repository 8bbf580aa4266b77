"""Gzipped TFRecord files, without TensorFlow.

A record is framed as: length (8 bytes), its checksum (4), the data, its checksum (4).
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

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
        import google_crc32c

        framed: list[bytes] = []
        for record in records:
            checksum = _masked(google_crc32c.value(record)).to_bytes(FOOTER, "little")
            framed += (_header(len(record)), record, checksum)
        self._file.write(self._gzip.compress(b"".join(framed)))

    def close(self) -> None:
        self._file.write(self._gzip.flush())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_records(path: Path, rows: int) -> Iterator[list[bytes]]:
    """The records of one gzipped file, `rows` at a time. BadInput if the file is damaged."""
    records: list[bytes] = []
    rest = b""
    for chunk in _unpacked(path):
        found, rest = _split(rest + chunk, path)
        records += found
        while len(records) >= rows:
            yield records[:rows]
            del records[:rows]
    if rest:
        raise BadInput(f"{path} ends in the middle of a record. It was not written completely: make it again")
    if records:
        yield records


def _unpacked(path: Path) -> Iterator[bytes]:
    import gzip

    try:
        with gzip.open(path) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as e:
        raise BadInput(f"{path} is not a complete gzip file: {e}. Make it again") from e


def _split(data: bytes, path: Path) -> tuple[list[bytes], bytes]:
    """The whole records in `data`, and what is left. Gzip's own checksum covers the content."""
    records = []
    start = 0
    while len(data) - start >= HEADER:
        length = _length(data[start : start + HEADER], path)
        end = start + HEADER + length
        if end + FOOTER > len(data):
            break
        records.append(data[start + HEADER : end])
        start = end + FOOTER
    return records, data[start:]


@lru_cache(maxsize=1 << 16)
def _header(length: int) -> bytes:
    import google_crc32c

    size = struct.pack("<Q", length)
    return size + _masked(google_crc32c.value(size)).to_bytes(4, "little")


@lru_cache(maxsize=1 << 16)
def _length(header: bytes, path: Path) -> int:
    length = int(struct.unpack_from("<Q", header)[0])
    if header != _header(length):
        raise BadInput(f"{path} is not a TFRecord file, or it is damaged: a checksum is wrong")
    return length


def _masked(checksum: int) -> int:
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
