"""The names of TFX that users' module files need, so that only their import lines change.

| was | write |
|---|---|
| `from tfx import v1 as tfx` | `from millwork import tfx` |
| `from tfx.components.trainer.fn_args_utils import FnArgs` | `from millwork.tfx.fn_args_utils import FnArgs` |
| `from tfx.components.trainer import fn_args_utils` | `from millwork.tfx import fn_args_utils` |
| `from tfx.components.tuner.component import TunerFnResult` | `from millwork.tfx.fn_args_utils import TunerFnResult` |
| `from tfx.utils import io_utils` | `from millwork.tfx import io_utils` |
| `from tfx.dsl.io import fileio` | `from millwork.tfx import fileio` |
"""

from __future__ import annotations

from types import SimpleNamespace

from millwork import components
from millwork.tfx import fileio, fn_args_utils, io_utils

utils = io_utils
dsl = SimpleNamespace(io=SimpleNamespace(fileio=fileio))

__all__ = ["components", "dsl", "fileio", "fn_args_utils", "io_utils", "utils"]
