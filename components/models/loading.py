"""Saved models: recognising them by their files, and loading them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from millwork.components.models.scorers import LoadOptions, Scorer, SklearnScorer, TensorScorer
from millwork.components.models.tensor_models import KerasModel, SavedModel
from millwork.core.artifacts import Model
from millwork.core.errors import BadInput

SERVING_FOLDER = "Format-Serving"
STAMPED_FOLDER = "stamped_model"
"""Of an InfraBlessing: the model with its warm-up file, as TFX calls it."""
SAVED_MODEL, KERAS, SKOPS, JOBLIB, UNKNOWN = "saved_model", "keras", "skops", "joblib", "unknown"

_SUFFIXES = {KERAS: (".keras",), SKOPS: (".skops",), JOBLIB: (".joblib", ".pkl", ".pickle")}


def serving_folder(model: Model) -> Path:
    """Where the model's files are: `Format-Serving`, or the folder itself if it comes from elsewhere."""
    return files_of(model.path)


def files_of(folder: Path) -> Path:
    """The part of a model's folder that is served."""
    inner = folder / SERVING_FOLDER
    return inner if inner.is_dir() else folder


def framework_of(path: Path) -> str:
    """`saved_model`, `keras`, `skops`, `joblib` or `unknown`, by the files in the folder, or by a file's name."""
    if (path / "saved_model.pb").is_file() or (path / "saved_model.pbtxt").is_file():
        return SAVED_MODEL
    return next((framework for framework in _SUFFIXES if _files(path, framework)), UNKNOWN)


def load_scorer(model: Model, options: LoadOptions) -> Scorer:
    """Load a model of any framework we know. BadInput if there is none, or none that may be loaded."""
    path = serving_folder(model)
    _, loaded = load(path, options)
    if isinstance(loaded, SavedModel | KerasModel):
        return TensorScorer(loaded, options, f"The model in {str(path)!r}")
    return SklearnScorer(loaded, options.features)


def load(path: Path, options: LoadOptions) -> tuple[str, SavedModel | KerasModel | Any]:
    """The framework of the model in this folder, or file, and the model: an estimator if it is scikit-learn's."""
    framework = framework_of(path)
    if framework == SAVED_MODEL:
        return framework, SavedModel(_load_saved_model(path), path)
    if framework == UNKNOWN:
        found = sorted(p.name for p in path.iterdir()) if path.is_dir() else []
        raise BadInput(
            f"There is no model in {str(path)!r} (it holds: {', '.join(found) or 'nothing'}). It must hold "
            "a SavedModel (saved_model.pb), or one file *.keras, *.skops, *.joblib or *.pkl"
        )
    file, *others = _files(path, framework)
    if others:
        names = ", ".join(p.name for p in (file, *others))
        raise BadInput(f"There are several models in {str(path)!r}: {names}. Leave one of them")
    if framework == KERAS:
        return framework, KerasModel(_load_keras(file), file)
    return framework, _load_skops(file, options) if framework == SKOPS else _load_pickle(file, options)


def _files(path: Path, framework: str) -> list[Path]:
    there = [path] if path.is_file() else path.glob("*")
    return sorted(p for p in there if p.is_file() and p.suffix in _SUFFIXES[framework])


def _load_saved_model(folder: Path) -> Any:
    import tensorflow as tf

    try:
        return tf.saved_model.load(str(folder))
    except Exception as e:  # a damaged file, an unknown operation, missing variables, …: each raises its own
        raise BadInput(
            f"TensorFlow cannot load the SavedModel in {str(folder)!r}: {type(e).__name__}: {e}. Save the "
            "model again"
        ) from e


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

    try:
        unknown = set(skops.io.get_untrusted_types(file=path))
    except (zipfile.BadZipFile, KeyError, ValueError) as e:
        raise BadInput(f"{str(path)!r} is not a model that skops saved, or it is damaged: {e}") from e
    refused = sorted(unknown - set(options.trusted_types))
    if refused and not options.trusted:
        types = " ".join(f"--trusted-type {name}" for name in refused)
        raise BadInput(
            f"{str(path)!r} holds types that skops does not know to be harmless: {', '.join(refused)}. If "
            f"you trust who made the model, pass trusted_types={tuple(refused)!r} (millwork serve: {types})"
        )
    return skops.io.load(path, trusted=sorted(unknown))


def _load_pickle(path: Path, options: LoadOptions) -> Any:
    if not options.trusted:
        raise BadInput(
            f"{str(path)!r} is a pickle: loading it can run any code that is in it. If you trust who made "
            "the model, pass trusted=True (millwork serve: --trusted). Better, save it with "
            "skops.io.dump(model, 'model.skops')"
        )
    import joblib

    try:
        return joblib.load(path)
    except Exception as e:  # unpickling a damaged file may raise anything
        raise BadInput(
            f"{str(path)!r} cannot be unpickled: {type(e).__name__}: {e}. Save the model again"
        ) from e
