"""Ways to run a pipeline."""

from millwork.runners.local import LocalRunner

__all__ = ["LocalRunner"]
