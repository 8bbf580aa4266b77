"""Texts from data in Markdown stay text."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from millwork.evaluation.markdown_text import code, inert, plain

HOSTILE = [
    "a*b*_c_ ~~d~~ #1 [x](y) ![z](w) `q` \\ |",
    "<script>alert(1)</script> & <img src=x>",
    "two\nlines\r\n# heading\n- item",
    "`` ` ```",
    "a\\|b|",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("write", [plain, inert, code])
def test_it_is_shown_as_it_is_and_stays_in_its_cell(write: object, text: str) -> None:
    assert callable(write)
    page = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .render(f"| a | b |\n|---|---|\n| {write(text)} | end |")
    )
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(cells) == 2 and cells[1] == "end"
    shown = html.unescape(re.sub(r"</?code>", "", cells[0]))
    assert " ".join(shown.split()) == " ".join(text.split())
    assert not re.search(r"<(?!/?code>)", cells[0])


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    assert "@e" not in plain("@everyone a@example.org")
    told = inert("see http://evil.example and www.evil.example or @me")
    assert "http://" not in told and "www." not in told and "@m" not in told
    assert told.replace("\u200b", "") == "see http://evil.example and www.evil.example or @me"


def test_as_code_a_name_is_as_it_is_called() -> None:
    assert code("@blessed") == "`@blessed`"
    assert code("") == "`(empty)`"
    assert code("a\x00b") == "`a\ufffdb`"
