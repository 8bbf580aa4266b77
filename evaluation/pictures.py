"""What the pictures share: colours for light and dark pages, fitting and escaping of text, filling templates.

Pictures are SVG and need nothing else: no script, no font, no network. Class and slice names come from data,
so every text goes through Jinja's escaping and through `printable`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

LIGHT = {"page": "#ffffff", "ink": "#1b2430", "soft": "#566273", "line": "#d9dee5"}
LIGHT |= {"right": "#0f4c8a", "wrong": "#a83f00", "mixed": "#4d5a6b"}
DARK = {"page": "#11161d", "ink": "#e8ecf1", "soft": "#9fabba", "line": "#333c48"}
DARK |= {"right": "#2b6cb5", "wrong": "#b8530f", "mixed": "#5a6778"}
LIGHT_CURVES = ("#1b2430", "#0b62a4", "#c04f00", "#007a58", "#8a3fa0", "#b02a63", "#00758a", "#6b6400")
DARK_CURVES = ("#e8ecf1", "#5aa9e6", "#ff9457", "#3cc79a", "#c99be0", "#f27fae", "#4fc3d9", "#cfc35c")

FRAME = """
{%- macro colours(c, curves) %}
.mw-page{fill:{{ c.page }}}.mw-ink{fill:{{ c.ink }}}.mw-soft{fill:{{ c.soft }}}
.mw-line{stroke:{{ c.line }}}.mw-axis{stroke:{{ c.soft }}}
.mw-right{fill:{{ c.right }}}.mw-wrong{fill:{{ c.wrong }}}.mw-mixed{fill:{{ c.mixed }}}
{%- for colour in curves %}.mw-c{{ loop.index0 }}{stroke:{{ colour }}}{% endfor %}
{%- endmacro -%}
<svg class="mw" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{{ summary }}"
 width="{{ width }}" height="{{ height }}" viewBox="0 0 {{ width }} {{ height }}">
<title>{{ summary }}</title>
<style>
.mw{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.mw text{unicode-bidi:isolate;dominant-baseline:central}.mw-middle{text-anchor:middle}.mw-end{text-anchor:end}
.mw-title{font-size:17px;font-weight:600}.mw-text{font-size:13px}.mw-bold{font-weight:600}
.mw-curve{fill:none;stroke-width:1.7;stroke-linejoin:round}.mw-first{stroke-width:2.6}
.mw-cell{fill:#000}.mw-strong{fill:#fff}
{{- colours(light, light_curves) }}
@media (prefers-color-scheme:dark){.mw-cell{fill:#fff}
{{- colours(dark, dark_curves) }}}
</style>
<rect class="mw-page" width="{{ width }}" height="{{ height }}"/>
<text class="mw-ink mw-title" x="20" y="26">{{ title }}</text>
<text class="mw-soft mw-text" x="20" y="48">{{ subtitle }}</text>
{{ body }}
</svg>
"""


def picture(
    template: str, *, width: int, height: int, title: str, subtitle: str, summary: str, **values: object
) -> str:
    """An SVG: a title and, below it, `template`. Screen readers read `summary` instead."""
    from markupsafe import Markup

    width = max(width, int(text_width(title, 17)) + 40, int(text_width(subtitle, 13)) + 40)
    body = Markup(render(template, **values, width=width, height=height))
    colours = {"light": LIGHT, "dark": DARK, "light_curves": LIGHT_CURVES, "dark_curves": DARK_CURVES}
    texts = {"title": title, "subtitle": subtitle, "summary": summary}
    return render(FRAME, body=body, width=width, height=height, **texts, **colours)


def printable(text: str) -> str:
    """The text without characters that XML forbids, each replaced by the sign for that."""
    return re.sub("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def shortened(text: str, columns: int) -> str:
    """The text on one line and, if it is long, with its middle left out."""
    line = " ".join(text.split())
    if text_width(line, 1) <= columns * 0.6:
        return line
    half = (columns - 1) // 2
    return f"{line[:half]}…{line[-half:]}"


def text_width(text: str, size: float) -> float:
    """About how wide a text is, in the unit of its font size: nothing here can measure fonts."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (0.6 * len(text) + 0.4 * wide)


def number(value: float) -> str:
    """A count, or a sum of weights, short enough for a cell."""
    if value >= 1e6:
        return f"{value / 1e6:.3g}M"
    if value >= 1e5:
        return f"{value / 1e3:.0f}k"
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.3g}"


def percent(share: float) -> str:
    """A share as people read it; nothing is rounded to 0% or 100% that is not exactly that."""
    if share != share:
        return "n/a"
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


def render(template: str, **values: object) -> str:
    """A template filled in, with every text escaped that is not Markup."""
    return _compiled(template).render(**values).strip() + "\n"


@functools.cache
def _compiled(template: str) -> jinja2.Template:
    import jinja2
    from markupsafe import Markup

    def finalize(value: object) -> object:
        return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = jinja2.Environment(autoescape=True, finalize=finalize, undefined=jinja2.StrictUndefined)
    return environment.from_string(template)
