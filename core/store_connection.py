"""Opening a metadata store, and letting one process write at a time. Only this module imports ml_metadata.

SQLite stores get a write-ahead log (a write takes 0.5 ms instead of 7) and a lock file: several processes that
open or write one SQLite store at once otherwise fail with "Concurrent writes aborted".
"""

from __future__ import annotations

import fcntl
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from weakref import WeakValueDictionary

from millwork.core.errors import NotFound, StoreError
from millwork.core.store_postgresql import adapt

_PATIENCE = 60.0
"""Seconds to wait for another process that writes."""


def proto() -> Any:
    """ML Metadata's message types."""
    from ml_metadata.proto import metadata_store_pb2

    return metadata_store_pb2


class Connection:
    """A connected store."""

    def __init__(self, uri: str, settings: Any, lock: Path | None) -> None:
        self.uri = uri
        self._settings = settings
        self._lock = lock
        self._depth = 0
        self._one_thread = threading.RLock()
        self._client: Any = None
        with self._locked(), self._translated():
            self._connect()

    @property
    def store(self) -> Any:
        """ML Metadata's own client."""
        if self._client is None:
            self._connect()
        return self._client

    def _connect(self) -> None:
        from ml_metadata import metadata_store

        self._client = _patiently(lambda: metadata_store.MetadataStore(self._settings))
        if self._settings.HasField("postgresql"):
            adapt(self._client)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The client, while no other process of ours writes."""
        with self._locked(), self._translated():
            yield self.store

    def reading(self) -> Any:
        """The client, for queries."""
        return _Reader(self)

    def newest(self, what: str, page: int = 100, **of: Any) -> Iterator[Any]:
        """What ML Metadata's `Get<what>` finds, newest first, a page at a time while it is asked for.

        Whoever asks takes what is wanted and stops. ML Metadata's own filters are gone in 1.21, and its client
        always fetches every context of a type.
        """
        from ml_metadata.proto import metadata_store_service_pb2 as service

        request = getattr(service, f"Get{what}Request")(**of)
        request.options.max_result_size = page
        request.options.order_by_field.field = proto().ListOperationOptions.OrderByField.CREATE_TIME
        request.options.order_by_field.is_asc = False
        while True:
            response = getattr(service, f"Get{what}Response")()
            self.reading()._call(f"Get{what}", request, response)
            yield from getattr(response, what.partition("By")[0].lower())
            if not response.next_page_token:
                return
            request.options.next_page_token = response.next_page_token

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._one_thread:
            yield from self._locked_for_processes()

    def _locked_for_processes(self) -> Iterator[None]:
        if self._lock is None or self._depth:
            yield
            return
        with open(self._lock, "a") as file:
            _wait_for(file, self.uri)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """ML Metadata's errors in words that say what to do."""
        try:
            yield
        except (StoreError, NotFound):
            raise
        except Exception as e:
            if type(e).__module__ != "ml_metadata.errors" and not isinstance(e, RuntimeError):
                raise
            text = str(e)
            if "locked" in text or "Concurrent writes" in text:
                raise StoreError(
                    f"The metadata store {self.uri} is locked by another program. Close it, or wait, and try again"
                ) from e
            if "readonly" in text:
                raise StoreError(
                    f"The metadata store {self.uri} is read-only. Allow writing, or use another root"
                ) from e
            if "is full" in text or "No space left" in text:
                self._client = (
                    None  # it did not roll back, and would only say "Transaction already open" from now on
                )
                raise StoreError(
                    f"The disk of the metadata store {self.uri} is full. Make room and resume"
                ) from e
            raise StoreError(f"The metadata store {self.uri} does not answer: {text}") from e


class _Reader:
    """ML Metadata's client with errors translated, call by call."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._connection._one_thread, self._connection._translated():
                return getattr(self._connection.store, name)(*args, **kwargs)

        return call


def _patiently(open_: Callable[[], Any]) -> Any:
    """Open a store that another process may be creating at this moment, as only servers allow."""
    for pause in (0.2, 0.5, 1, 2, 4):
        try:
            return open_()
        except Exception as e:
            if not re.search("already exists|n[o']t exist|[Pp]lease retry", str(e)):
                raise
            time.sleep(pause * (1 + random.random()))
    return open_()


def connect(uri: str) -> Connection:
    """Open the store at `uri`: a path or sqlite:/// for SQLite, mysql:// or postgresql:// with user, host, database."""
    scheme = urlsplit(uri).scheme
    if scheme in ("mysql", "mysql+pymysql", "mariadb"):
        return Connection(_without_password(uri), _mysql(uri), None)
    if scheme in ("postgresql", "postgres"):
        return Connection(_without_password(uri), _postgresql(uri), None)
    path = sqlite_file(uri)
    if path is None:
        raise StoreError(f"A store is an SQLite file, mysql://… or postgresql://…, but got {uri!r}")
    return _one_per_file(path)


_open_files: WeakValueDictionary[tuple[int, int], Connection] = WeakValueDictionary()
_opening = threading.Lock()


def _one_per_file(path: Path) -> Connection:
    """Of one file a process has one connection.

    A second would break the first: closing a file in a process gives up every POSIX lock that the process has on it,
    and ML Metadata brings an SQLite of its own, which knows nothing of Python's.
    """
    with _opening:
        known = _open_files.get(_identity(path)) if path.exists() else None
        if known is not None:
            return known
        connection = Connection(str(path), _sqlite(path), path.with_name(path.name + ".lock"))
        _open_files[_identity(path)] = connection
        return connection


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite store. None if `uri` names a server."""
    if urlsplit(uri).scheme not in ("", "sqlite", "file"):
        return None
    return Path(uri.removeprefix("sqlite:///").removeprefix("file://"))


def _sqlite(path: Path) -> Any:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path.with_name(path.name + ".lock"), "a") as lock:
            _wait_for(lock, str(path))
            _prepare(path)
    except OSError as e:
        raise StoreError(
            f"The metadata store {path} cannot be written: {e.strerror}. Choose another root"
        ) from e
    settings = proto().ConnectionConfig()
    settings.sqlite.filename_uri = str(path)
    settings.sqlite.connection_mode = 3  # read, write, create
    return settings


def _prepare(path: Path) -> None:
    """Switch the write-ahead log on, and refuse a file that something else wrote."""
    try:
        connection = sqlite3.connect(path, timeout=10)
    except sqlite3.OperationalError as e:
        raise StoreError(
            f"The metadata store {path} cannot be opened: {e}. Choose another root or store"
        ) from e
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "MLMDEnv" not in tables:
            raise StoreError(
                f"{path} is an SQLite database, but not a metadata store: it holds the tables "
                f"{', '.join(sorted(tables)[:3])}. Choose another root or store"
            )
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as e:
        if "locked" in str(e):
            raise StoreError(
                f"The metadata store {path} is locked by another program. Close it, or wait, and try again"
            ) from e
        raise StoreError(
            f"The metadata store {path} cannot be opened: {e}. Choose another root or store"
        ) from e
    except sqlite3.DatabaseError as e:
        raise StoreError(f"{path} is not a metadata store: {e}. Choose another root or store") from e
    finally:
        connection.close()


def _mysql(uri: str) -> Any:
    parts = _server_parts(uri)
    settings = proto().ConnectionConfig()
    settings.mysql.host = parts.hostname
    settings.mysql.port = parts.port or 3306
    settings.mysql.database = parts.path.strip("/")
    settings.mysql.user = unquote(parts.username or "")
    settings.mysql.password = unquote(parts.password or "")
    return settings


def _postgresql(uri: str) -> Any:
    parts = _server_parts(uri)
    settings = proto().ConnectionConfig()
    settings.postgresql.host = parts.hostname
    settings.postgresql.port = str(parts.port or 5432)
    settings.postgresql.dbname = parts.path.strip("/")
    settings.postgresql.user = unquote(parts.username or "")
    settings.postgresql.password = unquote(parts.password or "")
    return settings


def _server_parts(uri: str) -> Any:
    parts = urlsplit(uri)
    if not parts.hostname or not parts.path.strip("/"):
        raise StoreError(f"Give host and database: {parts.scheme}://user:password@host/database, not {uri!r}")
    return parts


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return uri.replace(f":{parts.password}@", ":***@") if parts.password else uri


def _wait_for(file: Any, uri: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"Another process has been writing to the metadata store {uri} for {_PATIENCE:.0f} s. "
                    "Stop it, or wait, and try again"
                ) from None
            time.sleep(0.002)
