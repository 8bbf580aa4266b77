"""Serialised `tf.Example`s to record batches and back, a column at a time.

The bytes are those of `tf.train.Example.SerializeToString(deterministic=True)`: features sorted by name.
TFX's split is a hash of these bytes, so they must not depend on anything but the values.

What a feature of an example looks like on the wire (https://protobuf.dev/programming-guides/encoding):

    0A entry            Features.feature: one entry of the map
       0A name
       12 feature       Feature: nothing at all, or one of
          0A list       BytesList: 0A value for each value
          12 list       FloatList: 0A followed by all values, four bytes each
          1A list       Int64List: 0A followed by all values as varints

where each of the lower-case words starts with its length. All that comes before the values (the header)
depends only on the name and on how many bytes the values take, so it is made once for each length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from millwork.components.data.forms import to_feature_form
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema

MISSING = -1
"""In place of a length: the row has no value list at all."""


def encode(batch: pa.RecordBatch) -> list[bytes]:
    """One serialised `tf.Example` for each row of a batch in flat or feature form.

    Every column is a key of every example. A null of the flat form is an empty list of the column's type, as
    TFX's CsvExampleGen writes it. A null list is a feature without a list, and so is every value of a column
    of Arrow's null type.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    features = to_feature_form(batch)
    if not features.num_columns:
        return [b"\x0a\x00"] * batch.num_rows
    parts: list[pa.Array] = []
    for name in sorted(features.schema.names, key=_map_order):
        parts += _encode_feature(name, features.column(features.schema.get_field_index(name)))
    size = np.sum([_lengths(part) for part in parts], axis=0)
    start = _by_length(size, lambda length: _field(1, length))
    rows = pc.binary_join_element_wise(start, *parts, pa.scalar(b"", pa.large_binary()))
    encoded: list[bytes] = rows.to_numpy(zero_copy_only=False).tolist()
    return encoded


def encode_feature(column: pa.Array) -> list[bytes]:
    """One serialised `tf.train.Feature` for each value of a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    batch = to_feature_form(pa.RecordBatch.from_arrays([column], [""]))
    tag, lengths, values = _encode_values("", batch.column(0))
    header = _by_length(lengths, lambda length: _list_header(tag, length))
    rows = pc.binary_join_element_wise(header, values, pa.scalar(b"", pa.large_binary()))
    encoded: list[bytes] = rows.to_numpy(zero_copy_only=False).tolist()
    return encoded


def decode(examples: Sequence[bytes]) -> pa.RecordBatch:
    """A batch in feature form with the features that occur in these examples, in the order of their names."""
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    try:
        return ExamplesToRecordBatchDecoder().DecodeBatch(list(examples))
    except (RuntimeError, ValueError) as e:
        raise BadInput(f"These cannot be read as tf.Examples: {e}") from e


def decode_sequences(examples: Sequence[bytes], schema: Schema | None = None) -> pa.RecordBatch:
    """The same for tf.SequenceExamples: their context as features, their steps in a struct `##SEQUENCE##` of lists.

    With a schema a batch has its features, whether they occur or not.
    """
    from tfx_bsl.coders.sequence_example_coder import SequenceExamplesToRecordBatchDecoder

    wanted = [] if schema is None else [schema.SerializeToString()]
    try:
        return SequenceExamplesToRecordBatchDecoder("##SEQUENCE##", *wanted).DecodeBatch(list(examples))
    except (RuntimeError, ValueError) as e:
        raise BadInput(f"These cannot be read as tf.SequenceExamples: {e}") from e


def _map_order(name: str) -> list[int]:
    """Protobuf's order of a map's keys (upb's, 4.25 to 6): by bytes, but a name that begins another is after it."""
    return [*name.encode(), 256]


def _encode_feature(name: str, column: pa.Array) -> list[pa.Array]:
    tag, lengths, values = _encode_values(name, column)
    key = name.encode()

    def header(length: int) -> bytes:
        feature = _list_header(tag, length)
        size = len(feature) + max(length, 0)
        entry = _field(1, len(key)) + key + _field(2, size) + feature
        return _field(1, len(entry) + max(length, 0)) + entry

    return [_by_length(lengths, header), values]


def _list_header(tag: int, length: int) -> bytes:
    """What a Feature has before `length` bytes of values."""
    if length == MISSING:
        return b""
    packed = _field(1, length) if length and tag != _BYTES else b""
    return _field(tag, len(packed) + length) + packed


def _encode_values(name: str, column: pa.Array) -> tuple[int, np.ndarray[Any, Any], pa.Array]:
    """The kind of list, the bytes of values (or MISSING) in each row, and these bytes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(column.type):
        none = np.full(len(column), MISSING, np.int64)
        return _BYTES, none, _binary(np.zeros(len(column) + 1, np.int64), pa.py_buffer(b""))
    values = column.flatten()
    if values.null_count:
        raise BadInput(f"Column {name!r} has a null inside a list, which a tf.Example cannot hold. Remove it")
    tag, encoder = _ENCODERS[str(values.type)]
    encoded = encoder(values)
    counts = pc.list_value_length(column).fill_null(0).to_numpy()
    ends = np.concatenate([[0], np.cumsum(counts)])
    offsets = _offsets(encoded)[ends]
    lengths = np.diff(offsets)
    if column.null_count:
        lengths = np.where(column.is_null().to_numpy(zero_copy_only=False), MISSING, lengths)
    return tag, lengths, _binary(offsets, encoded.buffers()[2])


def _encode_bytes(values: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    header = _by_length(_lengths(values), lambda length: _field(1, length))
    return pc.binary_join_element_wise(header, values, pa.scalar(b"", pa.large_binary()))


def _encode_floats(values: pa.Array) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    data = values.to_numpy(zero_copy_only=False).astype("<f4")
    return _binary(np.arange(0, 4 * len(values) + 1, 4), pa.py_buffer(data))


def _encode_ints(values: pa.Array) -> pa.Array:
    """Varints: seven bits a byte, low bits first, and a high bit in all bytes of a number but its last."""
    import numpy as np
    import pyarrow as pa

    numbers = values.to_numpy(zero_copy_only=False).view(np.uint64)
    width = len(_varint(int(numbers.max()))) if len(numbers) else 1
    groups = numbers[:, None] >> (7 * np.arange(width, dtype=np.uint64))
    length = np.maximum((groups > 0).sum(axis=1), 1)
    place = np.arange(width)
    more = np.where(place < length[:, None] - 1, 0x80, 0).astype(np.uint8)
    data = (groups & np.uint64(0x7F)).astype(np.uint8) | more
    return _binary(np.concatenate([[0], np.cumsum(length)]), pa.py_buffer(data[place < length[:, None]]))


_BYTES, _FLOATS, _INTS = 1, 2, 3
_ENCODERS: dict[str, tuple[int, Callable[[pa.Array], pa.Array]]] = {
    "large_binary": (_BYTES, _encode_bytes),
    "float": (_FLOATS, _encode_floats),
    "int64": (_INTS, _encode_ints),
}


def _by_length(lengths: np.ndarray[Any, Any], header: Callable[[int], bytes]) -> pa.Array:
    """`header(length)` for each row: called once for each length that occurs."""
    import pyarrow as pa

    found = pa.array(lengths).dictionary_encode()
    headers = pa.array([header(length) for length in found.dictionary.to_pylist()], pa.large_binary())
    return headers.take(found.indices)


def _lengths(values: pa.Array) -> np.ndarray[Any, Any]:
    import numpy as np

    lengths: np.ndarray[Any, Any] = np.diff(_offsets(values))
    return lengths


def _offsets(values: pa.Array) -> np.ndarray[Any, Any]:
    """Where each value of a large_binary array starts in its data, and where the last one ends."""
    import numpy as np

    offsets: np.ndarray[Any, Any] = np.frombuffer(values.buffers()[1], np.int64)
    return offsets[values.offset : values.offset + len(values) + 1]


def _binary(offsets: np.ndarray[Any, Any], data: pa.Buffer) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int64)), data]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)


def _field(number: int, length: int) -> bytes:
    """Tag and length of a field that holds bytes."""
    return bytes([number << 3 | 2]) + _varint(length)


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
