"""Drawing plots whose axes both go from 0 to 1, or to the same smaller number: curves, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.scales import Scale, polyline

if TYPE_CHECKING:
    from millwork.evaluation.reporting.bands import Band

LEFT, TOP, SIDE = 50, 8, 380
DASHES = ("", "", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 2")

PLOT = """
<svg class="plotted" role="img" aria-label="{{ told }}" viewBox="0 0 {{ width }} {{ height }}">
{%- for tick in ticks %}
<path class="grid-line" d="M{{ tick.x }} {{ top }}v{{ side }}M{{ left }} {{ tick.y }}h{{ side }}"/>
<text class="middle" x="{{ tick.x }}" y="{{ top + side + 17 }}">{{ tick.text }}</text>
<text class="end" x="{{ left - 7 }}" y="{{ tick.y + 4 }}">{{ tick.text }}</text>
{%- endfor %}
<text class="label middle" x="{{ left + side / 2 }}" y="{{ top + side + 38 }}">{{ across }}</text>
<text class="label middle" transform="translate(13 {{ top + side / 2 }}) rotate(-90)">{{ upwards }}</text>
{{ body }}
</svg>
"""


@dataclass(frozen=True)
class SquarePlot:
    """What is drawn, in the order in which it lies."""

    across: str
    upwards: str
    told: str
    """For those who cannot see it."""
    most: float = 1.0
    """Where both axes end."""
    side: int = SIDE
    below: int = 0
    """Units of height that are kept free below the plot's own labels."""
    drawn: list[Markup] = field(default_factory=list)

    def x(self, value: float) -> float:
        return LEFT + self.side * min(value / self.most, 1.0)

    def y(self, value: float) -> float:
        return TOP + self.side - self.side * min(value / self.most, 1.0)

    def add(self, shape: str, **values: object) -> None:
        """SVG with `{name}` in it, which are filled in and escaped."""
        self.drawn.append(Markup(shape).format(**values))

    def band(self, band: Band, series: int) -> None:
        there = zip(band.at, band.upper, strict=True)
        back = zip(band.at[::-1], band.lower[::-1], strict=True)
        points = [(self.x(x), self.y(y)) for x, y in (*there, *back)]
        self.add('<path class="shade s{series}" d="{path}Z"/>', series=series % SERIES, path=polyline(points))

    def curve(self, path: str, series: int, title: str) -> None:
        self.add(
            '<g><title>{title}</title><path class="curve{first} s{series}"{dash} d="{path}"/></g>',
            title=title,
            first=" first" if not series else "",
            series=series % SERIES,
            dash=dash(series),
            path=path,
        )

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return polyline((self.x(x), self.y(y)) for x, y in points)

    def svg(self) -> Markup:
        values = Scale(0.0, self.most).ticks(5)
        ticks = [{"x": _short(self.x(v)), "y": self.y(v), "text": short(v)} for v in values]
        return Markup(
            render(
                PLOT,
                width=LEFT + self.side + 12,
                height=TOP + self.side + 46 + self.below,
                left=LEFT,
                top=TOP,
                side=self.side,
                across=self.across,
                upwards=self.upwards,
                told=self.told,
                ticks=ticks,
                body=Markup("\n").join(self.drawn),
            )
        )


def dash(series: int) -> Markup:
    """How a model's line is broken, as an attribute: colours alone are not enough."""
    pattern = DASHES[(series + series // SERIES) % len(DASHES)]
    return Markup(' stroke-dasharray="{}"').format(pattern) if pattern else Markup()


def swatch(series: int) -> Markup:
    """A piece of a model's line, for a legend."""
    return Markup(
        '<svg class="swatch" aria-hidden="true"><path class="curve{} s{}"{} d="M0 6h34"/></svg>'
    ).format(" first" if not series else "", series % SERIES, dash(series))


def _short(value: float) -> float:
    return round(value, 1)
