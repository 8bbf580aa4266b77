"""CsvExampleGen: which files it reads, what the values mean, where the rows go, and what it refuses."""

from __future__ import annotations

import bisect
import csv
import gzip
import hashlib
import math
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.csv_example_gen import CsvExampleGen
from millwork.components.data.reading import batches, flat_schema, serialized_batches, split_files
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

ALL = {"all": 1}


def generate(folder: Path, files: dict[str, str | bytes], base: str = "", **arguments: Any) -> Examples:
    """Write `files` into a folder and read them (or what `base` names in it)."""
    data = folder / "data"
    for name, content in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return perform(CsvExampleGen(input_base=data / base, **arguments), folder / "out").examples


def rows(examples: Examples, split: str = "all") -> list[dict[str, Any]]:
    return [row for batch in batches(examples, split) for row in batch.to_pylist()]


def read(folder: Path, content: str | bytes, **arguments: Any) -> list[dict[str, Any]]:
    return rows(generate(folder, {"data.csv": content}, splits=ALL, **arguments))


def taxi_like(number: int) -> str:
    rng = random.Random(7)
    lines = ["trip,company,fare,hour,tract"]
    for trip in range(number):
        company = rng.choice(["", "Flash Cab", '"Blue, Inc"', '"a ""b"" c"', "Café"])
        lines.append(
            f"{trip},{company},{rng.choice(['', round(rng.gammavariate(2, 6), 2)])},{rng.randrange(24)},"
        )
    return "\n".join(lines)


def tfx_split(content: str) -> dict[str, list[bytes]]:
    """The serialised examples that TFX's CsvExampleGen puts into each split, in the order of the file."""
    import tensorflow as tf

    train = tf.train
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    for row in csv.DictReader(content.splitlines()):
        ints = {name: [int(row[name])] if row[name] else [] for name in ("trip", "hour")}
        features = {name: train.Feature(int64_list=train.Int64List(value=v)) for name, v in ints.items()}
        fare = [float(row["fare"])] if row["fare"] else []
        company = [row["company"].encode()] if row["company"] else []
        features["fare"] = train.Feature(float_list=train.FloatList(value=fare))
        features["company"] = train.Feature(bytes_list=train.BytesList(value=company))
        features["tract"] = train.Feature()
        example = train.Example(features=train.Features(feature=features)).SerializeToString(
            deterministic=True
        )
        bucket = int(hashlib.sha256(example).hexdigest(), 16) % 3
        splits[["train", "eval"][bisect.bisect([2, 3], bucket)]].append(example)
    return splits


# The split


@pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])
def test_examples_and_split_are_those_of_tfx(tmp_path: Path, file_format: str) -> None:
    content = taxi_like(300)
    examples = generate(tmp_path, {"taxi.csv": content}, format=file_format)
    for split, expected in tfx_split(content).items():
        assert [record for records in serialized_batches(examples, split) for record in records] == expected


def test_the_artifact_describes_the_splits(tmp_path: Path) -> None:
    examples = generate(tmp_path, {"taxi.csv": taxi_like(300)})
    assert examples.split_names == ("train", "eval")
    assert examples.num_examples == {split: len(rows(examples, split)) for split in ("train", "eval")}
    assert sum(examples.num_examples.values()) == 300
    assert (examples.span, examples.version, examples.file_format) == (0, 0, PARQUET)
    assert examples.payload_format == "FORMAT_TF_EXAMPLE"
    assert [p.name for p in split_files(examples, "train")] == ["data_parquet-00000-of-00001.parquet"]


def test_tfrecords_are_written_on_request(tmp_path: Path) -> None:
    examples = generate(tmp_path, {"taxi.csv": taxi_like(30)}, format="tfrecord")
    assert examples.file_format == TFRECORD
    assert [p.name for p in split_files(examples, "eval")] == ["data_tfrecord-00000-of-00001.gz"]


@pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, file_format: str) -> None:
    files = [
        split_files(generate(tmp_path / run, {"taxi.csv": taxi_like(300)}, format=file_format), "train")[0]
        for run in ("first", "second")
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_splits_have_any_names_and_shares_and_keep_the_order_of_the_rows(tmp_path: Path) -> None:
    examples = generate(tmp_path, {"taxi.csv": taxi_like(600)}, splits={"a": 1, "b": 3, "c": 2})
    assert examples.split_names == ("a", "b", "c")
    assert examples.num_examples["a"] < examples.num_examples["c"] < examples.num_examples["b"]
    for split in examples.split_names:
        trips = [row["trip"] for row in rows(examples, split)]
        assert trips == sorted(trips)


def test_rows_with_one_value_of_the_partition_feature_stay_together(tmp_path: Path) -> None:
    examples = generate(tmp_path, {"taxi.csv": taxi_like(600)}, partition_feature="hour")
    train, evaluation = ({row["hour"] for row in rows(examples, split)} for split in ("train", "eval"))
    assert train | evaluation == set(range(24))
    assert not train & evaluation


def test_inputs_that_are_divided_already_are_the_splits(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "train/1.csv": "a\n1\n2\n",
        "train/2.csv": "a\n3\n",
        "eval/1.csv": "a\n4.5\n",
    }
    examples = generate(tmp_path, files, input_splits={"train": "train/*.csv", "eval": "eval/*"})
    assert rows(examples, "train") == [{"a": 1.0}, {"a": 2.0}, {"a": 3.0}]
    assert rows(examples, "eval") == [{"a": 4.5}]  # one type in all splits


def test_one_input_split_is_divided_by_hash(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"1/x.csv": taxi_like(60), "2/x.csv": taxi_like(0)}
    examples = generate(tmp_path, files, input_splits={"all": "*/*.csv"})
    assert examples.split_names == ("train", "eval")


@pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])
def test_a_split_may_happen_to_be_empty(tmp_path: Path, file_format: str) -> None:
    files: dict[str, str | bytes] = {"train.csv": "a\n1\n", "eval.csv": "a\n"}
    splits = {"train": "train.csv", "eval": "eval.csv"}
    examples = generate(tmp_path, files, input_splits=splits, format=file_format)
    assert examples.num_examples == {"train": 1, "eval": 0}
    assert rows(examples, "eval") == []


# The files


@pytest.mark.parametrize("base", ["", "b.csv", "*.csv"])
def test_input_base_is_a_folder_a_file_or_a_pattern(tmp_path: Path, base: str) -> None:
    files: dict[str, str | bytes] = {"b.csv": "a\n1\n", ".hidden": "x"}
    assert rows(generate(tmp_path, files, base, splits=ALL)) == [{"a": 1}]


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "b.csv": "a\n2\n",
        "a.csv": "a\n1\n",
        "c.csv.gz": gzip.compress(b"a\n3\n"),
    }
    assert rows(generate(tmp_path, files, splits=ALL)) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_only_the_files_that_are_read_count_for_the_cache(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    (tmp_path / "a.csv").touch()
    step = CsvExampleGen(input_base=tmp_path, input_splits={"train": "*.csv"})
    assert list(step.external_files()) == [tmp_path / "a.csv"]
    with pytest.raises(BadInput, match="There is no file or folder"):
        CsvExampleGen(input_base=tmp_path / "missing").external_files()


# How files are written


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("n,s\n1,x\n", {}),
        ("n;s\n1;x\n", {"delimiter": ";"}),
        ("n\ts\n1\tx\n", {"delimiter": "\t"}),
        ("n,s\n1,'x'\n", {"quote": "'"}),
        ("1,x\n", {"header": False, "column_names": ("n", "s")}),
        ("n,s\r\n1,x\r\n", {}),
        ("n,s\r1,x", {}),
        ("\n\nn,s\n\n1,x\n\n", {}),
        (b"\xef\xbb\xbfn,s\n1,x\n", {}),
        ("n,s\n1,x\n".encode("utf-16"), {"encoding": "utf-16"}),
        (gzip.compress(b"n,s\n1,x\n"), {}),
    ],
)
def test_dialects(tmp_path: Path, content: str | bytes, arguments: dict[str, Any]) -> None:
    name = "data.csv.gz" if content[:2] == b"\x1f\x8b" else "data.csv"
    assert rows(generate(tmp_path, {name: content}, splits=ALL, **arguments)) == [{"n": 1, "s": "x"}]


def test_quoted_values_hold_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    assert read(tmp_path, 's,"two\nlines"\n"a,b",1\n"say ""hi""",2\n"x\r\ny\n",3\n') == [
        {"s": "a,b", "two\nlines": 1},
        {"s": 'say "hi"', "two\nlines": 2},
        {"s": "x\r\ny\n", "two\nlines": 3},
    ]


def test_without_quoting_quotes_are_ordinary_characters(tmp_path: Path) -> None:
    assert read(tmp_path, 'n,s\n1,5" pipe\n2,"x\n', quote=None) == [
        {"n": 1, "s": '5" pipe'},
        {"n": 2, "s": '"x'},
    ]


def test_other_encodings_are_read_when_named(tmp_path: Path) -> None:
    assert read(tmp_path, "s\ncafé €\n".encode("cp1252"), encoding="cp1252") == [{"s": "café €"}]


def test_columns_are_chosen_and_ordered(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b,c\n1,x,2\n", columns=("c", "a")) == [{"c": 2, "a": 1}]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (",a,b", ["Unnamed: 0", "a", "b"]),
        ('"","a","b"', ["Unnamed: 0", "a", "b"]),
        (",,a", ["Unnamed: 0", "Unnamed: 1", "a"]),
        (",Unnamed: 0,a", ["Unnamed: 0.1", "Unnamed: 0", "a"]),
        (",Unnamed: 0.1,Unnamed: 0", ["Unnamed: 0.2", "Unnamed: 0.1", "Unnamed: 0"]),
    ],
)
def test_labels_of_rows_have_no_name_and_are_called_as_pandas_calls_them(
    tmp_path: Path, header: str, names: list[str]
) -> None:
    assert read(tmp_path, f"{header}\n1,2,3\n") == [dict(zip(names, (1, 2, 3), strict=True))]
    assert read(tmp_path, f"{header}\n1,2,3\n", columns=tuple(names[2:])) == [{names[2]: 3}]


# What the values mean


def test_types_are_found_over_all_rows_of_all_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "1.csv": "int,float,text,none\n" + "1,1,1,\n" * 1000,
        "2.csv": "int,float,text,none\n" + "2,2,2,\n" * 1000 + "-3,0.5,abc,\n",
    }
    examples = generate(tmp_path, files, splits=ALL)
    assert flat_schema(examples, "all") == pa.schema(
        [("int", pa.int64()), ("float", pa.float32()), ("text", pa.string()), ("none", pa.null())]
    )
    found = rows(examples)
    assert found[0] == {"int": 1, "float": 1.0, "text": "1", "none": None}
    assert found[-1] == {"int": -3, "float": 0.5, "text": "abc", "none": None}


def test_types_are_declared(tmp_path: Path) -> None:
    types = {"zip": "string", "n": "float", "none": "int"}
    examples = generate(tmp_path, {"a.csv": "zip,n,none\n01234,5,\n"}, splits=ALL, column_types=types)
    assert rows(examples) == [{"zip": "01234", "n": 5.0, "none": None}]
    assert flat_schema(examples, "all").types == [pa.string(), pa.float32(), pa.int64()]


@pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])
def test_missing_values_are_not_zero_and_not_empty(tmp_path: Path, file_format: str) -> None:
    assert read(tmp_path, 'f,i,s\n0.0,0,""\n,,\n"","",x\n', format=file_format) == [
        {"f": 0.0, "i": 0, "s": ""},
        {"f": None, "i": None, "s": None},
        {"f": None, "i": None, "s": "x"},
    ]


def test_other_texts_mean_missing_unless_they_are_quoted(tmp_path: Path) -> None:
    content = 'i,s\nNA,NA\n1,"NA"\n-,x\n'
    assert read(tmp_path, content, null_values=("NA", "-")) == [
        {"i": None, "s": None},
        {"i": 1, "s": "NA"},
        {"i": None, "s": "x"},
    ]


def test_special_floats_are_values(tmp_path: Path) -> None:
    first, second = read(tmp_path, "f\nnan\n-inf\n")
    assert math.isnan(first["f"])
    assert second == {"f": -math.inf}


# What is refused while it runs

REFUSED = {
    "an empty file": ({"a.csv": ""}, {}, "a.csv is empty"),
    "blank lines only": ({"a.csv": "\n\n"}, {}, "a.csv is empty"),
    "no rows": ({"a.csv": "a,b\n"}, {}, "a.csv: there are no rows"),
    "too few values": (
        {"a.csv": 'a,b\n"x\ny",1\n\n2\n'},
        {},
        "line 5: there are 2 columns, but this row has 1",
    ),
    "too many values": ({"a.csv": "a,b\n1,2\n1,2,3\n"}, {}, "a.csv, line 3: .* this row has 3 values: 1,2,3"),
    "a wrong delimiter": ({"a.csv": "a;b\n1;2,3\n"}, {}, "line 2: .* pass the delimiter="),
    "a value that is not of the declared type": (
        {"a.csv": 'a,b\n1,"x\ny"\nabc,2\n'},
        {"column_types": {"a": "int"}},
        "a.csv, line 4: column 'a' is 'abc', which is not an integer of 64 bits. .* null_values",
    ),
    "a wrong encoding": (
        {"a.csv": "a\nx\ncafé\n".encode("cp1252")},
        {},
        r"a.csv, line 3: byte 7 \(0xE9\) is not utf-8. .*encoding='cp1252'",
    ),
    "utf-16 that was not named": (
        {"a.csv": "a\nx\n".encode("utf-16")},
        {},
        r"line 1: byte 0 \(0xFF\) is not utf-8. .*encoding='utf-16'",
    ),
    "another encoding than the named one": (
        {"a.csv": "a\ncafé\n"},
        {"encoding": "ascii"},
        r"line 2: byte 5 \(0xC3\) is not ascii. .*encoding='utf-8'",
    ),
    "two columns of one name": (
        {"a.csv": "a,b,a\n1,2,3\n"},
        {},
        "Two columns are called 'a' in the header of .*a.csv",
    ),
    "a column without a name": (
        {"a.csv": "a,,c\n1,2,3\n"},
        {},
        "Column 2 has no name in the header of .*a.csv",
    ),
    "no column with a name": ({"a.csv": ",,\n1,2,3\n"}, {}, "Column 1 has no name in the header of .*a.csv"),
    "files with other columns": (
        {"a.csv": "a,b\n1,2\n", "b.csv": "a,c\n1,2\n"},
        {},
        "b.csv has other columns than .*a.csv: 'b' missing and 'c' added",
    ),
    "files with another order": ({"a.csv": "a,b\n1,2\n", "b.csv": "b,a\n1,2\n"}, {}, "the order is b, a"),
    "splits with other columns": (
        {"a.csv": "a,b\n1,2\n", "b.csv": "a\n1\n"},
        {"input_splits": {"train": "a.csv", "eval": "b.csv"}},
        "b.csv has other columns than .*a.csv: 'b' missing",
    ),
    "a pattern that matches nothing": (
        {"a.csv": "a\n1\n"},
        {"input_splits": {"x": "b*"}},
        r"No file matches '.*b\*'",
    ),
    "folders only": ({"train/a.csv": "a\n1\n"}, {}, r"only folders: train. .*input_splits="),
    "an unknown column": ({"a.csv": "fare\n1\n"}, {"columns": ("fares",)}, "'fares'. Did you mean 'fare'"),
    "a type for no column": (
        {"a.csv": "a\n1\n"},
        {"column_types": {"b": "int"}},
        "column_types names a column 'b'",
    ),
    "an unknown partition feature": (
        {"a.csv": "user\n1\n"},
        {"partition_feature": "users"},
        "partition_feature names a column 'users'. Did you mean 'user'",
    ),
    "floats as partition feature": (
        {"a.csv": "f\n1.5\n"},
        {"partition_feature": "f"},
        "column 'f' holds floats",
    ),
    "a row without partition feature": (
        {"a.csv": "user,n\n1,1\n,2\n"},
        {"partition_feature": "user"},
        "a.csv, line 3: 'user', the partition_feature, is missing",
    ),
    "a quote that is never closed": (
        {"a.csv": 'a,b\n1,2\n3,"x\n4,5\n'},
        {},
        r'a.csv, line 3: a quote \("\) is opened and never closed',
    ),
    "a truncated gzip file": (
        {"a.csv.gz": gzip.compress(b"a\n1\n" * 99)[:-9]},
        {},
        "a.csv.gz is not a complete gzip file",
    ),
}


@pytest.mark.parametrize(("files", "arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, files: dict[str, str | bytes], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=f"(?s){message}"):
        generate(tmp_path, files, **arguments)


def test_a_value_of_many_megabytes_hints_at_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="never closed"):
        generate(tmp_path, {"a.csv": 'a,b\n1,"' + "x\n" * 5_000_000})


def test_a_missing_path_is_refused_with_the_part_that_exists(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file or folder '.*/data/none/a.csv'. '.*' exists"):
        generate(tmp_path, {}, "none/a.csv")


def test_a_file_has_no_input_splits(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a.csv is a file, so no files can be chosen from it"):
        generate(tmp_path, {"a.csv": "a\n1\n"}, "a.csv", input_splits={"train": "*"})


# What is refused at once


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"splits": {"train": 0}}, "'train' gets 0 hash buckets"),
        ({"splits": {"train/1": 1}}, "'train/1' cannot name a split"),
        ({"splits": {"a": 1}, "input_splits": {"x": "x*", "y": "y*"}}, "splits divides a single input"),
        ({"column_types": {"a": "integer"}}, "column_types must be"),
        ({"format": "csv"}, "format must be"),
        ({"delimiter": ";;"}, "delimiter must be one ASCII character .* but got ';;'"),
        ({"delimiter": "e"}, "delimiter must be one ASCII character .* but got 'e'"),
        ({"quote": ","}, "delimiter and quote are both ','"),
        ({"encoding": "utf-99"}, "knows no encoding 'utf-99'"),
        ({"header": False}, "pass header=False and column_names="),
        ({"column_names": ("a",)}, "pass header=False and column_names="),
        ({"header": False, "column_names": ("a", "a")}, "Two columns are called 'a' in column_names"),
        ({"header": False, "column_names": ("a",), "columns": ("b",)}, "columns names a column 'b'"),
        ({"columns": ()}, "columns is empty"),
        ({"columns": ("a",), "partition_feature": "b"}, "partition_feature names a column 'b'"),
    ],
)
def test_arguments_that_cannot_work_are_refused_at_once(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongArgument, match=message):
        CsvExampleGen(input_base=tmp_path, **arguments)


def test_remote_files_are_refused_at_once() -> None:
    with pytest.raises(WrongArgument, match="'gs://bucket/data' is not here"):
        CsvExampleGen(input_base="gs://bucket/data")
