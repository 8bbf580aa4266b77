"""Stock parts for ML pipelines, and the runners that put them to work in order."""

from millwork.core.component import Component, output
from millwork.core.conditions import when
from millwork.core.function import Outputs, component
from millwork.core.graph import Artifact
from millwork.core.importing import import_artifact
from millwork.core.options import Options
from millwork.core.pipeline import Pipeline, pipeline

__all__ = [
    "Artifact",
    "Component",
    "Options",
    "Outputs",
    "Pipeline",
    "component",
    "import_artifact",
    "output",
    "pipeline",
    "when",
]
