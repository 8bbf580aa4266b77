"""A page of results as Markdown, for where HTML is not shown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from millwork.evaluation.pages import Section


def markdown(title: str, sections: Sequence[Section]) -> str:
    """The text of a page, without its pictures."""
    return "\n".join(_lines(title, sections))


def _lines(title: str, sections: Sequence[Section]) -> Iterator[str]:
    yield f"# {_plain(title)}\n"
    for section in sections:
        yield f"## {_plain(section.title)}\n"
        yield from (f"- **{_plain(name)}:** {_plain(value)}" for name, value in section.facts)
        yield ""
        for table in section.tables:
            yield f"{table.caption}:\n"
            ruled = (table.columns, ["---"] * len(table.columns), *table.rows)
            yield from (f"| {' | '.join(map(_plain, row))} |" for row in ruled)
            yield ""
        yield from (f"{_plain(note)}\n" for note in section.notes)


def _plain(text: str) -> str:
    """A text in one line that Markdown does not read as markup."""
    one_line = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", one_line)
