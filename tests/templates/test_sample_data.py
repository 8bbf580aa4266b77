"""The data that tabular templates come with: what installed packages ship, and what is made of it."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

from millwork.core.errors import NotFound
from millwork.templates.sample_data import rolling_window, tabular_binary, tabular_multiclass
from millwork.templates.sample_data.shipped import shipped


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_each_year_of_weather_is_a_span_and_each_day_knows_the_one_before(tmp_path: Path) -> None:
    rolling_window.write_data(tmp_path, {})
    years = {file.parent.name: rows(file) for file in sorted(tmp_path.glob("*/weather.csv"))}
    days = {name: len(of_year) for name, of_year in years.items()}
    assert days == {"span-2012": 365, "span-2013": 365, "span-2014": 365, "span-2015": 365}
    told = [day for of_year in years.values() for day in of_year]
    assert told[0]["date"] == "2012-01-02", "nobody knows what was before the first day of 2012"
    assert all(day["yesterday"] == before["weather"] for before, day in pairwise(told))
    assert all(day["date"].startswith(f"{day['year']}-{int(day['month']):02}-") for day in told)


def test_tables_are_copied_as_they_are(tmp_path: Path) -> None:
    tabular_binary.write_data(tmp_path / "a", {})
    assert len(rows(tmp_path / "a/randhie.csv")) == 20_190
    tabular_multiclass.write_data(tmp_path / "b", {})
    assert len(rows(tmp_path / "b/penguins.csv")) == 344


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(
        NotFound, match="with the package no_such_data, .* Install it: pip install no_such_data"
    ):
        shipped("no_such_data", "data.csv")
