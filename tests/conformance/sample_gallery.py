"""A store that has an artifact of every type."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from sample_artifacts import MAKERS, artifact_of
from sample_page import HOSTILE

import millwork
from millwork import Pipeline, import_artifact
from millwork.analysis.stores import existing_store
from millwork.analysis.view import ArtifactPage
from millwork.core.store import MetadataStore
from millwork.runners.local import LocalRunner


class Gallery:
    """The artifacts by the keys of MAKERS, and their pages. `text` is in every name."""

    def __init__(self, folder: Path, text: str) -> None:
        self.root = folder / ".millwork"
        made = {kind: artifact_of(kind, folder / str(n), text) for n, kind in enumerate(MAKERS)}
        steps = [import_artifact(artifact, id=f"import_{n}") for n, artifact in enumerate(made.values())]
        run = LocalRunner(self.root, quiet=True).run(Pipeline("gallery", steps))
        self.ids = {kind: run[step].id for kind, step in zip(made, steps, strict=True)}

    def page(self, kind: str, split: str = "") -> ArtifactPage:
        return millwork.view(self.ids[kind], split=split, root=self.root)

    @property
    def store(self) -> MetadataStore:
        return existing_store(str(self.root), "")


@functools.cache
def gallery(text: str = "Graz") -> Gallery:
    """One for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="gallery-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Gallery(folder, text)


def hostile_gallery() -> Gallery:
    """In it every name tries to be more than a name; half a character, which no file can hold, is left out."""
    return gallery(HOSTILE.encode("utf-8", "ignore").decode())
