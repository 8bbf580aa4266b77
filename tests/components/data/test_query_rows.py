"""Rows of a query: what a column becomes whose values are of other types in later rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from millwork.components.data.query_rows import RowStore

LARGE = 2**24 + 1
"""The first whole number that a float of 32 bits has to round."""


@pytest.mark.parametrize(
    ("first", "later", "becomes"),
    [(LARGE, 0.5, float(2**24)), ([1, LARGE], [0.5], [1.0, float(2**24)])],
)
def test_large_integers_are_rounded_if_a_float_comes_later(
    tmp_path: Path, first: Any, later: Any, becomes: Any
) -> None:
    with RowStore(tmp_path) as store:
        store.write(["n"], [(first,)])
        store.write(["n"], [(later,)])
        found = [row["n"] for batch in store.batches(store.types) for row in batch.to_pylist()]
    assert found == [becomes, later]
