"""The user's `preprocessing_fn`, held to its contract each time it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import tensorflow as tf


class Preprocessing:
    """A `preprocessing_fn` as TFT wants it: one argument, and outputs that can be stored as examples.

    Like in TFX, `custom_config` is passed on if the function has a parameter of that name. What the function
    raises passes through unchanged.
    """

    def __init__(self, function: Callable[..., Any], custom_config: Mapping[str, Any] | None) -> None:
        self._function = function
        wanted = "custom_config" in inspect.signature(function).parameters
        self._keywords = {"custom_config": dict(custom_config or {})} if wanted else {}

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        outputs = self._function(Features(inputs), **self._keywords)
        name = getattr(self._function, "__qualname__", repr(self._function))
        if not isinstance(outputs, dict):
            raise BadInput(
                f"{name} must return a dict of tensors by feature name, but returned {_described(outputs)}"
            )
        if not outputs:
            raise BadInput(f"{name} returned an empty dict. It must return at least one feature")
        for feature, tensor in outputs.items():
            _check_output(name, feature, tensor)
        return outputs


class UnknownFeature(BadInput, KeyError):
    """A feature that the schema does not have. Also a KeyError, for a function that expects one."""

    __str__ = Exception.__str__


class Features(dict[str, Any]):
    """The input tensors by name, with a useful answer to a name that is not there."""

    def __missing__(self, name: str) -> NoReturn:
        raise UnknownFeature(
            f"preprocessing_fn asks for feature {name!r}, which is not in the schema. "
            f"{did_you_mean(str(name), self)}"
        )


def reason_of(error: tf.errors.OpError) -> str:
    """What TensorFlow says about a failed operation, without what it says about the graph that it loaded."""
    noise = ("Graph execution error", "Detected at node", "<stack traces unavailable>", "[[{{node")
    lines = [line.strip() for line in error.message.splitlines()]
    return " ".join(line for line in lines if not line.startswith(noise)).strip() or error.message


def _check_output(function: str, feature: object, tensor: Any) -> None:
    import tensorflow as tf

    what = f"{function} returned {feature!r}"
    if not isinstance(feature, str):
        raise BadInput(f"{what} as the name of a feature. Names must be strings")
    if not isinstance(tensor, tf.Tensor | tf.SparseTensor | tf.RaggedTensor):
        raise BadInput(f"{what} as {_described(tensor)}. It must be a Tensor, SparseTensor or RaggedTensor")
    if tensor.dtype not in (tf.int64, tf.float32, tf.string):
        nearest = "tf.float32" if tensor.dtype.is_floating else "tf.int64"
        raise BadInput(
            f"{what} with dtype {tensor.dtype.name}, but examples hold int64, float32 and string only. "
            f"Write tf.cast(..., {nearest})"
        )
    # A result of an analyzer is a constant once it is known, outside of the graph.
    constant = isinstance(tensor, tf.Tensor) and not tf.is_symbolic_tensor(tensor)
    if constant or tensor.shape.rank == 0:
        raise BadInput(
            f"{what} as {'a constant' if constant else 'a scalar'}, but a feature has a value for each row. To "
            "give every row the same value, write tf.fill([tf.shape(x)[0]], value), with x any dense input"
        )


def _described(value: object) -> str:
    return f"{value!r:.80} of type {type(value).__name__}"
