"""Numbers as bars in the cells of a table."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from millwork.evaluation.reporting.palette import SERIES


def bar(
    value: float | None,
    *,
    most: float,
    marks: Sequence[float] = (),
    interval: tuple[float, float] | None = None,
    series: int = 1,
) -> Markup:
    """A bar from 0 to `value` where the cell ends at `most`, a line for an interval, and ticks at other values.

    It says nothing that the numbers beside it do not.
    """
    if value is None or not most > 0:
        return Markup()
    shapes = Markup('<rect class="bar s{}" width="{}%" y="5" height="10"/>').format(
        series % SERIES, _at(value, most)
    )
    if interval:
        ends = _at(interval[0], most), _at(interval[1], most)
        shapes += Markup('<line class="whisker s{}" x1="{}%" x2="{}%" y1="10" y2="10"/>').format(
            series % SERIES, *ends
        )
    for mark in marks:
        shapes += Markup('<line class="zero" x1="{0}%" x2="{0}%" y1="1" y2="19"/>').format(_at(mark, most))
    return Markup('<svg class="cell-bar" aria-hidden="true">{}</svg>').format(shapes)


def _at(value: float, most: float) -> str:
    return f"{100 * min(max(value / most, 0.0), 1.0):.1f}"
