"""How far apart the splits of a feature are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sample_artifacts import statistics
from scipy.spatial.distance import jensenshannon

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
