"""Made-up rows like the Chicago taxi data: the same 18 columns, types, shares of missing values and shapes.

The first rows of a larger file are those of a smaller one, because each block of rows has a seed of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

BLOCK = 15_000
"""Rows that are made at once, and as many as the smallest benchmark has."""

_SEED = 20_130_101
_FIRST_SECOND, _QUARTER_HOURS = 1_356_998_400, 140_256  # four years from 2013-01-01, UTC
_AREAS, _PLACES = 77, 290
_NO_DROPOFF_PLACE, _NO_DROPOFF_AREA, _NO_DROPOFF_TRACT = 0.0322, 0.0016, 0.2595
_NO_COMPANY, _NO_SECONDS, _NO_PICKUP = 0.3426, 0.0004, 0.00013

_PAYMENT_TYPES = ("Cash", "Credit Card", "No Charge", "Unknown", "Dispute", "Pcard", "Prcard")
_PAYMENT_SHARES = (0.6605, 0.3316, 0.0054, 0.0019, 0.0003, 0.0002, 0.0001)
_COMPANIES = (
    *("Lakeshore Affiliation Services", "Dispatch Lakeshore", "Blue Garter Taxi Association Inc."),
    *(
        "Preference Taxi Association",
        "Northeast Management LLC",
        "ROAM Taxi Association",
        "Peak Cab Affiliation",
    ),
    *(f"{1000 + 97 * i} - {72_000 + 311 * i} Cab No. {i} Inc" for i in range(54)),
)
_COMPANY_SHARES = (0.5248, 0.1659, 0.1105, 0.0884, 0.0559, 0.0249, 0.0134, *([0.0162 / 54] * 54))


def write_csv(file: Path, rows: int, seed: int = _SEED) -> Path:
    """Write that many rows, block by block."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "wb") as out:
        for number, block in enumerate(make_rows(rows, seed)):
            if number == 0:
                out.write(",".join(block.schema.names).encode() + b"\n")
            out.write(_csv_lines(block))
    return file


def make_rows(rows: int, seed: int = _SEED) -> Iterator[pa.RecordBatch]:
    """That many rows in blocks: the same ones for the same seed."""
    import pyarrow as pa

    city = _City(np.random.default_rng([seed, 0]))
    for number, first in enumerate(range(0, rows, BLOCK), start=1):
        block = pa.RecordBatch.from_pydict(_block(np.random.default_rng([seed, number]), city))
        yield block.slice(0, rows - first)


class _City:
    """Where trips begin and end: places with an area, a census tract and a share of the trips each."""

    def __init__(self, random: np.random.Generator) -> None:
        self.area = np.concatenate(
            [np.arange(1, _AREAS + 1), random.integers(1, _AREAS + 1, _PLACES - _AREAS)]
        )
        self.tract = 17_031_000_000 + self.area * 10_000 + random.integers(1, 100, _PLACES) * 100
        self.latitude = np.round(random.normal(41.903, 0.038, _PLACES), 9)
        self.longitude = np.round(random.normal(-87.656, 0.062, _PLACES), 9)
        shares = random.permutation(1 / np.arange(1, _PLACES + 1))
        self.share = shares / shares.sum()


def _block(random: np.random.Generator, city: _City) -> dict[str, pa.Array]:
    pickup = random.choice(_PLACES, BLOCK, p=city.share)
    dropoff = random.choice(_PLACES, BLOCK, p=city.share)
    trip = _trip(random)
    no_pickup = _some(random, _NO_PICKUP)
    no_dropoff = _some(random, _NO_DROPOFF_PLACE)
    no_tract = no_dropoff | _some(random, _NO_DROPOFF_TRACT)
    all_but_one = np.arange(BLOCK) != BLOCK // 2
    return {
        "pickup_community_area": _column(city.area[pickup], no_pickup),
        "fare": _column(trip["fare"]),
        **_start(random),
        "pickup_latitude": _column(city.latitude[pickup], no_pickup),
        "pickup_longitude": _column(city.longitude[pickup], no_pickup),
        "dropoff_latitude": _column(city.latitude[dropoff], no_dropoff),
        "dropoff_longitude": _column(city.longitude[dropoff], no_dropoff),
        "trip_miles": _column(trip["miles"]),
        "pickup_census_tract": _column(city.tract[pickup], all_but_one),
        "dropoff_census_tract": _column(city.tract[dropoff], no_tract),
        "payment_type": _texts(_PAYMENT_TYPES, trip["payment"]),
        "company": _texts(_COMPANIES, _company(random), _some(random, _NO_COMPANY)),
        "trip_seconds": _column(trip["seconds"], _some(random, _NO_SECONDS)),
        "dropoff_community_area": _column(city.area[dropoff], no_dropoff | _some(random, _NO_DROPOFF_AREA)),
        "tips": _column(trip["tips"]),
    }


def _trip(random: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Distance, duration and what was paid. Nearly all tips that are known were paid by card."""
    seconds = 60 * np.minimum(np.round(random.lognormal(2.25, 0.75, BLOCK)), 1_200).astype(np.int64)
    miles = np.round(np.where(_some(random, 0.28), 0.0, seconds / 60 * random.gamma(2.0, 0.12, BLOCK)), 1)
    distance = np.where(miles > 0, miles, seconds / 300)
    fare = np.round(3.25 + 1.8 * distance + 0.2 * np.round(seconds / 36) * random.random(BLOCK), 2)
    payment = random.choice(len(_PAYMENT_TYPES), BLOCK, p=_PAYMENT_SHARES)
    generous = (payment == 1) & _some(random, 0.93)
    tips = np.round(np.where(generous, fare * random.normal(0.225, 0.055, BLOCK).clip(0.02), 0.0), 2)
    return {"seconds": seconds, "miles": miles, "fare": fare, "payment": payment, "tips": tips}


def _start(random: np.random.Generator) -> dict[str, pa.Array]:
    """A quarter of an hour in four years, and its month, hour and day of the week (Sunday is 1)."""
    timestamp = _FIRST_SECOND + 900 * random.integers(0, _QUARTER_HOURS, BLOCK)
    moment = timestamp.astype("datetime64[s]")
    month = moment.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return {
        "trip_start_month": _column(month),
        "trip_start_hour": _column(timestamp // 3_600 % 24),
        "trip_start_day": _column((timestamp // 86_400 + 4) % 7 + 1),
        "trip_start_timestamp": _column(timestamp),
    }


def _csv_lines(block: pa.RecordBatch) -> bytes:
    """Without quotes, like the real file: pyarrow puts them around every text, and no text needs them."""
    import pyarrow as pa
    import pyarrow.csv

    buffer = pa.BufferOutputStream()
    pyarrow.csv.write_csv(block, buffer, pyarrow.csv.WriteOptions(include_header=False))
    lines: bytes = buffer.getvalue().to_pybytes()
    return lines.replace(b'"', b"")


def _company(random: np.random.Generator) -> NDArray[np.int64]:
    shares = np.array(_COMPANY_SHARES)
    return random.choice(len(_COMPANIES), BLOCK, p=shares / shares.sum())


def _some(random: np.random.Generator, share: float) -> NDArray[np.bool_]:
    return random.random(BLOCK) < share


def _column(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=missing)


def _texts(
    names: tuple[str, ...], chosen: NDArray[np.int64], missing: NDArray[np.bool_] | None = None
) -> pa.Array:
    import pyarrow as pa

    return pa.array(np.array(names, dtype=object)[chosen], pa.string(), mask=missing)
