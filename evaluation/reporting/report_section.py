"""The parts of a report: each has a place in its contents, and HTML of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportSection:
    """A part of a report. `body` is HTML made by this package, whose texts are escaped already."""

    id: str
    title: str
    body: str
