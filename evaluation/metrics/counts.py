"""How many rows there are, and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from millwork.evaluation.metrics.metric import Family, Metric, Request
from millwork.evaluation.metrics.tallies import RowCount

if TYPE_CHECKING:
    from millwork.evaluation.metrics.tallies import Counted


def example_count(request: Request) -> Iterator[Metric]:
    """TFMA computes no interval for a count, only for its difference."""
    request.takes()
    yield Metric(request.key(), (RowCount(request.weighted),), _total, has_interval=False)


def _total(count: Counted) -> Counted:
    return count[0, :, 0]


METRICS: dict[str, Family] = {"ExampleCount": example_count, "WeightedExampleCount": example_count}
