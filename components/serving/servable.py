"""A loaded model that answers requests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.models.loading import load
from millwork.components.models.scorers import LoadOptions
from millwork.components.models.tensor_models import KerasModel, SavedModel, TensorModel
from millwork.components.serving.sklearn_model import SklearnModel
from millwork.components.serving.warmup import replay_warmup
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

log = logging.getLogger(__name__)


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
        servable = Servable(framework, loaded)
        _warm_up(servable, path)
        return servable
    if isinstance(loaded, KerasModel):
        return Servable(framework, _OneAtATime(loaded))
    model = SklearnModel(loaded, options.features)
    return Servable(framework, model, model.about)


def _warm_up(servable: Servable, path: Path) -> None:
    try:
        asked = replay_warmup(path, servable.call)
    except (
        Exception
    ) as e:  # of the file, of the model: the first client is answered a little later, that is all
        log.warning("The warm-up file of %s cannot be used: %s: %s", path, type(e).__name__, e)
    else:
        if asked:
            log.info("Answered the %d requests of the warm-up file", asked)


class _OneAtATime:
    """Keras builds its predict function in the first call, and not for several threads at once."""

    def __init__(self, model: KerasModel) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.signatures = model.signatures

    def call(self, signature: str, inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        with self._lock:
            return self._model.call(signature, inputs)
