"""The process that serves a model: its socket, its loop, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from millwork.components.serving.app import application
from millwork.components.serving.versions import Versions
from millwork.core.errors import WrongArgument

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PATIENCE = 10
"""Seconds that requests under way may still take when the server is to stop."""


@dataclass(frozen=True)
class Address:
    """Where to listen, and what to let in."""

    host: str = "127.0.0.1"
    port: int = 8501
    """0: any that is free."""
    allowed_hosts: tuple[str, ...] = ()
    """Names by which clients may call the server, besides its own. On this machine's own address others are refused,
    so that no web page can reach it under a name of its own; elsewhere only if some are given here."""
    max_bytes: int = 64 << 20
    """Of the body of a request."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The Host headers to answer to; none: all."""
        if self.host in LOOPBACK:
            return (*LOOPBACK, *self.allowed_hosts)
        return (self.host, *LOOPBACK, *self.allowed_hosts) if self.allowed_hosts else ()


def serve(versions: Versions, address: Address, ready: Callable[[str], None]) -> None:
    """Answer until SIGTERM or Ctrl-C; what is being answered then is finished. `ready` is told the server's address.

    Ctrl-C ends in KeyboardInterrupt, as everywhere.
    """
    with _listening(address) as listener, versions:
        host, port = listener.getsockname()[:2]
        app = application(versions, max_bytes=address.max_bytes, hosts=address.hosts)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_PATIENCE
        )
        shown = f"[{host}]" if ":" in host else host
        server = _Server(config, lambda: ready(f"http://{shown}:{port}"))
        stopped_by = asyncio.run(_until_stopped(server, listener))
    if stopped_by == signal.SIGINT:
        raise KeyboardInterrupt


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # uvicorn's would raise SIGTERM again after a clean stop, and so end in exit code -15


async def _until_stopped(server: uvicorn.Server, listener: socket.socket) -> signal.Signals | None:
    received: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        server.force_exit = bool(received)  # the second time at once
        server.should_exit = True
        received.append(number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    await server.serve(sockets=[listener])
    return received[0] if received else None


def _listening(address: Address) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(
            family, kind, protocol
        )  # without its protocol asyncio sends small answers 40 ms late
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    except (OSError, OverflowError) as e:
        raise WrongArgument(
            f"Cannot listen on {address.host} port {address.port}: {e}. Choose another --port, such as 0 for any that "
            "is free, or another --host"
        ) from e
    return listener
