"""The made-up taxi rows are the same wherever they are made, and look like the real ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from benchmarks.taxi.rows import BLOCK, make_rows, write_csv


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return pa.Table.from_batches(make_rows(BLOCK))


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    first, second = (write_csv(tmp_path / name, rows=100) for name in ("a.csv", "b.csv"))
    assert first.read_bytes() == second.read_bytes()


def test_another_seed_makes_other_rows() -> None:
    assert next(make_rows(100, seed=1)) != next(make_rows(100, seed=2))


def test_a_larger_file_begins_with_the_rows_of_a_smaller_one(tmp_path: Path) -> None:
    small = write_csv(tmp_path / "small.csv", rows=BLOCK - 1)
    large = write_csv(tmp_path / "large.csv", rows=BLOCK + 1)
    assert large.read_bytes().startswith(small.read_bytes())


def test_there_are_as_many_rows_as_asked_for() -> None:
    assert [block.num_rows for block in make_rows(BLOCK + 7)] == [BLOCK, 7]


def test_there_are_18_columns_of_three_types(rows: pa.Table) -> None:
    assert rows.num_columns == 18
    assert {str(kind) for kind in rows.schema.types} == {"int64", "double", "string"}


@pytest.mark.parametrize(
    ("column", "share"),
    [
        ("fare", 0.0),
        ("tips", 0.0),
        ("payment_type", 0.0),
        ("company", 0.343),
        ("dropoff_latitude", 0.032),
        ("dropoff_census_tract", 0.283),
        ("pickup_census_tract", 1 - 1 / BLOCK),
    ],
)
def test_values_are_missing_as_often_as_in_the_real_file(rows: pa.Table, column: str, share: float) -> None:
    assert rows[column].null_count / len(rows) == pytest.approx(share, abs=0.01)


def test_about_a_fifth_of_the_trips_are_tipped_well(rows: pa.Table) -> None:
    tips, fare = rows["tips"].to_numpy(), rows["fare"].to_numpy()
    assert (tips > 0.2 * fare).mean() == pytest.approx(0.22, abs=0.02)
