"""ParquetExampleGen: what columns of any type mean, what several files are together, and what is refused."""

from __future__ import annotations

import bisect
import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components import ParquetExampleGen
from millwork.components.data.reading import batches, flat_schema, serialized_batches
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

ALL = {"all": 1}
FORMATS = pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])


def generate(folder: Path, files: dict[str, pa.Table], base: str = "", **arguments: Any) -> Examples:
    data = folder / "data"
    for name, table in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, data / name)
    return perform(ParquetExampleGen(input_base=data / base, **arguments), folder / "out").examples


def rows(examples: Examples, split: str = "all") -> list[dict[str, Any]]:
    return [row for batch in batches(examples, split) for row in batch.to_pylist()]


def read(folder: Path, column: pa.Array, **arguments: Any) -> tuple[pa.DataType, list[Any]]:
    """The type and the values that one column becomes."""
    examples = generate(folder, {"a.parquet": pa.table({"x": column})}, splits=ALL, **arguments)
    return flat_schema(examples, "all").field("x").type, [row["x"] for row in rows(examples)]


MEANINGS: dict[str, tuple[pa.Array, pa.DataType, list[Any]]] = {
    "small ints": (pa.array([1, None, 0], pa.int8()), pa.int64(), [1, None, 0]),
    "unsigned ints": (pa.array([2**63 - 1], pa.uint64()), pa.int64(), [2**63 - 1]),
    "bools": (pa.array([True, False, None]), pa.int64(), [1, 0, None]),
    "doubles": (pa.array([0.0, None, 0.5]), pa.float32(), [0.0, None, 0.5]),
    "text": (pa.array(["", None, "é"], pa.large_string()), pa.string(), ["", None, "é"]),
    "bytes": (pa.array([b"", None, b"\xff"]), pa.binary(), [b"", None, b"\xff"]),
    "bytes of one length": (pa.array([b"ab", None], pa.binary(2)), pa.binary(), [b"ab", None]),
    "dictionaries": (
        pa.array(["b", None, "a"]).dictionary_encode(),
        pa.string(),
        ["b", None, "a"],
    ),
    "dates": (pa.array([date(1970, 1, 2), None, date(1969, 12, 31)]), pa.int64(), [1, None, -1]),
    "timestamps": (
        pa.array([datetime(1970, 1, 1, 0, 1, 0, 999), None, datetime(1969, 12, 31, 23, 59, 59, 5)]),
        pa.int64(),
        [60, None, -1],
    ),
    "timestamps with a time zone": (
        pa.array([datetime(2024, 5, 31, 12, tzinfo=UTC)], pa.timestamp("ns", "Europe/Vienna")),
        pa.int64(),
        [int(datetime(2024, 5, 31, 12, tzinfo=UTC).timestamp())],
    ),
    "times of day": (pa.array([time(1, 0, 1), None], pa.time32("ms")), pa.int64(), [3601, None]),
    "exact times of day": (pa.array([time(0, 0, 1, 5)], pa.time64("ns")), pa.int64(), [1]),
    "durations": (pa.array([timedelta(seconds=1.5), None]), pa.float32(), [1.5, None]),
    "decimals": (pa.array([Decimal("1.50"), None]), pa.float32(), [1.5, None]),
    "whole decimals": (pa.array([Decimal(12), None], pa.decimal128(20, 0)), pa.int64(), [12, None]),
    "nothing": (pa.nulls(2), pa.null(), [None, None]),
    "lists": (pa.array([[1, 2], None, [], [3]]), pa.list_(pa.int64()), [[1, 2], None, [], [3]]),
    "lists of dates": (pa.array([[date(1970, 1, 2)], None]), pa.list_(pa.int64()), [[1], None]),
    "large lists": (
        pa.array([["a"], None], pa.large_list(pa.string())),
        pa.list_(pa.string()),
        [["a"], None],
    ),
}


@pytest.mark.parametrize(("column", "kind", "values"), MEANINGS.values(), ids=MEANINGS)
def test_columns_become_ints_floats_text_and_bytes(
    tmp_path: Path, column: pa.Array, kind: pa.DataType, values: list[Any]
) -> None:
    assert read(tmp_path, column) == (kind, values)


@FORMATS
def test_missing_values_are_not_zero_and_not_empty(tmp_path: Path, file_format: str) -> None:
    table = pa.table(
        {
            "f": [0.0, None],
            "i": [0, None],
            "s": ["", None],
            "b": [b"", None],
            "t": [False, None],
            "d": pa.array([date(1970, 1, 1), None]),
        }
    )
    examples = generate(tmp_path, {"a.parquet": table}, splits=ALL, format=file_format)
    assert examples.file_format == {"parquet": PARQUET, "tfrecord": TFRECORD}[file_format]
    values, missing = rows(examples)
    assert values == {"f": 0.0, "i": 0, "s": "", "b": values["b"], "t": 0, "d": 0}
    assert values["b"] == ("" if file_format == "tfrecord" else b"")  # a TFRecord does not say what is text
    assert missing == dict.fromkeys("fisbtd")


def test_the_split_is_that_of_tfx(tmp_path: Path) -> None:
    """Where no value is missing or false, which TFX takes for missing."""
    import tensorflow as tf

    train = tf.train
    table = pa.table(
        {"n": range(1, 201), "s": [f"é{n}" for n in range(200)], "f": [n + 0.25 for n in range(200)]}
    )
    expected: dict[str, list[bytes]] = {"train": [], "eval": []}
    for row in table.to_pylist():
        features = {
            "n": train.Feature(int64_list=train.Int64List(value=[row["n"]])),
            "s": train.Feature(bytes_list=train.BytesList(value=[row["s"].encode()])),
            "f": train.Feature(float_list=train.FloatList(value=[row["f"]])),
        }
        record = train.Example(features=train.Features(feature=features)).SerializeToString(
            deterministic=True
        )
        bucket = int(hashlib.sha256(record).hexdigest(), 16) % 3
        expected[["train", "eval"][bisect.bisect([2, 3], bucket)]].append(record)
    examples = generate(tmp_path, {"a.parquet": table})
    assert {
        split: [record for records in serialized_batches(examples, split) for record in records]
        for split in ("train", "eval")
    } == expected


def test_rows_with_one_value_of_the_partition_feature_stay_together(tmp_path: Path) -> None:
    table = pa.table({"user": [n % 40 for n in range(400)], "n": range(400)})
    examples = generate(tmp_path, {"a.parquet": table}, partition_feature="user")
    train, evaluation = ({row["user"] for row in rows(examples, split)} for split in ("train", "eval"))
    assert train | evaluation == set(range(40)) and not train & evaluation


def test_inputs_that_are_divided_already_are_the_splits(tmp_path: Path) -> None:
    files = {
        "train/1": pa.table({"a": [1, 2]}),
        "train/2": pa.table({"a": [3]}),
        "eval/1": pa.table({"a": [4]}),
    }
    examples = generate(tmp_path, files, input_splits={"train": "train/*", "eval": "eval/*"})
    assert rows(examples, "train") == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert rows(examples, "eval") == [{"a": 4}]


def test_columns_are_chosen_and_others_may_be_of_any_type(tmp_path: Path) -> None:
    table = pa.table(
        {
            "a.b": [1],
            "place": [{"x": 1}],
            "c": ["x"],
            "m": pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8())),
        }
    )
    examples = generate(tmp_path, {"a.parquet": table}, splits=ALL, columns=("c", "a.b"))
    assert rows(examples) == [{"c": "x", "a.b": 1}]


def test_columns_that_a_file_lacks_are_missing(tmp_path: Path) -> None:
    files = {
        "1.parquet": pa.table({"a": [1], "b": pa.nulls(1)}),
        "2.parquet": pa.table({"c": ["x"], "b": [0.5]}),
    }
    examples = generate(tmp_path, files, splits=ALL)
    assert rows(examples) == [{"a": 1, "b": None, "c": None}, {"a": None, "b": 0.5, "c": "x"}]
    chosen = generate(tmp_path / "chosen", files, splits=ALL, columns=("c",))
    assert rows(chosen) == [{"c": None}, {"c": "x"}]


def test_the_folders_of_a_dataset_are_columns(tmp_path: Path) -> None:
    table = pa.table({"a": [1]})
    files = {
        "year=2023/town=Graz%20%2F Ost/part-0.parquet": table,
        "year=2024/town=__HIVE_DEFAULT_PARTITION__/part-0.parquet": pa.table({"a": [2]}),
    }
    examples = generate(tmp_path, files, pattern="**/*.parquet", splits=ALL)
    assert rows(examples) == [
        {"a": 1, "year": 2023, "town": "Graz / Ost"},
        {"a": 2, "year": 2024, "town": None},
    ]
    only = generate(tmp_path / "only", files, pattern="**/*.parquet", splits=ALL, columns=("year",))
    assert rows(only) == [{"year": 2023}, {"year": 2024}]


def test_a_dataset_that_arrow_wrote_is_read(tmp_path: Path) -> None:
    table = pa.table({"a": range(4), "day": [1, 1, 2, 2]})
    pq.write_to_dataset(table, str(tmp_path / "data"), partition_cols=["day"])
    examples = generate(tmp_path, {}, pattern="**/*", splits=ALL)
    assert sorted((row["day"], row["a"]) for row in rows(examples)) == [(1, 0), (1, 1), (2, 2), (2, 3)]


def test_many_rows_stream_and_give_the_same_bytes_in_any_row_groups(tmp_path: Path) -> None:
    table = pa.table({"n": range(150_000)})
    found = []
    for group in (1_000, 200_000):
        folder = tmp_path / str(group)
        (folder / "data").mkdir(parents=True)
        pq.write_table(table, folder / "data" / "a.parquet", row_group_size=group)
        found.append(
            (generate(folder, {}).path / "Split-train" / "data_parquet-00000-of-00001.parquet").read_bytes()
        )
    assert found[0] == found[1]


# Spans


def test_a_span_has_a_file_of_its_own_which_does_not_depend_on_the_others(tmp_path: Path) -> None:
    from millwork.components import RollingRange

    files = {f"2024-05-{day}/x.parquet": pa.table({"n": range(day, day + 50)}) for day in (29, 30, 31)}
    both = generate(tmp_path / "both", files, pattern="{YYYY}-{MM}-{DD}/*", span=RollingRange(last=2))
    one = generate(tmp_path / "one", files, pattern="{YYYY}-{MM}-{DD}/*")
    assert (both.span, both.spans) == (19874, {"19873": 0, "19874": 0})
    assert (one.span, one.spans) == (19874, {"19874": 0})
    newest = both.path / "Split-eval" / "data_parquet-00001-of-00002.parquet"
    assert (
        newest.read_bytes() == (one.path / "Split-eval" / "data_parquet-00000-of-00001.parquet").read_bytes()
    )


# What is refused

REFUSED: dict[str, tuple[dict[str, pa.Table], dict[str, Any], str]] = {
    "a struct": (
        {"a.parquet": pa.table({"p": [{"x": 1}]})},
        {},
        r"a.parquet: column 'p' is struct<x: int64>, which .* columns=\(...\)",
    ),
    "a list of lists": ({"a": pa.table({"p": [[[1]]]})}, {}, "a: column 'p' is list<.*list<"),
    "a null in a list": (
        {"a": pa.table({"p": [[1, None]]})},
        {},
        "/a: column 'p' has a null inside a list",
    ),
    "a number of more than 63 bits": (
        {"a": pa.table({"p": pa.array([2**63], pa.uint64())})},
        {},
        "/a: column 'p' of type uint64 does not fit into int64",
    ),
    "two types": (
        {"a": pa.table({"p": [1]}), "b": pa.table({"p": ["x"]})},
        {},
        "Column 'p' is string in .*/b, but int64 in .*/a. Write it with one type",
    ),
    "two meanings": (
        {"a": pa.table({"p": [1]}), "b": pa.table({"p": [date(2024, 1, 1)]})},
        {},
        r"'p' is int64 \(days\) in .*/b, but int64 in",
    ),
    "an unknown column": ({"a": pa.table({"fare": [1]})}, {"columns": ("fares",)}, "Did you mean 'fare'"),
    "floats as partition feature": (
        {"a": pa.table({"f": [1.5]})},
        {"partition_feature": "f"},
        "column 'f' holds floats",
    ),
    "lists as partition feature": (
        {"a": pa.table({"f": [[1]]})},
        {"partition_feature": "f"},
        "column 'f' holds lists",
    ),
    "a row without partition feature": (
        {"a": pa.table({"f": [1, None]})},
        {"partition_feature": "f"},
        r"/a, row 1 \(the first is 0\): 'f', the partition_feature, is missing",
    ),
    "no rows": ({"a": pa.table({"f": pa.array([], pa.int64())})}, {}, "/a: there are no rows"),
    "no columns": ({"a": pa.table({})}, {}, "/a has no columns"),
    "two columns of one name": (
        {"a": pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"])},
        {},
        "/a: two columns are called 'x'",
    ),
    "folders only": ({"year=1/a": pa.table({"f": [1]})}, {}, "only folders: year=1. .*pattern='\\*\\*/\\*'"),
}


@pytest.mark.parametrize(("files", "arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, files: dict[str, pa.Table], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=f"(?s){message}"):
        generate(tmp_path, files, **arguments)


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for content in (b"", b"a,b\n1,2\n", b"PAR1" + b"x" * 20 + b"PAR1"):
        (tmp_path / "data" / "a.parquet").write_bytes(content)
        with pytest.raises(BadInput, match="a.parquet is not a Parquet file, or it is damaged"):
            generate(tmp_path, {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pattern": "*", "input_splits": {"a": "*"}}, "Leave one of the two out"),
        ({"pattern": "/data/*"}, "relative to input_base"),
        ({"span": 3}, "nothing tells which span"),
        ({"span": 3.5, "pattern": "{SPAN}/*"}, "span must be int | str | StaticRange | RollingRange | None"),
        ({"span": "May", "pattern": "{SPAN}/*"}, "but got 'May'"),
        ({"columns": ("a",), "partition_feature": "b"}, "partition_feature names a column 'b'"),
        ({"columns": ("a", "a")}, "Two columns are called 'a' in columns"),
    ],
)
def test_arguments_that_cannot_work_are_refused_at_once(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongArgument, match=message.replace("|", r"\|")):
        ParquetExampleGen(input_base=tmp_path, **arguments)
