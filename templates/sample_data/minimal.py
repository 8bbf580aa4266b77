"""A user's own file, in the project that is written for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MOST_COPIED = 100 << 20
"""Bytes. A larger file stays where it is, and the project has a link to it."""


def write_data(folder: Path, answers: Mapping[str, Any]) -> None:
    """Copy the file, or link it if it is large."""
    file = Path(answers["data_file"])
    folder.mkdir(parents=True, exist_ok=True)
    if file.stat().st_size > MOST_COPIED:
        os.symlink(file, folder / file.name)
    else:
        shutil.copyfile(file, folder / file.name)
