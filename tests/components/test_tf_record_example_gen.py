"""TfRecordExampleGen: records of three kinds, as they are or as columns, divided as TFX does; and damaged files."""

from __future__ import annotations

import bisect
import gzip
import hashlib
import random
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components import FnArgs, SchemaGen, StatisticsGen, TfRecordExampleGen, Trainer, Transform
from millwork.components.data.reading import batches, flat_schema, serialized_batches, split_files
from millwork.components.data.schema_file import read_schema
from millwork.components.data.spans import RollingRange
from millwork.components.data.statistics import read_statistics
from millwork.components.data.tfrecord import framed, read_records
from millwork.components.models.fn_args import parse_pbtxt_file
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Model, Schema
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

ALL = {"all": 1}
SEQUENCES: dict[str, Any] = {"payload_format": "tf_sequence_example", "format": "tfrecord"}
RAW: dict[str, Any] = {"payload_format": "raw", "format": "tfrecord"}


def example(**features: Any) -> bytes:
    """A tf.Example whose features are not in protobuf's canonical order."""
    import tensorflow as tf

    message = tf.train.Example()
    for name, value in features.items():
        fill(message.features.feature[name], value)
    parts = [
        tf.train.Example(features=tf.train.Features(feature={n: f})).features.SerializeToString()
        for n, f in sorted(message.features.feature.items(), reverse=True)
    ]
    joined = b"".join(parts)
    found: bytes = tf.train.Example(features=tf.train.Features.FromString(joined)).SerializeToString(
        deterministic=True
    )
    return found[: len(found) - len(joined)] + joined


def fill(feature: Any, value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, int):
            feature.int64_list.value.append(item)
        elif isinstance(item, float):
            feature.float_list.value.append(item)
        else:
            feature.bytes_list.value.append(item.encode() if isinstance(item, str) else item)


def sequence(user: int, *steps: list[str]) -> bytes:
    import tensorflow as tf

    message = tf.train.SequenceExample()
    fill(message.context.feature["user"], user)
    for step in steps:
        fill(message.feature_lists.feature_list["words"].feature.add(), step)
    serialized: bytes = message.SerializeToString(deterministic=True)
    return serialized


def trips(count: int) -> list[bytes]:
    rng = random.Random(1)
    return [
        example(id=i, company=rng.choice(["Graz", "Café"]), fare=round(rng.random(), 2), hour=[i % 24, 1])
        for i in range(count)
    ]


def generate(
    folder: Path, records: Sequence[bytes], compress: Callable[[bytes], bytes] = bytes, **arguments: Any
) -> Examples:
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "a.tfrecord").write_bytes(compress(framed(records)))
    return perform(TfRecordExampleGen(input_base=folder / "data", **arguments), folder / "out").examples


def rows(examples: Examples, split: str = "all") -> list[dict[str, Any]]:
    return [row for batch in batches(examples, split) for row in batch.to_pylist()]


def stored(examples: Examples, split: str = "all") -> list[bytes]:
    """The records in the files of a split, whatever they are."""
    return [r for path in split_files(examples, split) for records in read_records(path, 10) for r in records]


def by_tfx(records: Sequence[bytes], kind: Any = None) -> dict[str, list[bytes]]:
    """TFX's rule: the hash of the parsed record in its deterministic form, or of bytes."""
    found: dict[str, list[bytes]] = {"train": [], "eval": []}
    for record in records:
        key = kind.FromString(record).SerializeToString(deterministic=True) if kind else record
        bucket = int(hashlib.sha256(key).hexdigest(), 16) % 3
        found[["train", "eval"][bisect.bisect([2, 3], bucket)]].append(record)
    return found


# What is written


def test_tf_examples_become_columns(tmp_path: Path) -> None:
    records = [
        example(a=0, f=0.0, s="", many=[1, 2]),
        example(s="x", many=[]),
        example(a=7, f=2.5, data=b"\xff"),
    ]
    examples = generate(tmp_path, records, splits=ALL)
    assert (examples.file_format, examples.payload_format) == (PARQUET, "FORMAT_TF_EXAMPLE")
    assert flat_schema(examples, "all") == pa.schema(
        [
            ("a", pa.int64()),
            ("data", pa.binary()),
            ("f", pa.float32()),
            ("many", pa.list_(pa.int64())),
            ("s", pa.string()),
        ]
    )
    assert rows(examples) == [
        {"a": 0, "data": None, "f": 0.0, "many": [1, 2], "s": ""},
        {"a": None, "data": None, "f": None, "many": None, "s": "x"},
        {"a": 7, "data": b"\xff", "f": 2.5, "many": None, "s": None},
    ]


def test_columns_are_chosen(tmp_path: Path) -> None:
    examples = generate(tmp_path, trips(3), splits=ALL, columns=("hour", "id"))
    assert rows(examples)[2] == {"hour": [2, 1], "id": 2}


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zlib.compress], ids=["plain", "gzip", "zlib"])
@pytest.mark.parametrize("payload", ["tf_example", "tf_sequence_example", "raw"])
def test_records_pass_through_byte_for_byte(
    tmp_path: Path, payload: str, compress: Callable[[bytes], bytes]
) -> None:
    records = {
        "tf_example": trips(50),
        "tf_sequence_example": [sequence(i, ["a", "b"], ["c"]) for i in range(50)],
        "raw": [b"", b"\x00", b"anything at all" * 1000],
    }[payload]
    examples = generate(tmp_path, records, compress, payload_format=payload, format="tfrecord", splits=ALL)
    assert stored(examples) == records
    assert examples.file_format == TFRECORD
    assert examples.num_examples == {"all": len(records)}
    assert [p.name for p in split_files(examples, "all")] == ["data_tfrecord-00000-of-00001.gz"]


def test_files_of_tensorflow_are_read_and_ours_by_tensorflow(tmp_path: Path) -> None:
    import tensorflow as tf

    records = trips(5)
    for kind in ("", "GZIP", "ZLIB"):
        with tf.io.TFRecordWriter(str(tmp_path / f"a{kind}"), kind) as writer:
            for record in records:
                writer.write(record)
        step = TfRecordExampleGen(input_base=tmp_path / f"a{kind}", format="tfrecord", splits=ALL)
        examples = perform(step, tmp_path / "out").examples
        (file,) = split_files(examples, "all")
        assert [r.numpy() for r in tf.data.TFRecordDataset(str(file), "GZIP")] == records


# Splits


def test_the_split_is_that_of_tfx_in_both_formats(tmp_path: Path) -> None:
    import tensorflow as tf

    records = trips(100)
    expected = by_tfx(records, tf.train.Example)
    assert any(tf.train.Example.FromString(r).SerializeToString(deterministic=True) != r for r in records)
    for split, theirs in expected.items():
        ids = [tf.train.Example.FromString(r).features.feature["id"].int64_list.value[0] for r in theirs]
        for kept in ("parquet", "tfrecord"):
            (tmp_path / kept).mkdir(exist_ok=True)
        assert [row["id"] for row in rows(generate(tmp_path / "parquet", records), split)] == ids
        assert stored(generate(tmp_path / "tfrecord", records, format="tfrecord"), split) == theirs


def test_sequences_and_raw_records_are_divided_as_in_tfx(tmp_path: Path) -> None:
    import tensorflow as tf

    sequences, raw = [sequence(i, ["a"]) for i in range(50)], [b"%d" % i for i in range(50)]
    for records, kind, arguments in ((sequences, tf.train.SequenceExample, SEQUENCES), (raw, None, RAW)):
        examples = generate(tmp_path, records, **arguments)
        assert {split: stored(examples, split) for split in ("train", "eval")} == by_tfx(records, kind)
    assert examples.payload_format == "FORMAT_PROTO"


def split_of_user(user: int) -> str:
    """TFX's rule for a partition feature: the hash of the feature alone."""
    import tensorflow as tf

    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[user])).SerializeToString(
        deterministic=True
    )
    return ["a", "b"][bisect.bisect([1, 2], int(hashlib.sha256(feature).hexdigest(), 16) % 2)]


@pytest.mark.parametrize("arguments", [{"format": "parquet"}, {"format": "tfrecord"}, SEQUENCES])
def test_records_with_one_value_of_the_partition_feature_stay_together(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    made = {
        i: sequence(i % 10, [str(i)]) if arguments is SEQUENCES else example(id=i, user=i % 10)
        for i in range(60)
    }
    examples = generate(
        tmp_path, list(made.values()), partition_feature="user", splits={"a": 1, "b": 1}, **arguments
    )
    for split in ("a", "b"):
        expected = [i for i in made if split_of_user(i % 10) == split]
        assert expected
        if arguments["format"] == "parquet":
            assert [row["id"] for row in rows(examples, split)] == expected
        else:
            assert stored(examples, split) == [made[i] for i in expected]


@pytest.mark.parametrize("arguments", [{}, {"format": "tfrecord"}, RAW])
def test_inputs_and_spans_are_those_of_all_example_gens(tmp_path: Path, arguments: dict[str, Any]) -> None:
    for day in ("2024-05-30", "2024-05-31"):
        for split in ("train", "eval"):
            folder = tmp_path / "data" / day / split
            folder.mkdir(parents=True)
            (folder / "a").write_bytes(framed([example(day=day, split=split)]))
    step = TfRecordExampleGen(
        input_base=tmp_path / "data",
        input_splits={s: f"{{YYYY}}-{{MM}}-{{DD}}/{s}/*" for s in ("train", "eval")},
        **arguments,
    )
    examples = perform(step, tmp_path / "out").examples
    assert (examples.span, examples.num_examples) == (19_874, {"train": 1, "eval": 1})
    assert (
        b"2024-05-31"
        in (stored(examples, "eval") if arguments else [str(rows(examples, "eval")).encode()])[0]
    )
    if not arguments:
        return
    again = TfRecordExampleGen(**{**step.arguments, "span": RollingRange(last=2)})  # type: ignore[arg-type]  # as it was
    both = perform(again, tmp_path / "both").examples
    assert [b"2024-05-30" in record for record in stored(both, "train")] == [True, False]
    assert len(split_files(both, "train")) == 2


def test_a_batch_of_large_records_is_small(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(framed([bytes(1 << 20)] * 40))
    assert max(map(len, read_records(tmp_path / "a", 1000, 8 << 20))) <= 12
    assert sum(map(len, read_records(tmp_path / "a", 1000, 8 << 20))) == 40


# What reads them


def sequences_and_schema(folder: Path) -> tuple[Examples, Schema]:
    records = [sequence(i % 10, *([f"w{j}"] for j in range(i % 3 + 1))) for i in range(60)]
    examples = generate(folder, records, **SEQUENCES)
    described = perform(StatisticsGen(examples=examples), folder / "statistics").statistics
    return examples, perform(SchemaGen(statistics=described), folder / "schema").schema


def test_sequences_are_described_as_tfdv_does(tmp_path: Path) -> None:
    import apache_beam as beam
    import tensorflow_data_validation as tfdv
    from tfx_bsl.tfxio.tf_sequence_example_record import TFSequenceExampleRecord

    examples, schema = sequences_and_schema(tmp_path)
    files = TFSequenceExampleRecord(str(examples.path / "Split-train" / "*"), ["test"])
    with beam.Pipeline() as pipeline:
        statistics = pipeline | files.BeamSource() | tfdv.GenerateStatistics(tfdv.StatsOptions())
        _ = statistics | tfdv.WriteStatisticsToBinaryFile(str(tmp_path / "theirs.pb"))
    (theirs,) = tfdv.load_stats_binary(str(tmp_path / "theirs.pb")).datasets
    ours = perform(StatisticsGen(examples=examples), tmp_path / "again").statistics
    (dataset,) = read_statistics(ours, "train").datasets
    by_path = {str(feature.path): feature for feature in dataset.features}
    assert by_path == {str(feature.path): feature for feature in theirs.features}
    assert len(by_path) == 3
    features = {feature.name: feature for feature in read_schema(schema.path).feature}
    assert [f.name for f in features["##SEQUENCE##"].struct_domain.feature] == ["words"]


def read_sequences(fn_args: FnArgs) -> None:
    from tfx_bsl.tfxio.dataset_options import RecordBatchesOptions, TensorFlowDatasetOptions

    access, schema = fn_args.data_accessor, parse_pbtxt_file(str(fn_args.schema_path), new_schema())
    options = TensorFlowDatasetOptions(batch_size=4, num_epochs=1, shuffle=False)
    first = next(iter(access.tf_dataset_factory(fn_args.train_files, options, schema)))
    (batch, *_) = access.record_batch_factory(
        fn_args.train_files, RecordBatchesOptions(4, num_epochs=1), schema
    )
    save(
        fn_args,
        f"{sorted(first)} {first['user'].numpy().ravel().tolist() == batch['user'].flatten().to_pylist()}",
    )


def read_raw(fn_args: FnArgs) -> None:
    from tfx_bsl.tfxio.dataset_options import RecordBatchesOptions, TensorFlowDatasetOptions

    access = fn_args.data_accessor
    options = TensorFlowDatasetOptions(batch_size=4, num_epochs=1, shuffle=False)
    first = next(iter(access.tf_dataset_factory(fn_args.train_files, options, None)))
    batches = access.record_batch_factory(fn_args.train_files, RecordBatchesOptions(4, num_epochs=1), None)
    records = [record for batch in batches for [record] in batch["raw_record"].to_pylist()]
    save(fn_args, f"{first.numpy().tolist() == records[:4]} {len(records)}")


def new_schema() -> Any:
    from tensorflow_metadata.proto.v0 import schema_pb2

    return schema_pb2.Schema()


def save(fn_args: FnArgs, text: str) -> None:
    Path(fn_args.serving_model_dir).mkdir(parents=True)
    (Path(fn_args.serving_model_dir) / "said.txt").write_text(text)


def said(model: Model) -> str:
    return next(model.path.rglob("said.txt")).read_text()


def test_run_fn_reads_sequences_through_the_data_accessor(tmp_path: Path) -> None:
    examples, schema = sequences_and_schema(tmp_path)
    step = perform(Trainer(examples=examples, schema=schema, run_fn=read_sequences), tmp_path / "trainer")
    assert said(step.model) == "['##SEQUENCE##.words', 'user'] True"


def test_run_fn_reads_raw_records_through_the_data_accessor(tmp_path: Path) -> None:
    examples = generate(tmp_path, [b"%d" % i for i in range(30)], **RAW)
    step = perform(Trainer(examples=examples, run_fn=read_raw), tmp_path / "trainer")
    assert said(step.model) == f"True {examples.num_examples['train']}"


def test_components_that_need_columns_refuse_what_has_none(tmp_path: Path) -> None:
    raw = generate(tmp_path, [b"%d" % i for i in range(9)], **RAW)
    with pytest.raises(BadInput, match=r"are raw bytes \(FORMAT_PROTO\), and .* only tf.Examples .* and"):
        perform(StatisticsGen(examples=raw), tmp_path / "statistics")
    (tmp_path / "b").mkdir()
    examples, schema = sequences_and_schema(tmp_path / "b")
    for refused, kind in ((raw, "raw bytes"), (examples, "tf.SequenceExamples")):
        with pytest.raises(BadInput, match=f"are {kind} .* fn_args.data_accessor"):
            perform(Transform(examples=refused, schema=schema, preprocessing_fn=save), tmp_path / "transform")
        with pytest.raises(BadInput, match=f"are {kind}"):
            list(batches(refused, "train"))
        with pytest.raises(BadInput, match=f"are {kind}"):
            list(serialized_batches(refused, "train"))
    with pytest.raises(BadInput, match="sample_count=5 draws rows of tf.Examples only.* sample_rate"):
        perform(StatisticsGen(examples=examples, sample_count=5), tmp_path / "drawn")
    with pytest.raises(BadInput, match="must be of one kind"):
        perform(
            StatisticsGen(examples=[examples, generate(tmp_path, trips(5), format="tfrecord")]),
            tmp_path / "both",
        )


# Damaged and wrong files

FRAME = 8 + 4 + 5 + 4
FIVE = framed([b"abcde"] * 20)


def changed(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(FIVE, 7 * FRAME + 14), r"a.tfrecord, record 7 \(the first is 0\): .* its content is wrong"),
        (changed(FIVE, 7 * FRAME), r"a.tfrecord, record 7 \(the first is 0\): .* record's length is wrong"),
        (FIVE[:-6], r"a.tfrecord ends in the middle of a record. .* up to record 19 \(the first is 0\)"),
        (gzip.compress(changed(FIVE, 3 * FRAME + 14)), "record 3 .* its content is wrong"),
        (gzip.compress(FIVE)[:-9], "a.tfrecord is damaged or not complete"),
        (zlib.compress(FIVE)[:-5], "a.tfrecord is damaged or not complete: zlib's stream ends too early"),
        (b"id,name\n1,a\n2,b\n", "a.tfrecord is not a TFRecord file"),
        (b"PAR1", "a.tfrecord is not a TFRecord file"),
        (b"", "no record in any file"),
    ],
)
def test_a_damaged_file_is_told_with_the_record(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.tfrecord").write_bytes(content)
    with pytest.raises(BadInput, match=message):
        perform(TfRecordExampleGen(input_base=tmp_path / "a.tfrecord", **RAW), tmp_path / "out")


TWO = [example(a=1, s="x")]


@pytest.mark.parametrize("format", ["parquet", "tfrecord"])
@pytest.mark.parametrize(
    ("records", "arguments", "message"),
    [
        (
            [*TWO, b"hello, world"],
            {},
            r"record 1 \(the first is 0\): this is not a tf.train.Example. .*'raw'",
        ),
        ([*TWO, sequence(1, ["a"])], {}, "record 1 .*payload_format='tf_sequence_example'"),
        (TWO, {"partition_feature": "b"}, "'b'"),
        ([*TWO, example(s="y")], {"partition_feature": "a"}, "record 1 .* 'a'"),
        ([*TWO, example(a=[])], {"partition_feature": "a"}, "record 1 .* 'a'"),
        ([example(f=0.5)], {"partition_feature": "f"}, "holds floats"),
    ],
)
def test_records_that_are_not_what_they_should_be_are_refused(
    tmp_path: Path, records: list[bytes], arguments: dict[str, Any], message: str, format: str
) -> None:
    with pytest.raises(BadInput, match=message):
        generate(tmp_path, records, format=format, **arguments)


def test_a_feature_of_two_types_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match='feature "a"'):
        generate(tmp_path, [example(a=1), example(a="x")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"payload_format": "raw"}, "only tf.Examples have columns for Parquet. .* pass format='tfrecord'"),
        ({**RAW, "partition_feature": "a"}, "raw records have no features"),
        ({"format": "tfrecord", "columns": ("a",)}, "records stay as they are"),
        ({"payload_format": "proto"}, "payload_format must be"),
    ],
)
def test_arguments_that_cannot_work_are_refused_at_once(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongArgument, match=message):
        TfRecordExampleGen(input_base=tmp_path, **arguments)
