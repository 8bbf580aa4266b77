"""Stock parts for ML pipelines, and the runners that put them to work in order."""

from millwork.core.component import Component, output
from millwork.core.conditions import when
from millwork.core.exit_handler import FinalStatus, on_exit
from millwork.core.function import Outputs, component
from millwork.core.graph import Artifact
from millwork.core.importing import import_artifact
from millwork.core.options import Options
from millwork.core.pipeline import Pipeline, pipeline
from millwork.core.resolving import Resolver, resolve, resolve_all

__all__ = [
    "Artifact",
    "Component",
    "FinalStatus",
    "Options",
    "Outputs",
    "Pipeline",
    "Resolver",
    "component",
    "import_artifact",
    "on_exit",
    "output",
    "pipeline",
    "resolve",
    "resolve_all",
    "when",
]
