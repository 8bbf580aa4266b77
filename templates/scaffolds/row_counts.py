"""A component that is a function: its first parameter is what it writes, artifacts are what it reads."""

from __future__ import annotations

import json

from millwork import component
from millwork.core.artifacts import Examples, Report


@component
def row_counts(report: Report, examples: Examples, *, indent: int = 2) -> None:
    """Write how many rows each split has."""
    counts = dict(examples.num_examples)
    (report.path / "row_counts.json").write_text(json.dumps(counts, indent=indent))
