"""From what the tests say of each slice to findings: correction, power, verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from millwork.evaluation.comparing.estimate import Estimate
from millwork.evaluation.comparing.findings import Finding, Settings, Verdict
from millwork.evaluation.comparing.margins import amount_for
from millwork.evaluation.comparing.metric_catalog import Metric
from millwork.evaluation.comparing.multiplicity import adjusted
from millwork.evaluation.comparing.power import reach, rows_needed
from millwork.evaluation.comparing.verdicts import Evidence, judge

SAME = Estimate(change=0.0, lower=0.0, upper=0.0, p_value=1.0, standard_error=0.0, method="identical")
"""Both models say the same of every row: there is nothing to test."""


@dataclass(frozen=True)
class Outcome:
    """Of one challenger, metric and slice, before the other slices are looked at."""

    challenger: int
    """Its place in the contest."""
    metric: Metric
    slice: str
    rows: tuple[int, int]
    """Of the baseline and of the challenger; values alike."""
    values: tuple[float | None, float | None]
    estimate: Estimate | None
    unjudged: str = ""
    """Why there can be no verdict."""

    @property
    def tested(self) -> Estimate | None:
        """The estimate, if this is one of the changes that may be found by chance."""
        return None if self.unjudged or self.estimate is SAME else self.estimate


def findings_of(family: Sequence[Outcome], model: str, settings: Settings) -> Iterator[Finding]:
    """Of one challenger and metric, slice by slice; the first is all rows."""
    p_values = [outcome.tested.p_value if outcome.tested else None for outcome in family]
    slices = sum(p_value is not None for p_value in p_values[1:])
    for place, (outcome, p_value) in enumerate(zip(family, adjusted(p_values), strict=True)):
        yield _finding(outcome, model, settings, p_value, slices if place else 1)


def _finding(outcome: Outcome, model: str, settings: Settings, p_value: float | None, family: int) -> Finding:
    metric, estimate, (baseline_value, value) = outcome.metric, outcome.estimate, outcome.values
    margin = amount_for(metric, settings.margin, metric.margin, baseline_value)
    minimum_effect = amount_for(metric, settings.minimum_effect, "0", baseline_value)
    detectable, target, needed = _power(outcome, margin, settings.confidence, family)
    verdict, reason = Verdict.INCONCLUSIVE, outcome.unjudged
    if estimate is SAME:
        verdict, reason = Verdict.NO_WORSE, "both models give each of these rows the same scores"
        p_value = 1.0
    elif outcome.tested and p_value is not None:
        verdict, reason = judge(
            Evidence(
                estimate=outcome.tested,
                higher_is_better=metric.higher_is_better,
                margin=margin,
                minimum_effect=minimum_effect,
                confidence=settings.confidence,
                adjusted_p_value=p_value,
                family=family,
                rows=outcome.rows[0],
                rows_needed=needed,
                target=target,
            )
        )
    return Finding(
        model=model,
        slice=outcome.slice,
        metric=metric.name,
        verdict=verdict,
        reason=reason,
        baseline_value=baseline_value,
        value=value,
        change=estimate.change if estimate else None,
        lower=estimate.lower if estimate else None,
        upper=estimate.upper if estimate else None,
        p_value=estimate.p_value if estimate else None,
        adjusted_p_value=p_value,
        margin=margin,
        minimum_effect=minimum_effect,
        rows=outcome.rows[0],
        challenger_rows=outcome.rows[1],
        method=estimate.method if estimate else "none",
        detectable=detectable,
        rows_needed=needed,
    )


def _power(
    outcome: Outcome, margin: float, confidence: float, family: int
) -> tuple[float | None, float, int | None]:
    """The change that is seen, the one that should be, and the rows that it needs."""
    estimate = outcome.estimate
    if estimate is None or estimate.standard_error == 0:
        return None, margin, None
    seen_at, target = reach(confidence, family), margin or abs(estimate.change)
    needed = rows_needed(outcome.rows[0], estimate.standard_error, target, seen_at)
    return seen_at * estimate.standard_error, target, needed
