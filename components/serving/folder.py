"""The versions of a model in a folder: a model by itself, or a Pusher's destination with a folder for each version."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from millwork.components.models.loading import SERVING_FOLDER, UNKNOWN, files_of, framework_of
from millwork.core import storage
from millwork.core.errors import BadInput, NotFound, WrongArgument
from millwork.core.integrity import signature_of

LATEST, ALL = "latest", "all"
COMPLETING = re.compile(r"saved_model\.pb(txt)?|.*\.(keras|skops|joblib|pkl|pickle)")
"""A folder is taken for a complete model when one of these files is there."""
CLAIM = ".pushing-"
"""Begins the name of a file in an object store which says that this version is being written."""


@dataclass(frozen=True)
class ModelFolder:
    """Where versions are found. `policy` is `latest`, `all`, or the number of the one to serve."""

    uri: str
    policy: str = LATEST

    def __post_init__(self) -> None:
        if self.policy not in (LATEST, ALL) and not self.policy.isdecimal():
            raise WrongArgument(f"The version policy is 'latest', 'all' or a number, but got {self.policy!r}")

    @property
    def is_one_model(self) -> bool:
        """True if the folder, or file, is a model itself: it has one version, and gets no others."""
        if not storage.is_remote(self.uri):
            return _is_model(storage.local_path(self.uri))
        return any(name == SERVING_FOLDER or COMPLETING.fullmatch(name) for name in self._names())

    def wanted(self) -> dict[int, str]:
        """The versions to serve now, and where they are. One that is still being written is not there yet.

        NotFound if there is nothing at all.
        """
        if self.is_one_model:
            name = os.path.basename(os.path.abspath(self.uri))
            found = {int(name) if name.isdecimal() else 1: self.uri}
        else:
            found = self._versions()
        if self.policy == LATEST:
            return {version: found[version] for version in sorted(found)[-1:]}
        return found if self.policy == ALL else {v: uri for v, uri in found.items() if v == int(self.policy)}

    def nothing(self) -> NotFound:
        """Why there is nothing to serve."""
        which = "" if self.policy in (LATEST, ALL) else f" {self.policy}"
        here = ", ".join(sorted(self._names())[:10]) or "nothing"
        return NotFound(
            f"There is no version{which} of a model in {self.uri!r} (it holds: {here}). It must hold a SavedModel "
            "(saved_model.pb), or one file *.keras, *.skops, *.joblib or *.pkl, or, as a Pusher's destination does, "
            "folders with numbers for names that do"
        )

    def _versions(self) -> dict[int, str]:
        names = self._names()
        found = {int(name): storage.join(self.uri, name) for name in names if re.fullmatch("[0-9]+", name)}
        if storage.is_remote(self.uri):
            claimed = {name.removeprefix(CLAIM) for name in names if name.startswith(CLAIM)}
            return {version: uri for version, uri in found.items() if str(version) not in claimed}
        return {version: uri for version, uri in found.items() if _is_model(storage.local_path(uri))}

    def _names(self) -> list[str]:
        if not storage.is_remote(self.uri):
            folder = storage.local_path(self.uri)
            return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        store, root = storage.filesystem(self.uri)
        store.invalidate_cache()
        there = store.ls(root, detail=False) if store.exists(root) else []
        return [str(path).rstrip("/").rsplit("/", 1)[-1] for path in there]


def model_files(uri: str) -> Path:
    """The files of a version on this machine."""
    return files_of(storage.local_path(uri))


def state_of(uri: str) -> str:
    """Changes when somebody writes to a version's files."""
    return uri if storage.is_remote(uri) else signature_of(storage.local_path(uri))


def existing(uri: str) -> str:
    """The uri. NotFound if nothing is there."""
    try:
        there = storage.exists(uri)
    except (OSError, ValueError, ImportError) as e:
        raise BadInput(f"{uri!r} cannot be read: {e}") from e
    if not there:
        raise NotFound(f"There is no model at {uri!r}")
    return uri


def _is_model(path: Path) -> bool:
    return framework_of(files_of(path)) != UNKNOWN
