"""A comparison on a terminal: the verdict first, then all rows together, then the slices that matter."""

from __future__ import annotations

from pathlib import Path

from millwork.analysis.comparison import ModelComparison
from millwork.cli.printing import coloured, print_table, width_of_terminal
from millwork.core.errors import WrongArgument
from millwork.evaluation.comparing.junit import junit
from millwork.evaluation.comparing.tables import (
    NUMBERS,
    SHOWN,
    FindingsTable,
    fitted,
    overall_table,
    slices_table,
)
from millwork.evaluation.comparing.wording import name_of, remarks, why


def print_comparison(compared: ModelComparison, *, everything: bool) -> None:
    """To stdout. Slices that are no worse are shown if `everything` is."""
    findings = compared.findings
    for model in findings.challengers:
        verdict = coloured(findings.verdict_on(model).value)
        print(f"{name_of(model)} against {name_of(findings.baseline)}: {verdict}. {why(findings, model)}")
    _print_table(overall_table(findings))
    slices = slices_table(findings, None if everything else SHOWN)
    if slices.rows:
        _print_table(slices)
    if slices.left_out:
        print(f"\n{slices.left_out:,} more results in slices: --all shows them")
    if told := remarks(findings):
        print()
    for sentence in told:
        print(f"- {name_of(sentence)}")


def _print_table(table: FindingsTable) -> None:
    for model, part in fitted(table, width_of_terminal()):
        print(f"\n{model}:" if model else "")
        print_table(part.columns, part.rows, right=NUMBERS)


def write_junit(compared: ModelComparison, file: Path) -> None:
    """Write JUnit's XML."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(junit(compared.findings, compared.fail_on), encoding="utf-8")
    except OSError as e:
        raise WrongArgument(f"--junit: {str(file)!r} cannot be written: {e}") from e
