"""How far apart the splits of a feature are."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from sample_artifacts import statistics
from scipy.spatial.distance import jensenshannon

from millwork.analysis.views.feature_pictures import distribution
from millwork.analysis.views.feature_samples import FeatureSamples, SplitStatistics, by_feature


def features(*shifts: float) -> dict[str, FeatureSamples]:
    splits = [
        SplitStatistics(f"split {number}", statistics("Graz", shift).datasets[0], ())
        for number, shift in enumerate(shifts)
    ]
    return {feature.name: feature for feature in by_feature(splits)}


def test_equal_splits_have_no_distance() -> None:
    found = features(0, 0)
    assert found["age"].distance == 0
    assert found["town Graz"].distance == 0


@pytest.mark.parametrize("shift", [5.0, 20.0, 100.0, 1000.0])
def test_of_numbers_it_is_the_jensen_shannon_divergence_to_base_2(shift: float) -> None:
    one, other = np.zeros(300), np.zeros(300)  # bins of width 5
    one[:20] = 1 / 20
    start = min(int(shift // 5), 100)
    other[start : start + 20] = 1 / 20
    assert features(0, shift)["age"].distance == pytest.approx(jensenshannon(one, other, base=2) ** 2)


def test_of_categories_it_is_the_largest_change_of_a_share() -> None:
    assert features(0, 20)["town Graz"].distance == pytest.approx(60 / 90 - 40 / 90)


def test_of_several_splits_the_farthest_from_the_first_counts() -> None:
    assert features(0, 5, 20)["town Graz"].distance == features(0, 20)["town Graz"].distance


def test_what_has_no_distribution_has_no_distance() -> None:
    assert math.isnan(features(0, 20)["photo"].distance)
    assert math.isnan(features(0)["age"].distance)


def test_a_number_that_is_always_the_same_is_at_a_distance_of_1_from_others() -> None:
    messages = [statistics("Graz").datasets[0] for _ in range(2)]
    for message, value in zip(messages, (3.0, 4.0), strict=True):
        histogram = message.features[0].num_stats.histograms[0]
        del histogram.buckets[:]
        histogram.buckets.add(low_value=value, high_value=value, sample_count=90)
    splits = [SplitStatistics(str(n), message, ()) for n, message in enumerate(messages)]
    assert by_feature(splits)[0].distance == 1


def test_a_feature_that_one_split_lacks_has_the_other_only() -> None:
    messages = [statistics("Graz").datasets[0] for _ in range(2)]
    del messages[1].features[0]
    splits = [SplitStatistics(name, message, ()) for name, message in zip("ab", messages, strict=True)]
    age = by_feature(splits)[0]
    assert [sample.split for sample in age.samples] == ["a"]
    assert math.isnan(age.distance)


def test_of_a_number_with_a_long_tail_the_lowest_nine_tenths_are_drawn() -> None:
    from tensorflow_metadata.proto.v0.statistics_pb2 import Histogram

    message = statistics("Graz").datasets[0]
    numbers = message.features[0].num_stats
    for place, bucket in enumerate(numbers.histograms[0].buckets):
        bucket.low_value, bucket.high_value = 1_000 * place, 1_000 * (place + 1)
        bucket.sample_count = 990 if place == 0 else 1
    edges = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 10_000]  # three tenths are 0
    quantiles = numbers.histograms.add(type=Histogram.QUANTILES)
    for low, high in pairwise(edges):
        quantiles.buckets.add(low_value=low, high_value=high, sample_count=100)
    age = by_feature([SplitStatistics("train", message, ())])[0]
    assert age.is_crowded
    assert "from 0 to 32" in distribution(age, {"train": 0})


def test_a_number_of_one_value_can_be_drawn() -> None:
    message = statistics("Graz").datasets[0]
    del message.features[0].num_stats.histograms[0].buckets[:]
    message.features[0].num_stats.histograms[0].buckets.add(low_value=7, high_value=7, sample_count=90)
    age = by_feature([SplitStatistics("train", message, ())])[0]
    assert not age.is_crowded
    assert "NaN" not in distribution(age, {"train": 0})
    assert "M" in distribution(age, {"train": 0})
