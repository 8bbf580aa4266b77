"""What names a metric: its slice and its key, as TensorFlow Model Analysis (TFMA) names them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from millwork.evaluation.tfma_protos import tfma_protos

SliceValue = str | int | float
SliceKey = tuple[tuple[str, SliceValue], ...]
"""Pairs of a feature and its value, sorted by feature, as TFMA's. Empty: all rows."""

OVERALL: SliceKey = ()

CrossSliceKey = tuple[SliceKey, SliceKey]
"""A baseline slice and the slice that is compared with it."""


def slice_name(key: SliceKey) -> str:
    """`Overall`, or `sex:female`, or `age:3 & sex:female`."""
    return " & ".join(f"{feature}:{value}" for feature, value in key) or "Overall"


def json_value(value: SliceValue | None) -> SliceValue | None:
    """A slice's value as JSON has it, which knows no infinity: that is text."""
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def slice_key_proto(key: SliceKey) -> Any:
    """TFMA's `SliceKey` message."""
    message = tfma_protos().metrics_for_slice.SliceKey()
    for feature, value in key:
        single = message.single_slice_keys.add(column=feature)
        if isinstance(value, str):
            single.bytes_value = value.encode()
        elif isinstance(value, int):
            single.int64_value = value
        else:
            single.float_value = value
    return message


def cross_slice_key_proto(key: CrossSliceKey) -> Any:
    """TFMA's `CrossSliceKey` message."""
    return tfma_protos().metrics_for_slice.CrossSliceKey(
        baseline_slice_key=slice_key_proto(key[0]), comparison_slice_key=slice_key_proto(key[1])
    )


@dataclass(frozen=True, order=True)
class SubKey:
    """Of what part of a multi-class problem a metric speaks: one class, the k-th best score, the top k."""

    class_id: int | None = None
    k: int | None = None
    top_k: int | None = None

    def __str__(self) -> str:
        named = (("classId", self.class_id), ("k", self.k), ("topK", self.top_k))
        return " ".join(f"{name}:{value}" for name, value in named if value is not None)

    def proto(self) -> Any:
        """TFMA's `SubKey` message."""
        message = tfma_protos().metrics_for_slice.SubKey()
        for name in ("class_id", "k", "top_k"):
            if (value := getattr(self, name)) is not None:
                getattr(message, name).value = value
        return message


class Aggregation(StrEnum):
    """How the classes of a multi-class problem were put together."""

    MICRO = "micro_average"
    MACRO = "macro_average"
    WEIGHTED_MACRO = "weighted_macro_average"


@dataclass(frozen=True)
class MetricKey:
    """Names one number, matrix or plot of one slice. Names with a leading `_` are not written."""

    name: str
    model_name: str = ""
    output_name: str = ""
    sub_key: SubKey | None = None
    aggregation_type: Aggregation | None = None
    example_weighted: bool | None = False
    """None where TFMA says nothing about weights."""
    is_diff: bool = False
    """The value is the candidate's minus the baseline's."""

    def diff(self) -> MetricKey:
        """The key of this metric's change against the baseline."""
        return replace(self, is_diff=True)

    def of_model(self, model_name: str) -> MetricKey:
        """The key of the same metric of another model."""
        return replace(self, model_name=model_name, is_diff=False)

    @property
    def rank(self) -> tuple[str, str, str, str, str, str, bool]:
        """The order in which metrics are listed."""
        return (
            self.name,
            self.model_name,
            self.output_name,
            str(self.sub_key or ""),
            str(self.aggregation_type or ""),
            str(self.example_weighted),
            self.is_diff,
        )

    def proto(self) -> Any:
        """TFMA's `MetricKey` message."""
        message = self._named(tfma_protos().metrics_for_slice.MetricKey())
        if self.aggregation_type is not None:
            setattr(message.aggregation_type, self.aggregation_type.value, True)
        if self.is_diff:
            message.is_diff = True
        return message

    def plot_proto(self) -> Any:
        """TFMA's `PlotKey` message."""
        return self._named(tfma_protos().metrics_for_slice.PlotKey())

    def _named(self, message: Any) -> Any:
        message.name = self.name
        message.model_name = self.model_name
        message.output_name = self.output_name
        if self.sub_key is not None:
            message.sub_key.CopyFrom(self.sub_key.proto())
        if self.example_weighted is not None:
            message.example_weighted.value = self.example_weighted
        return message
