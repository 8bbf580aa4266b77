"""row_counts, run by itself: no runner and no store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from millwork.components import CsvExampleGen
from millwork.core.artifacts import Examples
from millwork.core.testing import perform
from millwork.templates.scaffolds.row_counts import row_counts


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    """A hundred rows."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.csv").write_text("\n".join(["x", *map(str, range(100))]))
    return perform(CsvExampleGen(input_base=data), tmp_path / "ingested").examples


def test_it_counts_the_rows_of_every_split(examples: Examples, tmp_path: Path) -> None:
    report = perform(row_counts.step(examples), tmp_path / "counted").written
    counts = json.loads((report.path / "row_counts.json").read_text())
    assert sum(counts.values()) == 100
    assert counts == examples.num_examples
