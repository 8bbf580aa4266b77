"""Drawing differences with their intervals in the rows of a table, over a band for the margin and a line at zero.

Places are percentages, so that the picture takes the width of its column; shapes keep theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from millwork.evaluation.comparing.findings import Finding, MetricInfo
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.scales import Scale
from millwork.evaluation.reporting.verdict_signs import sign_id

WIDEST = 4.0
"""An interval of a small slice is cut where it is so many times as wide as the usual one: the others stay readable."""

GROUND = """
{%- if margin %}<rect class="band" x="{{ band_from }}%" width="{{ band_width }}%" height="100%"/>{% endif -%}
{%- for x in lines %}<line class="grid" x1="{{ x }}%" x2="{{ x }}%" y2="100%"/>{% endfor -%}
<line class="zero" x1="{{ zero }}%" x2="{{ zero }}%" y2="100%"/>
"""

AXIS = """
<svg class="axis" aria-hidden="true"><g>
{%- for tick in ticks %}<text x="{{ tick.x }}%" y="33" class="{{ tick.anchor }}">{{ tick.text }}</text>{% endfor %}
{%- for side in sides %}<text x="{{ side.x }}%" y="12" class="{{ side.anchor }} side">{{ side.text }}</text>
{%- endfor %}</g></svg>
"""


@dataclass(frozen=True)
class Forest:
    """What the rows of one metric share."""

    metric: MetricInfo
    scale: Scale
    margin: float

    def at(self, value: float) -> float:
        """Where a change is, in percent of the width: better ones are always on the right."""
        place = self.scale.at(value)
        return place if self.metric.higher_is_better else self.scale.length - place

    @property
    def ground(self) -> Markup:
        """What lies below every row: the tolerated loss, round numbers, no change at all."""
        start, end = self.at(-self.margin if self.metric.higher_is_better else self.margin), self.at(0)
        lines = [_percent(self.at(tick)) for tick in self.scale.ticks(4) if tick]
        return Markup(
            render(
                GROUND,
                margin=self.margin,
                band_from=_percent(start),
                band_width=_percent(end - start),
                lines=lines,
                zero=_percent(end),
            ).strip()
        )

    @property
    def axis(self) -> Markup:
        """The numbers, and what the sides mean."""
        ticks = [self._tick(value) for value in self.scale.ticks(4)]
        zero = self.at(0)
        sides = [
            {"x": _percent(zero - 3), "anchor": "end", "text": "← worse"},
            {"x": _percent(zero + 3), "anchor": "start", "text": "better →"},
        ]
        return Markup(render(AXIS, ticks=ticks, sides=sides).strip())

    def _tick(self, value: float) -> dict[str, object]:
        at = self.at(value)
        anchor = "start" if at < 6 else "end" if at > 94 else "middle"
        return {"x": _percent(at), "anchor": anchor, "text": short(value)}

    def row(self, finding: Finding, ground: Markup) -> Markup:
        """One difference. `ground` is this forest's, or a reference to it."""
        return Markup('<svg class="forest" aria-hidden="true">{}<svg y="50%">{}</svg></svg>').format(
            ground, self._drawn(finding)
        )

    def _drawn(self, finding: Finding) -> Markup:
        drawn = Markup()
        if finding.change is None:
            return drawn
        if finding.lower is not None and finding.upper is not None:
            drawn += self._interval(finding.lower, finding.upper)
        return drawn + Markup('<use href="#{}" x="{}%"/>').format(
            sign_id(finding.verdict), _percent(self.at(finding.change))
        )

    def _interval(self, lower: float, upper: float) -> Markup:
        """A line; with an arrow where it goes on."""
        low, high = (lower, upper) if self.metric.higher_is_better else (upper, lower)
        drawn = Markup('<line x1="{}%" x2="{}%"/>').format(_percent(self.at(low)), _percent(self.at(high)))
        cuts = lower < self.scale.low, upper > self.scale.high
        left, right = cuts if self.metric.higher_is_better else cuts[::-1]
        if left:
            drawn += Markup('<path d="M6-4 1 0l5 4"/>')
        if right:
            drawn += Markup('<svg x="100%"><path d="M-6-4-1 0l-5 4"/></svg>')
        return drawn


def forest(metric: MetricInfo, findings: Sequence[Finding]) -> Forest:
    """The scale that these differences need; zero and the margin are always on it."""
    margin = max((f.margin for f in findings), default=0.0)
    ends = [
        (f.lower, f.upper)
        for f in findings
        if f.lower is not None and f.upper is not None and math.isfinite(f.lower) and math.isfinite(f.upper)
    ]
    points = [f.change for f in findings if f.change is not None and math.isfinite(f.change)]
    usual = sorted(upper - lower for lower, upper in ends)[len(ends) // 2] if ends else 0.0
    most = max(WIDEST * usual, *(abs(value) for value in (0.0, *points)))
    values = [0.0, -margin, margin, *points]
    values += [min(max(end, -most), most) for pair in ends for end in pair]
    low, high = min(values), max(values)
    pad = 0.06 * (high - low) or 1.0
    return Forest(metric, Scale(low - pad, high + pad), margin)


def _percent(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
