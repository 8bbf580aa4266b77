"""ExampleDiff finds what TFDV's feature skew detector finds, without Beam and without its join in memory."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millwork.components.checks import matching, partitions
from millwork.components.checks.paired_skew import PairedExampleSkew
from millwork.components.data import reading
from millwork.components.data.writing import ExamplesWriter
from millwork.components.example_diff import ExampleDiff
from millwork.core.artifacts import PARQUET, TFRECORD, Examples
from millwork.core.errors import BadInput, GateNotMet, WrongArgument
from millwork.core.testing import perform

Columns = Mapping[str, Any]
FORMATS = [PARQUET, TFRECORD]
BY_ID = {"identifier_features": ["id"]}

BASE: Columns = {
    "id": ["a", "b", "c", "d", None],
    "fare": pa.array([1.0, 2.0, 3.0, float("nan"), 5.0], pa.float32()),
    "town": ["Graz", "Köln", None, "Graz", "Graz"],
    "tags": [["x"], ["x", "y"], [], ["z"], ["z"]],
    "seen": [1, 2, 3, 4, 5],
}
TEST: Columns = {
    "id": ["d", "c", "b", "e", "f"],
    "fare": pa.array([float("nan"), 3.25, 2.0, 1.0, 1.0], pa.float32()),
    "town": [None, "Graz", "Köln", "Graz", "Graz"],
    "tags": [["z"], [], ["y", "x"], [], []],
    "seen": [4, 3, 9, 1, 1],
}


def examples_of(folder: Path, file_format: str = PARQUET, **splits: Columns) -> Examples:
    artifact = Examples(str(folder))
    with ExamplesWriter(artifact, list(splits), file_format) as writer:
        for split, columns in splits.items():
            if columns:
                arrays = [
                    pa.array(values) if isinstance(values, list) else values for values in columns.values()
                ]
                writer.write(split, pa.RecordBatch.from_arrays(arrays, list(columns)))
    return artifact


def diff_of(folder: Path, test: Columns, base: Columns, config: Any = BY_ID, **more: Any) -> ExampleDiff:
    step = ExampleDiff(
        examples_test=examples_of(folder / "test", more.pop("test_format", PARQUET), train=test),
        examples_base=examples_of(folder / "base", more.pop("base_format", PARQUET), train=base),
        config=config,
        **more,
    )
    return perform(step, folder / "out")


def document(step: ExampleDiff, pair: str = "train_train") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (step.example_diff_result.split_pair(pair) / "diff.json").read_text()
    )
    return content


def features(step: ExampleDiff, pair: str = "train_train") -> dict[str, dict[str, Any]]:
    return {one["feature_name"]: one for one in document(step, pair)["features"]}


def kinds(step: ExampleDiff, name: str) -> tuple[int, ...]:
    """Match, mismatch, only in the base, only in the test examples."""
    one = features(step)[name]
    return tuple(one[kind] for kind in ("match_count", "mismatch_count", "base_only", "test_only"))


@pytest.mark.parametrize(("test_format", "base_format"), list(product(FORMATS, FORMATS)))
def test_each_feature_is_compared_in_the_rows_that_belong_together(
    tmp_path: Path, test_format: str, base_format: str
) -> None:
    step = diff_of(tmp_path, TEST, BASE, test_format=test_format, base_format=base_format)

    assert kinds(step, "fare") == (2, 1, 0, 0)  # NaN equals NaN
    assert kinds(step, "town") == (1, 0, 1, 1)
    assert kinds(step, "tags") == (2, 1, 0, 0)  # the order counts
    assert kinds(step, "seen") == (2, 1, 0, 0)
    assert features(step)["fare"]["max_difference"] == 0.25
    assert features(step)["seen"]["max_difference"] == 7
    assert document(step)["match_stats"] == {
        "base_with_id_count": 4,
        "test_with_id_count": 5,
        "identifiers_count": 6,
        "ids_missing_in_base_count": 2,
        "ids_missing_in_test_count": 1,
        "matching_pairs_count": 3,
        "duplicate_id_count": 0,
        "base_missing_id_count": 1,
        "test_missing_id_count": 0,
    }
    assert (step.example_diff_result.num_pairs, step.example_diff_result.num_skewed_pairs) == (3, 3)


def test_base_and_test_are_not_confused(tmp_path: Path) -> None:
    """TFX's ExampleDiff reads each with the reader of the other."""
    step = diff_of(tmp_path, {"id": [1], "new": [1]}, {"id": [1], "old": [1]}, test_format=TFRECORD)

    assert kinds(step, "old") == (0, 0, 1, 0)
    assert kinds(step, "new") == (0, 0, 0, 1)
    assert (features(step)["old"]["base_type"], features(step)["old"]["test_type"]) == ("INT", "")


def random_rows(rng: np.random.Generator, rows: int) -> Columns:
    def some(values: Sequence[Any]) -> list[Any]:
        return [values[i] for i in rng.integers(0, len(values), rows)]

    return {
        "user": some([*range(12), None]),
        "day": some(["mon", "tue", "wed", None]),
        "fare": pa.array(some([1.0, 1.04, 1.05, 2.0, float("nan"), None]), pa.float32()),
        "town": some(["Graz", "Köln", "", None]),
        "tags": some([["x"], ["x", "y"], [], ["z", "z", "z"]]),
        "counts": some([[1, 2], [1], []]),
        "noise": some(list(range(100))),
    }


@pytest.fixture(scope="module")
def two_sources() -> tuple[Columns, Columns]:
    rng = np.random.default_rng(3)
    return random_rows(rng, 60), random_rows(rng, 50)


def by_tfdv(folder: Path, test: Examples, base: Examples, **options: Any) -> dict[str, Any]:
    """What TFDV's detector finds on Beam."""
    import apache_beam as beam
    import tensorflow as tf
    from tensorflow_data_validation.skew import feature_skew_detector as tfdv

    def rows(examples: Examples) -> list[Any]:
        batches = reading.serialized_batches(examples, "train")
        return [tf.train.Example.FromString(row) for batch in batches for row in batch]

    folder.mkdir(parents=True)
    with beam.Pipeline() as pipeline:
        sides = [pipeline | name >> beam.Create(rows(e)) for name, e in (("b", base), ("t", test))]
        found = tuple(sides) | tfdv.DetectFeatureSkewImpl(**options)
        found[tfdv.SKEW_RESULTS_KEY] | "1" >> tfdv.skew_results_sink(str(folder / "skew_stats"))
        found[tfdv.MATCH_STATS_KEY] | "2" >> tfdv.match_stats_sink(str(folder / "match_stats"))
        found[tfdv.SKEW_PAIRS_KEY] | "3" >> tfdv.skew_pair_sink(str(folder / "sample_pairs"))
        if tfdv.CONFUSION_KEY in found:
            found[tfdv.CONFUSION_KEY] | "4" >> tfdv.confusion_count_sink(str(folder / "confusion"))
    return read_by_tfdv(folder)


def read_by_tfdv(folder: Path) -> dict[str, Any]:
    from tensorflow_data_validation.skew import feature_skew_detector as tfdv

    return {
        "skew": {s.feature_name: s for s in tfdv.skew_results_iterator(str(folder / "skew_stats"))},
        "match": list(tfdv.match_stats_iterator(str(folder / "match_stats"))),
        "pairs": Counter(map(_pair_key, tfdv.skew_pair_iterator(str(folder / "sample_pairs")))),
        "confusion": {
            (c.feature_name, c.base.bytes_value, c.test.bytes_value): c.count
            for c in tfdv.confusion_count_iterator(str(folder / "confusion"))
        },
    }


def _pair_key(pair: Any) -> tuple[Any, ...]:
    import tensorflow as tf

    rows = [
        tf.train.Example.FromString(row).SerializeToString(deterministic=True)
        for row in (pair.base, pair.test)
    ]
    lists = ("matched_features", "mismatched_features", "base_only_features", "test_only_features")
    return (*rows, *(tuple(sorted(getattr(pair, name))) for name in lists))


@pytest.mark.parametrize("duplicates", [False, True])
@pytest.mark.parametrize("digits", [None, 1])
def test_counts_pairs_and_files_are_those_of_tfdv(
    tmp_path: Path, two_sources: tuple[Columns, Columns], duplicates: bool, digits: int | None
) -> None:
    test = examples_of(tmp_path / "test", TFRECORD, train=two_sources[0])
    base = examples_of(tmp_path / "base", PARQUET, train=two_sources[1])
    config = {
        "identifier_features": ["user", "day"],
        "ignore_features": ["noise"],
        "float_round_ndigits": digits,
        "allow_duplicate_identifiers": duplicates,
        "skew_sample_size": 10_000,
        "confusion_config": [{"feature_name": "town"}],
    }

    step = perform(ExampleDiff(examples_test=test, examples_base=base, config=config), tmp_path / "out")

    from tensorflow_data_validation.skew.feature_skew_detector import ConfusionConfig

    expected = by_tfdv(
        tmp_path / "tfdv",
        test,
        base,
        identifier_features=["user", "day"],
        features_to_ignore=["noise"],
        float_round_ndigits=digits,
        allow_duplicate_identifiers=duplicates,
        sample_size=10_000,
        confusion_configs=[ConfusionConfig("town")],
    )
    found = read_by_tfdv(step.example_diff_result.split_pair("train_train"))
    assert sum(expected["pairs"].values()) > 5
    assert found == expected


def test_what_is_on_one_side_only_by_another_name_of_nothing_is_no_difference(tmp_path: Path) -> None:
    """A null, an empty list and a feature that is not there all mean that there is no value."""
    step = diff_of(
        tmp_path, {"id": [1, 2], "tags": [[], None]}, {"id": [1, 2], "tags": [None, []], "more": [None, None]}
    )

    assert (kinds(step, "tags"), kinds(step, "more")) == ((2, 0, 0, 0), (2, 0, 0, 0))


def test_minus_zero_is_zero(tmp_path: Path) -> None:
    step = diff_of(tmp_path, {"id": [1], "x": [-0.0]}, {"id": [1], "x": [0.0]})

    assert step.example_diff_result.num_skewed_pairs == 0


@pytest.mark.parametrize(("digits", "found"), [(None, 2), (0, 0), (2, 1), (45, 2), (10_000, 2)])
def test_floats_are_rounded_to_any_number_of_digits(tmp_path: Path, digits: int | None, found: int) -> None:
    base = {"id": [1, 2], "x": pa.array([1.001, 1.01], pa.float32())}
    test = {"id": [1, 2], "x": pa.array([1.002, 1.02], pa.float32())}

    step = diff_of(tmp_path, test, base, {**BY_ID, "float_round_ndigits": digits})

    assert step.example_diff_result.num_skewed_pairs == found


def test_another_type_is_a_mismatch_and_the_types_are_told(tmp_path: Path) -> None:
    step = diff_of(tmp_path, {"id": [1], "x": [1.0]}, {"id": [1], "x": [1]})

    assert kinds(step, "x") == (0, 1, 0, 0)
    assert (features(step)["x"]["base_type"], features(step)["x"]["test_type"]) == ("INT", "FLOAT")


def test_identifiers_of_several_features_do_not_run_together(tmp_path: Path) -> None:
    step = diff_of(
        tmp_path,
        {"a": ["x", "xy"], "b": ["yz", "z"]},
        {"a": ["xy", "x"], "b": ["z", "y"]},
        {"identifier_features": ["a", "b"]},
    )

    assert document(step)["match_stats"]["matching_pairs_count"] == 1


def test_many_partitions_and_chunks_find_the_same(
    tmp_path: Path, two_sources: tuple[Columns, Columns], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"identifier_features": ["user"], "allow_duplicate_identifiers": True, "skew_sample_size": 0}
    whole = document(diff_of(tmp_path / "whole", *two_sources, config))

    monkeypatch.setattr(partitions, "FILE_BYTES", 500)
    monkeypatch.setattr(matching, "PAIRS", 7)
    assert document(diff_of(tmp_path / "parts", *two_sources, config)) == whole


@pytest.fixture
def many_pairs(tmp_path: Path) -> ExampleDiff:
    rows = 5_000
    base = {"id": list(range(rows)), "x": [0] * rows}
    test = {"id": list(range(rows)), "x": [int(i >= rows // 2) for i in range(rows)]}
    return diff_of(tmp_path, test, base, {**BY_ID, "skew_sample_size": 400})


def test_the_sample_is_as_large_as_asked_for_and_a_fair_one(many_pairs: ExampleDiff) -> None:
    sample = [pair["identifiers"]["id"][0] for pair in document(many_pairs)["sample_pairs"]]

    assert len(set(sample)) == 400
    assert min(sample) >= 2_500
    assert np.mean(sample) == pytest.approx(3_750, abs=3 * 722 / 20)  # three standard errors


def test_the_same_rows_give_the_same_sample(many_pairs: ExampleDiff, tmp_path: Path) -> None:
    again = perform(
        ExampleDiff(
            examples_test=many_pairs.examples_test,
            examples_base=many_pairs.examples_base,
            config=many_pairs.config,
        ),
        tmp_path / "again",
    )

    assert document(again) == document(many_pairs)


def test_samples_and_counts_are_tables_too(tmp_path: Path) -> None:
    step = diff_of(tmp_path, TEST, BASE, {**BY_ID, "confusion_config": ["town", "seen"]})

    folder = step.example_diff_result.split_pair("train_train")
    skew = pq.read_table(folder / "feature_skew.parquet").to_pylist()
    assert [row["feature_name"] for row in skew] == [
        "town",
        "fare",
        "seen",
        "tags",
    ]  # those that differ most first
    samples = pq.read_table(folder / "sample_pairs.parquet").to_pylist()
    assert {
        "identifiers": '{"id": ["c"]}',
        "feature_name": "town",
        "kind": "test_only",
        "base": "[]",
        "test": '["Graz"]',
    }.items() <= next(s for s in samples if s["feature_name"] == "town" and s["kind"] == "test_only").items()
    confusion = pq.read_table(folder / "confusion.parquet").to_pylist()
    assert {"feature_name": "town", "base": None, "test": "Graz", "count": 1} in confusion
    assert {"feature_name": "seen", "base": "2", "test": "9", "count": 1} in confusion


def test_every_split_is_compared_with_every_other_because_a_hash_may_have_moved_a_row(tmp_path: Path) -> None:
    test = examples_of(tmp_path / "test", train={"id": [1], "x": [5]}, eval={"id": [2], "x": [6]})
    base = examples_of(tmp_path / "base", train={"id": [2], "x": [7]}, eval={"id": [3], "x": [8]})

    step = perform(ExampleDiff(examples_test=test, examples_base=base, config=BY_ID), tmp_path / "all")

    assert step.example_diff_result.split_pairs == ("train_train", "train_eval", "eval_train", "eval_eval")
    assert kinds_of_pair(step, "eval_train") == (0, 1, 0, 0)
    chosen = ExampleDiff(
        examples_test=test, examples_base=base, config=BY_ID, include_split_pairs=(("train", "eval"),)
    )
    assert perform(chosen, tmp_path / "one").example_diff_result.split_pairs == ("train_eval",)


def test_pairs_of_splits_that_would_share_a_folder_are_refused(tmp_path: Path) -> None:
    test = examples_of(tmp_path / "test", a={"id": [1]}, a_b={"id": [2]})
    base = examples_of(tmp_path / "base", b_c={"id": [1]}, c={"id": [2]})
    step = ExampleDiff(examples_test=test, examples_base=base, config=BY_ID)
    with pytest.raises(BadInput, match="Two pairs of splits would be written to one folder, 'a_b_c'"):
        perform(step, tmp_path / "out")


def kinds_of_pair(step: ExampleDiff, pair: str) -> tuple[int, ...]:
    one = features(step, pair)["x"]
    return tuple(one[kind] for kind in ("match_count", "mismatch_count", "base_only", "test_only"))


def test_several_spans_are_compared_as_one_data_set(tmp_path: Path) -> None:
    spans = [
        examples_of(tmp_path / "1", PARQUET, train={"id": [1], "x": [5]}),
        examples_of(tmp_path / "2", TFRECORD, train={"id": [2], "x": [6]}),
    ]
    base = examples_of(tmp_path / "base", train={"id": [1, 2], "x": [5, 7]})

    step = perform(ExampleDiff(examples_test=spans, examples_base=base, config=BY_ID), tmp_path / "out")

    assert kinds(step, "x") == (1, 1, 0, 0)


@pytest.mark.parametrize("empty", ["test", "base", "both"])
def test_a_split_without_rows_has_no_pairs(tmp_path: Path, empty: str) -> None:
    test, base = (
        {} if empty in (side, "both") else columns for side, columns in (("test", TEST), ("base", BASE))
    )

    step = diff_of(tmp_path, test, base)

    assert document(step)["num_pairs"] == 0
    assert document(step)["match_stats"]["ids_missing_in_base_count"] == (5 if empty == "base" else 0)


def test_too_many_differences_stop_the_run_and_are_told(tmp_path: Path) -> None:
    diff_of(tmp_path / "enough", TEST, BASE, max_skewed_fraction=1.0)

    with pytest.raises(GateNotMet) as stopped:
        diff_of(tmp_path, TEST, BASE, max_skewed_fraction=0.5)

    first, pair, town, fare, *_, last = str(stopped.value).splitlines()
    assert first == "100.00% of the rows differ from the base's, but at most 50.00% may"
    assert pair == (
        "  splits 'train' and 'train': 3 of 3 pairs of rows differ (100.00%); of 6 identifiers 2 are not in the base, "
        "1 only there, 0 occur more than once; 1 rows lack one"
    )
    assert town == "    feature 'town' differs in 66.67%: 0 mismatches, 1 only in the base, 1 only here"
    assert fare.endswith(
        "feature 'fare' differs in 33.33%: 1 mismatches, by 0.25 at most, 0 only in the base, 0 only here"
    )
    assert last.startswith("Correct the data")


def test_rows_that_never_meet_stop_the_run_as_well(tmp_path: Path) -> None:
    with pytest.raises(
        GateNotMet, match=r"No rows .* could be compared\n.*0 of 0 pairs.*\nLook at the identifier_feat"
    ):
        diff_of(tmp_path, {"id": [1]}, {"id": [2]}, max_skewed_fraction=0.5)


def test_what_differs_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "millwork"):
        diff_of(tmp_path, TEST, BASE)

    assert "Split 'train' against the base's 'train': 3 of 3 pairs of rows differ" in caplog.text
    assert "feature 'town' differs in 66.67%" in caplog.text


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"identifier_features": ["idd"]},
            r"'idd', but the test examples of split 'train' have no such feature\. Did",
        ),
        ({**BY_ID, "ignore_features": ["tow"]}, r"ignore_features names 'tow', .*Did you mean 'town'\?"),
        ({**BY_ID, "confusion_config": ["tow"]}, r"confusion_config names 'tow', .*Did you mean 'town'\?"),
        ({**BY_ID, "confusion_config": ["fare"]}, "'fare', which is FLOAT"),
        ({**BY_ID, "confusion_config": ["tags"]}, "'tags', which has several values in a row"),
    ],
)
def test_features_that_do_not_suit_are_refused(tmp_path: Path, config: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        diff_of(tmp_path, TEST, BASE, config)


def test_identifiers_of_two_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="identifier 'id' is INT in the base and BYTES in the test examples"):
        diff_of(tmp_path, {"id": ["1"]}, {"id": [1]})


TFX_SHAPE = {
    "paired_example_skew": {
        "identifier_features": ["id", "id"],
        "ignore_features": ["seen"],
        "skew_sample_size": 5,
        "float_round_ndigits": 2,
        "allow_duplicate_identifiers": True,
        "confusion_config": [{"feature_name": "town"}],
    }
}
CAMEL_CASE = {
    "pairedExampleSkew": {
        "identifierFeatures": ["id"],
        "ignoreFeatures": ["seen"],
        "skewSampleSize": 5,
        "floatRoundNdigits": 2,
        "allowDuplicateIdentifiers": True,
        "confusionConfig": [{"featureName": "town"}],
    }
}


@pytest.mark.parametrize("given", [TFX_SHAPE, CAMEL_CASE])
def test_the_config_is_tfxs_or_ours(given: Any) -> None:
    ours = PairedExampleSkew(("id",), ("seen",), 2, True, 5, ("town",))

    for config in (given, ours):
        assert (
            ExampleDiff(examples_test=Examples("t"), examples_base=Examples("b"), config=config).config
            == ours
        )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "config needs identifier_features"),
        ({"paired_example_skew": {}}, "config.paired_example_skew needs identifier_features"),
        ({"identifier_features": "id"}, "must be a list of names of features, but got 'id'"),
        ({"identifiers": ["id"]}, r"no field 'identifiers'. Did you mean 'identifier_features'\?"),
        (
            {**BY_ID, "float_round_ndigits": -1},
            "float_round_ndigits must be a whole number, 0 or more, but got -1",
        ),
        ({**BY_ID, "skew_sample_size": 1.5}, "skew_sample_size must be a whole number"),
        ({**BY_ID, "allow_duplicate_identifiers": 1}, "must be True or False, but got 1"),
        (
            {**BY_ID, "confusion_config": [{"name": "x"}]},
            r"confusion_config\[0\] needs exactly a feature_name",
        ),
    ],
)
def test_a_wrong_config_is_refused_when_it_is_given(config: Any, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        ExampleDiff(examples_test=Examples("t"), examples_base=Examples("b"), config=config)


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(WrongArgument, match=r"max_skewed_fraction must be from 0 to 1, but got 5"):
        ExampleDiff(
            examples_test=Examples("t"), examples_base=Examples("b"), config=BY_ID, max_skewed_fraction=5.0
        )
