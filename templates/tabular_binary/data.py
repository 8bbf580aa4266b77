"""The data: statsmodels ships it (20,190 person-years, in the public domain)."""

from __future__ import annotations

import shutil
from pathlib import Path


def write_data(folder: Path) -> Path:
    """Put `randhie.csv` into `folder`, unless it is there."""
    import importlib.util

    target = folder / "randhie.csv"
    if not target.exists():
        # Found without importing: statsmodels takes seconds to load, and only its file is wanted.
        package = importlib.util.find_spec("statsmodels")
        assert package is not None, "statsmodels is not installed: pip install statsmodels"
        assert package.origin is not None
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(package.origin).parent / "datasets/randhie/randhie.csv", target)
    return folder
