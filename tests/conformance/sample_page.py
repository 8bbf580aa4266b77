"""A page as a browser would take it, and a name from data that tries to be more than a name."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\x00\u202e\u2028{{ 7*7 }}\N{FACE WITH TEARS OF JOY}\ud800"


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, and texts outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open not in ("script", "style"):
            self.text += data + " "

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]
