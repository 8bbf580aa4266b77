"""docs/evaluation.md says which metrics are computed here, and which by TFMA, and why."""

from __future__ import annotations

import re
from pathlib import Path

from millwork.evaluation.metrics.catalog import FAMILIES
from millwork.evaluation.metrics.elsewhere import ELSEWHERE

TEXT = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text("utf-8")


def rows(title: str) -> dict[str, list[str]]:
    """A table by its first column: the names in code of the second."""
    table = TEXT.split(f"{title}:\n\n")[1].split("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {first: re.findall(r"`(\w+)`", second) for first, second in cells}


def test_the_metrics_computed_here_are_those_of_the_table() -> None:
    listed = [name for names in rows("Computed here").values() for name in names]
    assert sorted(listed) == sorted(FAMILIES)


def test_the_metrics_computed_by_tfma_are_those_of_the_table_with_their_reasons() -> None:
    found = rows("Computed by TFMA")
    listed = {name: why for why, names in found.items() for name in names if why in ELSEWHERE.values()}
    assert listed == ELSEWHERE
