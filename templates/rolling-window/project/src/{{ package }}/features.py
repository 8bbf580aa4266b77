"""The columns of the data, and what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

MEASURES = ("precipitation", "temp_max", "temp_min", "wind")
"""Millimetres, degrees Celsius, metres per second."""

MONTH = "month"
YESTERDAY = "yesterday"
"""What the weather of the day before was called."""

LABEL = "weather"

COLUMN_TYPES: Mapping[str, Literal["int", "float", "string"]] = {
    "precipitation": "float",
    "temp_max": "float",
    "temp_min": "float",
    "wind": "float",
    "month": "int",
    "year": "int",
}
"""Declared, so that a year of round numbers is read like any other."""

CLASSES = ("drizzle", "fog", "rain", "snow", "sun")
"""In the order of the model's scores. They are the same in each window, so that a model can start from an older one."""

MODEL_FEATURES = (*MEASURES, "is_wet", "summer", "spring", *(f"was_{name}" for name in CLASSES))
"""What the model sees."""

SLICES = ("year",)
"""Groups whose quality is looked at by itself."""
