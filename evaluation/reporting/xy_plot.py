"""Drawing plots whose axes are in the data's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from millwork.evaluation.pictures import number as brief
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import MINUS, short
from millwork.evaluation.reporting.scales import Scale, polyline

LEFT, TOP = 62, 8

PLOT = """
<svg class="plotted" role="img" aria-label="{{ told }}" viewBox="0 0 {{ left + width + 12 }} {{ top + height + 46 }}">
{%- for tick in xs %}
<path class="grid-line" d="M{{ tick.at }} {{ top }}v{{ height }}"/>
<text class="middle" x="{{ tick.at }}" y="{{ top + height + 17 }}">{{ tick.text }}</text>
{%- endfor %}
{%- for tick in ys %}
<path class="grid-line" d="M{{ left }} {{ tick.at }}h{{ width }}"/>
<text class="end" x="{{ left - 7 }}" y="{{ tick.at + 4 }}">{{ tick.text }}</text>
{%- endfor %}
<text class="label middle" x="{{ left + width / 2 }}" y="{{ top + height + 38 }}">{{ across }}</text>
<text class="label middle" transform="translate(13 {{ top + height / 2 }}) rotate(-90)">{{ upwards }}</text>
{{ body }}
</svg>
"""


@dataclass(frozen=True)
class XYPlot:
    """What is drawn, in the order in which it lies."""

    across: str
    upwards: str
    told: str
    """For those who cannot see it."""
    xs: tuple[float, float]
    ys: tuple[float, float]
    width: int = 370
    height: int = 300
    drawn: list[Markup] = field(default_factory=list)

    def x(self, value: float) -> float:
        return LEFT + Scale(*self.xs, self.width).at(value)

    def y(self, value: float) -> float:
        return TOP + self.height - Scale(*self.ys, self.height).at(value)

    def add(self, shape: str, **values: object) -> None:
        """SVG with `{name}` in it, which are filled in and escaped."""
        self.drawn.append(Markup(shape).format(**values))

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return polyline((self.x(x), self.y(y)) for x, y in points)

    def svg(self) -> Markup:
        xs = [{"at": round(self.x(v), 1), "text": _tick(v)} for v in Scale(*self.xs).ticks(5)]
        ys = [{"at": round(self.y(v), 1), "text": _tick(v)} for v in Scale(*self.ys).ticks(5)]
        return Markup(
            render(
                PLOT,
                left=LEFT,
                top=TOP,
                width=self.width,
                height=self.height,
                xs=xs,
                ys=ys,
                across=self.across,
                upwards=self.upwards,
                told=self.told,
                body=Markup("\n").join(self.drawn),
            )
        )


def _tick(value: float) -> str:
    """Short enough for an axis."""
    if abs(value) < 1e4:
        return short(value)
    return f"{MINUS if value < 0 else ''}{brief(abs(value))}"
