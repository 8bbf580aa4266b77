"""Texts from data and from users in Markdown: whatever they contain, they stay text, in one line and in their cell."""

from __future__ import annotations

import html
import re

from millwork.evaluation.pictures import printable

_INVISIBLE = "\u200b"
"""After an @ it keeps a name from being a mention, before :// an address from being a link."""


def plain(text: str) -> str:
    """A text in one line that Markdown does not read as markup, and that mentions nobody."""
    one_line = html.escape(printable(" ".join(text.split())), quote=False)
    return re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", one_line).replace("@", f"@{_INVISIBLE}")


def inert(text: str) -> str:
    """Plain text without links."""
    return re.sub(r"(?=://)|(?<=\bwww)(?=\.)", _INVISIBLE, plain(text))


def code(text: str) -> str:
    """A name, shown as code. GitHub and GitLab look for mentions and links everywhere but there."""
    one_line = printable(" ".join(text.split())) or "(empty)"
    if not re.search(r"[`|\\]", one_line):
        return f"`{one_line}`"
    # No fence of backticks holds these in a table; as character references they are text wherever they are.
    return f"<code>{re.sub(r'[^0-9A-Za-z ]', lambda found: f'&#{ord(found[0])};', one_line)}</code>"
