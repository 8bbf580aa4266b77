"""TensorFlow Serving's REST API as an ASGI application."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from millwork.components.models.rest_format import signature_to_json
from millwork.components.serving.requests import answer
from millwork.components.serving.versions import Versions
from millwork.core.errors import BadInput, NotFound

log = logging.getLogger(__name__)

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+))?"
_ASK = re.compile(_MODEL + r":(?P<verb>predict|classify|regress)")
_LOOK = re.compile(_MODEL + r"(?P<metadata>/metadata)?")


def application(versions: Versions, *, max_bytes: int, hosts: Collection[str]) -> ASGIApp:
    """The API for one model. Bodies of more than `max_bytes` are refused, and Host headers not in `hosts`, if any."""
    api = _Api(versions, max_bytes)
    routes = [
        Route("/health", api.health),
        Route("/v1/{path:path}", api.look, methods=["GET"]),
        Route("/v1/{path:path}", api.ask, methods=["POST"]),
    ]
    handlers: dict[Any, Any] = {HTTPException: _http_error, Exception: _any_error}
    app = Starlette(routes=routes, exception_handlers=handlers)
    return _HostCheck(app, hosts) if hosts else app


class _Api:
    def __init__(self, versions: Versions, max_bytes: int) -> None:
        self._versions = versions
        self._max_bytes = max_bytes

    async def health(self, request: Request) -> Response:
        """For load balancers: 200 as soon as there is an answer to be had."""
        ready = bool(self._versions.available())
        return _json(
            {"status": "ok" if ready else "no version"}, 200 if ready else HTTPStatus.SERVICE_UNAVAILABLE
        )

    async def look(self, request: Request) -> Response:
        """The model's status, or its metadata."""
        found = _LOOK.fullmatch(request.url.path)
        if not found:
            return _error(f"Malformed request: GET {request.url.path}", HTTPStatus.BAD_REQUEST)
        return _attempt(lambda: self._about(found))

    async def ask(self, request: Request) -> Response:
        """predict, classify, regress."""
        found = _ASK.fullmatch(request.url.path)
        if not found:
            return _error(f"Malformed request: POST {request.url.path}", HTTPStatus.BAD_REQUEST)
        if request.headers.get("content-encoding", "identity") != "identity":
            return _error("Send the body without Content-Encoding", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        body = await self._body(request)
        if body is None:
            return _error(
                f"The request has more than {self._max_bytes:,} bytes. Send fewer rows at once, or start the server "
                "with a greater --max-request-mib",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        return await run_in_threadpool(_attempt, lambda: self._answer(found, body))

    async def _body(self, request: Request) -> bytes | None:
        """None if it is too long."""
        if int(request.headers.get("content-length", 0)) > self._max_bytes:
            return None
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._max_bytes:
                return None
            parts.append(part)
        return b"".join(parts)

    def _answer(self, found: re.Match[str], body: bytes) -> dict[str, Any]:
        number = self._number(found)
        _, servable = self._versions.find(number)
        return answer(servable, found["verb"], body)

    def _about(self, found: re.Match[str]) -> dict[str, Any]:
        number = self._number(found)
        if not found["metadata"]:
            return {"model_version_status": self._versions.statuses(number)}
        number, servable = self._versions.find(number)
        signatures = {name: signature_to_json(name, one) for name, one in servable.model.signatures.items()}
        return {
            "model_spec": {"name": self._versions.name, "signature_name": "", "version": str(number)},
            "metadata": {
                "signature_def": {"signature_def": signatures},
                "millwork": {"framework": servable.framework, **servable.about},
            },
        }

    def _number(self, found: re.Match[str]) -> int | None:
        number = int(found["version"]) if found["version"] else None
        if (name := unquote(found["name"])) != self._versions.name:
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise NotFound(f"Servable not found for request: {asked}. There is: {self._versions.name}")
        return number


class _HostCheck:
    """Refuses requests for other names than ours: a web page whose name points to this machine cannot reach us."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = {host.strip("[]").lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
            if re.sub(r":\d*$", "", given).strip("[]") not in self._hosts:
                refused = _error(
                    f"This server does not answer as {given!r}. Start it with --allow-host NAME if it should",
                    HTTPStatus.FORBIDDEN,
                )
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _attempt(work: Callable[[], dict[str, Any]]) -> Response:
    try:
        return _json(work())
    except NotFound as e:
        return _error(str(e), HTTPStatus.NOT_FOUND)
    except BadInput as e:
        return _error(str(e), HTTPStatus.BAD_REQUEST)
    except Exception as e:
        log.exception("The model failed")
        return _error(f"{type(e).__name__}: {e}", HTTPStatus.INTERNAL_SERVER_ERROR)


def _json(document: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    """With NaN and Infinity, as TensorFlow Serving has them; starlette's own response refuses them."""
    text = json.dumps(document, ensure_ascii=False)
    return Response(text.encode("utf-8", "surrogatepass"), status, media_type="application/json")


def _error(message: str, status: int) -> Response:
    return _json({"error": message}, status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(f"{error.detail}: {request.method} {request.url.path}", error.status_code)


async def _any_error(request: Request, error: Exception) -> Response:
    if isinstance(error, ClientDisconnect):
        log.info("A client hung up before it had sent its request")
    return _error(f"{type(error).__name__}: {error}", HTTPStatus.INTERNAL_SERVER_ERROR)
