"""Macro averages: metrics of single classes put together."""

from __future__ import annotations

from collections.abc import Iterator

from millwork.evaluation.metrics.metric import Family, Metric, NotHere, Request


def macro_average(family: Family, request: Request) -> Iterator[Metric]:
    """The average of a family's metrics over classes, or over the k best scores."""
    raise NotHere("it is averaged over classes")
