"""A client of TensorFlow Serving's REST API, for one model."""

from __future__ import annotations

import http.client
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from millwork.core.errors import BadInput, WrongArgument

log = logging.getLogger(__name__)

_URL = re.compile(r"(?P<model>/(?:.+/)?v1/models/[^/:?#]+)(?:/versions/(?P<version>\d+))?/?")
_PASSING = (429, 502, 503, 504)
"""Answers that another try may not get again."""
_LOST = (OSError, http.client.HTTPException)


class Unreachable(BadInput):
    """Nobody answers, or not in time."""


class Refused(BadInput):
    """The server answers with an error."""

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        """As HTTP numbers it."""
        self.said = said
        """The error as the server words it."""


class ModelClient:
    """Asks a server about one model, over one connection that is opened again when it is lost.

    `url` is where the model is: http://127.0.0.1:8501/v1/models/taxi, or …/versions/3 of it. What fails for want of a
    connection is tried again, `tries` times in all, after `backoff` seconds, twice that, and so on.
    """

    def __init__(self, url: str, *, timeout: float = 60.0, tries: int = 5, backoff: float = 0.5) -> None:
        check_url(url)
        parts = urlsplit(url)
        found = _URL.fullmatch(parts.path)
        assert found
        self.url = url.rstrip("/")
        self.version = found["version"] or ""
        self.model_path = found["model"]
        self.timeout = timeout
        self.tries = tries
        self.backoff = backoff
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)

    def pin(self, version: str) -> None:
        """Ask this version from now on, so that all answers are those of one model."""
        self.version = version

    def get(self, resource: str = "") -> dict[str, Any]:
        """The model's status, or with `/metadata` its signatures."""
        return self._ask("GET", resource, None)

    def post(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the model answers to `predict`, `classify` or `regress`."""
        return self._ask("POST", f":{verb}", json.dumps(request).encode())

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(self, method: str, what: str, body: bytes | None) -> dict[str, Any]:
        version = f"/versions/{self.version}" if self.version else ""
        path = f"{self.model_path}{version}{what}"
        for left in reversed(range(self.tries)):
            try:
                status, answer = self._once(method, path, body)
            except _LOST as e:
                self.close()
                if not left:
                    raise Unreachable(self._lost(e)) from e
                reason = str(e) or type(e).__name__
            else:
                if status not in _PASSING or not left:
                    return self._read(status, answer, what)
                reason = f"it answers {status}"
            wait = self.backoff * 2 ** (self.tries - 1 - left)
            log.warning("Waiting %g s for the model server at %s: %s", wait, self.url, reason)
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        fresh = self._connection.sock is None
        headers = {"Content-Type": "application/json"}
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except (ConnectionError, http.client.HTTPException):
            if fresh:
                raise
            self.close()  # the server has closed a connection that was idle: that is no failure
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        return response.status, response.read()

    def _lost(self, error: Exception) -> str:
        said = str(error) or type(error).__name__
        tries = f"tried {self.tries} times" if self.tries > 1 else "tried once"
        return (
            f"The model server at {self.url} cannot be reached ({said}; {tries}). Start it, for example with "
            "`millwork serve MODEL`, or give its right address"
        )

    def _read(self, status: int, answer: bytes, what: str) -> dict[str, Any]:
        try:
            found = json.loads(answer)
        except ValueError:
            found = None
        if status == 200 and isinstance(found, dict):
            return found
        if isinstance(found, dict) and "error" in found:
            raise Refused(
                f"The model server at {self.url} answers {status}: {found['error']}",
                status,
                str(found["error"]),
            )
        raise Refused(
            f"{self.url}{what} answers {status} and not as TensorFlow Serving does: {answer[:200]!r}. Give the "
            "address of a model, such as http://127.0.0.1:8501/v1/models/taxi",
            status,
            repr(answer[:200]),
        )


def check_url(url: str) -> None:
    """WrongArgument if this cannot be the address of a served model."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise WrongArgument(
            "The address of a served model has no user and no password: no server of models asks for them, and plans "
            "would keep them. Leave out what is before the @"
        )
    try:
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or not _URL.fullmatch(parts.path) or parts.query or parts.fragment:
        raise WrongArgument(
            f"{url!r} is not the address of a served model. Write http://HOST:PORT/v1/models/NAME, or "
            ".../v1/models/NAME/versions/VERSION"
        )
