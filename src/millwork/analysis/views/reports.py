"""A report: its Markdown as text with headings, lists and tables, in which nothing of HTML or pictures is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from millwork.analysis.views.files import files_sections
from millwork.analysis.views.parts import note, section
from millwork.core.artifacts import Report, ValueArtifact
from millwork.core.storage import file_sizes
from millwork.evaluation.reporting.names import name, visible
from millwork.evaluation.reporting.report_section import ReportSection

MOST_CHARACTERS = 200_000
LEVELS = 2
"""By so many levels headings are below those of the page."""


def report_sections(artifact: Report) -> Iterator[ReportSection]:
    """The first Markdown file; everything else as of any artifact."""
    found = sorted(path for path in file_sizes(artifact.uri) if path.endswith((".md", ".markdown")))
    if not found:
        yield from files_sections(artifact)
        return
    file = artifact.path / found[0]
    yield section("report", name(found[0], 60), _shown(file), *_pages(artifact))


def _shown(file: Path) -> Markup:
    with file.open(encoding="utf-8", errors="replace") as content:
        text = content.read(MOST_CHARACTERS)
        more = bool(content.read(1))
    told = note(f"It goes on in {file}") if more else Markup()
    return Markup('<div class="prose">{}</div>{}').format(html_of(text), told)


def html_of(markdown: str) -> Markup:
    """CommonMark with tables. HTML in it is shown as text; pictures, and links of other schemes, stay text too."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = parser.parse(visible(markdown))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + LEVELS, 6)}"
        elif token.type == "th_open":
            token.attrSet("scope", "col")
    return Markup(parser.renderer.render(tokens, parser.options, {}))


def _pages(artifact: Report) -> Iterator[Markup]:
    """Pages from elsewhere are not shown inside of this one, where they could do what only it may."""
    for path in file_sizes(artifact.uri):
        if path.endswith((".html", ".htm")):
            yield note(f"As a page of its own: {artifact.path / path}")


def value_sections(artifact: ValueArtifact[Any]) -> Iterator[ReportSection]:
    """The value."""
    yield section(
        "value", "Value", Markup("<pre><span>{}</span></pre>").format(visible(str(artifact.value))[:100_000])
    )
