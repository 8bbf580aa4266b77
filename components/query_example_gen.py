"""Bring the rows of a database query into the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.components.data.database import Database, settled, sqlite_file
from millwork.components.data.example_gen import FILE_FORMATS, ExampleGen
from millwork.components.data.query_rows import ColumnType, RowStore, common_type, declared
from millwork.components.data.span_query import QuerySpans, check_spans, for_spans, newest_of
from millwork.components.data.writing import ExamplesWriter
from millwork.core.errors import BadInput, WrongArgument

if TYPE_CHECKING:
    import pyarrow as pa


class QueryExampleGen(ExampleGen):
    """Run a query on a database and divide the rows into splits.

    `url` is SQLAlchemy's, for any database that it knows: `sqlite:///shop.db`, `postgresql+pg8000://…`,
    `mysql+pymysql://…`, `bigquery://project`. Secrets stay out of it: `${NAME}` is the environment variable of this
    name, looked up where the query runs, and a url with a password in it is refused. The driver is yours to install:
    `pip install 'millwork[postgresql]'`, `'millwork[bigquery]'`.

        examples = QueryExampleGen(
            url="postgresql+pg8000://reader:${SHOP_PASSWORD}@db.example.com/shop",
            query="SELECT age, town, returned FROM customers ORDER BY id",
            fingerprint_query="SELECT count(*), max(changed_at) FROM customers",
        ).examples

    The rows are divided by a hash of each, as in all ExampleGens, or come from one query a split. The database alone
    decides their order: without `ORDER BY` equal rows may come in another order, and all that is made of them is made
    anew.

    The rows of a database change without a trace, so the query runs in each run, and what follows is taken from the
    cache if it gave what it gave before. It does not run if `fingerprint_query` gives the same as then, or if you say
    by `data_version` that nothing has changed; of SQLite, if the file is the same.

    NULL is a missing value, never 0 or ''. Numbers, text and bytes are what they are, an array is a list. Booleans are
    0 and 1, dates days since 1970-01-01, timestamps seconds since 1970 in UTC; decimals are floats, but ints if they
    have no digits after the point. Floats have 32 bits: store amounts of money as whole cents.
    """

    libraries = ("pyarrow", "sqlalchemy")

    url: str
    query: str | None = None
    """It reaches the database as it is."""
    input_splits: Mapping[str, str] | None = None
    """Names of splits, each with its query, instead of one `query`."""
    span: QuerySpans | None = None
    """A day such as "2024-05-31", or its number (days since 1970-01-01), or StaticRange(first, last): what TFX's
    @span_begin_timestamp, @span_end_timestamp (seconds, in UTC) and @span_yyyymmdd_utc ('20240531') in the queries
    stand for."""
    column_types: Mapping[str, ColumnType] | None = None
    """For columns that may be NULL in every row, and where another type than the database's is wanted."""
    fingerprint_query: str | None = None
    """A query whose result changes when the rows do. It runs at each run, and in `millwork plan`."""
    data_version: str | None = None
    """Your name for the state of the data: as long as it is the same, the rows of an earlier run are used."""

    def check(self) -> None:
        if (self.query is None) == (self.input_splits is None):
            raise WrongArgument(
                "QueryExampleGen: pass query=..., or input_splits={name: query, ...}, not both"
            )
        super().check()
        for query in [*self._queries.values(), *filter(None, [self.fingerprint_query])]:
            if not query.strip():
                raise WrongArgument("QueryExampleGen: a query is empty")
        for query in self._queries.values():
            check_spans(query, self.span)
        if self.fingerprint_query is not None and self.span is None:
            check_spans(self.fingerprint_query, None)
        self.url = settled(self.url)

    @property
    def not_cached(self) -> str:
        told = self.fingerprint_query is not None or self.data_version is not None or sqlite_file(self.url)
        return "" if told else "it reads a database, which may change"

    def external_files(self) -> Iterable[Path]:
        """SQLite's, if nothing else tells whether the rows are the same."""
        file = sqlite_file(self.url)
        if file is None or self.fingerprint_query is not None or self.data_version is not None:
            return []
        return [path for path in (file, file.with_name(file.name + "-wal")) if path.is_file()]

    def external_state(self) -> Mapping[str, str]:
        if self.fingerprint_query is None:
            return {}
        rows = self._database.query(for_spans(self.fingerprint_query, self.span))
        return {"fingerprint_query": sha256(repr(list(map(tuple, rows))).encode()).hexdigest()}

    def run(self) -> None:
        with ExitStack() as stack:
            stores = {name: stack.enter_context(RowStore(self.examples.path)) for name in self._queries}
            with self._database.connected() as database:
                for name, query in self._queries.items():
                    for columns, rows in database.rows(for_spans(query, self.span)):
                        _check_names(columns)
                        stores[name].write(columns, rows)
            types = self._types(stores)
            names = list(self._buckets or stores)
            with ExamplesWriter(self.examples, names, FILE_FORMATS[self.format]) as writer:
                for name, store in stores.items():
                    for split, rows in self.divided(name, store.batches(types), _place_of):
                        writer.write(split, rows)
                if not any(writer.num_rows.values()):
                    raise BadInput("The database answered, but with no rows")
        if self.span is not None:
            self.examples.span = newest_of(self.span)

    @property
    def _queries(self) -> Mapping[str, str]:
        """The query of each input; one without a name if there are no `input_splits`."""
        return {"": self.query} if self.query is not None else dict(self.input_splits or {})

    @property
    def _database(self) -> Database:
        return Database(self.url, self.options.environment)

    def _types(self, stores: Mapping[str, RowStore]) -> dict[str, pa.DataType]:
        """The type of each column, one for all queries."""
        import pyarrow as pa

        first, *others = stores.values()
        for name, store in stores.items():
            if list(store.types) != list(first.types):
                raise BadInput(
                    f"The query of {name!r} has the columns {', '.join(store.types)}, but that of "
                    f"{next(iter(stores))!r} {', '.join(first.types)}. All queries need the same columns"
                )
        types = dict(first.types)
        for store in others:
            types = {name: common_type(name, kind, store.types[name]) for name, kind in types.items()}
        self.check_known("column_types", self.column_types or (), list(types), BadInput)
        types |= {name: declared(kind) for name, kind in (self.column_types or {}).items()}
        self.check_partition(pa.schema(list(types.items())))
        return types


def _place_of(row: int) -> str:
    return f"row {row} of the query (the first is 0)"


def _check_names(columns: list[str]) -> None:
    for place, name in enumerate(columns, 1):
        if not name:
            raise BadInput(f"Column {place} of the query has no name. Give it one with AS")
        if columns.count(name) > 1:
            raise BadInput(
                f"Two columns of the query are called {name!r}. Name one of them differently with AS"
            )
