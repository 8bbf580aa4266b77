"""The signatures of a SavedModel, read without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

META_GRAPH = 2
"""The field of SavedModel that holds its graphs."""
HIDDEN = "__saved_model_init_op"


@dataclass(frozen=True)
class Tensor:
    """One input or output."""

    name: str
    kind: str
    """`float32`, `string`, …"""
    shape: str


@dataclass(frozen=True)
class Signature:
    """Something that the model can be asked."""

    name: str
    method: str
    tensors: Sequence[tuple[str, Sequence[Tensor]]]
    """`input` and `output`, with their tensors."""


def signatures(file: Path) -> Iterator[Signature]:
    """What `saved_model.pb` can be asked, by name."""
    from tensorboard.compat.proto.meta_graph_pb2 import MetaGraphDef

    for content in _fields(file.read_bytes(), META_GRAPH):
        for name, found in sorted(MetaGraphDef.FromString(content).signature_def.items()):
            if name != HIDDEN:
                sides = [("input", _tensors(found.inputs)), ("output", _tensors(found.outputs))]
                yield Signature(name, found.method_name.rpartition("/")[2] or "no method", sides)


def _tensors(found: Any) -> list[Tensor]:
    from tensorboard.compat.proto.types_pb2 import DataType

    return [
        Tensor(name, DataType.Name(info.dtype).removeprefix("DT_").lower(), _shape(info.tensor_shape))
        for name, info in sorted(found.items())
    ]


def _shape(shape: Any) -> str:
    if shape.unknown_rank:
        return "any"
    return " × ".join("any" if dim.size < 0 else str(dim.size) for dim in shape.dim) or "scalar"


def _fields(message: bytes, wanted: int) -> Iterator[bytes]:
    """The contents of one length-delimited field of a protobuf message (its wire format), skipping others."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == 2:
            length, at = _varint(message, at)
            if number == wanted:
                yield message[at : at + length]
            at += length
        elif kind == 0:
            _, at = _varint(message, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"This is no SavedModel: there is a field of kind {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
