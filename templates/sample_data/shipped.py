"""Data files that installed packages ship, found without importing the packages: only the files are wanted."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from millwork.core.errors import NotFound


def shipped(package: str, file: str) -> Path:
    """A file of an installed package. NotFound says how to install it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise NotFound(
            f"The sample data of this template come with the package {package}, which is not installed. Install it: "
            f"pip install {package}"
        )
    return Path(found.origin).parent / file


def copy_shipped(package: str, file: str, folder: Path) -> None:
    """Copy a file of an installed package into `folder`."""
    source = shipped(package, file)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / source.name)
