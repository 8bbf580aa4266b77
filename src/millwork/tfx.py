"""The names of TFX that users' module files need, so that only their import lines change.

from millwork import tfx                                  # was: from tfx import v1 as tfx
from millwork.tfx import fileio, fn_args_utils, io_utils  # were: from tfx.dsl.io, tfx.components.trainer, tfx.utils
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from millwork import components
from millwork.components.data import fn_args as fn_args_utils
from millwork.components.data import fn_args as io_utils
from millwork.components.data import fn_args as utils

__all__ = ["components", "dsl", "fileio", "fn_args_utils", "io_utils", "utils"]


class _FileIO:
    """TFX's file functions: those of `tf.io.gfile`, where `open` is `GFile`."""

    def __getattr__(self, name: str) -> Any:
        import tensorflow as tf

        return getattr(tf.io.gfile, "GFile" if name == "open" else name)


fileio = _FileIO()
dsl = SimpleNamespace(io=SimpleNamespace(fileio=fileio))
