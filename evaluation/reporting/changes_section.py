"""What differs between the runs behind the models: tables, and files line by line."""

from __future__ import annotations

from collections.abc import Sequence

from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.change_sections import ChangeSection, FileDiff
from millwork.evaluation.reporting.names import name, number_of, sentence, visible
from millwork.evaluation.reporting.report_section import ReportSection

MOST_ROWS = 200
MOST_LINES = 400
MOST_CHARACTERS = 120_000
"""Of all files together: a report stays small whatever was changed."""

CHANGES = """
{%- for change in changes %}
<h3>{{ change.title }}</h3>
{%- if change.text %}<p>{{ change.text }}</p>{% endif %}
{%- if change.columns %}
<div class="scroll"><table class="changes">
<caption class="unseen">{{ change.title }}</caption>
<thead><tr>{% for column in change.columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in change.rows %}
<tr>{% for cell in row %}
{%- if loop.first %}<th scope="row">{{ cell }}</th>{% else %}<td>{{ cell }}</td>{% endif %}{% endfor %}</tr>
{%- endfor %}</tbody></table></div>
{%- if change.left_out %}<p class="note">{{ change.left_out }} left out.</p>{% endif %}
{%- endif %}
{%- for diff in change.diffs %}
<details open><summary><bdi>{{ diff.name }}</bdi></summary>
<pre tabindex="0" aria-label="Changes in {{ diff.name }}">
{%- for css, line in diff.lines %}<span{% if css %} class="{{ css }}"{% endif %}>{{ line }}</span>{% endfor %}</pre>
{%- if diff.left_out %}<p class="note">{{ diff.left_out }} left out.</p>{% endif %}
</details>
{%- endfor %}
{%- endfor %}
"""


def changes_section(changes: Sequence[ChangeSection]) -> ReportSection:
    """Long tables and long diffs are cut, and say by how much."""
    budget = MOST_CHARACTERS
    shown = []
    for change in changes:
        diffs = []
        for diff in change.diffs:
            kept = _lines(diff, budget)
            budget -= sum(len(line) for line in kept)
            diffs.append(_diff(diff, kept))
        shown.append(
            {
                "title": sentence(change.title),
                "text": sentence(change.text),
                "columns": [sentence(column) for column in change.columns],
                "rows": [[sentence(cell, 200) for cell in row] for row in change.rows[:MOST_ROWS]],
                "left_out": _left_out(len(change.rows) - MOST_ROWS, "row"),
                "diffs": diffs,
            }
        )
    return ReportSection("changes", "What changed", render(CHANGES, changes=shown))


def _lines(diff: FileDiff, budget: int) -> list[str]:
    """The first lines, as many as there is room for; a very long one without its end."""
    kept: list[str] = []
    for line in diff.text.splitlines()[:MOST_LINES]:
        budget -= len(line[:300])
        if budget < 0:
            break
        kept.append(line if len(line) <= 300 else f"{line[:299]}…")
    return kept


def _diff(diff: FileDiff, kept: list[str]) -> dict[str, object]:
    return {
        "name": name(diff.name, 120),
        "lines": [(_kind(line), visible(line)) for line in kept],
        "left_out": _left_out(len(diff.text.splitlines()) - len(kept), "line"),
    }


def _kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "hunk"
    return {"+": "added", "-": "removed"}.get(line[:1], "")


def _left_out(count: int, noun: str) -> str:
    return number_of(count, f"more {noun}") if count > 0 else ""
