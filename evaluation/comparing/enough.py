"""Whether there are rows enough for a verdict, and why a metric is not defined."""

from __future__ import annotations

from millwork.evaluation.comparing.metric_catalog import Metric
from millwork.evaluation.comparing.rows import Rows, effective

ROWS = 30
"""Below, no interval deserves trust."""
ROWS_OF_A_CLASS = 10


def too_few(metric: Metric, rows: Rows) -> str:
    """Why there are not enough rows; empty: there are. Rows of unequal weight count as fewer of equal weight."""
    if rows.effective < ROWS:
        return f"only {_counted(rows.effective, len(rows))}, and a verdict takes {ROWS}"
    for number in _classes(metric, rows):
        there, held = _of_class(rows, number)
        if held < ROWS_OF_A_CLASS:
            name, found = rows.classes[number], _counted(held, there)
            return f"only {found} of class {name!r}, and a verdict takes {ROWS_OF_A_CLASS}"
    return ""


def deciding_rows(metric: Metric, rows: Rows) -> float:
    """The effective rows that the metric is about: of the rarest class that it needs, or all."""
    return min([rows.effective, *(_of_class(rows, number)[1] for number in _classes(metric, rows))])


def _classes(metric: Metric, rows: Rows) -> list[int]:
    """Of which the metric needs rows."""
    if metric.needs == "rows":
        return []
    if rows.problem == "multiclass":
        return list(map(int, rows.occurring()))
    return [1] if metric.needs == "positives" else [1, 0]


def _of_class(rows: Rows, number: int) -> tuple[int, float]:
    """How many rows of a class there are, and how many of equal weight say as much."""
    of = rows.labels == number
    count = int(of.sum())
    return count, effective(None if rows.weights is None else rows.weights[of], count)


def undefined(metric: Metric, rows: Rows) -> str:
    """Why the metric has no value."""
    if not len(rows):
        return "there are no rows"
    if not rows.weight.any():
        return "all rows have weight 0"
    occurring = rows.occurring().tolist() if rows.problem != "regression" else []
    if len(occurring) == 1 and metric.needs == "both classes":
        return f"not defined, as all rows are of class {rows.classes[occurring[0]]!r}"
    if rows.problem == "binary" and metric.needs == "positives":
        name = rows.classes[1]
        if 1 not in occurring:
            return f"not defined, as no row is of class {name!r}"
        return f"not defined, as the model calls no row {name!r}"
    return "not defined for these rows"


def _counted(effective: float, rows: int) -> str:
    if round(effective) == rows:
        return f"{rows:,} {'row' if rows == 1 else 'rows'}"
    return f"{rows:,} rows that, by their weights, say as much as {effective:.0f}"
