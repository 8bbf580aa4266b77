"""`millwork.view`: what is inside an artifact, as a page."""

from __future__ import annotations

import html
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from millwork.analysis.stores import existing_store
from millwork.analysis.views.page import artifact_page
from millwork.core.errors import WrongArgument
from millwork.core.graph import Artifact


@dataclass(frozen=True)
class ArtifactPage:
    """A page about an artifact: shown by notebooks, and saved as a file that needs nothing else."""

    id: int
    type_name: str
    html: str = field(repr=False)

    def save(self, path: str | os.PathLike[str] = "") -> Path:
        """Write the page to a file, or as `<type>-<id>.html` to a folder: by default the current one."""
        file = Path(path)
        if file.is_dir():
            file /= f"{re.sub(r'[^A-Za-z0-9]+', '-', self.type_name)}-{self.id}.html"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.html, encoding="utf-8")
        except OSError as e:
            raise WrongArgument(f"{str(file)!r} cannot be written: {e}") from e
        return file

    def _repr_html_(self) -> str:
        """In a frame of its own, so that neither the page nor the notebook changes the other."""
        inside = html.escape(self.html)
        return f'<iframe sandbox="allow-scripts" srcdoc="{inside}" style="width:100%;height:640px;border:0"></iframe>'


def view(
    artifact: int | Artifact, *, split: str = "", root: str | os.PathLike[str] = ".millwork", store: str = ""
) -> ArtifactPage:
    """A page about an artifact of the store: its id, or what `run[promise]` gave.

        millwork.view(12)
        millwork.view(run[statistics]).save("statistics.html")

    `split` shows only that one. Raises NotFound if there is no such artifact, or its files are gone.
    """
    id = artifact if isinstance(artifact, int) else artifact.id
    if not id:
        raise WrongArgument(f"{artifact!r} is not in a store: only what a run has published has a page")
    opened = existing_store(os.fspath(root), store)
    record = opened.artifact(id)
    return ArtifactPage(id, record.type_name, artifact_page(opened, record, split))
