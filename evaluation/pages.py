"""A page of results for people: one HTML file with everything in it, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from millwork.evaluation.pictures import DARK, LIGHT, render

# No script runs and nothing is fetched, whatever a class name from the data contains.
PAGE = """
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<style>
{%- macro colours(c) %}
body{background:{{ c.page }};color:{{ c.ink }}}p,dt,caption,th{color:{{ c.soft }}}
section,th,td{border-color:{{ c.line }}}
{%- endmacro %}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;margin:0}
main{max-width:1040px;margin:0 auto;padding:28px 24px 60px}
h1{font-size:25px;margin:0 0 4px}h2{font-size:19px;margin:0 0 12px}p{margin:0 0 14px}
section{border-top:1px solid;margin-top:26px;padding-top:22px}
svg{max-width:100%;height:auto;display:block;margin:0 0 20px -20px}
.row{display:flex;flex-wrap:wrap;gap:0 40px;align-items:flex-start;margin-top:14px}
dl{display:flex;flex-wrap:wrap;gap:10px 34px;margin:0 0 8px}dt{font-size:13px}
dd{margin:0;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:14px;margin:0 0 22px}
caption{text-align:left;padding:4px 0 8px;font-weight:600}
th,td{border-bottom:1px solid;padding:5px 16px 5px 0;text-align:left;vertical-align:top;unicode-bidi:isolate}
th{font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}
{{- colours(light) }}
@media (prefers-color-scheme:dark){ {{- colours(dark) }}}
@media print{main{max-width:none;padding:0}section{break-inside:avoid}}
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>{{ subtitle }}</p>
{%- for section in sections %}
<section>
<h2>{{ section.title }}</h2>
<dl>{% for name, value in section.facts %}<div><dt>{{ name }}</dt><dd>{{ value }}</dd></div>{% endfor %}</dl>
{%- for note in section.notes %}<p>{{ note }}</p>{% endfor %}
<div class="row">
{{ section.picture }}
<div>
{%- for table in section.tables %}
<div class="wide"><table>
<caption>{{ table.caption }}</caption>
<thead><tr>{% for name in table.columns %}
<th scope="col"{% if loop.index > table.texts %} class="n"{% endif %}>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in table.rows %}
<tr>{% for value in row %}<td{% if loop.index > table.texts %} class="n"{% endif %}>{{ value }}</td>
{%- endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{%- endfor %}
</div></div>
</section>
{%- endfor %}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Table:
    """Rows of texts. The first columns, `texts` of them, name the row; the others are numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


@dataclass(frozen=True)
class Section:
    """What a page shows of one split."""

    title: str
    facts: Sequence[tuple[str, str]]
    picture: str
    """SVG made by this package, whose texts are escaped already."""
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()


def page(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """The HTML of a page."""
    from markupsafe import Markup

    shown = [{**vars(section), "picture": Markup(section.picture)} for section in sections]
    return render(PAGE, title=title, subtitle=subtitle, sections=shown, light=LIGHT, dark=DARK)


def decimal(value: float | None) -> str:
    """A metric with the digits people compare, or that it is not defined."""
    return "n/a" if value is None else f"{value:.4f}"


def amount(value: float) -> str:
    """A number of rows, or a sum of weights."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
