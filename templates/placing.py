"""Putting a new project where it belongs: all of it or nothing, and never over a user's file unasked."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from millwork.core.errors import WrongArgument

Decide = Callable[[Sequence[str]], Sequence[str]]
"""Takes the files that are there and would change; returns those that may be overwritten."""


@dataclass(frozen=True)
class Placed:
    """Files of a project, relative to its folder."""

    written: Sequence[str]
    kept: Sequence[str]
    """There already, and the user's."""


@contextmanager
def staging_beside(target: Path) -> Iterator[Path]:
    """A temporary folder on the disk of `target`, so that moving files there is at once."""
    home = target
    while not home.is_dir():
        home = home.parent
    with tempfile.TemporaryDirectory(prefix=".millwork-init-", dir=home) as folder:
        yield Path(folder)


def place(staged: Path, target: Path, decide: Decide) -> Placed:
    """Move the files of `staged` to `target`. If that fails or is interrupted, `target` is as it was."""
    files = sorted(str(f.relative_to(staged)) for f in staged.rglob("*") if not f.is_dir())
    changed = [f for f in files if _differs(staged / f, target / f)]
    allowed = set(decide(changed)) if changed else set()
    kept = [f for f in changed if f not in allowed]
    new = [f for f in files if f in allowed or not os.path.lexists(target / f)]
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(staged, target)
    else:
        _move(staged, target, new)
    return Placed(new, kept)


def _differs(new: Path, old: Path) -> bool:
    for folder in old.parents:
        if folder.is_file():
            raise WrongArgument(f"{folder} is a file, and the project needs a folder there")
    if old.is_dir():
        raise WrongArgument(f"{old} is a folder, and the project needs a file there")
    return os.path.lexists(old) and not (old.exists() and filecmp.cmp(new, old, shallow=False))


def _move(staged: Path, target: Path, files: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix=".millwork-init-", dir=target) as temporary:
        before = Path(temporary)
        made: list[Path] = []
        try:
            for file in files:
                made += _make_folders((target / file).parent)
                if os.path.lexists(target / file):
                    (before / file).parent.mkdir(parents=True, exist_ok=True)
                    os.rename(target / file, before / file)
                made.append(target / file)
                os.rename(staged / file, target / file)
        except BaseException:
            _undo(made, before, target)
            raise


def _make_folders(folder: Path) -> list[Path]:
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _undo(made: Sequence[Path], before: Path, target: Path) -> None:
    for path in reversed(made):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    for file in (f for f in before.rglob("*") if not f.is_dir()):
        shutil.move(file, target / file.relative_to(before))
