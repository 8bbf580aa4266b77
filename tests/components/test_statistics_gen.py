"""StatisticsGen describes each split exactly as TFDV does on Beam."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.components.data import statistics, value_counts
from millwork.components.data.writing import ExamplesWriter
from millwork.components.statistics_gen import StatisticsGen
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Schema
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

FORMATS = pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])


def batch_of(columns: Mapping[str, Any]) -> pa.RecordBatch:
    arrays = [values if isinstance(values, pa.Array) else pa.array(values) for values in columns.values()]
    return pa.RecordBatch.from_arrays(arrays, list(columns))


def trips(rows: int = 3_000) -> pa.RecordBatch:
    """Numbers, strings, nulls, zeros, empty strings, lists, and 2,000 different ids."""
    random = np.random.default_rng(7)
    areas = random.integers(0, 9, rows)
    return batch_of(
        {
            "area": pa.array(areas, pa.int64(), mask=areas == 8),
            "fare": pa.array(random.gamma(2, 6, rows), pa.float32(), mask=random.random(rows) < 0.1),
            "payment": pa.array(
                random.choice(["Cash", "Card", "", "Späti"], rows), mask=random.random(rows) < 0.1
            ),
            "trip": pa.array([f"trip {n}" for n in random.integers(0, 2_000, rows)]),
            "stops": pa.array([list(range(n)) for n in random.integers(0, 4, rows)], pa.list_(pa.int64())),
            "importance": pa.array(random.integers(1, 5, rows), pa.float32()),
        }
    )


def examples_in(folder: Path, file_format: str = PARQUET, **splits: pa.RecordBatch) -> Examples:
    examples = Examples(str(folder / "examples"), span=3)
    with ExamplesWriter(examples, list(splits), file_format) as writer:
        for name, batch in splits.items():
            writer.write(name, batch)
    return examples


def schema_in(folder: Path, text: str) -> Schema:
    (folder / "schema.pbtxt").write_text(text)
    return Schema(str(folder))


def dataset(step: StatisticsGen, split: str = "train", name: str | None = None) -> Any:
    """One split's statistics, or those of one of its slices."""
    datasets = statistics.read_statistics(step.statistics, split).datasets
    return next(d for d in datasets if name in (None, d.name))


def feature(described: Any, name: str) -> Any:
    return next(f for f in described.features if f.path.step[0] == name)


def on_beam(folder: Path, batch: pa.RecordBatch, **options: Any) -> Any:
    """What TFX computes: TFDV on Beam, from TFRecords."""
    import apache_beam as beam
    import tensorflow_data_validation as tfdv
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
    from tfx_bsl.public.tfxio import TFExampleRecord

    data = examples_in(folder / "for_beam", TFRECORD, train=batch)
    target = folder / "from_beam.pb"
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        _ = (
            pipeline
            | TFExampleRecord(str(data.split("train") / "*")).BeamSource()
            | tfdv.GenerateStatistics(tfdv.StatsOptions(**options))
            | tfdv.WriteStatisticsToBinaryFile(str(target))
        )
    return tfdv.load_stats_binary(str(target))


def assert_same(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    """Equal in everything, up to the last digits of numbers and the order of features and slices."""
    ours, theirs = dict(leaves(as_dict(found))), dict(leaves(as_dict(expected)))
    assert ours.keys() == theirs.keys()
    different = {k: (ours[k], theirs[k]) for k in ours if not close(ours[k], theirs[k], tolerance)}
    assert not different


def as_dict(message: Any) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    found: dict[str, Any] = MessageToDict(message)
    for d in found["datasets"]:
        d["features"].sort(key=lambda f: str(f["path"]))
    found["datasets"].sort(key=lambda d: str(d.get("name", "")))
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in items:
            yield from leaves(inner, f"{path}/{key}")
    else:
        yield path, value


def close(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(float(a), float(b), rel_tol=tolerance)
    return bool(a == b)


@FORMATS
def test_statistics_equal_those_of_tfdv_on_beam(tmp_path: Path, file_format: str) -> None:
    examples = examples_in(tmp_path, file_format, train=trips(), eval=trips(100))

    step = perform(StatisticsGen(examples=examples), tmp_path)

    ours = statistics.read_statistics(step.statistics, "train")
    assert_same(ours, on_beam(tmp_path, trips()))


def test_the_schema_weights_slices_and_sizes_reach_tfdv(tmp_path: Path) -> None:
    import tensorflow_data_validation as tfdv
    from tensorflow_data_validation.utils.slicing_util import get_feature_value_slicer

    text = 'feature { name: "area" type: INT int_domain { is_categorical: true } }'
    step = StatisticsGen(
        examples=examples_in(tmp_path, train=trips(600)),
        schema=schema_in(tmp_path, text),
        weight_feature="importance",
        slice_features=("payment", ("importance", "payment")),
        num_top_values=3,
        num_histogram_buckets=4,
    )

    step = perform(step, tmp_path)

    expected = on_beam(
        tmp_path,
        trips(600),
        schema=tfdv.load_schema_text(str(tmp_path / "schema.pbtxt")),
        weight_feature="importance",
        num_top_values=3,
        num_histogram_buckets=4,
        experimental_slice_functions=[
            get_feature_value_slicer({"payment": None}),
            get_feature_value_slicer({"importance": None, "payment": None}),
        ],
    )
    assert_same(statistics.read_statistics(step.statistics, "train"), expected, tolerance=1e-6)
    names = {d.name for d in expected.datasets}
    assert {"All Examples", "payment_Card", "payment_Späti", "importance_3.0_payment_Cash"} <= names


def test_many_batches_give_the_statistics_of_one() -> None:
    from tensorflow_data_validation.statistics import stats_impl

    from millwork.components.data.reading import to_feature_form

    batch = to_feature_form(trips())
    pieces = [batch.slice(start, 700) for start in range(0, batch.num_rows, 700)]

    assert_same(statistics.describe(pieces), statistics.describe([batch]))
    few = to_feature_form(trips(500))
    assert_same(statistics.describe([few]), stats_impl.generate_statistics_in_memory(few))


def test_the_file_is_read_by_tfdv(tmp_path: Path) -> None:
    import tensorflow_data_validation as tfdv

    step = perform(StatisticsGen(examples=examples_in(tmp_path, train=trips(50))), tmp_path)

    loaded = tfdv.load_stats_binary(str(step.statistics.path / "Split-train" / "FeatureStats.pb"))
    assert loaded.datasets[0].num_examples == 50
    assert tfdv.DatasetListView(loaded).get_default_slice_or_die() is not None


def test_splits_and_span_come_from_the_examples(tmp_path: Path) -> None:
    examples = examples_in(tmp_path, train=trips(10), eval=trips(10), test=trips(10))

    step = perform(StatisticsGen(examples=examples, exclude_splits=("eval",)), tmp_path)

    assert step.statistics.split_names == ("train", "test")
    assert step.statistics.span == 3
    assert not (step.statistics.path / "Split-eval").exists()


@FORMATS
def test_missing_zero_and_empty_are_told_apart(tmp_path: Path, file_format: str) -> None:
    rows = batch_of({"n": pa.array([0, None, 5, 7]), "s": pa.array(["", None, "x", "x"])})

    step = perform(StatisticsGen(examples=examples_in(tmp_path, file_format, train=rows)), tmp_path)

    numbers, strings = (feature(dataset(step), name) for name in ("n", "s"))
    assert numbers.num_stats.num_zeros == 1
    assert numbers.num_stats.common_stats.tot_num_values == 3
    assert {v.value: v.frequency for v in strings.string_stats.top_values} == {"x": 2, "": 1}
    assert strings.string_stats.unique == 2


@FORMATS
def test_a_split_without_rows_is_described_as_such(tmp_path: Path, file_format: str) -> None:
    examples = examples_in(tmp_path, file_format, train=trips(10), eval=trips(0))

    step = perform(StatisticsGen(examples=examples, slice_features=("payment",)), tmp_path)

    assert step.statistics.split_names == ("train", "eval")
    assert dataset(step, "eval").num_examples == 0
    assert dataset(step, "train").num_examples == 10


def test_an_unknown_split_cannot_be_excluded(tmp_path: Path) -> None:
    step = StatisticsGen(examples=examples_in(tmp_path, train=trips(5)), exclude_splits=("trian",))

    with pytest.raises(BadInput, match=r"'trian'.*no such split\. Did you mean 'train'\?"):
        perform(step, tmp_path)


def test_not_all_splits_can_be_excluded(tmp_path: Path) -> None:
    step = StatisticsGen(examples=examples_in(tmp_path, train=trips(5)), exclude_splits=("train",))

    with pytest.raises(BadInput, match=r"Examples has no split left \(it has: train\)"):
        perform(step, tmp_path)


@FORMATS
def test_sample_rate_takes_the_same_share_of_the_rows_each_time(tmp_path: Path, file_format: str) -> None:
    examples = examples_in(tmp_path, file_format, train=trips())
    first, second = (
        perform(StatisticsGen(examples=examples, sample_rate=0.2), tmp_path / name) for name in ("a", "b")
    )

    assert 500 < dataset(first).num_examples < 700
    assert dataset(first) == dataset(second)


@FORMATS
def test_sample_count_takes_that_many_rows_or_all(tmp_path: Path, file_format: str) -> None:
    examples = examples_in(tmp_path, file_format, train=trips(), eval=trips(20))

    step = perform(StatisticsGen(examples=examples, sample_count=1_000), tmp_path)

    assert dataset(step, "train").num_examples == 1_000
    assert dataset(step, "eval").num_examples == 20


def test_drawn_rows_are_uniform_and_their_batches_need_not_have_the_same_columns() -> None:
    def numbers(start: int, name: str) -> pa.RecordBatch:
        values = pa.array([[n] for n in range(start, start + 5_000)], pa.large_list(pa.int64()))
        return batch_of({name: values, "none": pa.nulls(5_000)})

    drawn = list(statistics.draw([numbers(0, "a"), numbers(5_000, "b")], 2_000))

    rows = pa.Table.from_batches(drawn).to_pydict()
    early = [value[0] for value in rows["a"] if value]
    late = [value[0] for value in rows["b"] if value]
    assert len(early) + len(late) == 2_000
    assert 900 < len(early) < 1_100
    assert early == sorted(early) and max(late) < 10_000
    assert 4_700 < np.mean(early + late) < 5_300


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_rate": 0.0}, "sample_rate must be above 0 and at most 1, but got 0.0"),
        ({"sample_rate": 1.5}, "sample_rate must be above 0 and at most 1, but got 1.5"),
        ({"sample_rate": 0.5, "sample_count": 5}, "sample_rate=... or sample_count=..., not both"),
        ({"sample_count": 0}, "sample_count must be at least 1, but got 0"),
        ({"num_top_values": 0}, "num_top_values must be at least 1, but got 0"),
        ({"num_histogram_buckets": -1}, "num_histogram_buckets must be at least 1, but got -1"),
    ],
)
def test_parameters_out_of_range_are_refused_at_once(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        StatisticsGen(examples=Examples(), **parameters)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("zeroo", r"split 'train' has no feature 'zeroo'\. Did you mean 'zero'\?"),
        ("name", r"'name' holds strings in split 'train'\. Weights must be numbers"),
        ("missing", r"'missing' is \[\] in row 2 of split 'train' \(the first row is 0\)"),
        ("several", r"'several' is \[1, 2\] in row 1 of split 'train'"),
        ("negative", r"'negative' is \[-1\.0\] in row 1 of split 'train'"),
        ("infinite", r"'infinite' is \[inf\] in row 0 of split 'train'"),
        ("nothing", r"'nothing' is None in row 0 of split 'train'"),
        ("zero", r"'zero' is 0 in each row of split 'train'"),
    ],
)
def test_each_row_needs_one_weight(tmp_path: Path, weight: str, message: str) -> None:
    columns = {
        "zero": [0, 0, 0],
        "name": ["a", "b", "c"],
        "missing": [1.0, 2.0, None],
        "several": [[1], [1, 2], [1]],
        "negative": [1.0, -1.0, 1.0],
        "infinite": [float("inf"), 1.0, 1.0],
        "nothing": pa.nulls(3),
    }
    rows = batch_of({name: values for name, values in columns.items() if name in ("zero", weight)})
    step = StatisticsGen(examples=examples_in(tmp_path, train=rows), weight_feature=weight)

    with pytest.raises(BadInput, match=message):
        perform(step, tmp_path)


@FORMATS
def test_a_slice_feature_must_exist(tmp_path: Path, file_format: str) -> None:
    examples = examples_in(tmp_path, file_format, train=trips(10))
    step = StatisticsGen(examples=examples, slice_features=("payment", ("area", "paymnt")))

    with pytest.raises(BadInput, match=r"slice_features names 'paymnt'.*Did you mean 'payment'\?"):
        perform(step, tmp_path)


def test_a_slice_must_have_a_name_that_is_text(tmp_path: Path) -> None:
    rows = batch_of({"code": pa.array([b"a", b"\xff"], pa.binary())})
    step = StatisticsGen(examples=examples_in(tmp_path, train=rows), slice_features=("code",))

    with pytest.raises(BadInput, match=r"cannot be sliced: .* must be valid UTF-8\. Found value b'.*xff'"):
        perform(step, tmp_path)


def test_a_feature_with_too_many_values_cannot_be_sliced_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_SLICES", 5)
    step = StatisticsGen(examples=examples_in(tmp_path, train=trips(100)), slice_features=("trip",))

    with pytest.raises(BadInput, match=r"more than 5 slices, the last being 'trip_trip \d+'"):
        perform(step, tmp_path)


@FORMATS
def test_a_damaged_file_of_examples_is_named(tmp_path: Path, file_format: str) -> None:
    examples = examples_in(tmp_path, file_format, train=trips(100))
    (file,) = examples.split("train").iterdir()
    file.write_bytes(file.read_bytes()[:-40])

    with pytest.raises(BadInput, match=file.name):
        perform(StatisticsGen(examples=examples), tmp_path)


def test_values_too_many_to_hold_are_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"name {n}" for n in range(40_000)] + ["frequent"] * 3_000 + ["second"] * 2_000
    rows = batch_of({"name": names, "weight": pa.array([2.0] * len(names), pa.float32())})
    examples = examples_in(tmp_path, train=rows)
    monkeypatch.setattr(value_counts, "EXACT_BYTES", 100_000)

    step = perform(StatisticsGen(examples=examples, weight_feature="weight"), tmp_path)

    found = feature(dataset(step), "name").string_stats
    assert found.unique == pytest.approx(40_002, rel=0.03)
    assert [v.value for v in found.top_values[:2]] == ["frequent", "second"]
    assert found.top_values[0].frequency == pytest.approx(3_000, rel=0.05)
    assert found.weighted_string_stats.top_values[0].frequency == pytest.approx(6_000, rel=0.05)


GIVEN_OPTIONS = {"num_quantiles_histogram_buckets": 4, "feature_allowlist": ["fare", "payment"]}


@pytest.mark.parametrize("as_object", [True, False])
def test_tfdvs_options_can_be_given(tmp_path: Path, as_object: bool) -> None:
    import tensorflow_data_validation as tfdv

    given: Any = tfdv.StatsOptions(**GIVEN_OPTIONS) if as_object else GIVEN_OPTIONS
    step = StatisticsGen(examples=examples_in(tmp_path, train=trips()), stats_options=given)

    found = dataset(perform(step, tmp_path))

    assert {f.path.step[0] for f in found.features} == {"fare", "payment"}
    quantiles = [h for h in feature(found, "fare").num_stats.histograms if h.type == h.QUANTILES]
    assert [len(h.buckets) for h in quantiles] == [4]


def test_weights_in_tfdvs_options_are_checked_as_well(tmp_path: Path) -> None:
    examples = examples_in(tmp_path, train=trips())

    step = StatisticsGen(examples=examples, stats_options={"weight_feature": "importance"})
    assert dataset(perform(step, tmp_path / "good")).weighted_num_examples > 3_000
    with pytest.raises(BadInput, match="no feature 'importances'"):
        perform(StatisticsGen(examples=examples, stats_options={"weight_feature": "importances"}), tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_top": 3}, r"stats_options has no option 'num_top'. Did you mean 'num_top_values'\?"),
        ({"sample_rate": 7}, r"TFDV does not take \{'sample_rate': 7\}"),
        (
            {"experimental_slice_sqls": ["SELECT 1"]},
            "experimental_slice_sqls is not taken. Name the features in slice",
        ),
    ],
)
def test_options_that_tfdv_or_we_do_not_take_are_refused(tmp_path: Path, options: Any, message: str) -> None:
    step = StatisticsGen(examples=examples_in(tmp_path, train=trips(10)), stats_options=options)
    with pytest.raises(BadInput, match=message):
        perform(step, tmp_path)


def test_an_option_is_said_once_and_holds_no_code() -> None:
    import tensorflow_data_validation as tfdv

    with pytest.raises(
        WrongArgument, match="num_top_values is an argument, and part of stats_options as well"
    ):
        StatisticsGen(examples=Examples("e"), num_top_values=5, stats_options={"num_top_values": 6})
    options = tfdv.StatsOptions(experimental_slice_functions=[lambda batch: []])
    with pytest.raises(WrongArgument, match="stats_options cannot be part of a plan"):
        StatisticsGen(examples=Examples("e"), stats_options=options)


def test_splits_can_be_sampled_at_rates_of_their_own(tmp_path: Path) -> None:
    examples = examples_in(tmp_path, train=trips(), eval=trips(100))

    step = perform(StatisticsGen(examples=examples, sample_rate={"train": 0.1}), tmp_path / "out")

    assert dataset(step, "train").num_examples == pytest.approx(300, abs=100)
    assert dataset(step, "eval").num_examples == 100
    with pytest.raises(BadInput, match=r"the split 'trian', which is not described. Did you mean 'train'\?"):
        perform(StatisticsGen(examples=examples, sample_rate={"trian": 0.1}), tmp_path / "wrong")
    with pytest.raises(WrongArgument, match="sample_rate must be above 0 and at most 1, but got 2"):
        StatisticsGen(examples=examples, sample_rate={"train": 2})
