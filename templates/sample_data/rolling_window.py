"""Seattle's weather, a folder for each year: vega_datasets ships it (1,461 days, from NOAA, in the public domain)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from millwork.templates.sample_data.shipped import shipped


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Write `span-2012/weather.csv` to `span-2015/weather.csv`: the days with a day before, whose weather is told."""
    with shipped("vega_datasets", "_data/seattle-weather.csv").open(encoding="utf-8", newline="") as file:
        days = list(csv.DictReader(file))
    told = [_with_yesterday(day, before) for before, day in pairwise(days)]
    for year, of_year in groupby(told, lambda day: day["year"]):
        target = folder / f"span-{year}" / "weather.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(told[0]))
            writer.writeheader()
            writer.writerows(of_year)


def _with_yesterday(day: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """`date` is split into what a model and a slice can use."""
    date = day["date"].replace("/", "-")
    year, month, _ = date.split("-")
    return {**day, "date": date, "year": year, "month": str(int(month)), "yesterday": before["weather"]}
