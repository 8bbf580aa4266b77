"""A page of results as Markdown, for where HTML is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from millwork.evaluation.markdown_text import plain
from millwork.evaluation.pages import Section


def markdown(title: str, sections: Sequence[Section]) -> str:
    """The text of a page, without its pictures."""
    return "\n".join(_lines(title, sections))


def _lines(title: str, sections: Sequence[Section]) -> Iterator[str]:
    yield f"# {plain(title)}\n"
    for section in sections:
        yield f"## {plain(section.title)}\n"
        yield from (f"- **{plain(name)}:** {plain(value)}" for name, value in section.facts)
        yield ""
        for table in section.tables:
            yield f"{table.caption}:\n"
            ruled = (table.columns, ["---"] * len(table.columns), *table.rows)
            yield from (f"| {' | '.join(map(plain, row))} |" for row in ruled)
            yield ""
        yield from (f"{plain(note)}\n" for note in section.notes)
