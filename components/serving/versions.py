"""The versions of one model that a server answers for, and how it comes by newer ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from millwork.components.serving.folder import ModelFolder, model_files, state_of
from millwork.components.serving.servable import Servable
from millwork.core.errors import BadInput, MillworkError, NotFound

log = logging.getLogger(__name__)

State = Literal["LOADING", "AVAILABLE", "END"]


@dataclass(frozen=True)
class Version:
    """What is known of one version."""

    number: int
    uri: str
    state: State
    error: str = ""
    servable: Servable | None = None
    files: str = ""
    """State of the files when loading them failed: they are tried again when it changes."""

    @property
    def status(self) -> dict[str, Any]:
        """As TensorFlow Serving's ModelVersionStatus has it."""
        error = {"error_code": "INVALID_ARGUMENT" if self.error else "OK", "error_message": self.error}
        return {"version": str(self.number), "state": self.state, "status": error}


class Versions:
    """Loads what a folder wants served, and looks again every `poll` seconds; 0: never.

    A newer version takes over once it is loaded, and until then the older one answers. If it cannot be loaded, the
    older one stays. If the folder cannot be read, everything stays.
    """

    def __init__(
        self, name: str, folder: ModelFolder, load: Callable[[Path], Servable], poll: float = 0
    ) -> None:
        self.name = name
        self._folder = folder
        self._load = load
        self._poll = 0 if folder.is_one_model else poll
        self._known: dict[int, Version] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)

    def start(self) -> None:
        """Load what there is, and begin to watch. NotFound or BadInput if there is nothing to answer with."""
        wanted = self._folder.wanted()
        if not wanted:
            raise self._folder.nothing()
        self._follow(wanted)
        if not self.available():
            newest = self._known[max(self._known)]
            raise BadInput(
                f"Version {newest.number} of the model {self.name!r} cannot be loaded. {newest.error}"
            )
        if self._poll:
            self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def available(self) -> list[Version]:
        """Those that answer, the newest first."""
        known = sorted(self._known.values(), key=lambda version: -version.number)
        return [version for version in known if version.servable]

    def find(self, number: int | None = None) -> tuple[int, Servable]:
        """The version of this number, or the newest. NotFound, in TensorFlow Serving's words, if there is none."""
        for version in self.available():
            if version.servable and number in (None, version.number):
                return version.number, version.servable
        asked = f"Latest({self.name})" if number is None else f"Specific({self.name}, {number})"
        raise NotFound(f"Servable not found for request: {asked}")

    def statuses(self, number: int | None = None) -> list[dict[str, Any]]:
        """Of this version, or of all that are known, the newest first. NotFound if there is none."""
        known = sorted(self._known.values(), key=lambda version: -version.number)
        found = [version.status for version in known if number in (None, version.number)]
        if not found:
            which = "any versions" if number is None else f"version {number}"
            raise NotFound(f"Could not find {which} of model {self.name}")
        return found

    def look(self) -> None:
        """Look at the folder once, and load and drop what it says."""
        wanted = self._folder.wanted()
        if not wanted:
            log.warning(
                "There is no version of %s in %s any more: what is loaded stays", self.name, self._folder.uri
            )
            return
        for failed in self._follow(wanted):
            log.error("Version %d of %s cannot be loaded: %s", failed.number, self.name, failed.error)

    def _follow(self, wanted: dict[int, str]) -> list[Version]:
        """Load what is new, and drop what is superseded. Returns what could not be loaded now."""
        failed = []
        for number, uri in wanted.items():
            known = self._known.get(number)
            if known is None or (known.error and known.files != state_of(uri)):
                self._set(Version(number, uri, "LOADING"))
                loaded = self._loaded(number, uri)
                self._set(loaded)
                failed += [loaded] if loaded.error else []
        if any(self._known[number].servable for number in wanted):
            self._known = {n: v for n, v in self._known.items() if n in wanted}
        return failed

    def _set(self, version: Version) -> None:
        """In a new dict: whoever answers a request meanwhile has the old one."""
        self._known = {**self._known, version.number: version}

    def _loaded(self, number: int, uri: str) -> Version:
        began = time.monotonic()
        files = state_of(uri)
        try:
            servable = self._load(model_files(uri))
        except Exception as e:  # whatever a library raises about a file: the older version goes on
            error = str(e) if isinstance(e, MillworkError) else f"{type(e).__name__}: {e}"
            return Version(number, uri, "END", error, files=files)
        log.info("Loaded version %d of %s in %.1f s", number, self.name, time.monotonic() - began)
        return Version(number, uri, "AVAILABLE", servable=servable)

    def _watch(self) -> None:
        while not self._stop.wait(self._poll):
            try:
                self.look()
            except Exception as e:  # a file system or a store that is away for a while
                log.warning("Cannot look for versions in %s: %s: %s", self._folder.uri, type(e).__name__, e)
