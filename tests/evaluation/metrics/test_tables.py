"""Tables of sums: whole and sparse ones hold the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from millwork.evaluation.eval_config import config_message
from millwork.evaluation.metrics import stored, tables
from millwork.evaluation.metrics.engine import Accumulator, Batch, MetricPlan, RowSlices, Task, plan_metrics
from millwork.evaluation.metrics.keys import SliceKey
from millwork.evaluation.metrics.values import BoundedValue

KEYS: list[SliceKey] = [(("town", number),) for number in range(9)]
RANDOM = np.random.default_rng(4)
SCORES, TOWNS = RANDOM.uniform(size=900), RANDOM.integers(0, 9, 900)
LABELS = (RANDOM.uniform(size=900) < SCORES).astype(float)


def planned(method: str = "") -> MetricPlan:
    options = {
        "compute_confidence_intervals": bool(method),
        "confidence_intervals": {"method": method or None},
    }
    metrics = [{"class_name": name} for name in ("AUC", "Recall", "MeanLabel")]
    return plan_metrics(
        config_message({"metrics_specs": [{"metrics": metrics}], "options": options}), "", Task.BINARY
    )


def filled(plan: MetricPlan, first: int, end: int, size: int = 150) -> Accumulator:
    accumulator = plan.accumulator()
    for start in range(first, end, size):
        some = slice(start, min(start + size, end))
        rows = np.arange(some.stop - some.start)
        accumulator.add(Batch(LABELS[some], SCORES[some], None, start), RowSlices(KEYS, rows, TOWNS[some]))
    return accumulator


def numbers(accumulator: Accumulator) -> dict[str, float]:
    """Every number of the results, by where it is in them."""
    results = accumulator.results()
    assert results.metrics.keys() == set(KEYS)
    return dict(_numbers(results.metrics, ""))


def _numbers(content: object, where: str) -> Iterator[tuple[str, float]]:
    if isinstance(content, dict):
        for key, part in content.items():
            yield from _numbers(part, f"{where} {key}")
    elif isinstance(content, BoundedValue):
        yield from _numbers(vars(content), where)
    else:
        assert isinstance(content, int | float)
        yield where, content


@pytest.mark.parametrize("method", ["", "JACKKNIFE", "POISSON_BOOTSTRAP"])
@pytest.mark.parametrize("whole", [0, 10_000 * 5])
def test_a_sparse_table_holds_what_a_whole_one_does(
    method: str, whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it turns sparse underway, and when one of two that are merged is whole."""
    plan = planned(method)
    expected = pytest.approx(numbers(filled(plan, 0, 900)), rel=1e-9, nan_ok=True)
    half = filled(plan, 450, 900)
    monkeypatch.setattr(stored, "WHOLE", whole)
    monkeypatch.setattr(tables, "PENDING", 1000)
    assert numbers(filled(plan, 0, 900)) == expected
    sparse = filled(plan, 0, 450)
    sparse.merge(half)
    assert numbers(sparse) == expected
    monkeypatch.setattr(stored, "WHOLE", 10**9)
    whole_one = filled(plan, 0, 450)
    monkeypatch.setattr(stored, "WHOLE", whole)
    other = filled(plan, 450, 900)
    monkeypatch.setattr(stored, "WHOLE", 10**9)
    whole_one.merge(other)
    assert numbers(whole_one) == expected


def test_many_small_slices_take_little_room() -> None:
    """A histogram of 2,000 slices would have 60 million numbers."""
    keys: list[SliceKey] = [(("town", number),) for number in range(2000)]
    accumulator = planned().accumulator()
    for start in range(0, 2000, 500):
        numbers = np.arange(start, start + 500)
        batch = Batch(LABELS[:500], SCORES[:500], None, start)
        accumulator.add(batch, RowSlices(keys, numbers - start, numbers))
    assert accumulator._stored is not None
    sizes = [t.sums.size for t in accumulator._stored.tables.values()]
    assert max(sizes) < 10_000 * 600 and len(accumulator.results().metrics) == 2000
