"""What pages about artifacts are made of: parts with tables, facts and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from millwork.analysis.previews import Excerpt
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.names import sentence, visible
from millwork.evaluation.reporting.report_section import ReportSection

Cell = str | Markup

MOST_COLUMNS = 60
"""Of rows of data: what is wider nobody reads, and is a page too large."""

TABLE = """
<div class="scroll"><table{% if sortable %} data-sortable="all"{% endif %}{% if narrow %} class="key"{% endif %}>
<caption>{{ caption }}</caption>
<thead><tr>
{%- for name in columns %}<th scope="col"{% if name in numbers %} class="n"{% endif %}>{{ name }}</th>{% endfor -%}
</tr></thead>
<tbody>
{%- for row in rows %}
<tr>{% for cell in row %}<td{% if columns[loop.index0] in numbers %} class="n"{% endif %}>{{ cell }}</td>
{%- endfor %}</tr>
{%- endfor %}
</tbody></table></div>
"""

FACTS = """
<dl class="facts">
{%- for name, value in facts.items() %}<div><dt>{{ name }}</dt><dd>{{ value }}</dd></div>{% endfor -%}
</dl>
"""


@dataclass(frozen=True)
class View:
    """What a page shows of an artifact, in this order."""

    sections: tuple[ReportSection, ...]


def section(id: str, title: str, *bodies: str) -> ReportSection:
    """A part of a page. `bodies` are HTML made by this package, whose texts are escaped already."""
    return ReportSection(id, visible(title), Markup("\n").join(map(Markup, bodies)))


def table(
    caption: Cell,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    numbers: Sequence[str] = (),
    *,
    sortable: bool = False,
    narrow: bool = False,
) -> Markup:
    """Rows of texts, or of HTML made by this package. Columns named in `numbers` are aligned to the right.

    A column in which no row has anything is left out.
    """
    kept = [place for place in range(len(columns)) if not rows or any(row[place] for row in rows)]
    shown = [[_seen(row[place]) for place in kept] for row in rows]
    names = [visible(columns[place]) for place in kept]
    given = {"columns": names, "numbers": [visible(name) for name in numbers], "rows": shown}
    return Markup(render(TABLE, caption=_seen(caption), sortable=sortable, narrow=narrow, **given))


def excerpt_table(excerpt: Excerpt, numbers: Sequence[str] = (), *, sortable: bool = False) -> Markup:
    """What a preview shows. Of very many columns the first ones."""
    if not excerpt.columns:
        return text_block(excerpt.title, excerpt.text)
    columns, rows, title = (
        excerpt.columns,
        [[sentence(cell) for cell in row] for row in excerpt.rows],
        excerpt.title,
    )
    if len(columns) > MOST_COLUMNS:
        columns, rows = columns[:MOST_COLUMNS], [row[:MOST_COLUMNS] for row in rows]
        title += f". The first {MOST_COLUMNS} of {len(excerpt.columns):,} columns"
    return table(title, columns, rows, numbers, sortable=sortable)


def facts(found: Mapping[str, Cell]) -> Markup:
    """Names and values. What is empty is left out."""
    return Markup(render(FACTS, facts={name: _seen(value) for name, value in found.items() if value}))


def text_block(title: str, text: str) -> Markup:
    """A text as it is, line by line."""
    lines = Markup().join(Markup("<span>{}</span>").format(visible(line)) for line in text.splitlines())
    heading = Markup("<h3>{}</h3>").format(visible(title)) if title else Markup()
    return heading + Markup("<pre>{}</pre>").format(lines or Markup("<span>(empty)</span>"))


def paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(visible(text))


def note(text: str) -> Markup:
    return Markup('<p class="note">{}</p>').format(visible(text))


def folded(summary: str, body: Markup) -> Markup:
    """What is there for those who open it; nothing if there is nothing."""
    if not body:
        return Markup()
    return Markup("<details><summary>{}</summary>{}</details>").format(visible(summary), body)


def figure(caption: Cell, *shown: str) -> Markup:
    """A picture, or several things, below a caption."""
    return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(
        _seen(caption), Markup("\n").join(map(Markup, shown))
    )


def side_by_side(shown: Sequence[Markup], *, three: bool = False) -> Markup:
    """Figures beside one another, as many as there is room for."""
    return Markup('<div class="plots{}">{}</div>').format(" three" if three else "", Markup("\n").join(shown))


def _seen(cell: Cell) -> Cell:
    return cell if isinstance(cell, Markup) else visible(cell)
