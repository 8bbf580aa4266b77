"""AvroExampleGen: what Avro's types mean, what several files are together, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import fastavro
import pyarrow as pa
import pytest

from millwork.components import AvroExampleGen, ParquetExampleGen
from millwork.components.data.reading import batches, flat_schema
from millwork.core.artifacts import Examples
from millwork.core.errors import BadInput
from millwork.core.testing import perform

ALL = {"all": 1}

Content = tuple[dict[str, Any], list[dict[str, Any]]]
"""The types of the fields, and the records."""


def write(path: Path, fields: dict[str, Any], records: list[Any], codec: str = "null") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = {"type": "record", "name": "Row", "fields": [{"name": n, "type": t} for n, t in fields.items()]}
    with open(path, "wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), records, codec=codec)


def generate(folder: Path, files: dict[str, Content], **arguments: Any) -> Examples:
    for name, (fields, records) in files.items():
        write(folder / "data" / name, fields, records)
    return perform(AvroExampleGen(input_base=folder / "data", **arguments), folder / "out").examples


def rows(examples: Examples, split: str = "all") -> list[dict[str, Any]]:
    return [row for batch in batches(examples, split) for row in batch.to_pylist()]


def logical(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


NOON = datetime(2024, 5, 31, 12, 0, 0, 500_000, UTC)
SECONDS = int(NOON.timestamp())
ENUM = {"type": "enum", "name": "Size", "symbols": ["S", "M"]}
FIXED = {"type": "fixed", "name": "Two", "size": 2}

MEANINGS: dict[str, tuple[Any, list[Any], pa.DataType, list[Any]]] = {
    "int": ("int", [0, -5], pa.int64(), [0, -5]),
    "long or null": (["null", "long"], [2**62, None, 0], pa.int64(), [2**62, None, 0]),
    "boolean": (["boolean", "null"], [True, False, None], pa.int64(), [1, 0, None]),
    "float": ("float", [0.0, 0.5], pa.float32(), [0.0, 0.5]),
    "double": (["null", "double"], [0.0, None], pa.float32(), [0.0, None]),
    "string": (["null", "string"], ["", None, "é"], pa.string(), ["", None, "é"]),
    "bytes": (["null", "bytes"], [b"", None, b"\xff"], pa.binary(), [b"", None, b"\xff"]),
    "fixed": (FIXED, [b"ab"], pa.binary(), [b"ab"]),
    "enum": (["null", ENUM], ["S", None], pa.string(), ["S", None]),
    "null": ("null", [None], pa.null(), [None]),
    "union of one": (["long"], [1], pa.int64(), [1]),
    "union of numbers": (["null", "int", "long"], [1, None], pa.int64(), [1, None]),
    "array": (
        ["null", {"type": "array", "items": "string"}],
        [["a", "b"], [], None],
        pa.list_(pa.string()),
        [["a", "b"], [], None],
    ),
    "array of dates": (
        {"type": "array", "items": logical("int", "date")},
        [[date(1970, 1, 2)]],
        pa.list_(pa.int64()),
        [[1]],
    ),
    "date": (["null", logical("int", "date")], [date(1970, 1, 1), None], pa.int64(), [0, None]),
    "timestamp-millis": (logical("long", "timestamp-millis"), [NOON], pa.int64(), [SECONDS]),
    "timestamp-micros": (logical("long", "timestamp-micros"), [NOON], pa.int64(), [SECONDS]),
    "local timestamp": (
        logical("long", "local-timestamp-millis"),
        [NOON.replace(tzinfo=None)],
        pa.int64(),
        [SECONDS],
    ),
    "time-millis": (logical("int", "time-millis"), [time(1, 0, 1)], pa.int64(), [3601]),
    "time-micros": (logical("long", "time-micros"), [time(1, 0, 1)], pa.int64(), [3601]),
    "decimal": (
        ["null", logical("bytes", "decimal", precision=6, scale=2)],
        [Decimal("0.00"), Decimal("1.50"), None],
        pa.float32(),
        [0.0, 1.5, None],
    ),
    "whole decimal": (logical("bytes", "decimal", precision=6), [Decimal(12)], pa.int64(), [12]),
    "long decimal": (
        logical("bytes", "decimal", precision=50, scale=1),
        [Decimal("0.5")],
        pa.float32(),
        [0.5],
    ),
    "uuid": (
        ["null", logical("string", "uuid")],
        [UUID(int=1), None],
        pa.string(),
        [str(UUID(int=1)), None],
    ),
    "an annotation that nobody knows": (logical("long", "mood"), [1], pa.int64(), [1]),
}


@pytest.mark.parametrize(("kind", "given", "column", "values"), MEANINGS.values(), ids=MEANINGS)
def test_fields_become_ints_floats_text_and_bytes(
    tmp_path: Path, kind: Any, given: list[Any], column: pa.DataType, values: list[Any]
) -> None:
    examples = generate(tmp_path, {"a.avro": ({"x": kind}, [{"x": value} for value in given])}, splits=ALL)
    assert flat_schema(examples, "all").field("x").type == column
    assert [row["x"] for row in rows(examples)] == values


def test_a_named_type_is_known_where_it_comes_again(tmp_path: Path) -> None:
    fields = {"a": ENUM, "b": ["null", "Size"]}
    assert rows(generate(tmp_path, {"a": (fields, [{"a": "S", "b": "M"}])}, splits=ALL)) == [
        {"a": "S", "b": "M"}
    ]


@pytest.mark.parametrize(
    ("around", "value"),
    [
        ({"type": "record", "name": "Inner", "fields": [{"name": "size", "type": ENUM}]}, {"size": "S"}),
        ({"type": "map", "values": ENUM}, {"first": "S"}),
        (
            ["null", {"type": "array", "items": {"type": "map", "values": ["null", ENUM]}}],
            [{"first": None}],
        ),
    ],
    ids=["record", "map", "union"],
)
def test_a_named_type_is_known_also_if_a_field_that_is_left_out_defines_it(
    tmp_path: Path, around: Any, value: Any
) -> None:
    files: dict[str, Content] = {
        "a.avro": ({"left_out": around, "size": "Size"}, [{"left_out": value, "size": "M"}])
    }
    assert rows(generate(tmp_path, files, splits=ALL, columns=("size",))) == [{"size": "M"}]


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2"])
def test_compressed_files_are_read(tmp_path: Path, codec: str) -> None:
    write(tmp_path / "data" / "a.avro", {"n": "long"}, [{"n": n} for n in range(40_000)], codec)
    examples = generate(tmp_path, {}, splits=ALL)
    assert [row["n"] for row in rows(examples)] == list(range(40_000))


def test_the_split_does_not_depend_on_the_format_of_the_files(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    records = [{"n": n if n % 3 else None, "s": f"é{n}"} for n in range(200)]
    avro = generate(tmp_path, {"a.avro": ({"n": ["null", "long"], "s": "string"}, records)})
    (tmp_path / "parquet").mkdir()
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "parquet" / "a")
    step = ParquetExampleGen(input_base=tmp_path / "parquet")
    parquet = perform(step, tmp_path / "other").examples
    for split in ("train", "eval"):
        assert rows(avro, split) == rows(parquet, split)


def test_fields_that_a_file_lacks_are_missing_and_others_may_be_left_out(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "1": ({"a": "long", "m": {"type": "map", "values": "long"}}, [{"a": 1, "m": {}}]),
        "2": ({"b": "string"}, [{"b": "x"}]),
    }
    examples = generate(tmp_path, files, splits=ALL, columns=("b", "a"))
    assert rows(examples) == [{"b": None, "a": 1}, {"b": "x", "a": None}]


def test_the_latest_day_is_read(tmp_path: Path) -> None:
    fields = {"n": "long"}
    files: dict[str, Content] = {f"2024/05/{day}/x.avro": (fields, [{"n": day}]) for day in (29, 31, 30)}
    examples = generate(tmp_path, files, pattern="{YYYY}/{MM}/{DD}/*", splits=ALL, format="tfrecord")
    assert rows(examples) == [{"n": 31}]
    assert examples.span == 19874


REFUSED: dict[str, tuple[dict[str, Content], str]] = {
    "a map": (
        {"a": ({"m": {"type": "map", "values": "long"}}, [])},
        r"a: column 'm' is .*Avro map.* columns=\(...\)",
    ),
    "a record in a record": (
        {"a": ({"m": {"type": "record", "name": "P", "fields": []}}, [])},
        "column 'm' is .*Avro record",
    ),
    "an array of arrays": (
        {"a": ({"m": {"type": "array", "items": {"type": "array", "items": "int"}}}, [])},
        "column 'm' is list<.*list<",
    ),
    "an array with null": (
        {"a": ({"m": {"type": "array", "items": ["null", "int"]}}, [{"m": [1, None]}])},
        "column 'm' has a null inside a list",
    ),
    "a union of types": (
        {"a": ({"m": ["long", "string"]}, [])},
        "column 'm' is .*Avro union of long and string",
    ),
    "two types": (
        {"a": ({"m": "long"}, []), "b": ({"m": "string"}, [])},
        "Column 'm' is string in .*/b, but int64 in .*/a",
    ),
    "no rows": ({"a": ({"m": "long"}, [])}, "/a: there are no rows"),
}


@pytest.mark.parametrize(("files", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused(tmp_path: Path, files: dict[str, Content], message: str) -> None:
    with pytest.raises(BadInput, match=f"(?s){message}"):
        generate(tmp_path, files)


def test_what_is_no_avro_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data" / "a.avro"
    write(path, {"n": "long", "s": "string"}, [{"n": n, "s": "x" * 50} for n in range(999)], "deflate")
    whole = path.read_bytes()
    for content in (b"", b"a,b\n1,2\n", whole[: len(whole) // 2], whole[:-30] + b"x" * 30):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="a.avro cannot be read as Avro"):
            generate(tmp_path, {})


def test_a_file_without_records_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with open(tmp_path / "data" / "a.avro", "wb") as file:
        fastavro.writer(file, "long", [1, 2])
    with pytest.raises(BadInput, match="a.avro holds no records but long"):
        generate(tmp_path, {})
