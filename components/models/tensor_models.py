"""Models that take and give named tensors: TensorFlow's SavedModel, and Keras' own files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from millwork.components.models.inputs import TensorSpec
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DEFAULT_SIGNATURE = "serving_default"
PREDICT = "tensorflow/serving/predict"
ANYTHING = "variant"
"""The dtype of a column that takes numbers, strings and nulls: a scikit-learn model does not say what it takes."""


@dataclass(frozen=True)
class TensorSignature:
    """One of the ways to ask a model."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    method: str = PREDICT
    """What TensorFlow Serving takes it for: predict, classify or regress."""

    @property
    def takes_examples(self) -> bool:
        """True if it reads serialised tf.Examples: its only input is a string for each row."""
        return len(self.inputs) == 1 and self.inputs[0].dtype == "string" and len(self.inputs[0].shape) == 1

    @property
    def takes_columns(self) -> bool:
        """True if it is a scikit-learn model's, which takes columns of any kind."""
        return any(spec.dtype == ANYTHING for spec in self.inputs)


class TensorModel(Protocol):
    """A loaded model, here or in a server."""

    @property
    def signatures(self) -> Mapping[str, TensorSignature]:
        """The ways to ask it, by name."""

    def call(self, signature: str, inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        """The outputs for these inputs, by name. BadInput if the model cannot read them."""


def signature_of(model: TensorModel, name: str, owner: str) -> TensorSignature:
    """The signature of this name. BadInput if the model has none."""
    if name not in model.signatures:
        raise BadInput(f"{owner} has no signature {name!r}. {did_you_mean(name, model.signatures)}")
    return model.signatures[name]


class SavedModel:
    """What tf.saved_model.load gives."""

    def __init__(self, loaded: Any, folder: Path) -> None:
        self._loaded = loaded  # the signatures' variables live as long as this
        methods = _methods(folder)
        self.signatures = {
            name: TensorSignature(
                _specs(dict(sorted(function.structured_input_signature[1].items(), key=_place))),
                _specs(function.structured_outputs),
                methods.get(name, PREDICT),
            )
            for name, function in loaded.signatures.items()
        }

    def call(self, signature: str, inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        """The outputs of a signature."""
        import tensorflow as tf

        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        try:
            outputs = self._loaded.signatures[signature](**tensors)
        except tf.errors.InvalidArgumentError as e:
            raise BadInput(f"TensorFlow says: {_said(e.message)}") from e
        return {name: tensor.numpy() for name, tensor in outputs.items()}


class KerasModel:
    """A model of Keras 3, or of Keras 2 (tf_keras)."""

    def __init__(self, loaded: Any, path: Path) -> None:
        self._loaded = loaded
        inputs = getattr(loaded, "inputs", None)
        if not inputs:
            raise BadInput(
                f"The Keras model in {str(path)!r} does not say what its inputs are, as a Model subclass does not. "
                "Save it as a SavedModel: tf.saved_model.save(model, fn_args.serving_model_dir, signatures=...)"
            )
        structure = getattr(
            loaded, "input", None
        )  # a Sequential that was loaded has none before it is called
        self._by_name = isinstance(structure, dict)
        named = structure if isinstance(structure, dict) else {tensor.name: tensor for tensor in inputs}
        names = getattr(loaded, "output_names", None) or [f"output_{i}" for i in range(len(loaded.outputs))]
        outputs = dict(zip(names, loaded.outputs, strict=True))
        self.signatures = {DEFAULT_SIGNATURE: TensorSignature(_specs(named), _specs(outputs))}

    def call(self, signature: str, inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        """What the model predicts."""
        in_order = list(inputs.values())
        given = dict(inputs) if self._by_name else in_order if len(in_order) > 1 else in_order[0]
        outputs = self._loaded.predict_on_batch(given)
        if isinstance(outputs, dict):
            return outputs
        found = outputs if isinstance(outputs, list | tuple) else [outputs]
        names = [spec.name for spec in self.signatures[signature].outputs]
        return dict(zip(names, found, strict=True))


def _said(message: str) -> str:
    """An error of a graph without where in the graph it was: that names no code of the user's."""
    return message.rpartition("<stack traces unavailable>\n")[2].partition("\n\t [[")[0]


def _specs(tensors: Mapping[str, Any]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name, _dtype(tensor.dtype), _shape(tensor.shape)) for name, tensor in tensors.items()
    )


def _dtype(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))


def _shape(shape: Any) -> tuple[int | None, ...]:
    """TensorFlow's and Keras' shapes as a tuple. Of an unknown rank, nothing is known."""
    return () if getattr(shape, "rank", 0) is None else tuple(shape)


def _methods(folder: Path) -> dict[str, str]:
    """What each signature is for: the loaded model no longer knows."""
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    stored = saved_model_pb2.SavedModel()
    if (folder / "saved_model.pb").is_file():
        stored.ParseFromString((folder / "saved_model.pb").read_bytes())
    else:
        text_format.Parse((folder / "saved_model.pbtxt").read_text("utf-8"), stored)
    return {
        name: signature.method_name
        for graph in stored.meta_graphs
        for name, signature in graph.signature_def.items()
        if signature.method_name
    }


def _place(item: tuple[str, Any]) -> tuple[str, int]:
    """TensorFlow calls inputs without names `inputs`, `inputs_1`, … and loads them in any order."""
    stem, line, number = item[0].rpartition("_")
    return (stem, int(number)) if line and number.isdecimal() else (item[0], 0)
