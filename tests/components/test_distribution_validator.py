"""DistributionValidator measures what TFDV measures, and makes anomalies and a verdict of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.components.checks.comparators import (
    DistributionValidatorConfig,
    FeatureComparator,
    NumExamplesComparator,
)
from millwork.components.data.forms import to_feature_form
from millwork.components.data.statistics import describe, write_statistics
from millwork.components.distribution_validator import DistributionValidator
from millwork.core.artifacts import ExampleStatistics
from millwork.core.errors import BadInput, GateNotMet, WrongArgument
from millwork.core.testing import perform

Columns = Mapping[str, Any]
DIVERGENCE = {"jensen_shannon_divergence": 0.1}
DAYS = 4_000


def weather(warmer: float = 0.0, rain: float = 0.5, days: int = DAYS) -> Columns:
    """Days of a town: temperatures around 10 degrees and what the sky was like, always the same ones."""
    random = np.random.default_rng(7)
    temperature = random.normal(10 + warmer, 4, days).astype(np.float32)
    sky = np.where(np.arange(days) < rain * days, "rain", "sun")
    return {
        "temperature": temperature,
        "sky": sky.tolist(),
        "wind": random.gamma(2, 2, days).astype(np.float32),
    }


def described(columns: Columns, **options: Any) -> Any:
    import tensorflow_data_validation as tfdv

    batch = pa.RecordBatch.from_arrays([pa.array(values) for values in columns.values()], list(columns))
    return describe([to_feature_form(batch)] if columns else [], tfdv.StatsOptions(**options))


def statistics_of(
    folder: Path, *, span: int = 0, weight: str | None = None, **splits: Columns
) -> ExampleStatistics:
    artifact = ExampleStatistics(str(folder), span=span, split_names=tuple(splits))
    for split, columns in splits.items():
        write_statistics(artifact, split, described(columns, weight_feature=weight))
    return artifact


def compared(folder: Path, now: Columns, before: Columns, config: Any, **more: Any) -> DistributionValidator:
    step = DistributionValidator(
        statistics=statistics_of(folder / "now", span=3, train=now),
        baseline_statistics=statistics_of(folder / "before", train=before),
        config=config,
        **more,
    )
    return perform(step, folder / "out")


def report_of(step: DistributionValidator, pair: str = "train_train") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((step.anomalies.split_pair(pair) / "distances.json").read_text())
    return content


def distances(step: DistributionValidator) -> dict[str, float]:
    return {one["feature"]: one["distance"] for one in report_of(step)["distances"]}


def anomalies_of(step: DistributionValidator, pair: str = "train_train") -> Any:
    from tensorflow_data_validation.utils.anomalies_util import load_anomalies_binary

    return load_anomalies_binary(str(step.anomalies.path / f"SplitPair-{pair}" / "SchemaDiff.pb"))


def test_a_known_shift_is_found_at_the_threshold_and_not_below(tmp_path: Path) -> None:
    """Half of the days were rainy, now 65 in 100 are: the largest change of a share is exactly 0.15."""
    for threshold, found in ((0.14, True), (0.16, False)):
        config = {"features": {"sky": {"infinity_norm": threshold}}}
        step = compared(tmp_path / str(threshold), weather(rain=0.65), weather(), config)

        assert distances(step)["sky"] == pytest.approx(0.15)
        assert step.anomalies.num_anomalies == found
        assert json.loads(step.anomalies.blessed) == {"train_train": int(not found)}


def test_the_divergence_of_two_values_is_that_of_the_formula(tmp_path: Path) -> None:
    step = compared(tmp_path, weather(rain=0.8), weather(), {"features": {"sky": DIVERGENCE}})

    p, q = np.array([0.8, 0.2]), np.array([0.5, 0.5])
    middle = (p + q) / 2
    expected = ((p * np.log2(p / middle)).sum() + (q * np.log2(q / middle)).sum()) / 2
    assert distances(step)["sky"] == pytest.approx(expected, rel=1e-6)


def test_warmer_days_are_found_and_what_did_not_change_is_not(tmp_path: Path) -> None:
    config = {"default_comparator": DIVERGENCE}

    step = compared(tmp_path, weather(warmer=5), weather(), config)

    assert list(anomalies_of(step).anomaly_info) == ["temperature"]
    assert distances(step)["temperature"] > 0.1 > distances(step)["wind"]
    assert compared(tmp_path / "same", weather(), weather(), config).anomalies.num_anomalies == 0


@pytest.mark.parametrize("comparison", ["drift", "skew"])
@pytest.mark.parametrize("quantiles", [False, True])
def test_distances_and_anomalies_are_those_of_tfdv(tmp_path: Path, comparison: Any, quantiles: bool) -> None:
    import tensorflow_data_validation as tfdv

    now, before = weather(warmer=6, rain=0.7), weather()
    features: dict[str, dict[str, Any]] = {
        "temperature": {**DIVERGENCE, **({"histogram": "QUANTILES"} if quantiles else {})},
        "sky": {"infinity_norm": 0.1, "jensen_shannon_divergence": 0.01, "normalized_abs_difference": 0.3},
    }

    step = compared(tmp_path, now, before, {"features": features}, comparison=comparison)

    schema = tfdv.infer_schema(described(before))
    for name, measures in features.items():
        comparator = getattr(tfdv.get_feature(schema, name), f"{comparison}_comparator")
        for measure, threshold in measures.items():
            if measure == "histogram":
                comparator.jensen_shannon_divergence.source.type = 1
            else:
                getattr(comparator, measure).threshold = threshold
    against = {"previous_statistics" if comparison == "drift" else "serving_statistics": described(before)}
    expected = tfdv.validate_statistics(described(now), schema, **against)
    assert anomalies_of(step).drift_skew_info == expected.drift_skew_info
    assert anomalies_of(step).anomaly_info == expected.anomaly_info
    assert len(report_of(step)["distances"]) == 4


def test_the_number_of_rows_is_compared_too(tmp_path: Path) -> None:
    config = {"num_examples_comparator": {"min_fraction_threshold": 0.5, "max_fraction_threshold": 1.5}}

    step = compared(tmp_path, weather(days=1_000), weather(), config)

    [reason] = anomalies_of(step).dataset_anomaly_info.reason
    assert reason.short_description.startswith("Low num examples")
    assert report_of(step)["num_examples"] == {
        "current": 1_000,
        "baseline": 4_000,
        "ratio": 0.25,
        "min_fraction_threshold": 0.5,
        "max_fraction_threshold": 1.5,
    }


def test_weighted_statistics_are_compared_with_their_weights(tmp_path: Path) -> None:
    def statistics(name: str, sunny_weight: float) -> ExampleStatistics:
        days = {"sky": ["sun", "rain"], "weight": [sunny_weight, 1.0]}
        return statistics_of(tmp_path / name, weight="weight", train=days)

    step = DistributionValidator(
        statistics=statistics("now", 9.0),
        baseline_statistics=statistics("before", 1.0),
        config={"features": {"sky": {"infinity_norm": 0.1}}},
    )

    step = perform(step, tmp_path / "out")

    assert distances(step)["sky"] == pytest.approx(0.4)
    assert report_of(step)["weighted"]


def test_weighted_statistics_are_not_compared_with_unweighted_ones(tmp_path: Path) -> None:
    days = {"sky": ["sun", "rain"], "weight": [9.0, 1.0]}
    step = DistributionValidator(
        statistics=statistics_of(tmp_path / "now", weight="weight", train=days),
        baseline_statistics=statistics_of(tmp_path / "before", train=days),
        config={"default_comparator": DIVERGENCE},
    )

    with pytest.raises(BadInput, match=r"statistics of the data are weighted.*the same weight_feature"):
        perform(step, tmp_path / "out")


def test_without_a_baseline_nothing_is_compared_and_the_verdict_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    statistics = statistics_of(tmp_path / "now", span=3, train=weather(), eval=weather())
    step = DistributionValidator(statistics=statistics, config={"default_comparator": DIVERGENCE})

    step = perform(step, tmp_path / "out")

    assert json.loads(step.anomalies.blessed) == {"train": 2, "eval": 2}
    assert (step.anomalies.num_anomalies, step.anomalies.span, step.anomalies.split_names) == (0, 3, ())
    assert "no baseline" in caplog.text


def test_the_span_is_that_of_the_data(tmp_path: Path) -> None:
    assert compared(tmp_path, weather(), weather(), {"default_comparator": DIVERGENCE}).anomalies.span == 3


@pytest.mark.parametrize(
    ("now", "before", "comparator", "reason"),
    [
        ({"other": [1]}, {"sky": ["sun"]}, DIVERGENCE, "It is not in the data."),
        ({"sky": ["sun"]}, {"other": [1]}, DIVERGENCE, "It is not in the baseline."),
        ({"skye": ["sun"]}, {"skye": ["sun"]}, DIVERGENCE, "There is no such feature. Did you mean 'skye'?"),
        ({"sky": [1.5]}, {"sky": ["sun"]}, DIVERGENCE, "It is FLOAT now and was STRING (categorical) in the"),
        ({"sky": [1.5]}, {"sky": [2.5]}, {"infinity_norm": 0.1}, "infinity_norm is for categorical features"),
        (
            {"sky": ["sun"]},
            {"sky": [None], "a": [1]},
            DIVERGENCE,
            "It has no values in the base",
        ),
    ],
)
def test_a_feature_that_cannot_be_compared_is_an_anomaly_with_the_reason(
    tmp_path: Path, now: Columns, before: Columns, comparator: Any, reason: str
) -> None:
    step = compared(tmp_path, now, before, {"features": {"sky": comparator}})

    info = anomalies_of(step).anomaly_info["sky"]
    assert info.short_description == "Comparison could not be done"
    assert info.description.startswith(reason)
    assert report_of(step)["not_compared"][0]["reason"] == info.description
    assert json.loads(step.anomalies.blessed) == {"train_train": 0}


def test_a_comparator_for_all_passes_over_what_it_does_not_suit(tmp_path: Path) -> None:
    now = {**weather(rain=0.9), "nothing": [None] * DAYS}
    config = {"default_comparator": {"infinity_norm": 0.1}, "features": {"sky": None}}

    step = compared(tmp_path, now, {**weather(), "nothing": [None] * DAYS}, config)

    assert (step.anomalies.num_anomalies, distances(step)) == (0, {})


def test_a_feature_that_came_or_went_is_an_anomaly_for_a_comparator_of_all(tmp_path: Path) -> None:
    now, before = {"a": ["x"], "new": [1.0]}, {"a": ["x"], "old": [1.0]}

    step = compared(tmp_path, now, before, {"default_comparator": DIVERGENCE})

    assert sorted(anomalies_of(step).anomaly_info) == ["new", "old"]


def test_a_nested_feature_is_named_by_its_path(tmp_path: Path) -> None:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import statistics_pb2

    def nested(low: int) -> ExampleStatistics:
        folder = tmp_path / str(low)
        artifact = ExampleStatistics(str(folder), split_names=("train",))
        text = f"""datasets {{ num_examples: 10
          features {{ path {{ step: "trip" }} type: STRUCT struct_stats {{ common_stats {{ num_non_missing: 10 }} }} }}
          features {{ path {{ step: "trip" step: "fare" }} type: INT num_stats {{
            common_stats {{ num_non_missing: 10 tot_num_values: 10 }}
            histograms {{ type: STANDARD
              buckets {{ low_value: {low} high_value: {low + 1} sample_count: 10 }} }} }} }} }}"""
        kind = statistics_pb2.DatasetFeatureStatisticsList
        write_statistics(artifact, "train", text_format.Parse(text, kind()))
        return artifact

    for name in (("trip", "fare"), "trip.fare"):
        step = DistributionValidator(
            statistics=nested(5), baseline_statistics=nested(1), config={"features": {name: DIVERGENCE}}
        )
        done = perform(step, tmp_path / f"out-{len(name)}")
        assert distances(done) == {"trip.fare": pytest.approx(1.0)}


def test_a_name_with_a_dot_is_that_of_one_feature(tmp_path: Path) -> None:
    config = {"features": {"a.b": DIVERGENCE, "c.d": DIVERGENCE}}

    step = compared(tmp_path, {"a.b": [1.0]}, {"a.b": [9.0], "c.d": [1.0]}, config)

    assert distances(step) == {"a.b": 1.0}
    assert sorted(anomalies_of(step).anomaly_info) == ["'a.b'", "'c.d'"]


def test_of_sliced_statistics_the_whole_is_compared(tmp_path: Path) -> None:
    from tensorflow_data_validation.utils.slicing_util import get_feature_value_slicer

    slicers = [get_feature_value_slicer({"sky": None})]
    artifact = ExampleStatistics(str(tmp_path / "now"), split_names=("train",))
    write_statistics(artifact, "train", described(weather(rain=0.8), experimental_slice_functions=slicers))
    before = statistics_of(tmp_path / "before", train=weather())
    config = {"features": {"sky": {"infinity_norm": 0.1}}}

    step = perform(
        DistributionValidator(statistics=artifact, baseline_statistics=before, config=config),
        tmp_path / "out",
    )

    assert distances(step)["sky"] == pytest.approx(0.3)


def test_images_have_no_distribution_that_a_comparator_for_all_could_compare(tmp_path: Path) -> None:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = text_format.Parse('feature { name: "sky" type: BYTES image_domain {} }', schema_pb2.Schema())
    artifact = ExampleStatistics(str(tmp_path / "statistics"), split_names=("train",))
    write_statistics(artifact, "train", described({"sky": [b"\x89PNG"], "wind": [1.0]}, schema=schema))

    step = perform(
        DistributionValidator(
            statistics=artifact, baseline_statistics=artifact, config={"default_comparator": DIVERGENCE}
        ),
        tmp_path / "out",
    )

    assert (step.anomalies.num_anomalies, distances(step)) == (0, {"wind": 0.0})


def test_split_pairs_are_those_of_the_same_name_or_those_asked_for(tmp_path: Path) -> None:
    now = statistics_of(tmp_path / "now", train=weather(), serving=weather(rain=0.9))
    before = statistics_of(tmp_path / "before", train=weather(), eval=weather())
    config = {"default_comparator": DIVERGENCE}

    same = DistributionValidator(statistics=now, baseline_statistics=before, config=config)
    asked = DistributionValidator(
        statistics=now, baseline_statistics=before, config=config, include_split_pairs=(("serving", "eval"),)
    )

    assert perform(same, tmp_path / "same").anomalies.split_names == ("train_train",)
    done = perform(asked, tmp_path / "asked")
    assert json.loads(done.anomalies.blessed) == {"serving_eval": 0}
    assert list(anomalies_of(done, "serving_eval").anomaly_info) == ["sky"]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ((("tran", "eval"),), r"the data has no split 'tran'\. Did you mean 'train'\?"),
        ((("train", "train"),), r"the base has no split 'train'\. There are: eval\."),
        ((), r"No split has the same name on both sides: train, and in the base eval\."),
    ],
)
def test_splits_that_are_not_there_are_refused(tmp_path: Path, pairs: Any, message: str) -> None:
    step = DistributionValidator(
        statistics=statistics_of(tmp_path / "now", train=weather()),
        baseline_statistics=statistics_of(tmp_path / "before", eval=weather()),
        config={"default_comparator": DIVERGENCE},
        include_split_pairs=pairs,
    )

    with pytest.raises(BadInput, match=message):
        perform(step, tmp_path / "out")


@pytest.mark.parametrize("empty", ["now", "before"])
def test_a_split_without_rows_is_an_anomaly(tmp_path: Path, empty: str) -> None:
    columns = {"now": weather(), "before": weather(), empty: {}}

    step = compared(tmp_path, columns["now"], columns["before"], {"default_comparator": DIVERGENCE})

    [reason] = anomalies_of(step).dataset_anomaly_info.reason
    assert reason.description == f"The {'baseline ' if empty == 'before' else ''}split has no rows."
    assert json.loads(step.anomalies.blessed) == {"train_train": 0}


def test_drift_stops_the_run_on_request_and_every_anomaly_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"default_comparator": DIVERGENCE}

    with pytest.raises(GateNotMet) as stopped:
        compared(tmp_path, weather(warmer=9, rain=1.0), weather(), config, fail_on_anomalies=True)

    first, sky, temperature, last = str(stopped.value).splitlines()
    assert first == "The distributions differ too much from the baseline: 2 anomalies"
    assert sky.startswith("  pair of splits 'train_train', feature 'sky': High approximate Jensen-Shannon")
    assert temperature.startswith("  pair of splits 'train_train', feature 'temperature': ")
    assert "above the threshold 0.1" in temperature
    assert last.startswith("Look into the data")
    assert temperature.strip() in caplog.text


def test_every_distance_is_logged_the_largest_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "millwork"):
        compared(tmp_path, weather(warmer=9), weather(), {"default_comparator": DIVERGENCE})

    rows = caplog.text.partition("baseline's 'train':\n")[2].splitlines()[:3]
    assert [row.split()[3] for row in rows] == ["temperature", "sky", "wind"]
    assert [row.split()[1] for row in rows] == [">", "<=", "<="]


TFX_SHAPE = {
    "default_slice_config": {
        "feature": [
            {
                "path": {"step": ["fare"]},
                "distribution_comparator": {
                    "jensen_shannon_divergence": {"threshold": 0.2, "source": {"type": "QUANTILES"}}
                },
            },
            {
                "path": {"step": ["trip", "company"]},
                "distribution_comparator": {"infinity_norm": {"threshold": 0.0}},
            },
        ],
        "num_examples_comparator": {"min_fraction_threshold": 0.5},
    }
}
CAMEL_CASE = {
    "defaultSliceConfig": {
        "feature": [
            {
                "path": {"step": ["fare"]},
                "distributionComparator": {
                    "jensenShannonDivergence": {"threshold": 0.2, "source": {"type": "QUANTILES"}}
                },
            },
            {
                "path": {"step": ["trip", "company"]},
                "distributionComparator": {"infinityNorm": {"threshold": 0}},
            },
        ],
        "numExamplesComparator": {"minFractionThreshold": 0.5},
    }
}
OURS = {
    "features": {
        ("fare",): {"jensen_shannon_divergence": 0.2, "histogram": "quantiles"},
        ("trip", "company"): {"infinity_norm": 0},
    },
    "num_examples_comparator": {"min_fraction_threshold": 0.5},
}


@pytest.mark.parametrize("given", [TFX_SHAPE, CAMEL_CASE, OURS])
def test_the_config_is_tfxs_or_ours(given: Any) -> None:
    step = DistributionValidator(statistics=ExampleStatistics("now"), config=given)

    assert step.config == DistributionValidatorConfig(
        features={
            ("fare",): FeatureComparator(jensen_shannon_divergence=0.2, histogram="QUANTILES"),
            ("trip", "company"): FeatureComparator(infinity_norm=0.0),
        },
        num_examples_comparator=NumExamplesComparator(min_fraction_threshold=0.5),
    )
    again = DistributionValidator(statistics=ExampleStatistics("now"), config=step.config)
    assert again.config == step.config


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "config compares nothing"),
        ({"features": {"sky": None}}, "config compares nothing"),
        ({"default": {}}, r"config has no field 'default'. Did you mean 'default_comparator'\?"),
        ({"default_comparator": {}}, "config.default_comparator has no threshold. Give one of infinity_norm"),
        (
            {"default_comparator": {"infinity_norm": 10}},
            "infinity_norm must be a number from 0 to 1, but got 10",
        ),
        (
            {"default_comparator": {"infinity_norm": float("nan")}},
            "must be a number from 0 to 1, but got nan",
        ),
        ({"default_comparator": {"infinity_norm": True}}, "must be a number from 0 to 1, but got True"),
        ({"default_comparator": {"infinity_norm": {}}}, r"needs a threshold: \{'threshold': 0.1\}"),
        (
            {"default_comparator": {"infinty_norm": 1}},
            "has no field 'infinty_norm'. Did you mean 'infinity_norm'",
        ),
        ({"default_comparator": {**DIVERGENCE, "histogram": "quartiles"}}, "histogram cannot be 'QUARTILES'"),
        (
            {"default_comparator": {"infinity_norm": 0.1, "histogram": "standard"}},
            "histogram is for jensen_shannon",
        ),
        ({"features": ["sky"]}, "config.features must map names of features to comparators"),
        ({"features": {(): DIVERGENCE}}, r"\(\) is neither a feature's name nor a tuple"),
        ({"num_examples_comparator": {}}, "num_examples_comparator is empty"),
        (
            {"num_examples_comparator": {"min_fraction_threshold": 2, "max_fraction_threshold": 1}},
            "the minimum 2 is above the maximum 1",
        ),
        (
            {"default_slice_config": {"feature": [{"path": {"step": ["a"]}}]}},
            r"feature\[0\] needs exactly a path",
        ),
    ],
)
def test_a_wrong_config_is_refused_when_it_is_given(config: Any, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        DistributionValidator(statistics=ExampleStatistics("now"), config=config)


def test_skew_has_no_earlier_number_of_rows() -> None:
    with pytest.raises(WrongArgument, match="num_examples_comparator is for drift"):
        DistributionValidator(
            statistics=ExampleStatistics("now"),
            config={"num_examples_comparator": {"min_fraction_threshold": 1}},
            comparison="skew",
        )
