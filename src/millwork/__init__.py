"""Stock parts for ML pipelines, and the runners that put them to work in order."""

from millwork.core.component import Component, output
from millwork.core.function import Outputs, component
from millwork.core.graph import Artifact
from millwork.core.options import Options

__all__ = ["Artifact", "Component", "Options", "Outputs", "component", "output"]
