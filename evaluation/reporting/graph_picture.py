"""Drawing what was made from what: a box for each step with what it wrote, arrows from there to those who read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from millwork.evaluation.pictures import picture, shortened, text_width
from millwork.evaluation.reporting.graph_layout import Layout, layout

LEFT, TOP = 20, 78
"""Where the graph begins below the title."""
TITLE_HEIGHT, LINE_HEIGHT, PADDING = 30, 19, 10
COLUMNS = 26
"""The longest text in a box, in letters."""
LEGEND = 34

GRAPH = """
<g fill="none">
{%- for arrow in arrows %}
<path class="{{ arrow.colour }}" d="{{ arrow.path }}" stroke-width="1.4"
 {%- if arrow.dashed %} stroke-dasharray="5 4"{% endif %}/>
<path class="{{ arrow.colour }}" d="{{ arrow.head }}" stroke-width="1.4"/>
{%- endfor %}
</g>
{%- for box in boxes %}
<g><title>{{ box.told }}</title>
<rect class="mw-page {{ box.colour }}" x="{{ box.x }}" y="{{ box.y }}" rx="{{ box.round }}"
 width="{{ box.width }}" height="{{ box.height }}" stroke-width="{{ box.stroke }}"
 {%- if box.dashed %} stroke-dasharray="5 4"{% endif %}/>
{%- for text in box.texts %}
<text class="{{ text.style }}" x="{{ text.x }}" y="{{ text.y }}">{{ text.text }}</text>
{%- endfor %}
</g>
{%- endfor %}
{%- for entry in legend %}
<rect class="mw-page {{ entry.colour }}" x="{{ entry.x }}" y="{{ height - 30 }}" width="26" height="14" rx="3"
 stroke-width="{{ entry.stroke }}"{% if entry.dashed %} stroke-dasharray="5 4"{% endif %}/>
<text class="mw-soft" x="{{ entry.x + 34 }}" y="{{ height - 23 }}">{{ entry.text }}</text>
{%- endfor %}
"""


class Mark(StrEnum):
    """What is special about a box. Its word is written into the box."""

    NONE = ""
    CAUSE = "first cause"
    FOLLOWS = "follows"
    """It differs because of boxes before it."""
    BEFORE = "only before"
    AFTER = "only after"
    FAILED = "failed"


@dataclass(frozen=True)
class Port:
    """A line in a box that arrows begin at: something that was written."""

    id: str
    text: str


@dataclass(frozen=True)
class Box:
    """A step; or something that no step here has written, which has round ends."""

    id: str
    title: str
    ports: tuple[Port, ...] = ()
    mark: Mark = Mark.NONE
    note: str = ""
    """Beside the mark, such as how a step ended."""
    is_step: bool = True


@dataclass(frozen=True)
class Arrow:
    """From a port of a box, or from the box, to a box."""

    source: str
    target: str
    port: str = ""
    mark: Mark = Mark.NONE


@dataclass(frozen=True)
class _Look:
    colour: str
    stroke: float
    dashed: bool


_LOOKS = {
    Mark.NONE: _Look("mw-axis", 1, False),
    Mark.CAUSE: _Look("mw-c2", 3, False),
    Mark.FOLLOWS: _Look("mw-c1", 1.6, False),
    Mark.BEFORE: _Look("mw-c2", 1.6, True),
    Mark.AFTER: _Look("mw-c2", 1.6, True),
    Mark.FAILED: _Look("mw-c2", 1.6, True),
}
_EXPLAINED = {
    Mark.CAUSE: "differs by itself: a first cause",
    Mark.FOLLOWS: "differs because of what it reads",
    Mark.BEFORE: "only in one of the runs",
    Mark.AFTER: "only in one of the runs",
    Mark.NONE: "the same",
    Mark.FAILED: "failed",
}


@dataclass(frozen=True)
class _Entry(_Look):
    """Of the legend."""

    x: int
    text: str

    @property
    def right(self) -> float:
        return self.x + 34 + text_width(self.text, 12)


@dataclass
class _Drawn:
    """A box with its texts, and its place once that is known."""

    box: Box
    texts: list[tuple[str, str]]
    """Class and text of each line."""
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    ports: dict[str, float] = field(default_factory=dict)
    """How far below the upper end the line of a port is."""


def graph_svg(boxes: Sequence[Box], arrows: Sequence[Arrow], *, title: str, subtitle: str = "") -> str:
    """The picture, from left to right. `arrows` must not go round in circles."""
    drawn = {box.id: _drawn(box) for box in boxes}
    wires = [(arrow.source, arrow.port, arrow.target) for arrow in arrows]
    placed = layout({id: (d.width, d.height) for id, d in drawn.items()}, wires)
    for id, (x, y) in placed.places.items():
        drawn[id].x, drawn[id].y = LEFT + x, TOP + y
    marks = {box.mark for box in boxes}
    legend = _legend(marks)
    right = max((entry.right for entry in legend), default=0.0)
    return picture(
        GRAPH,
        width=int(max(placed.width + 2 * LEFT, right + LEFT)),
        height=int(placed.height + TOP + 24 + (LEGEND if legend else 0)),
        title=title,
        subtitle=subtitle,
        summary=f"{title}. {len(boxes)} boxes, {len(arrows)} arrows",
        boxes=[_box(d) for d in drawn.values()],
        arrows=list(_arrows(arrows, drawn, placed)),
        legend=legend,
    )


def _drawn(box: Box) -> _Drawn:
    tag = " · ".join(filter(None, [box.mark.value, box.note]))
    texts = [("mw-ink mw-bold mw-text", shortened(box.title, COLUMNS))]
    texts += [("mw-soft mw-bold", shortened(tag, 2 * COLUMNS))] if tag else []
    ports = {
        port.id: TITLE_HEIGHT + LINE_HEIGHT * (len(texts) - 1 + place) + LINE_HEIGHT / 2 - 4
        for place, port in enumerate(box.ports)
    }
    texts += [("mw-soft", shortened(port.text, COLUMNS)) for port in box.ports]
    width = max(text_width(text, 14.5 if i == 0 else 12) for i, (_, text) in enumerate(texts)) + 2 * PADDING
    return _Drawn(box, texts, round(width), TITLE_HEIGHT + LINE_HEIGHT * (len(texts) - 1), ports=ports)


def _box(drawn: _Drawn) -> dict[str, object]:
    look = _LOOKS[drawn.box.mark]
    texts = [
        {
            "style": style,
            "text": text,
            "x": f"{drawn.x + PADDING:g}",
            "y": f"{drawn.y + (TITLE_HEIGHT / 2 if i == 0 else TITLE_HEIGHT + LINE_HEIGHT * (i - 0.5) - 4):g}",
        }
        for i, (style, text) in enumerate(drawn.texts)
    ]
    told = [drawn.box.title, drawn.box.mark.value, drawn.box.note, *(port.text for port in drawn.box.ports)]
    return {
        **vars(look),
        "told": "\n".join(filter(None, told)),
        "round": 4 if drawn.box.is_step else 15,
        "x": f"{drawn.x:g}",
        "y": f"{drawn.y:g}",
        "width": f"{drawn.width:g}",
        "height": f"{drawn.height:g}",
        "texts": texts,
    }


def _arrows(
    arrows: Sequence[Arrow], drawn: Mapping[str, _Drawn], placed: Layout
) -> Iterator[dict[str, object]]:
    """Smooth lines that leave and arrive horizontally; those that arrive at one box are spread over its side."""
    begins = [drawn[a.source].y + drawn[a.source].ports.get(a.port, TITLE_HEIGHT / 2) for a in arrows]
    last = [lanes[-1][2] + TOP if lanes else begins[i] for i, lanes in enumerate(placed.lanes)]
    for i, arrow in enumerate(arrows):
        source, target = drawn[arrow.source], drawn[arrow.target]
        rivals = sorted(
            (j for j, other in enumerate(arrows) if other.target == arrow.target), key=lambda j: (last[j], j)
        )
        end = target.y + target.height * (rivals.index(i) + 1) / (len(rivals) + 1)
        points = [(source.x + source.width, begins[i]), (LEFT + placed.ends[arrow.source], begins[i])]
        for left, right, down in placed.lanes[i]:
            points += [(LEFT + left, TOP + down), (LEFT + right, TOP + down)]
        points.append((target.x, end))
        look = _LOOKS[arrow.mark]
        yield {
            "colour": look.colour,
            "dashed": look.dashed,
            "path": _smooth(points),
            "head": f"M{target.x - 6:.0f} {end - 3.5:.1f}L{target.x:.0f} {end:.1f}L{target.x - 6:.0f} {end + 3.5:.1f}",
        }


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    path = f"M{points[0][0]:.0f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        straight = abs(y0 - y1) < 0.5
        path += (
            f"H{x1:.0f}" if straight else f"C{middle:.0f} {y0:.1f} {middle:.0f} {y1:.1f} {x1:.0f} {y1:.1f}"
        )
    return path


def _legend(marks: set[Mark]) -> list[_Entry]:
    """What the borders mean, if any is special."""
    if not marks - {Mark.NONE}:
        return []
    told = {text: _LOOKS[mark] for mark, text in _EXPLAINED.items() if mark in marks}
    entries: list[_Entry] = []
    for text, look in told.items():
        x = round(entries[-1].right + 20) if entries else LEFT
        entries.append(_Entry(look.colour, look.stroke, look.dashed, x, text))
    return entries
