"""Running one component by itself, with no runner and no store: for unit tests and notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from millwork.core.graph import Artifact, Step
from millwork.core.storage import join

S = TypeVar("S", bound=Step)


def perform(step: S, folder: str | Path) -> S:
    """Run `step` now, its inputs being real artifacts, and return it with its outputs below `folder`.

    step = perform(StatisticsGen(examples=examples), tmp_path)
    step.statistics.path
    """
    places = {name: place_for(artifact, join(str(folder), name)) for name, artifact in step.outputs.items()}
    ready = step.bind(step.inputs, places)
    for name in places:
        Path(folder, name).mkdir(parents=True, exist_ok=True)
    ready.run()
    return ready


def place_for(artifact: Artifact, folder: str) -> str:
    """The uri of an artifact that lives in `folder`."""
    return join(folder, artifact.file) if artifact.file else folder
