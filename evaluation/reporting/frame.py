"""The page around the parts of a report: contents, colours, the script and what it may do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.palette import variables
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.verdict_signs import DEFINITIONS

# Only the page's own script runs, known by its digest, and nothing is fetched, whatever a name from the data holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

PAGE = """
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{{ title }}</title>
<style>
{{ variables }}
{{ css }}
</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<p class="kind">{{ kind }}</p>
<h1>{{ title }}</h1>
<p class="lead">{{ subtitle }}</p>
<button type="button" id="theme" hidden>Dark</button>
</header>
<nav aria-label="Contents"><ul>
{%- for section in sections %}<li><a href="#{{ section.id }}">{{ section.title }}</a></li>{% endfor -%}
</ul></nav>
<main id="main" tabindex="-1">
{{ definitions }}
{%- for section in sections %}
<section id="{{ section.id }}" aria-labelledby="{{ section.id }}-title">
<h2 id="{{ section.id }}-title">{{ section.title }}</h2>
{{ section.body }}
</section>
{%- endfor %}
</main>
<footer><p>Written by Millwork. This file needs no network, and sends nothing anywhere.</p></footer>
{%- for id, document in documents.items() %}
<script type="application/json" id="{{ id }}">{{ document }}</script>
{%- endfor %}
<script>{{ script }}</script>
</body>
</html>
"""


def page(
    sections: Sequence[ReportSection],
    *,
    kind: str,
    title: str,
    subtitle: str,
    documents: dict[str, str],
) -> str:
    """The HTML. `documents` are JSON by id, for the script and for other programs."""
    from markupsafe import Markup

    script = _packaged("report.js")
    return render(
        PAGE,
        policy=f"{POLICY}; script-src '{_digest(script)}'",
        variables=Markup(variables()),
        css=Markup(_packaged("report.css")),
        script=Markup(script),
        definitions=DEFINITIONS,
        sections=[{"id": s.id, "title": s.title, "body": Markup(s.body)} for s in sections],
        documents={id: Markup(inert(text)) for id, text in documents.items()},
        kind=kind,
        title=title,
        subtitle=subtitle,
    )


def inert(document: str) -> str:
    """JSON in which nothing can end a <script>, or begin a tag; it reads as the same document."""
    for letter in "<>&\u2028\u2029":
        document = document.replace(letter, f"\\u{ord(letter):04x}")
    return document


def _packaged(name: str) -> str:
    return files("millwork.evaluation.reporting").joinpath(name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
