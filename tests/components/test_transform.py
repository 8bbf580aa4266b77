"""Transform keeps TFX's contract: its preprocessing_fn, its files, and TFT's numbers bit for bit."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components.data.reading import batches, feature_batches
from millwork.components.data.schema_file import read_schema
from millwork.components.data.statistics import describe, read_statistics
from millwork.components.data.writing import ExamplesWriter
from millwork.components.tft import analysis as tft_analysis
from millwork.components.tft import graph as transform_graph
from millwork.components.tft.in_memory_beam import in_memory_pipeline
from millwork.components.tft.raw_features import rows_for, tensor_config
from millwork.components.transform import Transform
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Schema
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

# Fare, hour and tip are always there, so they come dense; area, payment and stops come sparse.
TRIPS = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "hour" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "tip" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "area" type: INT value_count { min: 1 max: 1 } presence { min_count: 1 } }
feature { name: "payment" type: BYTES value_count { min: 1 max: 1 } presence { min_count: 1 } }
feature { name: "stops" type: INT value_count { min: 1 } presence { min_count: 1 } }
"""


def trips(rows: int = 200, seed: int = 7) -> pa.RecordBatch:
    random = np.random.default_rng(seed)
    payments = random.choice(["Cash", "Card", "", "Späti"], rows)
    columns = {
        "fare": pa.array(random.gamma(2, 6, rows), pa.float32()),
        "hour": pa.array(random.integers(0, 24, rows), pa.int64()),
        "tip": pa.array(random.gamma(1, 2, rows), pa.float32()),
        "area": pa.array(random.integers(0, 9, rows), pa.int64(), mask=random.random(rows) < 0.2),
        "payment": pa.array(payments, pa.string(), mask=random.random(rows) < 0.2),
        "stops": pa.array([list(range(n)) for n in random.integers(0, 4, rows)], pa.list_(pa.int64())),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def changed(batch: pa.RecordBatch, **columns: pa.Array) -> pa.RecordBatch:
    values = {name: batch[name] for name in batch.schema.names} | columns
    return pa.RecordBatch.from_arrays(list(values.values()), list(values))


def without(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    return pa.Table.from_batches([batch]).drop([name]).to_batches()[0]


def examples_in(folder: Path, file_format: str = PARQUET, **splits: pa.RecordBatch) -> Examples:
    examples = Examples(str(folder / "examples"), span=3, version=2)
    with ExamplesWriter(examples, list(splits), file_format) as writer:
        for name, batch in splits.items():
            writer.write(name, batch)
    return examples


def schema_in(folder: Path, text: str = TRIPS) -> Schema:
    (folder / "schema.pbtxt").write_text(text)
    return Schema(str(folder))


def transform(
    folder: Path,
    function: Callable[..., Any] | None = None,
    *,
    splits: Mapping[str, pa.RecordBatch] | None = None,
    file_format: str = PARQUET,
    schema: str = TRIPS,
    **parameters: Any,
) -> Transform:
    folder.mkdir(exist_ok=True)
    examples = examples_in(folder, file_format, **(splits or {"train": trips(), "eval": trips(50, seed=8)}))
    step = Transform(
        examples=examples, schema=schema_in(folder, schema), preprocessing_fn=function, **parameters
    )
    return perform(step, folder / "out")


def rows_of(step: Transform, split: str = "train") -> dict[str, list[Any]]:
    table = pa.Table.from_batches(list(batches(step.transformed_examples, split)))
    return {name: table[name].to_pylist() for name in table.schema.names}


def filled(x: Any) -> Any:
    """What TFX's own examples do with a sparse input."""
    import tensorflow as tf

    if not isinstance(x, tf.SparseTensor):
        return x
    default = "" if x.dtype == tf.string else 0
    return tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]), default)


# preprocessing functions


def taxi(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_transform as tft

    return {
        "fare_z": tft.scale_to_z_score(inputs["fare"]),
        "fare_bucket": tft.bucketize(inputs["fare"], 4),
        "payment_id": tft.compute_and_apply_vocabulary(
            filled(inputs["payment"]), num_oov_buckets=1, vocab_filename="payments"
        ),
        "area": filled(inputs["area"]),
        "stops": inputs["stops"],
        "big_tip": tf.cast(inputs["tip"] > inputs["fare"] * 0.2, tf.int64),
    }


def hour_only(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"hour": inputs["hour"]}


def centred(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    return {"fare": inputs["fare"] - tft.mean(inputs["fare"])}


def kinds(inputs: dict[str, Any]) -> dict[str, Any]:
    """A tensor of every kind that examples can hold."""
    import tensorflow as tf

    fare = inputs["fare"]
    return {
        "flat": tf.squeeze(fare, axis=1),
        "column": inputs["hour"],
        "pair": tf.concat([fare, inputs["tip"]], axis=1),
        "matrix": tf.reshape(tf.tile(fare, [1, 4]), [-1, 2, 2]),
        "sparse": inputs["stops"],
        "ragged": tf.RaggedTensor.from_sparse(inputs["stops"]),
        "text": inputs["payment"],
        "bytes": tf.map_fn(tf.io.serialize_tensor, fare, fn_output_signature=tf.string),
    }


# The contract


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Transform:
    """`taxi` on `trips()`, all parameters at their defaults."""
    return transform(tmp_path_factory.mktemp("done"), taxi)


def test_the_graph_is_what_tft_reads(done: Transform) -> None:
    import tensorflow as tf
    import tensorflow_transform as tft

    output = tft.TFTransformOutput(str(done.transform_graph.path))
    assert set(output.vocabulary_by_name("payments")) == {b"Cash", b"Card", "Späti".encode()}
    assert output.raw_feature_spec()["fare"] == tf.io.FixedLenFeature([1], tf.float32)
    assert output.raw_feature_spec()["payment"] == tf.io.VarLenFeature(tf.string)
    assert output.transformed_feature_spec()["fare_z"] == tf.io.FixedLenFeature([1], tf.float32)
    assert output.transformed_feature_spec()["stops"] == tf.io.VarLenFeature(tf.int64)
    assert output.num_buckets_for_transformed_feature("payment_id") == 4
    serve = output.transform_features_layer()
    served = serve({"fare": tf.constant([[10.0]]), "tip": tf.constant([[1.0]])})
    assert set(served) == {"fare_z", "fare_bucket", "big_tip"}


def test_values_come_from_the_analyzed_split_and_go_to_all(done: Transform) -> None:
    train, held_out = trips(), trips(50, seed=8)
    fare = train["fare"].to_numpy()
    expected = (held_out["fare"].to_numpy() - fare.mean()) / fare.std()
    assert rows_of(done, "eval")["fare_z"] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert rows_of(done, "eval")["area"] == [value or 0 for value in held_out["area"].to_pylist()]


def test_outputs_say_what_they_are(tmp_path: Path) -> None:
    step = transform(tmp_path, hour_only)
    examples = step.transformed_examples
    assert examples.split_names == ("train", "eval")
    assert examples.num_examples == {"train": 200, "eval": 50}
    assert (examples.span, examples.version, examples.file_format) == (3, 2, PARQUET)
    assert read_schema(step.pre_transform_schema.path) == read_schema(step.schema.path)
    assert [f.name for f in read_schema(step.post_transform_schema.path).feature] == ["hour"]
    for statistics in (step.pre_transform_stats, step.post_transform_stats):
        assert statistics.split_names == ()
        assert list(statistics.path.iterdir()) == []


def test_every_kind_of_tensor_becomes_a_column(tmp_path: Path) -> None:
    rows = changed(
        trips(3),
        fare=pa.array([1, 2, 3], pa.float32()),
        stops=pa.array([[7, 8], [], [9]], pa.list_(pa.int64())),
    )
    step = transform(tmp_path, kinds, splits={"train": rows})
    table = pq.read_table(step.transformed_examples.split("train"))
    assert {name: table.schema.field(name).type for name in table.schema.names} == {
        "bytes": pa.binary(),
        "column": pa.int64(),
        "flat": pa.float32(),
        "matrix": pa.list_(pa.float32()),
        "pair": pa.list_(pa.float32()),
        "ragged": pa.list_(pa.int64()),
        "sparse": pa.list_(pa.int64()),
        "text": pa.list_(pa.string()),
    }
    found = table.to_pydict()
    assert found["flat"] == [1, 2, 3]
    assert found["matrix"] == [[1] * 4, [2] * 4, [3] * 4]
    assert found["sparse"] == found["ragged"] == [[7, 8], [], [9]]
    assert found["text"] == [[] if p is None else [p] for p in rows["payment"].to_pylist()]


def test_a_column_is_bytes_in_each_split_if_it_is_in_one(tmp_path: Path) -> None:
    text = changed(trips(2), payment=pa.array([b"a", b"b"]))
    binary = changed(trips(2), payment=pa.array([b"a", b"\xff"]))
    step = transform(tmp_path, payment, splits={"train": text, "eval": binary})
    assert rows_of(step, "train") == {"payment": [b"a", b"b"]}
    assert rows_of(step, "eval") == {"payment": [b"a", b"\xff"]}


def payment(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"payment": filled(inputs["payment"])}


@pytest.mark.parametrize(("stored", "written"), [(PARQUET, "tfrecord"), (TFRECORD, "parquet")])
def test_rows_are_the_same_whatever_the_formats(
    tmp_path: Path, done: Transform, stored: str, written: str
) -> None:
    step = transform(tmp_path, taxi, file_format=stored, format=written)
    assert step.transformed_examples.file_format == {"parquet": PARQUET, "tfrecord": TFRECORD}[written]
    assert rows_of(step) == rows_of(done)


def test_rows_are_bit_for_bit_those_of_tft_on_beam(tmp_path: Path) -> None:
    step = transform(tmp_path, taxi, batch_rows=64)
    expected = pa.Table.from_batches(list(transformed_on_beam(step, tmp_path, "eval")))
    found = pa.Table.from_batches(list(feature_batches(step.transformed_examples, "eval")))
    assert found.schema.names == expected.schema.names
    assert found.to_pydict() == expected.to_pydict()


def transformed_on_beam(step: Transform, folder: Path, split: str) -> Iterator[pa.RecordBatch]:
    """Analysis and transformation as TFX lets TFT do them."""
    import apache_beam as beam
    import tensorflow_transform.beam as tft_beam

    config = tensor_config(read_schema(step.schema.path))
    raw = {name: list(rows_for(config, step.examples, name, 64)) for name in ("train", split)}
    target = folder / "beam.arrow"

    def write(transformed: Any) -> None:
        with pa.OSFile(str(target), "wb") as file, pa.ipc.new_stream(file, transformed[0].schema) as writer:
            writer.write_batch(transformed[0])

    with tft_beam.Context(temp_dir=str(folder / "temporary")), in_memory_pipeline() as pipeline:
        analyzed = (pipeline | "A" >> beam.Create(raw["train"]), config) | tft_beam.AnalyzeDataset(taxi)
        rows = (pipeline | "T" >> beam.Create(raw[split]), config)
        transformed, _ = (rows, analyzed) | tft_beam.TransformDataset(output_record_batches=True)
        transformed | beam.Map(write)
    with pa.OSFile(str(target), "rb") as file:
        yield from pa.ipc.open_stream(file)


def test_an_analyzer_may_need_the_result_of_another(tmp_path: Path) -> None:
    step = transform(tmp_path, twice_scaled)
    fare = trips()["fare"].to_numpy().astype(np.float64)
    once = np.clip((fare - fare.mean()) / fare.std(), -1, 1)
    assert rows_of(step)["fare"] == pytest.approx((once - once.mean()) / once.std(), rel=1e-4, abs=1e-4)


def twice_scaled(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_transform as tft

    once = tf.clip_by_value(tft.scale_to_z_score(inputs["fare"]), -1, 1)
    return {"fare": tft.scale_to_z_score(once)}


def test_each_pass_of_the_analysis_reads_the_rows_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beam must not keep the rows of one pass for the next."""
    read: list[list[str]] = []

    def spy(config: Any, *given: Any) -> Iterator[pa.RecordBatch]:
        read.append(config.arrow_schema.names)
        return rows_for(config, *given)

    monkeypatch.setattr(tft_analysis, "rows_for", spy)
    transform(tmp_path, twice_scaled)
    assert read == [["fare"], ["fare"]]


def test_without_analyzers_nothing_is_read_to_analyze(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tft_analysis, "rows_for", None)
    step = transform(tmp_path, hour_only, splits={"train": trips(0), "eval": trips(4)})
    assert rows_of(step, "eval") == {"hour": trips(4)["hour"].to_pylist()}


def test_smaller_batches_change_no_more_than_the_last_digit_of_a_mean(
    tmp_path: Path, done: Transform
) -> None:
    found, expected = (rows_of(step) for step in (transform(tmp_path, taxi, batch_rows=60), done))
    assert found.pop("fare_z") == pytest.approx(expected.pop("fare_z"), rel=1e-5, abs=1e-6)
    assert found == expected


def test_wide_rows_are_transformed_in_small_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = transform(tmp_path, kinds, materialize=False)
    monkeypatch.setattr(transform_graph, "MOST_VALUES", 90)
    loaded = transform_graph.LoadedTransform(
        step.transform_graph.path, tensor_config(read_schema(step.schema.path))
    )
    assert {batch.num_rows for batch in loaded.batches(step.examples, "train")} == {10}


# Parameters


def test_a_module_file_is_enough(tmp_path: Path) -> None:
    module = tmp_path / "my_preprocessing.py"
    module.write_text(
        "import tensorflow_transform as tft\n\n"
        "def preprocessing_fn(inputs):\n"
        "    return {'fare': inputs['fare'] / tft.max(inputs['fare'])}\n"
    )
    step = transform(tmp_path, module_file=module)
    assert max(rows_of(step)["fare"]) == 1


def test_custom_config_reaches_a_function_that_takes_it(tmp_path: Path) -> None:
    assert rows_of(transform(tmp_path / "a", shifted, custom_config={"by": 100}))["hour"][0] >= 100
    assert rows_of(transform(tmp_path / "b", shifted))["hour"][0] < 100
    assert transform(tmp_path / "c", hour_only, custom_config={"by": 100})


def shifted(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    return {"hour": inputs["hour"] + custom_config.get("by", 0)}


def test_several_splits_are_analyzed_as_one_data_set(tmp_path: Path) -> None:
    low = changed(trips(10), fare=pa.array([0.0] * 10, pa.float32()))
    high = changed(trips(30), fare=pa.array([8.0] * 30, pa.float32()))
    splits = {"train": low, "more": high}
    step = transform(tmp_path, centred, splits=splits, analyze_splits=("train", "more"))
    assert rows_of(step, "train")["fare"] == [-6] * 10


def test_only_the_splits_asked_for_are_transformed(tmp_path: Path) -> None:
    step = transform(tmp_path, hour_only, transform_splits=("eval",))
    assert step.transformed_examples.split_names == ("eval",)
    assert [p.name for p in step.transformed_examples.path.iterdir()] == ["Split-eval"]


def test_nothing_is_written_if_not_materialized(tmp_path: Path) -> None:
    step = transform(tmp_path, centred, materialize=False)
    assert step.transformed_examples.split_names == ()
    assert list(step.transformed_examples.path.iterdir()) == []
    assert (step.transform_graph.path / "transform_fn" / "saved_model.pb").is_file()


def test_statistics_describe_each_split_before_and_after(tmp_path: Path) -> None:
    import tensorflow_data_validation as tfdv

    step = transform(tmp_path, taxi, compute_statistics=True, materialize=False)
    before = read_statistics(step.pre_transform_stats, "eval")
    options = tfdv.StatsOptions(schema=read_schema(step.schema.path))
    assert before == describe(feature_batches(step.examples, "eval"), options)
    (after,) = read_statistics(step.post_transform_stats, "train").datasets
    assert after.num_examples == 200
    means = {f.path.step[0]: f.num_stats.mean for f in after.features}
    assert set(means) == {"area", "big_tip", "fare_bucket", "fare_z", "payment_id", "stops"}
    assert means["fare_z"] == pytest.approx(0, abs=1e-5)


def test_an_empty_split_gives_an_empty_split(tmp_path: Path) -> None:
    step = transform(tmp_path, taxi, splits={"eval": trips(0), "train": trips()}, compute_statistics=True)
    assert step.transformed_examples.num_examples == {"eval": 0, "train": 200}
    train, empty = (
        pq.read_schema(next(step.transformed_examples.split(s).iterdir())) for s in ("train", "eval")
    )
    assert train == empty
    assert read_statistics(step.post_transform_stats, "eval").datasets[0].num_examples == 0


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_a_feature_that_the_examples_lack_is_missing_in_each_row(tmp_path: Path, file_format: str) -> None:
    splits = {"train": without(changed(trips(4), stops=pa.nulls(4)), "area")}
    step = transform(tmp_path, area_and_stops, splits=splits, file_format=file_format)
    assert rows_of(step) == {"area": [0] * 4, "stops": [[]] * 4}


def area_and_stops(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"area": filled(inputs["area"]), "stops": inputs["stops"]}


def test_nan_is_a_value(tmp_path: Path) -> None:
    rows = changed(trips(3), fare=pa.array([1.0, float("nan"), 3.0], pa.float32()))
    step = transform(tmp_path, centred, splits={"train": rows})
    assert rows_of(step)["fare"] == pytest.approx([-1, float("nan"), 1], nan_ok=True)


# Mistakes


def test_exactly_one_function_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(
        WrongArgument, match=r"pass preprocessing_fn=\.\.\. or module_file=\.\.\., one of them"
    ):
        transform(tmp_path)
    with pytest.raises(WrongArgument, match="not both"):
        transform(tmp_path, hour_only, module_file=__file__)


def test_bad_parameters_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongArgument, match=r"there is no module file '.*nowhere\.py'"):
        transform(tmp_path, module_file=tmp_path / "nowhere.py")
    with pytest.raises(WrongArgument, match="analyze_splits is empty"):
        transform(tmp_path, hour_only, analyze_splits=())
    with pytest.raises(WrongArgument, match="batch_rows must be at least 1, but got 0"):
        transform(tmp_path, hour_only, batch_rows=0)


def test_a_module_without_the_function_says_so(tmp_path: Path) -> None:
    module = tmp_path / "misspelt.py"
    module.write_text("def preprocessing_fun(inputs):\n    return inputs\n")
    with pytest.raises(BadInput, match=r"defines no function 'preprocessing_fn'.*'preprocessing_fun'"):
        transform(tmp_path, module_file=module)


def test_unknown_splits_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"analyze_splits names 'trian'.*Did you mean 'train'"):
        transform(tmp_path, hour_only, analyze_splits=("trian",))
    with pytest.raises(BadInput, match="transform_splits names 'test'"):
        transform(tmp_path, hour_only, transform_splits=("test",))


def test_there_must_be_rows_to_analyze(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^There are no rows to analyze in split 'train'"):
        transform(tmp_path, centred, splits={"train": trips(0), "eval": trips()})


def broken(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"hour": inputs["hour"] / undefined}  # type: ignore[name-defined] # noqa: F821


def test_what_the_function_raises_comes_out_with_its_own_frame_last(tmp_path: Path) -> None:
    with pytest.raises(NameError, match=r"^name 'undefined' is not defined$") as caught:
        transform(tmp_path, broken)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "broken"


CALLS = itertools.count()


def broken_later(inputs: dict[str, Any]) -> dict[str, Any]:
    if next(CALLS) > 1:
        raise ZeroDivisionError("only inside Beam")
    return centred(inputs)


def test_beam_does_not_wrap_what_the_function_raises(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match=r"^only inside Beam$") as caught:
        transform(tmp_path, broken_later)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "broken_later"


def unknown_feature(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"fare": inputs["fair"]}


def returns_a_list(inputs: dict[str, Any]) -> list[Any]:
    return [inputs["fare"]]


def returns_nothing(inputs: dict[str, Any]) -> dict[str, Any]:
    return {}


def returns_a_number(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"fare": 3.5}


def returns_int32(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {"hour": tf.cast(inputs["hour"], tf.int32)}


def returns_a_scalar(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    return {"mean": tft.mean(inputs["fare"])}


def returns_a_constant(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    return {"quantiles": tft.quantiles(inputs["fare"], 4, 0.01)}


def numbers_as_names(inputs: dict[str, Any]) -> dict[Any, Any]:
    return {1: inputs["fare"]}


def drops_rows(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {"fare": tf.boolean_mask(inputs["fare"], tf.squeeze(inputs["fare"] > 5, 1))}


def has_three_rows(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {"hour": inputs["hour"], "three": tf.constant([1, 2, 3], tf.int64)}


def parses_numbers(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {"number": tf.strings.to_number(filled(inputs["payment"]))}


def averages_parsed_numbers(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    return {"fare": inputs["fare"] - tft.mean(parses_numbers(inputs)["number"])}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (unknown_feature, "asks for feature 'fair', which is not in the schema. Did you mean 'fare'"),
        (returns_a_list, r"returns_a_list must return a dict of tensors .* but returned \[<tf.Tensor"),
        (returns_nothing, "returns_nothing returned an empty dict"),
        (returns_a_number, "returned 'fare' as 3.5 of type float. It must be a Tensor"),
        (returns_int32, r"returned 'hour' with dtype int32, .* Write tf.cast\(\.\.\., tf.int64\)"),
        (returns_a_scalar, r"returned 'mean' as a scalar, .* write tf.fill\("),
        (returns_a_constant, r"returned 'quantiles' as a constant, .* write tf.fill\("),
        (numbers_as_names, "returned 1 as the name of a feature"),
        (drops_rows, r"'fare' with \d+ rows for rows 0 to 199 of split 'train', which are 200"),
        (has_three_rows, "'three' with 3 rows for rows 0 to 199 of split 'train', which are 200"),
        (
            parses_numbers,
            "preprocessing_fn failed on rows 0 to 199 of split 'train': StringToNumberOp could not",
        ),
        (
            averages_parsed_numbers,
            "preprocessing_fn failed on rows of split 'train': StringToNumberOp could not",
        ),
    ],
)
def test_a_broken_contract_is_explained(tmp_path: Path, function: Callable[..., Any], message: str) -> None:
    with pytest.raises(BadInput, match=rf"(?s){message}"):
        transform(tmp_path, function)


def test_a_function_may_ask_whether_a_feature_is_there(tmp_path: Path) -> None:
    assert rows_of(transform(tmp_path, careful)).keys() == {"fare", "hour"}


def careful(inputs: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"fair": inputs["fair"]}
    except KeyError:
        chosen = inputs.copy()
        return {name: chosen[name] for name in ("fare", "hour") if name in inputs and "fair" not in inputs}


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_a_missing_value_of_a_dense_feature_is_found(tmp_path: Path, file_format: str) -> None:
    fares = pa.array([1.0, 2.0, None, 4.0, 5.0], pa.float32())
    splits = {"train": trips(), "eval": changed(trips(5), fare=fares)}
    message = "Row 2 of split 'eval' .* has 0 values of feature 'fare', but .* each row has 1"
    with pytest.raises(BadInput, match=message):
        transform(tmp_path, centred, splits=splits, file_format=file_format, batch_rows=2)


def test_a_row_with_two_values_does_not_make_up_for_one_with_none(tmp_path: Path) -> None:
    """TFX compares totals only, and would move the values to other rows."""
    hours = pa.array([[1], [2, 3], []], pa.list_(pa.int64()))
    with pytest.raises(BadInput, match=r"Row 1 of split 'train' .* has 2 values of feature 'hour'"):
        transform(tmp_path, hour_only, splits={"train": changed(trips(3), hour=hours)})


def test_a_missing_value_becomes_the_default_if_the_schema_has_one(tmp_path: Path) -> None:
    schema = (
        TRIPS
        + """
    tensor_representation_group { key: "" value { tensor_representation { key: "hour" value {
      dense_tensor { column_name: "hour" shape {} default_value { int_value: -1 } } } } } }
    """
    )
    hours = pa.array([3, None, 0], pa.int64())
    step = transform(tmp_path, hour_only, splits={"train": changed(trips(3), hour=hours)}, schema=schema)
    assert rows_of(step) == {"hour": [3, -1, 0]}


def test_examples_without_any_of_the_features_are_refused(tmp_path: Path) -> None:
    rows = pa.RecordBatch.from_arrays([pa.array([1, 2])], ["id"])
    with pytest.raises(
        BadInput, match=r"needs the features hour, and split 'train' has none of them. It has: id"
    ):
        transform(tmp_path, hour_only, splits={"train": rows})


def test_a_column_of_another_type_than_the_schema_says_is_refused(tmp_path: Path) -> None:
    rows = changed(trips(3), fare=pa.array([1, 2, 3], pa.int64()))
    with pytest.raises(BadInput, match="Feature 'fare' is INT in split 'train', but the schema says FLOAT"):
        transform(tmp_path, centred, splits={"train": rows})


def test_a_schema_without_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="The schema has no features"):
        transform(tmp_path, hour_only, schema="")


def test_beam_is_as_it_was_after_a_failure(tmp_path: Path) -> None:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.transforms import core, userstate
    from tensorflow_transform.beam import deep_copy

    def patched() -> list[object]:
        inspecting = [userstate.get_dofn_specs, core.get_function_args_defaults]
        return [PipelineOptions.view_as, deep_copy.deep_copy, *inspecting]

    before = patched()
    with pytest.raises(BadInput):
        transform(tmp_path, averages_parsed_numbers)
    assert patched() == before
