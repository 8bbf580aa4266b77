"""FirstRows, run by itself: no runner and no store."""

from __future__ import annotations

from pathlib import Path

import pytest

from millwork.components import CsvExampleGen
from millwork.core.artifacts import Examples
from millwork.core.errors import WrongArgument
from millwork.core.testing import perform
from millwork.templates.scaffolds.first_rows import FirstRows


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    """A hundred rows."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.csv").write_text("\n".join(["x", *map(str, range(100))]))
    return perform(CsvExampleGen(input_base=data), tmp_path / "ingested").examples


def test_it_keeps_as_many_rows_as_it_is_told(examples: Examples, tmp_path: Path) -> None:
    step = perform(FirstRows(examples=examples, rows=2), tmp_path / "kept")
    assert step.kept.num_examples == {"train": 2, "eval": 2}


def test_it_refuses_to_keep_none(examples: Examples) -> None:
    with pytest.raises(WrongArgument, match="rows must be 1 or more, but got 0"):
        FirstRows(examples=examples, rows=0)
