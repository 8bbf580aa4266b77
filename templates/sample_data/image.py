"""Pictures of written digits: scikit-learn ships them (1,797 of 8 × 8 pixels, from the UCI repository, CC BY 4.0)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BRIGHTEST = 16
"""What scikit-learn's pixels count up to."""


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Write `digits.tfrecord`: a `tf.Example` for each picture, with its PNG file (`image`) and its digit (`label`)."""
    import pyarrow as pa
    from sklearn.datasets import load_digits

    from millwork.components.data.tf_example import encode
    from millwork.components.data.tfrecord import framed

    digits = load_digits()
    pictures = [png(pixels) for pixels in (digits.images * 255 / BRIGHTEST).round().astype("uint8")]
    rows = pa.RecordBatch.from_arrays(
        [pa.array(pictures, pa.binary()), pa.array(digits.target, pa.int64())], ["image", "label"]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "digits.tfrecord").write_bytes(framed(encode(rows)))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A grey picture of shape (height, width) as a PNG file. https://www.w3.org/TR/png/#11Chunks"""
    height, width = pixels.shape
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)  # 0: the line is not filtered
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bits, grey
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
