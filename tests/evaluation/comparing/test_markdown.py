"""Markdown for a pull request, whatever names and values contain."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt
from sample_findings import INCONCLUSIVE, WORSE, finding, findings

from millwork.evaluation.comparing.markdown import markdown

HOSTILE = "a|b`c\n<img src=x onerror=alert(1)> @everyone [x](http://evil.example) ~~s~~ \\| #1"


def test_the_verdict_comes_first() -> None:
    lines = markdown(findings(finding(verdict=WORSE, reason="0.05 lower"))).splitlines()
    assert lines[0] == "### Model comparison: worse"
    assert lines[2] == "- `new` against `old`: **worse**. ROC AUC: 0.05 lower."


def test_rows_of_a_table_have_as_many_cells_as_its_head() -> None:
    text = markdown(findings(finding(), finding(slice="health:poor", verdict=INCONCLUSIVE)))
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        assert {line.count(" | ") for line in table.splitlines()[2:]} == {table.splitlines()[0].count(" | ")}
    assert "| `health:poor` | 6,000 | ROC AUC |" in text


def test_what_is_left_out_is_folded() -> None:
    found = findings(finding(), *(finding(slice=f"s:{n}", verdict=WORSE) for n in range(14)))
    text = markdown(found)
    opened, folded = text.split("<details><summary>All 14 results in slices</summary>")
    assert (opened.count("`s:"), folded.count("`s:")) == (10, 14)
    assert text.count("<details>") == text.count("</details>") == 2


def test_a_comment_is_not_too_long_for_github() -> None:
    found = findings(
        finding(), *(finding(slice=f"feature_{n}:some value", verdict=WORSE) for n in range(2_000))
    )
    assert len(markdown(found)) < 65_536


def test_unpaired_rows_are_told() -> None:
    text = markdown(findings(paired=False, unpaired_because="3 of 6,000 row ids are not in 'new'"))
    assert "without pairs of rows: 3 of 6,000 row ids" in text


def test_names_and_reasons_from_data_are_neither_markup_nor_mentions_nor_links() -> None:
    entry = {"model": HOSTILE, "reason": HOSTILE, "verdict": WORSE}
    found = findings(finding(**entry), finding(**entry, slice=HOSTILE), baseline="@someone", notes=(HOSTILE,))
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown(found))
    assert not re.search(r"<(img|a|s)\b", page)
    assert not re.search(r"@\w|http://", re.sub(r"<code>.*?</code>", "", page)), (
        "in code nothing is a mention"
    )
    assert page.count("<table>") == 2
    for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL):
        assert len(re.findall("<t[hd]", row)) in (6, 8)
    shown = html.unescape(re.sub("<[^>]*>", "", page))
    assert shown.count(" ".join(HOSTILE.split())) == 2, "a model and a slice are shown as they are called"
    assert "<code>@someone</code>" in page


def test_a_name_that_no_code_span_holds_is_written_in_character_references() -> None:
    text = markdown(findings(finding(model="a|b")))
    assert "<code>a&#124;b</code>" in text
