"""TensorFlow Model Analysis's protobuf messages, without the eight seconds that importing it takes."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from millwork.core.errors import BadInput

_PACKAGE = "tensorflow_model_analysis"


@dataclass(frozen=True)
class TfmaProtos:
    """The generated modules: `protos.config.EvalConfig`, `protos.metrics_for_slice.MetricsForSlice`, ..."""

    config: Any
    metrics_for_slice: Any
    validation_result: Any


@cache
def tfma_protos() -> TfmaProtos:
    """Load the three modules; TensorFlow and Beam are not imported.

    The messages are the same classes as those of a later, or earlier, `import tensorflow_model_analysis`.
    """
    names = ("config_pb2", "metrics_for_slice_pb2", "validation_result_pb2")
    if _PACKAGE in sys.modules:
        return TfmaProtos(*(import_module(f"{_PACKAGE}.proto.{name}") for name in names))
    return TfmaProtos(*_loaded_alone(names))


def _loaded_alone(names: tuple[str, ...]) -> list[ModuleType]:
    """The modules, run under their own names while the packages above them are empty stand-ins.

    Nothing stays in `sys.modules`: whoever imports the package afterwards gets the real one. It runs the same
    files again, and protobuf answers with the messages that it already knows.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(
            "Evaluations need the library tensorflow-model-analysis, which is not installed. Install it beside "
            "millwork: pip install tensorflow-model-analysis"
        )
    home = Path(spec.submodule_search_locations[0])
    for name, folder in ((_PACKAGE, home), (f"{_PACKAGE}.proto", home / "proto")):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    try:
        return [import_module(f"{_PACKAGE}.proto.{name}") for name in names]
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == _PACKAGE]:
            del sys.modules[name]
