"""Saved models: recognising them, loading them, and asking them for scores. One class per framework."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from millwork.components.models.inputs import InputSpec, Rows, frame, inputs_by_name, matrix
from millwork.core.artifacts import Model
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SERVING_FOLDER = "Format-Serving"
SAVED_MODEL, KERAS, SKOPS, JOBLIB, UNKNOWN = "saved_model", "keras", "skops", "joblib", "unknown"

_SUFFIXES = {KERAS: (".keras",), SKOPS: (".skops",), JOBLIB: (".joblib", ".pkl", ".pickle")}

Problem = Literal["binary", "multiclass", "regression"]


class Scorer(Protocol):
    """A loaded model."""

    @property
    def takes_examples(self) -> bool:
        """True if it reads serialised tf.Examples rather than columns."""

    @property
    def problem(self) -> Problem | None:
        """What the model says that it solves, if it says so."""

    @property
    def classes(self) -> Sequence[Any] | None:
        """The label values of the classes in the order of the scores, if the model knows them."""

    @property
    def width(self) -> int | None:
        """Scores for each row, if the model says so."""

    def score(self, rows: Rows) -> Array:
        """What the model says about these rows: (rows,) or (rows, scores)."""


@dataclass(frozen=True)
class LoadOptions:
    """What a model file does not say about itself."""

    signature: str = "serving_default"
    output: str | None = None
    features: tuple[str, ...] | None = None
    trusted: bool = False
    trusted_types: tuple[str, ...] = ()


def serving_folder(model: Model) -> Path:
    """Where the model's files are: `Format-Serving`, or the folder itself if it comes from elsewhere."""
    inner = model.path / SERVING_FOLDER
    return inner if inner.is_dir() else model.path


def framework_of(folder: Path) -> str:
    """`saved_model`, `keras`, `skops`, `joblib` or `unknown`, by the files in the folder."""
    if (folder / "saved_model.pb").is_file() or (folder / "saved_model.pbtxt").is_file():
        return SAVED_MODEL
    return next((framework for framework in _SUFFIXES if _files(folder, framework)), UNKNOWN)


def load_scorer(model: Model, options: LoadOptions) -> Scorer:
    """Load a model of any framework we know. BadInput if there is none, or none that may be loaded."""
    folder = serving_folder(model)
    framework = framework_of(folder)
    if framework == SAVED_MODEL:
        return SavedModelScorer(folder, options)
    if framework == UNKNOWN:
        found = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        raise BadInput(
            f"There is no model in {str(folder)!r} (it holds: {', '.join(found) or 'nothing'}). It must hold "
            "a SavedModel (saved_model.pb), or one file *.keras, *.skops, *.joblib or *.pkl"
        )
    path, *others = _files(folder, framework)
    if others:
        names = ", ".join(p.name for p in (path, *others))
        raise BadInput(f"There are several models in {str(folder)!r}: {names}. Leave one of them")
    if framework == KERAS:
        return KerasScorer(path, options)
    estimator = _load_skops(path, options) if framework == SKOPS else _load_pickle(path, options)
    return SklearnScorer(estimator, options.features)


class SavedModelScorer:
    """A signature of a TensorFlow SavedModel, on serialised tf.Examples or on named tensors."""

    problem = None
    classes = None

    def __init__(self, folder: Path, options: LoadOptions) -> None:
        import tensorflow as tf

        self._model = tf.saved_model.load(str(folder))  # the signature's variables live as long as this
        signatures = self._model.signatures
        if options.signature not in signatures:
            known = did_you_mean(options.signature, signatures)
            raise BadInput(f"The model in {str(folder)!r} has no signature {options.signature!r}. {known}")
        self._signature = signatures[options.signature]
        outputs = self._signature.structured_outputs
        self._output = _choose(options.output, outputs, f"Signature {options.signature!r}")
        self._features = options.features
        self._specs = [
            InputSpec(name, spec.dtype.name, _shape(spec.shape))
            for name, spec in sorted(self._signature.structured_input_signature[1].items(), key=_place)
        ]
        self.width = _width(_shape(outputs[self._output].shape))

    @property
    def takes_examples(self) -> bool:
        return (
            len(self._specs) == 1
            and self._features is None
            and self._specs[0].dtype == "string"
            and len(self._specs[0].shape) == 1
        )

    def score(self, rows: Rows) -> Array:
        import tensorflow as tf

        if self.takes_examples:
            inputs: Mapping[str, Any] = {self._specs[0].name: rows.serialized}
        else:
            inputs = inputs_by_name(rows, self._specs, self._features)
        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        try:
            scores: Array = self._signature(**tensors)[self._output].numpy()
        except tf.errors.InvalidArgumentError as e:
            raise BadInput(
                f"The model cannot read the examples from {rows.where(0)} on. Give it examples with the features that "
                f"its signature parses. TensorFlow says: {e.message}"
            ) from e
        return scores


class KerasScorer:
    """A `.keras` file of Keras 3, or of Keras 2 (tf_keras)."""

    takes_examples = False
    problem = None
    classes = None

    def __init__(self, path: Path, options: LoadOptions) -> None:
        self._model = _load_keras(path)
        self._features = options.features
        inputs = getattr(self._model, "inputs", None)
        if not inputs:
            raise BadInput(
                f"{str(path)!r} does not say what its inputs are, as a Model subclass does not. Save it as a "
                "SavedModel: tf.saved_model.save(model, fn_args.serving_model_dir, signatures=...)"
            )
        structure = self._model.input
        self._by_name = isinstance(structure, dict)
        named = (
            structure.items() if isinstance(structure, dict) else ((tensor.name, tensor) for tensor in inputs)
        )
        self._specs = [
            InputSpec(name, _dtype_name(tensor.dtype), _shape(tensor.shape)) for name, tensor in named
        ]
        shapes = {
            n: _shape(t.shape) for n, t in zip(self._model.output_names, self._model.outputs, strict=True)
        }
        chosen = _choose(options.output, shapes, "The model")
        self._place = list(shapes).index(chosen)
        self._output = chosen
        self.width = _width(shapes[chosen])

    def score(self, rows: Rows) -> Array:
        inputs = inputs_by_name(rows, self._specs, self._features)
        in_order = list(inputs.values())
        given = inputs if self._by_name else in_order if len(in_order) > 1 else in_order[0]
        outputs = self._model.predict_on_batch(given)
        if isinstance(outputs, dict):
            outputs = outputs[self._output]
        elif isinstance(outputs, list | tuple):
            outputs = outputs[self._place]
        scores: Array = outputs
        return scores


class SklearnScorer:
    """A scikit-learn estimator, or anything with its methods: probabilities if it gives them."""

    takes_examples = False

    def __init__(self, estimator: Any, features: tuple[str, ...] | None) -> None:
        self._by_name = hasattr(estimator, "feature_names_in_")
        known = tuple(str(name) for name in getattr(estimator, "feature_names_in_", ()))
        self._features = features or known
        if not self._features:
            raise BadInput(
                f"This {type(estimator).__name__} does not know the names of its columns. Name them in the "
                "order of training with Predict(features=(...)), or fit it with a pandas DataFrame"
            )
        self.classes = list(estimator.classes_) if hasattr(estimator, "classes_") else None
        self.problem: Problem | None = "regression"
        self.width: int | None = 1
        self._score = estimator.predict
        if self.classes is not None:
            self.problem = "binary" if len(self.classes) == 2 else "multiclass"
            self.width = len(self.classes)
            self._score = _class_scores(estimator)

    def score(self, rows: Rows) -> Array:
        build = frame if self._by_name else matrix
        scores: Array = self._score(build(rows, self._features))
        return scores


def _class_scores(estimator: Any) -> Any:
    for name in ("predict_proba", "decision_function"):
        if hasattr(estimator, name):
            return getattr(estimator, name)
    raise BadInput(
        f"This {type(estimator).__name__} names a class for each row, but gives no score for it. Train it so "
        "that it has predict_proba, for example inside a sklearn.calibration.CalibratedClassifierCV"
    )


def _files(folder: Path, framework: str) -> list[Path]:
    return sorted(p for p in folder.glob("*") if p.is_file() and p.suffix in _SUFFIXES[framework])


def _load_keras(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as file:
            version = str(json.loads(file.read("metadata.json"))["keras_version"])
    except (zipfile.BadZipFile, KeyError, ValueError) as e:
        raise BadInput(f"{str(path)!r} is not a model that Keras saved, or it is damaged: {e}") from e
    if version.startswith("2."):
        import tf_keras

        return tf_keras.saving.load_model(str(path), compile=False)
    import keras

    return keras.saving.load_model(str(path), compile=False)


def _load_skops(path: Path, options: LoadOptions) -> Any:
    import skops.io

    unknown = set(skops.io.get_untrusted_types(file=path))
    refused = sorted(unknown - set(options.trusted_types))
    if refused and not options.trusted:
        raise BadInput(
            f"{str(path)!r} holds types that skops does not know to be harmless: {', '.join(refused)}. If "
            f"you trust who made the model, write Predict(trusted_types={tuple(refused)!r})"
        )
    return skops.io.load(path, trusted=sorted(unknown))


def _load_pickle(path: Path, options: LoadOptions) -> Any:
    if not options.trusted:
        raise BadInput(
            f"{str(path)!r} is a pickle: loading it can run any code that is in it. If you trust who made "
            "the model, write Predict(trusted=True). Better, save it with skops.io.dump(model, 'model.skops')"
        )
    import joblib

    try:
        return joblib.load(path)
    except Exception as e:  # unpickling a damaged file may raise anything
        raise BadInput(
            f"{str(path)!r} cannot be unpickled: {type(e).__name__}: {e}. Save the model again"
        ) from e


def _place(item: tuple[str, Any]) -> tuple[str, int]:
    """TensorFlow calls inputs without names `inputs`, `inputs_1`, … and loads them in any order."""
    stem, number = re.fullmatch(r"(.*?)(?:_(\d+))?", item[0], re.DOTALL).groups()  # type: ignore[union-attr]
    return stem, int(number or 0)


def _choose(output: str | None, outputs: Mapping[str, Any], owner: str) -> str:
    if output is None and len(outputs) == 1:
        return next(iter(outputs))
    if output is None:
        names = ", ".join(map(repr, sorted(outputs)))
        raise BadInput(
            f"{owner} has several outputs: {names}. Say which holds the scores with Predict(output_name=...)"
        )
    if output not in outputs:
        raise BadInput(f"{owner} has no output {output!r}. {did_you_mean(output, outputs)}")
    return output


def _shape(shape: Any) -> tuple[int | None, ...]:
    """TensorFlow's and Keras' shapes as a tuple. Of an unknown rank, nothing is known."""
    return () if getattr(shape, "rank", 0) is None else tuple(shape)


def _dtype_name(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))


def _width(shape: tuple[int | None, ...]) -> int | None:
    return shape[1] if len(shape) == 2 else 1 if len(shape) == 1 else None
