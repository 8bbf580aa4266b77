"""A loaded model that answers requests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.models.loading import load
from millwork.components.models.scorers import LoadOptions
from millwork.components.models.tensor_models import KerasModel, SavedModel, TensorModel
from millwork.components.serving.sklearn_model import SklearnModel
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Servable:
    """A model of any framework. Several threads may call it."""

    framework: str
    model: TensorModel
    about: Mapping[str, Any] = field(default_factory=dict)

    def call(self, signature: str, inputs: Mapping[str, Any]) -> Mapping[str, Array]:
        """The outputs of a signature, by name. BadInput if the model does not take these values."""
        try:
            return self.model.call(signature, inputs)
        except Exception as e:
            if (
                type(e).__name__ == "InvalidArgumentError"
            ):  # TensorFlow's, which need not be imported for all models
                raise BadInput(f"TensorFlow says: {getattr(e, 'message', e)}") from e
            raise


def load_servable(path: Path, options: LoadOptions) -> Servable:
    """Load the model in a folder, or in a file, with only the libraries that it needs. BadInput if that fails."""
    framework, loaded = load(path, options)
    if isinstance(loaded, SavedModel):
        return Servable(framework, loaded)
    if isinstance(loaded, KerasModel):
        return Servable(framework, _OneAtATime(loaded))
    model = SklearnModel(loaded, options.features)
    return Servable(framework, model, model.about)


class _OneAtATime:
    """Keras builds its predict function in the first call, and not for several threads at once."""

    def __init__(self, model: KerasModel) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.signatures = model.signatures

    def call(self, signature: str, inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        with self._lock:
            return self._model.call(signature, inputs)
