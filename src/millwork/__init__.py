"""Stock parts for ML pipelines, and the runners that put them to work in order."""

from typing import TYPE_CHECKING

from millwork.core.component import Component, output
from millwork.core.conditions import when
from millwork.core.exit_handler import FinalStatus, on_exit
from millwork.core.function import Outputs, component
from millwork.core.graph import Artifact
from millwork.core.importing import import_artifact
from millwork.core.options import Options
from millwork.core.pipeline import Pipeline, pipeline
from millwork.core.resolving import Resolver, resolve, resolve_all

if TYPE_CHECKING:
    from millwork.analysis.compare import compare
    from millwork.analysis.diff import diff
    from millwork.analysis.view import view

__all__ = [
    "Artifact",
    "Component",
    "FinalStatus",
    "Options",
    "Outputs",
    "Pipeline",
    "Resolver",
    "compare",
    "component",
    "diff",
    "import_artifact",
    "on_exit",
    "output",
    "pipeline",
    "resolve",
    "resolve_all",
    "view",
    "when",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """`compare`, `diff`, `view`, once somebody asks: describing a pipeline does not wait for what reads results."""
    if name == "compare":
        from millwork.analysis.compare import compare

        return compare
    if name == "diff":
        from millwork.analysis.diff import diff

        return diff
    if name == "view":
        from millwork.analysis.view import view

        return view
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
