"""What the records of a TFRecord file are: tf.Examples, tf.SequenceExamples, or bytes that only the user knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    from google.protobuf.message import Message

PayloadFormat = Literal["tf_example", "tf_sequence_example", "raw"]

TF_EXAMPLE = "FORMAT_TF_EXAMPLE"
TF_SEQUENCE_EXAMPLE = "FORMAT_TF_SEQUENCE_EXAMPLE"
RAW = "FORMAT_PROTO"
ALL = (TF_EXAMPLE, TF_SEQUENCE_EXAMPLE, RAW)

NAMES: dict[PayloadFormat, str] = {
    "tf_example": TF_EXAMPLE,
    "tf_sequence_example": TF_SEQUENCE_EXAMPLE,
    "raw": RAW,
}
"""What the artifact's property says, as in TFX."""

_SAID = {TF_EXAMPLE: "tf.Examples", TF_SEQUENCE_EXAMPLE: "tf.SequenceExamples", RAW: "raw bytes"}


def said(payload_format: str) -> str:
    """What the property of an artifact means, for messages."""
    return f"{_SAID[payload_format]} ({payload_format})" if payload_format in _SAID else payload_format


def split_keys(
    records: Sequence[bytes],
    payload: PayloadFormat,
    partition_feature: str | None,
    where: Callable[[int], str],
) -> list[bytes]:
    """What TFX's rule takes the hash of, for each record: the record in protobuf's canonical form, or one feature.

    BadInput if a record is not what it should be; `where` says which it is.
    """
    if payload == "raw":
        return list(records)
    keys = []
    for number, record in enumerate(records):
        try:
            message = _parsed(record, payload)
            kept = message if partition_feature is None else _partition(message, partition_feature)
        except BadInput as e:
            raise BadInput(f"{where(number)}: {e}") from e
        keys.append(kept.SerializeToString(deterministic=True))
    return keys


def _parsed(record: bytes, payload: PayloadFormat) -> Any:
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from google.protobuf.unknown_fields import UnknownFieldSet

    kind = tf.train.Example if payload == "tf_example" else tf.train.SequenceExample
    try:
        message = kind.FromString(record)
    except DecodeError:
        raise BadInput(
            f"this is not a tf.train.{kind.__name__}. Records of another kind are read with payload_format='raw'"
        ) from None
    if len(UnknownFieldSet(message)):
        other = "tf_sequence_example" if payload == "tf_example" else "raw"
        raise BadInput(
            f"this has fields that a tf.train.{kind.__name__} does not have. Read it with payload_format={other!r}"
        )
    return message


def _partition(message: Any, name: str) -> Message:
    """The feature that decides: of a tf.SequenceExample one of its context."""
    features = message.features.feature if hasattr(message, "features") else message.context.feature
    if name not in features:
        raise BadInput(f"there is no feature {name!r}, the partition_feature. {did_you_mean(name, features)}")
    feature: Message = features[name]
    kind = feature.WhichOneof("kind")
    if kind is None or not getattr(feature, kind).value:
        raise BadInput(
            f"{name!r}, the partition_feature, is missing, so nothing says which split this record goes to. Fill it "
            "in, or choose another feature"
        )
    if kind == "float_list":
        raise BadInput(
            f"{name!r}, the partition_feature, holds floats, which are hardly ever equal. Choose a feature of "
            "integers or bytes"
        )
    return feature
