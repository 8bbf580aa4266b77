"""Seattle's weather, a folder for each year: vega_datasets ships it (1,461 days, from NOAA, in the public domain)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from millwork.templates.sample_data.shipped import shipped


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Write `span-2012/weather.csv` to `span-2015/weather.csv`. Each day also tells what the day before was like."""
    import csv

    with shipped("vega_datasets", "_data/seattle-weather.csv").open(encoding="utf-8", newline="") as file:
        days = list(csv.DictReader(file))
    for day, before in zip(days, [{"weather": ""}, *days], strict=False):
        day["date"] = day["date"].replace("/", "-")
        day["yesterday"] = before["weather"]
    for year, of_year in groupby(days, lambda day: day["date"][:4]):
        target = folder / f"span-{year}" / "weather.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(days[0]))
            writer.writeheader()
            writer.writerows(of_year)
