"""What a comparison found, in the forms that Python and notebooks want."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.document import CompareDocument, SourceDocument, document
from millwork.evaluation.comparing.findings import Findings, Verdict
from millwork.evaluation.comparing.markdown import markdown
from millwork.evaluation.comparing.tables import overall_table, slices_table
from millwork.evaluation.comparing.wording import name_of, refusal, remarks, why

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """What a comparison found, and what it was made of."""

    findings: Findings
    contest: Contest
    sources: Mapping[str, SourceDocument]
    """By model: where its predictions are from."""
    fail_on: tuple[str, ...] = ()
    """What its policy does not put up with."""
    page: Callable[[ModelComparison], str] = field(kw_only=True, repr=False)
    """Writes the report."""

    @property
    def verdict(self) -> Verdict:
        """Of the only challenger; of several, the worst."""
        return self.findings.verdict

    @property
    def refusal(self) -> str:
        """What the policy's `fail_on` stops for, in words. Empty if there is nothing."""
        return refusal(self.findings, self.fail_on)

    def to_frame(self) -> pd.DataFrame:
        """A row for each challenger, metric and slice: the fields of a `Finding`."""
        import pandas as pd

        entries = [{**vars(entry), "verdict": entry.verdict.value} for entry in self.findings.entries]
        return pd.DataFrame(entries)

    def to_dict(self) -> CompareDocument:
        """Plain data: what `millwork compare --json` prints."""
        return document(self.findings, self.sources, self.fail_on)

    def to_markdown(self) -> str:
        """For a pull request."""
        return markdown(self.findings)

    def to_html(self) -> str:
        """The whole report, as one page that needs nothing else."""
        return self.page(self)

    def __repr__(self) -> str:
        told = [
            f"{name_of(model)} against {name_of(self.findings.baseline)}: {self.findings.verdict_on(model)}. "
            f"{why(self.findings, model)}"
            for model in self.findings.challengers
        ]
        return "\n".join(told)

    def _repr_html_(self) -> str:
        """For notebooks: tables without script, which stay when the notebook is converted."""
        tables = (overall_table(self.findings), slices_table(self.findings))
        told = "".join(f"<p>{html.escape(line)}</p>" for line in repr(self).splitlines())
        shown = "".join(_html_table(table.columns, table.rows) for table in tables if table.rows)
        notes = "".join(f"<li>{html.escape(name_of(remark))}</li>" for remark in remarks(self.findings))
        return told + shown + (f"<ul>{notes}</ul>" if notes else "")


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(columns, 'th')}</thead><tbody>{body}</tbody></table>"
