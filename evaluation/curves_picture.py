"""Drawing ROC curves over one another, each with the area below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.pictures import LIGHT_CURVES, picture, shortened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CURVES = len(LIGHT_CURVES)
DASHES = ("none", "none", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 2")

CURVES = """
{%- for tick in ticks %}
<path class="mw-line" d="M{{ tick.x }} {{ top }}v{{ side }}M{{ left }} {{ tick.y }}h{{ side }}"/>
<text class="mw-soft mw-middle" x="{{ tick.x }}" y="{{ top + side + 15 }}">{{ tick.text }}</text>
<text class="mw-soft mw-end" x="{{ left - 9 }}" y="{{ tick.y }}">{{ tick.text }}</text>
{%- endfor %}
<text class="mw-soft mw-middle" x="{{ left + side / 2 }}" y="{{ top + side + 38 }}">false positive rate</text>
<text class="mw-soft mw-middle"
 transform="translate(24 {{ top + side / 2 }}) rotate(-90)">true positive rate</text>
<text class="mw-soft mw-end" x="{{ width - 20 }}" y="{{ top + 4 }}">area under the curve</text>
<path class="mw-axis" stroke-dasharray="3 4" d="M{{ left }} {{ top + side }}l{{ side }} {{ -side }}"/>
<path class="mw-axis" stroke-dasharray="3 4" d="M{{ key }} {{ chance_y }}h26"/>
<text class="mw-soft mw-text" x="{{ key + 36 }}" y="{{ chance_y }}">chance</text>
<text class="mw-soft mw-text mw-end" x="{{ width - 20 }}" y="{{ chance_y }}">0.500</text>
{%- for c in curves %}
<g><title>{{ c.told }}</title>
<path class="mw-curve mw-c{{ loop.index0 }}{{ ' mw-first' if loop.first }}" stroke-dasharray="{{ c.dash }}"
 d="{{ c.path }}M{{ key }} {{ c.y }}h26"/>
<text class="mw-ink mw-text" x="{{ key + 36 }}" y="{{ c.y }}">{{ c.short }}</text>
<text class="mw-ink mw-text mw-bold mw-end" x="{{ width - 20 }}" y="{{ c.y }}">{{ c.auc }}</text></g>
{%- endfor %}
"""


@dataclass(frozen=True)
class DrawnCurve:
    """One line in a picture: rates from 0 to 1, rising."""

    name: str
    auc: float
    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]


def curves_svg(curves: Sequence[DrawnCurve], *, title: str, subtitle: str) -> str:
    """The picture. The first curve is the one that matters; what exceeds MAX_CURVES is left out."""
    left, top, side = 66, 74, 400
    drawn = [
        {
            "told": f"{curve.name}: area under the curve {curve.auc:.3f}",
            "short": shortened(curve.name, 24),
            "auc": f"{curve.auc:.3f}",
            "dash": dash,
            "path": _path(left + curve.fpr * side, top + side - curve.tpr * side),
            "y": top + 30 + 24 * place,
        }
        for place, (curve, dash) in enumerate(zip(curves[:MAX_CURVES], DASHES, strict=False))
    ]
    steps = [(step / 5, side * step // 5) for step in range(6)]
    told = "; ".join(str(curve["told"]) for curve in drawn) or "There is no curve"
    return picture(
        CURVES,
        width=left + side + 330,
        height=top + side + 62,
        left=left,
        top=top,
        side=side,
        key=left + side + 26,
        curves=drawn,
        chance_y=top + 30 + 24 * len(drawn),
        ticks=[{"x": left + at, "y": top + side - at, "text": f"{rate:.1f}"} for rate, at in steps],
        title=title,
        subtitle=subtitle,
        summary=f"{title}. {told}",
    )


def _path(xs: Iterable[float], ys: Iterable[float]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
