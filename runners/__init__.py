"""Ways to run a pipeline."""

from millwork.runners.local import LocalRunner
from millwork.runners.sweeps import sweep

__all__ = ["LocalRunner", "sweep"]
