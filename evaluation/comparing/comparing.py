"""Compare models: each challenger with the baseline, in each metric and slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.bootstrap import Resamples, draw
from millwork.evaluation.comparing.checking import check_settings, metrics_for, with_threshold
from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.enough import too_few, undefined
from millwork.evaluation.comparing.estimate import Estimate
from millwork.evaluation.comparing.findings import Finding, Findings, Settings, Verdict
from millwork.evaluation.comparing.margins import amount_for
from millwork.evaluation.comparing.measures import change_between, measure
from millwork.evaluation.comparing.metric_catalog import Metric
from millwork.evaluation.comparing.multiplicity import adjusted
from millwork.evaluation.comparing.power import reach, rows_needed
from millwork.evaluation.comparing.rows import Rows, rows_of
from millwork.evaluation.comparing.verdicts import Evidence, judge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IDENTICAL = "identical"


def compare(contest: Contest, settings: Settings) -> Findings:
    """What the predictions say about each challenger against the baseline.

    ROC AUC      DeLong's test, with weights too
    accuracy     McNemar's test with Tango's interval; of different rows, Newcombe's; with weights the bootstrap
    the others   the bootstrap with BCa intervals, all on the same resampled rows

    Slices are corrected for by Benjamini and Hochberg, each metric and challenger by itself. The same contest and
    settings give the same findings, to the last bit on one machine.

    Raises `WrongArgument` for settings that make no sense, and `BadInput` for scores that a metric cannot use.
    """
    check_settings(settings, contest)
    metrics, notes = metrics_for(contest, settings)
    outcomes = list(_outcomes(contest, settings, metrics))
    entries: list[Finding] = []
    for number, challenger in enumerate(contest.challengers, 1):
        for metric in metrics:
            family = [o for o in outcomes if o.challenger == number and o.metric is metric]
            entries += _findings(family, challenger.name, settings)
    return Findings(
        baseline=contest.baseline.name,
        challengers=tuple(challenger.name for challenger in contest.challengers),
        problem=contest.problem,
        paired=contest.paired,
        unpaired_because=contest.unpaired_because,
        settings=settings,
        metrics=tuple(metric.info for metric in metrics),
        slices=tuple(of.name for of in contest.slices),
        entries=tuple(entries),
        notes=(*_notes(contest), *notes),
    )


@dataclass(frozen=True)
class _Outcome:
    """Of one challenger, metric and slice, before the other slices are looked at."""

    challenger: int
    metric: Metric
    slice: str
    rows: tuple[int, int]
    values: tuple[float | None, float | None]
    estimate: Estimate | None
    unjudged: str = ""
    """Why there can be no verdict."""

    @property
    def counts(self) -> bool:
        """This is one of the changes that may be found by chance."""
        return not self.unjudged and self.estimate is not None and self.estimate.method != IDENTICAL


def _outcomes(contest: Contest, settings: Settings, metrics: Sequence[Metric]) -> Iterator[_Outcome]:
    contenders = with_threshold(contest, settings.threshold)
    resamples = _resamples(contest, settings)
    differing = _differing(contest, contenders)
    for of in contest.slices:
        rows = [rows_of(c, places) for c, places in zip(contenders, of.rows, strict=True)]
        drawn = _among(resamples, of.rows, contest.paired)
        same = [d is not None and not d[of.rows[0]].any() for d in differing]
        for metric in metrics:
            yield from _of_metric(metric, of.name, rows, drawn, same, contest.paired, settings.confidence)


def _of_metric(
    metric: Metric,
    name: str,
    rows: Sequence[Rows],
    resamples: Sequence[Resamples],
    same: Sequence[bool],
    paired: bool,
    confidence: float,
) -> Iterator[_Outcome]:
    measured = [measure(metric, *each) for each in zip(rows, resamples, strict=True)]
    for number in range(1, len(rows)):
        ours, theirs = measured[0], measured[number]
        values = (ours.value if ours else None, theirs.value if theirs else None)
        estimate, why_not = None, ""
        if same[number - 1]:
            estimate = Estimate(0.0, 0.0, 0.0, 1.0, 0.0, IDENTICAL)
        elif ours is None or theirs is None:
            why_not = undefined(metric, rows[0] if ours is None else rows[number])
        else:
            estimate = change_between(metric, ours, theirs, paired, confidence)
            why_not = too_few(metric, rows[0]) or too_few(metric, rows[number])
            if estimate is None:
                why_not = why_not or "not defined for most resamples of these rows"
        lengths = (len(rows[0]), len(rows[number]))
        yield _Outcome(number, metric, name, lengths, values, estimate, why_not)


def _findings(family: Sequence[_Outcome], model: str, settings: Settings) -> Iterator[Finding]:
    """Of one challenger and metric, slice by slice; the first is all rows."""
    p_values = [o.estimate.p_value if o.counts and o.estimate else None for o in family]
    corrected = adjusted(p_values)
    slices = sum(p is not None for p in p_values[1:])
    for place, (outcome, p_value) in enumerate(zip(family, corrected, strict=True)):
        yield _finding(outcome, model, settings, p_value, slices if place else 1)


def _finding(
    outcome: _Outcome, model: str, settings: Settings, adjusted_p_value: float | None, family: int
) -> Finding:
    metric, estimate = outcome.metric, outcome.estimate
    margin = amount_for(metric, settings.margin, metric.margin, outcome.values[0])
    minimum_effect = amount_for(metric, settings.minimum_effect, "0", outcome.values[0])
    detectable = needed = None
    if estimate is not None and estimate.standard_error > 0:
        seen_at = reach(settings.confidence, family)
        detectable = seen_at * estimate.standard_error
        target = margin or abs(estimate.change)
        needed = rows_needed(outcome.rows[0], estimate.standard_error, target, seen_at)
    if outcome.unjudged or estimate is None:
        verdict, reason = Verdict.INCONCLUSIVE, outcome.unjudged
    elif estimate.method == IDENTICAL:
        verdict, reason = Verdict.NO_WORSE, "both models give each of these rows the same scores"
        adjusted_p_value = 1.0
    else:
        assert adjusted_p_value is not None
        evidence = Evidence(
            estimate,
            metric.higher_is_better,
            margin,
            minimum_effect,
            settings.confidence,
            adjusted_p_value,
            family,
            outcome.rows[0],
            needed,
            margin or abs(estimate.change),
        )
        verdict, reason = judge(evidence)
    return Finding(
        model=model,
        slice=outcome.slice,
        metric=metric.name,
        verdict=verdict,
        reason=reason,
        baseline_value=outcome.values[0],
        value=outcome.values[1],
        change=estimate.change if estimate else None,
        lower=estimate.lower if estimate else None,
        upper=estimate.upper if estimate else None,
        p_value=estimate.p_value if estimate else None,
        adjusted_p_value=adjusted_p_value,
        margin=margin,
        minimum_effect=minimum_effect,
        rows=outcome.rows[0],
        challenger_rows=outcome.rows[1],
        method=estimate.method if estimate else "none",
        detectable=detectable,
        rows_needed=needed,
    )


def _resamples(contest: Contest, settings: Settings) -> list[Resamples]:
    """Of each contender: the same if they have the same rows, else independent ones."""
    if contest.paired:
        one = draw(len(contest.baseline), settings.resamples, settings.seed)
        return [one for _ in contest.contenders]
    return [
        draw(len(contender), settings.resamples, settings.seed, stream)
        for stream, contender in enumerate(contest.contenders)
    ]


def _among(
    resamples: Sequence[Resamples], rows: Sequence[NDArray[np.int64]], paired: bool
) -> list[Resamples]:
    if paired:
        one = resamples[0].among(rows[0])
        return [one for _ in resamples]
    return [each.among(places) for each, places in zip(resamples, rows, strict=True)]


def _differing(contest: Contest, contenders: Sequence[Contender]) -> list[NDArray[np.bool_] | None]:
    """Of each challenger, where it says something else than the baseline; None: the rows are others."""
    if not contest.paired:
        return [None for _ in contest.challengers]
    baseline = contenders[0]
    found: list[NDArray[np.bool_] | None] = []
    for challenger in contenders[1:]:
        differing = challenger.scores != baseline.scores
        if differing.ndim > 1:
            differing = differing.any(axis=1)
        if contest.problem != "regression":
            differing = differing | (challenger.predicted != baseline.predicted)
        found.append(differing)
    return found


def _notes(contest: Contest) -> Iterator[str]:
    for contender in contest.contenders:
        if contender.unlabelled:
            yield f"{contender.name}: {contender.unlabelled:,} rows without a label left out"
    yield from contest.notes
