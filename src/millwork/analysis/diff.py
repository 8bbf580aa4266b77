"""`millwork.diff`: what differs between two runs, from Python."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.analysis.differences.comparing import difference_between
from millwork.analysis.differences.difference import RunDifference
from millwork.analysis.differences.document import document
from millwork.analysis.differences.graph import difference_svg
from millwork.analysis.differences.markdown import as_markdown
from millwork.analysis.differences.text import Shown, as_text
from millwork.analysis.stores import existing_store, find_run
from millwork.evaluation.pictures import printable


@dataclass(frozen=True)
class Diff:
    """What `millwork diff` found: printed as text, shown by notebooks, and as data."""

    difference: RunDifference

    def __repr__(self) -> str:
        return as_text(self.difference)

    def __bool__(self) -> bool:
        """Whether there is a difference."""
        return not self.difference.equal

    def to_dict(self) -> dict[str, Any]:
        """The document that `millwork diff --json` prints: millwork/diff/v1."""
        return {**document(self.difference)}

    def to_markdown(self) -> str:
        """What `millwork diff --md` prints."""
        return as_markdown(self.difference)

    def _repr_html_(self) -> str:
        text = as_text(self.difference, Shown(everything=True, whole_code=True))
        picture = difference_svg(self.difference)
        return f'<div style="overflow-x:auto">{picture}</div><pre>{html.escape(printable(text))}</pre>'


def diff(before: str, after: str = "latest", *, root: str | Path = ".millwork", store: str = "") -> Diff:
    """What differs between two runs, and which of the differences are the first causes of the others.

        found = millwork.diff("latest~1", "latest")
        print(found)
        [cause.said for cause in found.difference.causes]

    Runs are named as on the command line. Raises NotFound if there is no such run.
    """
    opened = existing_store(str(root), store)
    return Diff(difference_between(opened, find_run(opened, before), find_run(opened, after)))
