"""What the code and the installed packages of a run were, kept so that runs can be held against each other later.

`<root>/.system/sources/<sha256>` is a source file of the user's, `<root>/.system/environments/<sha256>.json` says what
was installed. Both are kept once for all runs that had them. Nothing that a step does depends on them: a run whose
code cannot be kept goes on, and says so.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import re
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from millwork.core.storage import exists, filesystem, is_remote, join, local_path
from millwork.core.values import canonical

log = logging.getLogger("millwork")

_INSTALLED = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(-py[\d.]+)?\.(dist|egg)-info")


@dataclass(frozen=True)
class Environment:
    """What a run found around it."""

    python: str
    """`3.11.2`."""
    platform: str
    """`Linux x86_64`."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Versions of the installed distributions, by name."""


class Snapshots:
    """Keeps what a run consists of. Each file is looked at once in a run, and written once in a root."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._seen: set[str] = set()
        self._able = True

    def keep_environment(self) -> str:
        """Keep what is installed now. Returns its digest."""
        text = canonical(asdict(environment()))
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._keep(_environment_place(self._root, digest), text.encode())
        return digest

    def keep_sources(self, files: Mapping[str, Path]) -> None:
        """Keep these source files, each by its digest."""
        for digest in files.keys() - self._seen:
            self._seen.add(digest)
            place = _source_place(self._root, digest)
            if self._able and not self._is_kept(place):
                self._keep_source(place, digest, files[digest])

    def _keep_source(self, place: str, digest: str, file: Path) -> None:
        try:
            content = file.read_bytes()
        except OSError as e:
            log.warning("The source file %s could not be kept for `millwork diff`: %s", file, e)
            return
        if hashlib.sha256(content).hexdigest() == digest:
            self._keep(place, content)
        else:
            log.warning("The source file %s was changed while the run began: it was not kept", file)

    def _is_kept(self, place: str) -> bool:
        try:
            return exists(place)
        except Exception as e:
            self._give_up(e)
            return True

    def _keep(self, place: str, content: bytes) -> None:
        try:
            write = _write_remote if is_remote(place) else _write_local
            write(place, content)
        except Exception as e:
            self._give_up(e)

    def _give_up(self, error: Exception) -> None:
        """Stores raise all sorts of errors, and none of them is worth a run."""
        if self._able:
            self._able = False
            log.warning("The code of this run cannot be kept, so `millwork diff` will not show it: %s", error)


def environment() -> Environment:
    """What is installed, read from the names of folders: a millisecond, where importlib.metadata takes many."""
    packages: dict[str, str] = {}
    for name, version in _distributions(sys.path):
        packages.setdefault(name, version)
    return Environment(
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        dict(sorted(packages.items())),
    )


def kept_source(root: str, digest: str) -> str | None:
    """The text of a source file, if it was kept."""
    content = _read(_source_place(root, digest))
    return None if content is None else content.decode("utf-8", errors="replace")


def kept_environment(root: str, digest: str) -> Environment | None:
    """What was installed, if it was kept."""
    content = _read(_environment_place(root, digest)) if digest else None
    return None if content is None else Environment(**json.loads(content))


def _source_place(root: str, digest: str) -> str:
    return join(root, ".system", "sources", digest)


def _environment_place(root: str, digest: str) -> str:
    return join(root, ".system", "environments", f"{digest}.json")


def _distributions(folders: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and version of what is installed, in the order in which imports look."""
    for folder in folders:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue  # an archive, or nothing: imports pass over it too
        for name in names:
            if found := _INSTALLED.fullmatch(name):
                yield re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"]


def _write_local(place: str, content: bytes) -> None:
    target = local_path(place)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}")  # readable by whom artifacts are
    partial.write_bytes(content)
    os.replace(partial, target)


def _write_remote(place: str, content: bytes) -> None:
    fs, path = filesystem(place)
    if not fs.exists(path):
        fs.pipe_file(path, content)


def _read(place: str) -> bytes | None:
    if not exists(place):
        return None
    return local_path(place).read_bytes()
