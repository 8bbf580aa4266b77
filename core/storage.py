"""Where artifacts live: local folders, or any store that fsspec reaches (gs, s3, …)."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from millwork.core.errors import BadInput


def is_remote(uri: str) -> bool:
    """True if the files are not on this machine's file system."""
    return "://" in uri and not uri.startswith("file://")


def local_path(uri: str) -> Path:
    """The files of `uri` on this machine; what is remote is downloaded once and kept.

    Published artifacts never change, so a copy that is there is right.
    """
    if not is_remote(uri):
        return Path(uri.removeprefix("file://"))
    cache = Path(os.environ.get("MILLWORK_CACHE", Path(tempfile.gettempdir()) / f"millwork-{os.getuid()}"))
    copy = cache / hashlib.sha256(uri.encode()).hexdigest()[:24] / uri.rstrip("/").rsplit("/", 1)[-1]
    if not copy.exists():
        _download(uri, copy)
    return copy


def join(uri: str, *parts: str) -> str:
    """A location below `uri`."""
    return "/".join([uri.rstrip("/"), *parts])


def exists(uri: str) -> bool:
    """True if there is a file or folder at `uri`."""
    if not is_remote(uri):
        return local_path(uri).exists()
    fs, path = filesystem(uri)
    return bool(fs.exists(path))


def publish(staged: Path, uri: str) -> None:
    """Move a finished folder to the place where readers look for it: all of it or nothing."""
    if is_remote(uri):
        fs, path = filesystem(uri)
        fs.put(f"{staged}/", f"{path}/", recursive=True)
        shutil.rmtree(staged)
        return
    target = local_path(uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.rename(staged, target)


def remove(uri: str) -> None:
    """Delete a file or a folder with all that is in it, if it is there."""
    if is_remote(uri):
        fs, path = filesystem(uri)
        if fs.exists(path):
            fs.rm(path, recursive=True)
        return
    path_here = local_path(uri)
    if path_here.is_dir():
        shutil.rmtree(path_here)
    else:
        path_here.unlink(missing_ok=True)


def files_below(folder: Path) -> Iterator[Path]:
    """Every file, in an order that does not depend on the file system."""
    if folder.is_file():
        yield folder
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path


def file_sizes(uri: str) -> dict[str, int]:
    """Bytes of each file at `uri`, by its path below it. Nothing is downloaded."""
    if is_remote(uri):
        fs, path = filesystem(uri)
        found = fs.find(path, detail=True)
        return {
            name.removeprefix(path).lstrip("/") or name.rsplit("/", 1)[-1]: i["size"]
            for name, i in found.items()
        }
    here = local_path(uri)
    if here.is_file():
        return {here.name: here.stat().st_size}
    return {path.relative_to(here).as_posix(): path.stat().st_size for path in files_below(here)}


def content_digest(folder: Path) -> str:
    """sha256 over names and contents: equal for equal files, wherever and whenever they were written."""
    root = folder if folder.is_dir() else folder.parent
    total = hashlib.sha256()
    for path in files_below(folder):
        total.update(os.fsencode(f"{path.relative_to(root).as_posix()}\0{file_digest(path)}\n"))
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of one file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(uri: str, copy: Path) -> None:
    fs, path = filesystem(uri)
    if not fs.exists(path):
        raise BadInput(f"There is nothing at {uri!r}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=copy.parent)) / copy.name
    if fs.isdir(path):
        fs.get(f"{path.rstrip('/')}/", f"{partial}/", recursive=True)
    else:
        fs.get(path, str(partial))
    try:
        os.rename(partial, copy)
    except OSError:
        if not copy.exists():  # another process was faster: its copy is as good
            raise
    shutil.rmtree(partial.parent, ignore_errors=True)


def filesystem(uri: str) -> tuple[Any, str]:
    """fsspec's file system for a location, and the path there."""
    import fsspec

    fs, path = fsspec.core.url_to_fs(uri)
    return fs, path
