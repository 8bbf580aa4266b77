"""QueryExampleGen: what rows of a database become, what decides the cache, where secrets stay, and what it refuses."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sample_parts import train
from sample_project import Project
from sample_servers import free_port

from millwork import Pipeline
from millwork.components import QueryExampleGen
from millwork.components.data.reading import batches, flat_schema, serialized_batches
from millwork.components.data.spans import StaticRange
from millwork.core.artifacts import TFRECORD, Examples
from millwork.core.errors import BadInput, RunFailed, WrongArgument
from millwork.core.options import Options
from millwork.core.plan import compile_pipeline
from millwork.core.records import State
from millwork.core.storage import files_below
from millwork.core.testing import perform
from millwork.runners import LocalRunner

ALL = {"all": 1}
PASSWORD = "p@ss:w/rd"
"""Of the servers in these tests: every character of it that matters in a url does."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A database of 300 orders on three days."""
    file = tmp_path / "shop.db"
    change(file, "CREATE TABLE orders (id INTEGER, town TEXT, price REAL, day TEXT, at INTEGER)")
    day = datetime.datetime(2024, 5, 30, tzinfo=datetime.UTC)
    rows = []
    for i in range(300):
        at = day + datetime.timedelta(minutes=i * 72 / 5)
        rows.append(
            (i, ["Graz", "", None][i % 3], i / 2 if i % 7 else None, f"{at:%Y%m%d}", int(at.timestamp()))
        )
    change(file, "INSERT INTO orders VALUES (?, ?, ?, ?, ?)", rows)
    return file


def change(file: Path, statement: str, rows: Sequence[Sequence[Any]] = ()) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(statement, rows) if rows else connection.execute(statement)


def generate(file: Path, query: str | None = None, **arguments: Any) -> Examples:
    step = QueryExampleGen(url=f"sqlite:///{file}", query=query, **arguments)
    return perform(step, file.parent / "out").examples


def rows(examples: Examples, split: str = "all") -> list[dict[str, Any]]:
    return [row for batch in batches(examples, split) for row in batch.to_pylist()]


# What rows become


@pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])
def test_null_is_neither_zero_nor_empty(tmp_path: Path, file_format: str) -> None:
    query = "SELECT 0 AS i, 0.0 AS f, '' AS s UNION ALL SELECT NULL, NULL, NULL UNION ALL SELECT 7, 2.5, 'x'"
    change(tmp_path / "a.db", "CREATE TABLE t (a)")
    assert rows(generate(tmp_path / "a.db", query, splits=ALL, format=file_format)) == [
        {"i": 0, "f": 0.0, "s": ""},
        {"i": None, "f": None, "s": None},
        {"i": 7, "f": 2.5, "s": "x"},
    ]


def test_types_are_found_over_all_rows_however_late_the_first_value_comes(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    change(file, "CREATE TABLE t (late, mixed, never, data)")
    change(
        file,
        "INSERT INTO t VALUES (?, ?, ?, ?)",
        [(None, 1, None, None)] * 40_000 + [("x", 0.5, None, b"\xff")],
    )
    examples = generate(file, "SELECT * FROM t", splits=ALL)
    assert flat_schema(examples, "all") == pa.schema(
        [("late", pa.string()), ("mixed", pa.float32()), ("never", pa.null()), ("data", pa.binary())]
    )
    assert examples.num_examples == {"all": 40_001}
    assert rows(examples)[-1] == {"late": "x", "mixed": 0.5, "never": None, "data": b"\xff"}


def test_types_are_declared(shop: Path) -> None:
    types = {"id": "string", "none": "int", "price": "int"}
    query = "SELECT id, NULL AS none, CAST(id AS REAL) AS price FROM orders WHERE id = 3"
    examples = generate(shop, query, splits=ALL, column_types=types)
    assert rows(examples) == [{"id": "3", "none": None, "price": 3}]
    assert flat_schema(examples, "all").types == [pa.string(), pa.int64(), pa.int64()]


def test_the_query_reaches_the_database_as_it_is(shop: Path) -> None:
    query = """SELECT id, 'x :y %s %% ? \\:z' AS "a:b" -- it's a comment: @x
               FROM orders WHERE id % 100 = 7 AND town IS NOT '@span_' ORDER BY id;"""
    assert rows(generate(shop, query, splits=ALL)) == [
        {"id": i, "a:b": "x :y %s %% ? \\:z"} for i in (7, 107, 207)
    ]


# Splits


def test_rows_are_divided_as_in_all_example_gens(shop: Path) -> None:
    from hashlib import sha256

    examples = generate(shop, "SELECT id, town FROM orders", format="tfrecord")
    assert (examples.split_names, examples.file_format) == (("train", "eval"), TFRECORD)
    assert sum(examples.num_examples.values()) == 300
    for split, buckets in (("train", (0, 1)), ("eval", (2,))):
        for record in (r for records in serialized_batches(examples, split) for r in records):
            assert int(sha256(record).hexdigest(), 16) % 3 in buckets


def test_where_a_row_goes_does_not_depend_on_the_order_of_the_rows(shop: Path) -> None:
    members = []
    for order in ("ASC", "DESC"):
        examples = generate(shop, f"SELECT id FROM orders ORDER BY id {order}")
        members.append({row["id"] for row in rows(examples, "train")})
    assert members[0] == members[1]


def test_each_split_may_have_its_query_and_all_have_the_same_types(shop: Path) -> None:
    queries = {
        "train": "SELECT id AS n, NULL AS town FROM orders WHERE id < 10",
        "eval": "SELECT id + 0.5 AS n, town FROM orders WHERE id = 30",
    }
    examples = generate(shop, input_splits=queries)
    assert examples.num_examples == {"train": 10, "eval": 1}
    assert rows(examples, "eval") == [{"n": 30.5, "town": "Graz"}]
    assert flat_schema(examples, "train") == flat_schema(examples, "eval")


def test_rows_with_one_value_of_the_partition_feature_stay_together(shop: Path) -> None:
    examples = generate(shop, "SELECT id % 20 AS customer FROM orders", partition_feature="customer")
    train, evaluation = ({row["customer"] for row in rows(examples, split)} for split in ("train", "eval"))
    assert train | evaluation == set(range(20))
    assert not train & evaluation


# Spans


@pytest.mark.parametrize("span", ["2024-05-31", 19_874])
@pytest.mark.parametrize(
    "condition", ["at >= @span_begin_timestamp AND at < @span_end_timestamp", "day = @span_yyyymmdd_utc"]
)
def test_a_span_is_a_day_in_utc(shop: Path, span: int | str, condition: str) -> None:
    examples = generate(shop, f"SELECT id, day FROM orders WHERE {condition}", splits=ALL, span=span)
    assert examples.span == 19_874
    assert [row["id"] for row in rows(examples)] == list(range(100, 200))


def test_a_range_of_spans_is_from_the_first_to_the_end_of_the_last(shop: Path) -> None:
    query = "SELECT id FROM orders WHERE at >= @span_begin_timestamp AND at < @span_end_timestamp"
    examples = generate(shop, query, splits=ALL, span=StaticRange("2024-05-31", "2024-06-02"))
    assert examples.span == 19_876
    assert [row["id"] for row in rows(examples)] == list(range(100, 300))


@pytest.mark.parametrize(
    ("condition", "span", "message"),
    [
        ("day = @span_yyyymmdd_utc", None, "has @span_yyyymmdd_utc, but no span says what it stands for"),
        ("day = '20240531'", 5, "does not say which rows belong to a span. Use @span_begin_timestamp"),
        ("day = '@span_yyyymmdd_utc'", 5, "@span_yyyymmdd_utc inside quotes .* Write it without quotes"),
        ("day = @span_yyyymmdd_utc", StaticRange(1, 2), "@span_yyyymmdd_utc is one day, but .* is 2"),
        ("day = @span_yyyymmdd_utc", "yesterday", "a day such as '2024-05-31', but got 'yesterday'"),
    ],
)
def test_a_span_and_a_query_that_do_not_fit_are_refused_at_once(
    condition: str, span: int | str | StaticRange | None, message: str
) -> None:
    with pytest.raises(WrongArgument, match=message):
        QueryExampleGen(url="sqlite:///a.db", query=f"SELECT * FROM t WHERE {condition}", span=span)


# The cache


def described(file: Path, **arguments: Any) -> Pipeline[Any]:
    query = QueryExampleGen(
        url=f"sqlite:///{file}", query="SELECT id, town FROM orders ORDER BY id", **arguments
    )
    return Pipeline("p", train(query.examples))


def test_an_sqlite_file_that_is_the_same_needs_no_query(shop: Path, tmp_path: Path) -> None:
    runner = LocalRunner(tmp_path / "root", quiet=True)
    first = runner.run(described(shop))
    assert {s.reason for s in runner.run(described(shop)).steps.values()} == {
        f"unchanged since run {first.id}"
    }
    change(shop, "CREATE TABLE another (a)")
    again = runner.run(described(shop)).steps
    assert [again[id].state for id in ("query_example_gen", "train")] == [State.COMPLETE, State.CACHED]
    change(shop, "DELETE FROM orders WHERE id = 0")
    assert {s.state for s in runner.run(described(shop)).steps.values()} == {State.COMPLETE}


def test_a_fingerprint_query_decides_whether_the_query_runs(shop: Path, tmp_path: Path) -> None:
    runner = LocalRunner(tmp_path / "root", quiet=True)
    asked = {"fingerprint_query": "SELECT count(*), max(id) FROM orders"}
    runner.run(described(shop, **asked))
    change(shop, "CREATE TABLE another (a)")
    assert runner.run(described(shop, **asked)).steps["query_example_gen"].state is State.CACHED
    change(shop, "DELETE FROM orders WHERE id = 299")
    again = runner.run(described(shop, **asked)).steps["query_example_gen"]
    assert (again.state, again.reason) == (State.COMPLETE, "state fingerprint_query changed")


def test_a_data_version_says_that_nothing_has_changed(shop: Path, tmp_path: Path) -> None:
    runner = LocalRunner(tmp_path / "root", quiet=True)
    runner.run(described(shop, data_version="May"))
    change(shop, "DELETE FROM orders WHERE id = 299")
    assert runner.run(described(shop, data_version="May")).steps["query_example_gen"].state is State.CACHED
    assert runner.run(described(shop, data_version="June")).steps["query_example_gen"].state is State.COMPLETE


def test_other_databases_are_asked_each_time_unless_something_tells_that_nothing_changed() -> None:
    url = "postgresql+pg8000://host/db"
    why = "it reads a database, which may change"
    assert QueryExampleGen(url=url, query="SELECT 1").not_cached == why
    assert not QueryExampleGen(url=url, query="SELECT 1", fingerprint_query="SELECT 2").not_cached
    assert not QueryExampleGen(url=url, query="SELECT 1", data_version="1").not_cached
    assert not QueryExampleGen(url="sqlite:///shop.db", query="SELECT 1").not_cached


# Secrets

WRITTEN = [
    (
        "postgresql+pg8000://ann:tops3cret@host/shop",
        r"a password, .*postgresql\+pg8000://ann:\$\{SHOP_PASSWORD\}@host/shop",
    ),
    ("mysql+pymysql://host/shop?password=tops3cret", r"a secret \(password\).*password=\$\{SHOP_PASSWORD\}"),
    ("bigquery://project?credentials_base64=tops3cret", "a secret"),
    ("mssql+pyodbc:///?odbc_connect=DRIVER%3DX%3BUID%3Dann%3BPWD%3Dtops3cret", r"a secret \(odbc_connect\)"),
    ("postgresql+pg8000://ann:tops3cret@host:port/shop", "is not a url"),
    ("postgresql//ann:tops3cret@host/shop?password=tops3cret", "is not a url"),
]


@pytest.mark.parametrize(("url", "message"), WRITTEN)
def test_a_secret_in_the_url_is_refused_and_not_repeated(url: str, message: str) -> None:
    with pytest.raises(WrongArgument, match=message) as caught:
        QueryExampleGen(url=url, query="SELECT 1")
    assert "tops3cret" not in str(caught.value)


def test_a_variable_that_is_not_set_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    for name, why in (("NO_SUCH_VARIABLE", "not set"), ("EMPTY", "empty")):
        step = QueryExampleGen(url=f"postgresql+pg8000://ann:${{{name}}}@host/shop", query="SELECT 1")
        with pytest.raises(BadInput, match=f"needs the environment variable {name}, which is {why}"):
            perform(step, shop.parent)


def test_a_whole_url_may_be_in_a_variable(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{shop}")
    step = QueryExampleGen(url="${SHOP_URL}", query="SELECT count(*) AS n FROM orders", splits=ALL)
    assert rows(perform(step, shop.parent / "out").examples) == [{"n": 300}]


def leaks(folder: Path, *secrets: str) -> list[Path]:
    """Files that hold one of the secrets."""
    return [file for file in files_below(folder) if any(s.encode() in file.read_bytes() for s in secrets)]


def test_a_password_is_nowhere_in_store_plan_logs_and_messages(tmp_path: Path) -> None:
    """A server that nobody runs: the run fails, and everything about it is kept."""
    secrets = ("tops3cret:/@", "tops3cret%3A%2F%40")
    step = QueryExampleGen(
        url=f"postgresql+pg8000://ann:${{SHOP_PASSWORD}}@127.0.0.1:{free_port()}/shop",
        query="SELECT 1",
        fingerprint_query=None,
        options=Options(environment={"SHOP_PASSWORD": secrets[0]}),
    )
    pipeline = Pipeline("p", step.examples)
    with pytest.raises(RunFailed) as caught:
        LocalRunner(tmp_path / "root", quiet=True).run(pipeline)
    assert "ann:***@127.0.0.1" in str(caught.value)
    assert "Connection refused" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in secrets)
    assert leaks(tmp_path, *secrets) == []
    assert not any(secret in compile_pipeline(pipeline).without_secrets().to_json() for secret in secrets)
    assert leaks(tmp_path, "ann:***@127.0.0.1") != [], "the search finds what is there"


# What is refused


def test_what_the_database_says_is_told(shop: Path) -> None:
    for query, message in {
        "SELECT * FROM order_": "refuses the query: no such table: order_",
        "SELEC 1": 'refuses the query: near "SELEC": syntax error',
        "DELETE FROM orders": "readonly database",
        'SELECT id AS "" FROM orders': "Column 1 of the query has no name",
        "SELECT id, id FROM orders": "Two columns of the query are called 'id'",
        "SELECT * FROM orders WHERE id < 0": "The database answered, but with no rows",
        "SELECT id AS x FROM orders UNION ALL SELECT 'a'": r"Column 'x' .*CAST\(x AS",
        "SELECT 9223372036854775807 * 2.0 AS x, id FROM orders": "column_types names a column 'y'",
    }.items():
        types = {"y": "int"} if "2.0" in query else None
        with pytest.raises(BadInput, match=message):
            generate(shop, query, column_types=types)
    assert len(rows(generate(shop, "SELECT id FROM orders", splits=ALL))) == 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"partition_feature": "price"}, "partition_feature: column 'price' holds floats"),
        ({"partition_feature": "prise"}, "Did you mean 'price'"),
        ({"partition_feature": "town"}, r"row 2 of the query \(the first is 0\): 'town', .* is missing"),
        ({"column_types": {"town": "int"}}, "Column 'town', whose values are string, cannot become int64"),
    ],
)
def test_columns_that_cannot_be_used_so_are_refused(
    shop: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        generate(shop, "SELECT * FROM orders ORDER BY id", **arguments)


def test_queries_with_other_columns_are_refused(shop: Path) -> None:
    with pytest.raises(BadInput, match="query of 'b' has the columns town, but that of 'a' id"):
        generate(shop, input_splits={"a": "SELECT id FROM orders", "b": "SELECT town FROM orders"})


def test_an_sqlite_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"The SQLite file '.*/none.db' is not there"):
        generate(tmp_path / "none.db", "SELECT 1")
    assert not (tmp_path / "none.db").exists()


def test_the_path_of_an_sqlite_file_is_meant_from_where_the_pipeline_is_described(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    assert QueryExampleGen(url="sqlite:///shop.db", query="SELECT 1").url == f"sqlite:///{shop}"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("bigquery://project/dataset", r"Install it: pip install 'millwork\[bigquery\]'"),
        ("postgres://host/db", r"The url begins with postgresql\+pg8000://"),
        (
            "postgresql+psycopg2://host/db",
            r"pip install psycopg2-binary, or pip install 'millwork\[postgresql\]'",
        ),
        ("snowflake://account/db", "pip install snowflake-sqlalchemy"),
        ("postgressql://host/db", "Is 'postgressql' misspelt"),
        ("postgresql+asyncpg://host/db", "asyncpg is an asynchronous driver"),
    ],
)
def test_a_missing_driver_is_told_with_what_to_install(tmp_path: Path, url: str, message: str) -> None:
    step = QueryExampleGen(url=url, query="SELECT 1")
    with pytest.raises(BadInput, match=message):
        perform(step, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "pass query=..., or input_splits="),
        ({"query": "SELECT 1", "input_splits": {"a": "SELECT 1"}}, "pass query=..., or input_splits="),
        ({"query": " "}, "a query is empty"),
        (
            {"input_splits": {"a": "SELECT 1", "b": "SELECT 1"}, "splits": {"c": 1}},
            "splits divides a single input",
        ),
        ({"query": "SELECT 1", "column_types": {"a": "integer"}}, "column_types must be"),
        (
            {"query": "SELECT 1", "url": "shop.db"},
            "'shop.db' is not a url of a database. It looks like sqlite:///shop.db",
        ),
        ({"query": "SELECT 1", "url": "sqlite://"}, "a database in memory"),
    ],
)
def test_arguments_that_cannot_work_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        QueryExampleGen(**{"url": "sqlite:///a.db", **arguments})


# A real server

TYPES = """
    SELECT true AS yes, 3::smallint AS small, 2.5::real AS float, 12.50::numeric(10,2) AS price,
           sum(7::bigint) OVER () AS total, date '2024-05-31' AS day, timestamptz '2024-05-31 12:00:00.7+02' AS instant,
           timestamp '1969-12-31 23:59:59.5' AS past, time '01:02:03.5' AS clock, interval '90 minutes' AS lasted,
           '\\xff00'::bytea AS data, 'é'::text AS word, ARRAY[true, NULL, false] IS NULL AS no, ARRAY[1, 2] AS numbers,
           '{"b": null, "a": [1, 2]}'::jsonb AS object, 10 % 3 AS rest,
           '0e37df36-f698-11e6-8dd4-cb9ced3df976'::uuid AS key, NULL::int AS nothing
    WHERE 'abc' LIKE 'a%' AND date '2024-05-31' = @span_yyyymmdd_utc
"""
TYPED = {
    "yes": 1, "small": 3, "float": 2.5, "price": 12.5,
    "total": 7, "day": 19_874, "instant": 1_717_149_600,
    "past": -1, "clock": 3723, "lasted": 5400.0,
    "data": b"\xff\x00", "word": "é", "no": 0, "numbers": [1, 2],
    "object": '{"a": [1, 2], "b": null}', "rest": 1,
    "key": "0e37df36-f698-11e6-8dd4-cb9ced3df976", "nothing": None,
}  # fmt: skip


def with_variable(server: str) -> str:
    """The url of a server, whose password is in SHOP_PASSWORD."""
    url = server.replace("postgresql://", "postgresql+pg8000://").replace("metadata", "postgres")
    return url.replace("p%40ss%3Aw%2Frd", "${SHOP_PASSWORD}")


@pytest.mark.slow
def test_postgresql(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    url = with_variable(postgresql)

    typed = QueryExampleGen(url=url, query=TYPES, span="2024-05-31", splits=ALL)
    assert rows(perform(typed, tmp_path / "typed").examples) == [TYPED]

    for query, message in {
        "SELECT * FROM nowhere": 'relation "nowhere" does not exist',
        "SELEC 1": 'syntax error at or near "SELEC"',
        "CREATE TABLE t (a int)": "refuses the query",
        "SELECT 1 / (5 - i) AS x FROM generate_series(1, 9) AS g(i)": "division by zero",
    }.items():
        with pytest.raises(BadInput, match=message):
            perform(QueryExampleGen(url=url, query=query), tmp_path / "refused")

    with_rows = "SELECT i, 'row ' || i AS s FROM generate_series(1, {}) AS g(i) ORDER BY i"
    step = QueryExampleGen(url=url, query=with_rows.format(1000), fingerprint_query="SELECT 1")
    runner = LocalRunner(tmp_path / "root", quiet=True)
    for state in (State.COMPLETE, State.CACHED):
        run = runner.run(Pipeline("p", step.examples))
        assert run.steps["query_example_gen"].state is state
    always = QueryExampleGen(id="always", url=url, query=with_rows.format(1000))
    for expected in ({State.COMPLETE}, {State.COMPLETE, State.CACHED}):
        run = runner.run(Pipeline("q", train(always.examples)))
        assert {s.state for s in run.steps.values()} == expected
    wrong = QueryExampleGen(
        url=url, query="SELECT 1", options=Options(environment={"SHOP_PASSWORD": "tops3cret"})
    )
    with pytest.raises(RunFailed, match='password authentication failed for user "mill"'):
        runner.run(Pipeline("r", wrong.examples))
    assert leaks(tmp_path, "tops3cret", PASSWORD, "p%40ss") == []


MEMORY = """
    import resource, sys
    from millwork.components import QueryExampleGen
    from millwork.core.testing import perform

    perform(QueryExampleGen(url=sys.argv[1], query=sys.argv[2]), sys.argv[3])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_memory_does_not_grow_with_the_rows(
    server: str, tmp_path: Path, project: Project, request: pytest.FixtureRequest
) -> None:
    if server == "sqlite":
        change(tmp_path / "a.db", "CREATE TABLE t (a)")
        url = f"sqlite:///{tmp_path}/a.db"
        source = "(WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g LIMIT {}) SELECT i FROM g)"
    else:
        url = with_variable(request.getfixturevalue("postgresql"))
        source = "generate_series(1, {}) AS g(i)"
    query = "SELECT i, 'some text ' || i AS s, i * 0.5 AS f FROM " + source
    project.write("script.py", MEMORY)
    peaks = []
    for count in (100_000, 1_000_000):
        done = project.python(
            "script.py",
            url,
            query.format(count),
            str(tmp_path / "out"),
            environment={"SHOP_PASSWORD": PASSWORD},
        )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.slow
def test_mariadb(mariadb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pymysql")
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    url = mariadb.replace("mysql://", "mysql+pymysql://").replace("metadata", "information_schema")
    url = url.replace("p%40ss%3Aw%2Frd", "${SHOP_PASSWORD}")
    query = """
        SELECT 1 < 2 AS yes, 12.50 AS price, SUM(7) AS total, 'it''s %s \\'x\\'' AS word, 1.5e0 AS num,
               DATE'2024-05-31' AS day, TIMESTAMP'2024-05-31 10:00:00' AS instant,
               TIME'01:02:03' AS clock, x'ff00' AS data, NULL AS nothing
        WHERE '20240531' = @span_yyyymmdd_utc AND 10 % 3 = 1
    """
    step = QueryExampleGen(url=url, query=query, span="2024-05-31", splits=ALL)
    assert rows(perform(step, tmp_path).examples) == [
        {
            "yes": 1, "price": 12.5, "total": 7, "day": 19_874, "word": "it's %s 'x'", "num": 1.5,
            "instant": 1_717_149_600, "clock": 3723, "data": b"\xff\x00", "nothing": None,
        }
    ]  # fmt: skip
    with pytest.raises(BadInput, match=r"Unknown table 'nowhere' .* \(1109\)"):
        perform(QueryExampleGen(url=url, query="SELECT * FROM nowhere"), tmp_path)
