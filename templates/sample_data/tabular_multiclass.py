"""Penguins of the Palmer archipelago: palmerpenguins ships them (344 penguins, CC0)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from millwork.templates.sample_data.shipped import copy_shipped


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Put `penguins.csv` into `folder`."""
    copy_shipped("palmerpenguins", "data/penguins.csv", folder)
