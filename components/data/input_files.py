"""Finding the files that an ExampleGen reads."""

from __future__ import annotations

import glob
from pathlib import Path

from millwork.core.errors import BadInput


def find_files(base: Path, pattern: str | None = None) -> list[Path]:
    """The files in a folder, in those a pattern matches, or the file itself; in the order of their paths.

    `pattern` chooses files relative to the folder. Hidden files are left out. BadInput if there are none.
    """
    if base.is_file():
        if pattern is not None:
            raise BadInput(
                f"{base} is a file, so no files can be chosen from it by {pattern!r}. Pass its folder"
            )
        return [base]
    if base.is_dir():
        search = str(Path(glob.escape(str(base)), pattern or "*"))
    elif glob.has_magic(str(base)):
        search = str(base / pattern) if pattern else str(base)
    else:
        raise BadInput(f"There is no file or folder {str(base)!r}{_nearest_folder(base)}")
    found = [Path(path) for path in sorted(glob.glob(search, recursive=True))]
    files = [path for path in found if path.is_file()]
    if not files:
        raise BadInput(f"No file matches {search!r}{_only_folders(found)}")
    return files


def _nearest_folder(path: Path) -> str:
    existing = next(folder for folder in path.parents if folder.exists())
    return f". {str(existing)!r} exists: is the rest misspelt?"


def _only_folders(found: list[Path]) -> str:
    if not found:
        return ". Correct the pattern, or put the files there"
    folders = ", ".join(path.name for path in found[:5])
    return f', only folders: {folders}. Choose files in them, such as input_splits={{"train": "train/*.csv"}}'
