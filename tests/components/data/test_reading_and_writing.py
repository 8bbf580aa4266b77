"""Examples are read as they were written, whichever file format keeps them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components.data import tf_example
from millwork.components.data.reading import (
    batches,
    feature_batches,
    flat_schema,
    serialized_batches,
    split_files,
)
from millwork.components.data.tfrecord import TfRecordWriter
from millwork.components.data.writing import ExamplesWriter
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, WrongArgument

FORMATS = pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])

SCHEMA = pa.schema(
    [
        ("blob", pa.binary()),
        ("fare", pa.float32()),
        ("hour", pa.int64()),
        ("never", pa.null()),
        ("stops", pa.list_(pa.int64())),
        ("words", pa.string()),
    ]
)
TABLE = pa.table(
    {
        "blob": [b"\xff", b"\xfe", None],
        "fare": [0.0, None, -2.5],
        "hour": [None, 0, 23],
        "never": [None, None, None],
        "stops": [[1, 2], [], [-3]],
        "words": ["", "é", None],
    },
    SCHEMA,
)


def write(folder: Path, file_format: str, **splits: pa.Table) -> Examples:
    examples = Examples(uri=str(folder))
    with ExamplesWriter(examples, list(splits), file_format, SCHEMA) as writer:
        for split, table in splits.items():
            for batch in table.to_batches():
                writer.write(split, batch)
    return examples


def tfrecord_examples(folder: Path, *files: list[bytes]) -> Examples:
    """As another program writes them: `files` are the records of each file."""
    (folder / "Split-train").mkdir(parents=True)
    for place, records in enumerate(files):
        with TfRecordWriter(folder / "Split-train" / f"data_tfrecord-0000{place}-of-00002.gz") as writer:
            writer.write(records)
    return Examples(uri=str(folder), split_names=("train",), file_format=TFRECORD)


def encoded(**columns: list[object]) -> list[bytes]:
    return tf_example.encode(pa.RecordBatch.from_pydict(columns))


@FORMATS
def test_rows_are_read_as_they_were_written(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=TABLE)
    assert pa.Table.from_batches(batches(examples, "train")).equals(TABLE)
    assert flat_schema(examples, "train").equals(SCHEMA)


@FORMATS
def test_the_writer_describes_what_it_wrote(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=TABLE, eval=TABLE.slice(0, 1))
    assert examples.split_names == ("train", "eval")
    assert examples.num_examples == {"train": 3, "eval": 1}
    assert examples.file_format == file_format
    assert examples.payload_format == "FORMAT_TF_EXAMPLE"
    names = {PARQUET: "data_parquet-00000-of-00001.parquet", TFRECORD: "data_tfrecord-00000-of-00001.gz"}
    assert split_files(examples, "eval") == [tmp_path / "Split-eval" / names[file_format]]


def test_both_formats_hold_the_same_examples(tmp_path: Path) -> None:
    parquet = write(tmp_path / "parquet", PARQUET, train=TABLE)
    tfrecord = write(tmp_path / "tfrecord", TFRECORD, train=TABLE)
    assert list(serialized_batches(parquet, "train")) == list(serialized_batches(tfrecord, "train"))
    (from_parquet,) = feature_batches(parquet, "train")
    (from_tfrecord,) = feature_batches(tfrecord, "train")
    assert from_parquet.equals(from_tfrecord)


@FORMATS
def test_columns_are_chosen_and_ordered(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=TABLE)
    wanted = ["words", "fare"]
    assert pa.Table.from_batches(batches(examples, "train", columns=wanted)).equals(TABLE.select(wanted))
    (features,) = feature_batches(examples, "train", columns=wanted)
    assert features.to_pydict() == {"words": [[b""], ["é".encode()], []], "fare": [[0.0], [], [-2.5]]}


@FORMATS
@pytest.mark.parametrize("read", [batches, feature_batches])
def test_an_unknown_column_is_refused_with_the_nearest_name(
    tmp_path: Path, file_format: str, read: type
) -> None:
    examples = write(tmp_path, file_format, train=TABLE)
    with pytest.raises(BadInput, match=r"Split 'train' .* has no column 'fares'. Did you mean 'fare'\?"):
        list(read(examples, "train", columns=["fares"]))


@FORMATS
def test_batches_have_as_many_rows_as_asked_for(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=pa.concat_tables([TABLE] * 3))
    for read in (batches, feature_batches):
        assert [batch.num_rows for batch in read(examples, "train", rows=4)] == [4, 4, 1]
    assert [len(records) for records in serialized_batches(examples, "train", rows=4)] == [4, 4, 1]


@FORMATS
def test_a_split_without_rows_has_a_file_and_no_batches(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=TABLE, eval=TABLE.slice(0, 0))
    assert split_files(examples, "eval")
    assert examples.num_examples["eval"] == 0
    for read in (batches, feature_batches, serialized_batches):
        assert not list(read(examples, "eval"))
    assert not list(batches(examples, "eval", columns=["fare"]))


@FORMATS
def test_the_bytes_do_not_depend_on_how_rows_were_cut_into_batches(tmp_path: Path, file_format: str) -> None:
    rows = pa.concat_tables([TABLE] * 40_000).combine_chunks()
    whole, cut = Examples(uri=str(tmp_path / "a")), Examples(uri=str(tmp_path / "b"))
    for examples, size in ((whole, 200_000), (cut, 7_001)):
        with ExamplesWriter(examples, ["train"], file_format) as writer:
            for batch in rows.to_batches(size):
                writer.write("train", batch)
    (first,), (second,) = split_files(whole, "train"), split_files(cut, "train")
    assert first.read_bytes() == second.read_bytes()


@FORMATS
def test_several_files_are_read_in_the_order_of_their_names(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=TABLE)
    (file,) = split_files(examples, "train")
    file.rename(file.with_name("data-00001-of-00002"))
    more = write(tmp_path / "more", file_format, train=TABLE.slice(2))
    split_files(more, "train")[0].rename(file.with_name("data-00000-of-00002"))
    file.with_name(".hidden").write_text("not data")
    assert pa.Table.from_batches(batches(examples, "train", columns=["hour"]))["hour"].to_pylist() == [
        23,
        None,
        0,
        23,
    ]


def test_wide_rows_are_kept_in_smaller_groups(tmp_path: Path) -> None:
    wide = pa.table({"pixels": pa.array([[0.0] * 16_384] * 3_000, pa.list_(pa.float32()))})
    examples = Examples(uri=str(tmp_path))
    with ExamplesWriter(examples, ["train"]) as writer:
        for batch in wide.to_batches(max_chunksize=700):
            writer.write("train", batch)
    [file] = split_files(examples, "train")
    groups = pq.ParquetFile(file).metadata
    rows = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert sum(rows) == 3_000
    assert 900 < max(rows) < 1_100  # 64 KiB a row, 64 MiB a group


def test_a_batch_in_feature_form_is_written_as_lists(tmp_path: Path) -> None:
    examples = write(tmp_path / "flat", PARQUET, train=TABLE)
    lists = Examples(uri=str(tmp_path / "lists"))
    with ExamplesWriter(lists, ["train"]) as writer:
        for batch in feature_batches(examples, "train", columns=["hour", "stops"]):
            writer.write("train", batch)
    (read,) = batches(lists, "train")
    assert read.to_pydict() == {"hour": [[], [0], [23]], "stops": [[1, 2], [], [-3]]}


def test_batches_with_other_columns_or_types_are_refused(tmp_path: Path) -> None:
    with ExamplesWriter(Examples(uri=str(tmp_path)), ["train"]) as writer:
        writer.write("train", pa.RecordBatch.from_pydict({"a": [1], "b": [None]}))
        with pytest.raises(BadInput, match="has the columns a, but those before it a, b"):
            writer.write("train", pa.RecordBatch.from_pydict({"a": [1]}))
        with pytest.raises(BadInput, match="'a' is string in one batch and int64 in those before it"):
            writer.write("train", pa.RecordBatch.from_pydict({"a": ["x"], "b": [None]}))
        writer.write("train", pa.RecordBatch.from_pydict({"a": [None], "b": [None]}))
        with pytest.raises(WrongArgument, match="no split 'test' to write to, only train"):
            writer.write("test", pa.RecordBatch.from_pydict({"a": [1], "b": [None]}))


def test_a_failure_while_writing_leaves_the_artifact_undescribed(tmp_path: Path) -> None:
    examples = Examples(uri=str(tmp_path))
    with pytest.raises(ZeroDivisionError), ExamplesWriter(examples, ["train"]) as writer:
        writer.write("train", pa.RecordBatch.from_pydict({"a": [1 // 0]}))
    assert examples.split_names == ()


def test_tensorflow_reads_our_records_and_we_read_tensorflows(tmp_path: Path) -> None:
    import tensorflow as tf

    examples = write(tmp_path, TFRECORD, train=TABLE)
    (path,) = split_files(examples, "train")
    (records,) = serialized_batches(examples, "train")
    assert list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()) == records
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for record in records:
            writer.write(record)
    assert list(serialized_batches(examples, "train")) == [records]


def test_features_of_foreign_records_may_be_absent_or_come_late_with_several_values(tmp_path: Path) -> None:
    examples = tfrecord_examples(
        tmp_path,
        encoded(a=[1, None], b=["x", "y"]),
        encoded(a=[[2, 3]], b=[b"\xff"], c=[1.5]),
    )
    assert pa.Table.from_batches(batches(examples, "train", rows=2)).to_pydict() == {
        "a": [[1], [], [2, 3]],
        "b": [b"x", b"y", b"\xff"],
        "c": [None, None, 1.5],
    }
    first, _ = feature_batches(examples, "train", columns=["c", "a"], rows=2)
    assert first.to_pydict() == {"c": [None, None], "a": [[1], []]}


def test_a_feature_with_two_types_is_refused(tmp_path: Path) -> None:
    examples = tfrecord_examples(tmp_path, encoded(a=[1]), encoded(a=["x"]))
    with pytest.raises(BadInput, match="'a' holds int64 in some examples and string in others"):
        list(batches(examples, "train", rows=1))


@FORMATS
def test_a_missing_split_or_folder_is_refused(tmp_path: Path, file_format: str) -> None:
    examples = Examples(uri=str(tmp_path), split_names=("train",), file_format=file_format)
    with pytest.raises(BadInput, match=r"no split 'trian'. Did you mean 'train'\?"):
        list(batches(examples, "trian"))
    with pytest.raises(BadInput, match=r"Split 'train' has no files: .*Split-train is empty or not there"):
        list(batches(examples, "train"))


def test_an_unknown_file_format_is_refused(tmp_path: Path) -> None:
    examples = Examples(uri=str(tmp_path), split_names=("train",), file_format="csv")
    with pytest.raises(BadInput, match=r"file format 'csv'. Only 'parquet' and 'tfrecords_gzip' can be read"):
        list(batches(examples, "train"))
    with pytest.raises(WrongArgument, match="not as 'csv'"):
        ExamplesWriter(examples, ["train"], "csv")


@FORMATS
def test_a_damaged_file_is_refused_with_its_path(tmp_path: Path, file_format: str) -> None:
    examples = write(tmp_path, file_format, train=TABLE)
    (path,) = split_files(examples, "train")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BadInput, match=path.name):
        list(batches(examples, "train"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip", "is not a TFRecord file, neither plain nor compressed"),
        (gzip.compress(b"x" * 99)[:-9], "is damaged or not complete"),
        (gzip.compress(b"not a TFRecord file at all"), "it is not a TFRecord file, or it is damaged"),
        (gzip.compress(b"short"), "ends in the middle of a record"),
    ],
)
def test_what_is_no_tfrecord_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    examples = tfrecord_examples(tmp_path, [])
    split_files(examples, "train")[0].write_bytes(content)
    with pytest.raises(BadInput, match=message):
        list(serialized_batches(examples, "train"))


def test_parquet_of_other_programs_is_read_in_flat_form(tmp_path: Path) -> None:
    (tmp_path / "Split-train").mkdir()
    table = pa.table({"a": pa.array([1, None], pa.int16()), "b": pa.array([0.5, None], pa.float64())})
    pq.write_table(table, tmp_path / "Split-train" / "part.parquet")
    (batch,) = batches(Examples(uri=str(tmp_path), split_names=("train",)), "train")
    assert batch.schema.types == [pa.int64(), pa.float32()]
    assert batch.to_pydict() == {"a": [1, None], "b": [0.5, None]}
