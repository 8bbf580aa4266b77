"""Databases that SQLAlchemy knows: reached by a URL whose password is not written down, read as a stream.

A URL names environment variables in place of secrets, `postgresql+pg8000://ann:${SHOP_PASSWORD}@host/shop`. They are
looked up where the query runs, so plans, the metadata store and logs have only the names. What the database says in an
error is told, with the secrets masked and without the driver's own exception, which may hold them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from millwork.components.data.drivers import how_to_install
from millwork.core.errors import BadInput, MillworkError, WrongArgument

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

ROWS = 16_384
"""Rows that are fetched at once."""
MASK = "***"

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|pwd$|secret|token$|api_?key|private_?key$|credentials_base64", re.I
)
_SECRET_INSIDE = re.compile(r"(?:password|pwd)\s*=\s*(?!\s|;|$|\$\{)", re.I)
"""Such as in pyodbc's `odbc_connect`."""


@dataclass(frozen=True)
class Database:
    """A database by its URL, in which `${NAME}` stands for an environment variable."""

    url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that count before those of the process."""

    def query(self, text: str) -> Any:
        """The rows of one query alone, as a list."""
        with self.connected() as connection:
            return [row for _, rows in connection.rows(text) for row in rows]

    @contextmanager
    def connected(self) -> Iterator[OpenDatabase]:
        """One connection in one transaction, which only reads and is rolled back."""
        import sqlalchemy as sa

        url = _resolved(self.url, {**os.environ, **self.environment})
        opened = OpenDatabase(hidden(url), _secrets_of(url))
        with opened.telling("cannot be opened"):
            if url.get_dialect().is_async:
                raise BadInput(
                    f"{opened.name}: {url.get_driver_name()} is an asynchronous driver. Begin the url with another "
                    "one, such as postgresql+pg8000:// or mysql+pymysql://"
                )
            engine = sa.create_engine(_for_reading(url), poolclass=sa.NullPool, hide_parameters=True)
            # The queries of all splits see the same state of the database.
            same_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            opened.connection = engine.connect().execution_options(
                **same_state if url.get_backend_name() == "postgresql" else {}
            )
        try:
            yield opened
        finally:
            opened.close()
            engine.dispose()


class OpenDatabase:
    """A database that is being read."""

    connection: Connection

    def __init__(self, name: str, secrets: Sequence[str]) -> None:
        self.name = name
        self._secrets = secrets

    def rows(self, text: str) -> Iterator[tuple[list[str], Sequence[Sequence[Any]]]]:
        """Column names and rows of a query, some thousand rows at a time, and at least once. The text reaches the
        driver as it is."""
        with self.telling("refuses the query"):
            result = self.connection.execution_options(
                stream_results=True, no_parameters=True
            ).exec_driver_sql(text)
            if not result.returns_rows:
                raise BadInput(
                    f"The database {self.name} returns no rows for this statement. Write a SELECT: {text}"
                )
            names = list(result.keys())
        with self.telling("failed while its rows were read"):
            yield names, []
            for rows in result.yield_per(ROWS).partitions(ROWS):
                yield names, rows

    def close(self) -> None:
        """A connection that is broken already needs no goodbye."""
        try:
            self.connection.close()
        except Exception:
            self.connection.invalidate()

    @contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """What goes wrong is told in the database's words."""
        try:
            yield
        except (MillworkError, GeneratorExit):
            raise
        except Exception as error:
            said = self._masked(_words(error)) + how_to_install(error)
            raise BadInput(f"The database {self.name} {what}: {said}") from None

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def settled(url: str) -> str:
    """The URL as it may be written into a plan. WrongArgument if it is none, or if it holds a secret.

    The path of an SQLite file becomes absolute: the step runs in another folder.
    """
    if _VARIABLE.fullmatch(url):
        return url
    parsed = _parsed(url, WrongArgument)
    if secret := _written_secret(parsed):
        raise WrongArgument(
            f"The url holds {secret}, which would be written into plans and the metadata store. Keep it in an "
            f"environment variable, and name that in the url: {_with_variable(parsed)}"
        )
    if parsed.get_backend_name() != "sqlite" or _VARIABLE.search(url):
        return url
    if parsed.database in (None, "", ":memory:"):
        raise WrongArgument(
            f"{url!r} is a database in memory, which has no rows. Name a file: sqlite:///shop.db"
        )
    if str(parsed.database).startswith("file:"):
        return url
    path = Path(str(parsed.database)).expanduser().absolute()
    return parsed.set(database=str(path)).render_as_string(hide_password=False)


def sqlite_file(url: str) -> Path | None:
    """The file that a URL for SQLite names. What its other files hold is temporary, but for the write-ahead log."""
    if not url.startswith("sqlite") or _VARIABLE.search(url):
        return None
    database = str(_parsed(url, BadInput).database)
    return None if database.startswith("file:") else Path(database)


def hidden(url: URL) -> str:
    """A URL to be shown."""
    values = {key: MASK for key, value in url.query.items() if _is_secret(key, value)}
    return url.update_query_dict(values).render_as_string(hide_password=True)


def _parsed(url: str, error: type[MillworkError]) -> URL:
    import sqlalchemy as sa

    try:
        return sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        shown = re.sub(r":[^:/@].*@", f":{MASK}@", url)
        shown = re.sub(r"((?:pass|pwd|secret|token|key)\w*=)[^&]*", rf"\1{MASK}", shown, flags=re.I)
        raise error(
            f"{shown!r} is not a url of a database. It looks like sqlite:///shop.db, or like "
            "postgresql+pg8000://user:${PASSWORD}@host:5432/database, where the characters :/@%? of a name are written "
            "as in any url: %3A, %2F, %40, %25, %3F"
        ) from None


def _resolved(text: str, environment: Mapping[str, str]) -> URL:
    """The URL with the variables filled in. A value is taken as it is, whatever characters it has."""

    def filled(part: str | None) -> str | None:
        return None if part is None else _VARIABLE.sub(lambda match: _value_of(match[1], environment), part)

    if whole := _VARIABLE.fullmatch(text):
        return _parsed(_value_of(whole[1], environment), BadInput)
    url = _parsed(text, BadInput)
    query = {
        key: filled(value) if isinstance(value, str) else tuple(str(filled(v)) for v in value)
        for key, value in url.query.items()
    }
    return url.set(
        username=filled(url.username),
        password=filled(str(url.password)) if url.password is not None else None,
        host=filled(url.host),
        database=filled(url.database),
        query={key: value for key, value in query.items() if value is not None},
    )


def _value_of(name: str, environment: Mapping[str, str]) -> str:
    if not environment.get(name):
        raise BadInput(
            f"The url of the database needs the environment variable {name}, which is "
            f"{'empty' if name in environment else 'not set'}. Set it before the run: export {name}=..."
        )
    return environment[name]


def _written_secret(url: URL) -> str:
    if url.password and not _VARIABLE.search(str(url.password)):
        return "a password"
    for key, value in url.query.items():
        if _is_secret(key, value) and not _VARIABLE.search(str(value)):
            return f"a secret ({key})"
    return ""


def _is_secret(key: str, value: str | Sequence[str]) -> bool:
    return bool(_SECRET_NAME.search(key) or _SECRET_INSIDE.search(str(value)))


def _with_variable(url: URL) -> str:
    name = re.sub(r"\W", "_", str(url.database or "database").rsplit("/", 1)[-1]).upper() + "_PASSWORD"
    shown = hidden(url).replace(f":{MASK}@", f":${{{name}}}@")
    return re.sub(r"=%2A%2A%2A|=\*\*\*", f"=${{{name}}}", shown)


def _secrets_of(url: URL) -> list[str]:
    """What must not be shown, longest first, in each way that it may be written."""
    values = [str(url.password or ""), *(str(v) for k, v in url.query.items() if _is_secret(k, v))]
    written = {
        form for value in values if value for form in (value, quote(value, safe=""), quote_plus(value))
    }
    return sorted(written, key=len, reverse=True)


def _for_reading(url: URL) -> URL:
    """SQLite would make a file that is not there, and would change one that has a write-ahead log."""
    if url.get_backend_name() != "sqlite" or str(url.database).startswith("file:"):
        return url
    path = Path(str(url.database))
    if not path.is_absolute() or not path.is_file():
        where = "is not there" if path.is_absolute() else "needs an absolute path"
        raise BadInput(f"The SQLite file {str(path)!r} {where}")
    return url.set(database=f"file:{quote(str(path))}").update_query_dict({"mode": "ro", "uri": "true"})


def _words(error: Exception) -> str:
    """What the database itself said: drivers keep it in different places."""
    said = getattr(error, "orig", None) or error
    first, *others = getattr(said, "args", ()) or ("",)
    if isinstance(first, Mapping):  # pg8000: the fields of PostgreSQL's message
        return ". ".join(str(first[key]) for key in ("M", "D", "H") if key in first)
    if isinstance(first, int) and others and not isinstance(said, OSError):  # MySQL's: number and text
        return f"{others[0]} ({first})"
    cause = getattr(said, "__cause__", None)
    why = f" ({cause.strerror or cause})" if isinstance(cause, OSError) else ""
    return (str(said).strip() or type(said).__name__) + why
