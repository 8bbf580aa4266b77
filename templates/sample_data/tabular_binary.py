"""Doctor visits: statsmodels ships them (20,190 person-years of the RAND experiment, in the public domain)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from millwork.templates.sample_data.shipped import copy_shipped


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Put `randhie.csv` into `folder`."""
    copy_shipped("statsmodels", "datasets/randhie/randhie.csv", folder)
