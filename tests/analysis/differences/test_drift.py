"""How features differ is told from the statistics that were written, with the distances that TFDV has."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.analysis.differences.difference import Change, FeatureDrift
from millwork.analysis.differences.distances import by_chance, jensen_shannon, shares
from millwork.analysis.differences.drift import feature_drift
from millwork.components.checks.comparators import settled
from millwork.components.checks.distributions import compare
from millwork.components.data.statistics import describe

ROWS = 4_000


def statistics(**columns: Sequence[object]) -> Any:
    """What StatisticsGen writes of these columns. None is a missing value."""
    arrays = {
        name: pa.array([None if v is None else [v] for v in values]) for name, values in columns.items()
    }
    return describe([pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))])


def normal(mean: float = 0.0, seed: int = 0, rows: int = ROWS) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, 1.0, rows))


def letters(weights: dict[str, float], seed: int = 0, rows: int = ROWS) -> list[str]:
    share = np.array(list(weights.values())) / sum(weights.values())
    return list(np.random.default_rng(seed).choice(list(weights), rows, p=share))


def drift(before: Any, after: Any) -> dict[str, FeatureDrift]:
    return {found.feature: found for found in feature_drift("train", before, after)}


def test_equal_features_are_left_out() -> None:
    one = statistics(x=normal(), s=letters({"a": 1, "b": 2}))
    assert drift(one, one) == {}


def test_two_samples_of_the_same_are_not_worth_looking_at() -> None:
    for seed in range(5):
        before = statistics(x=normal(seed=2 * seed, rows=300), s=letters({"a": 1, "b": 2}, 2 * seed, 300))
        after = statistics(
            x=normal(seed=2 * seed + 1, rows=300), s=letters({"a": 1, "b": 2}, 2 * seed + 1, 300)
        )
        assert not any(found.noticeable for found in drift(before, after).values())


def test_numbers_that_moved() -> None:
    found = drift(statistics(x=normal()), statistics(x=normal(0.5, seed=1)))["x"]
    assert found.noticeable
    assert found.largest is None
    assert {"mean", "median", "10%", "90%"} <= {change.name for change in found.changes}
    mean = next(change for change in found.changes if change.name == "mean")
    assert float(mean.before or "nan") == pytest.approx(0, abs=0.05)
    assert float(mean.after or "nan") == pytest.approx(0.5, abs=0.05)


def test_one_far_value_is_no_drift_though_it_stretches_every_bucket() -> None:
    values = normal()
    found = drift(statistics(x=values), statistics(x=[*values[:-1], 12.0]))["x"]
    assert found.distance is not None and found.distance > 0.02
    assert not found.noticeable


def test_texts_whose_shares_moved_with_the_values_that_moved_most() -> None:
    before = statistics(s=["a"] * 600 + ["b"] * 400)
    after = statistics(s=["a"] * 300 + ["b"] * 600 + ["c"] * 100)
    found = drift(before, after)["s"]
    assert found.noticeable
    assert found.largest == pytest.approx(0.3)
    assert found.changes == (
        Change("'a'", "60.0%", "30.0%"),
        Change("'b'", "40.0%", "60.0%"),
        Change("'c'", None, "10.0%"),
    )


def test_values_that_are_missing() -> None:
    values: list[object] = list(letters({"a": 1, "b": 1}))
    holes = [None if i % 10 == 0 else v for i, v in enumerate(values)]
    found = drift(statistics(s=values), statistics(s=holes))["s"]
    assert found.noticeable
    assert found.changes[0] == Change("missing", "0.0%", "10.0%")


def test_a_feature_of_another_type_and_one_that_is_only_there_once() -> None:
    before = statistics(x=[1, 2, 3], gone=[1, 2, 3])
    after = statistics(x=["1", "2", "3"], new=["a", "b", "c"])
    found = drift(before, after)
    assert found["x"].changes == (Change("type", "INT", "STRING"),)
    assert found["gone"].changes == (Change("type", "INT", None),)
    assert found["new"].changes == (Change("type", None, "STRING"),)
    assert all(one.noticeable and one.distance is None for one in found.values())


def test_a_feature_that_lost_all_its_values() -> None:
    before = statistics(x=[1.0, 2.0], s=["a", "b"])
    after = statistics(x=pa.nulls(2, pa.float32()).to_pylist(), s=["a", "b"])
    assert drift(before, after)["x"].noticeable


def test_a_constant_that_became_another_one() -> None:
    found = drift(statistics(x=[1.0] * 50), statistics(x=[2.0] * 50))["x"]
    assert found.distance == 1.0
    assert found.noticeable


@pytest.mark.parametrize("shift", [0.0, 0.3, 2.0])
def test_the_distances_are_those_of_tfdv(shift: float) -> None:
    before = statistics(x=normal(), s=letters({"a": 1, "b": 2, "c": 3}))
    after = statistics(x=normal(shift, seed=1), s=letters({"a": 1 + shift, "b": 2, "c": 3}, seed=1))
    config = settled({"default_comparator": {"jensen_shannon_divergence": 0.0}})
    theirs = {d["feature"]: d["distance"] for d in compare(after, before, config).report["distances"]}
    ours = {name: found.distance for name, found in drift(before, after).items()}
    assert ours == pytest.approx(theirs, abs=1e-6)
    config = settled({"features": {"s": {"infinity_norm": 0.0}}})
    [largest] = compare(after, before, config).report["distances"]
    assert drift(before, after)["s"].largest == pytest.approx(largest["distance"], abs=1e-6)


def test_the_divergence_that_chance_makes() -> None:
    random = np.random.default_rng(0)
    truth = np.array([0.1, 0.2, 0.3, 0.4])
    found = []
    for _ in range(400):
        n, m = random.multinomial(500, truth), random.multinomial(800, truth)
        found.append(
            jensen_shannon(*(shares({str(i): float(c) for i, c in enumerate(side)}) for side in (n, m)))
        )
    assert np.mean(found) == pytest.approx(by_chance(4, 500, 800), rel=0.15)


def test_reading_statistics_needs_neither_tensorflow_nor_tfdv() -> None:
    code = (
        "import sys, json, millwork.analysis.diff\n"
        "from tensorflow_metadata.proto.v0 import statistics_pb2\n"
        "print(json.dumps([m for m in ('tensorflow', 'tensorflow_data_validation') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
