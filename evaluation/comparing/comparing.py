"""Compare models: each challenger with the baseline, in each metric and slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.bootstrap import Resamples, draw
from millwork.evaluation.comparing.checking import check_settings, metrics_for, with_threshold
from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.enough import too_few, undefined
from millwork.evaluation.comparing.findings import Finding, Findings, Settings
from millwork.evaluation.comparing.judging import SAME, Outcome, findings_of
from millwork.evaluation.comparing.measures import change_between, measure
from millwork.evaluation.comparing.metric_catalog import Metric
from millwork.evaluation.comparing.rows import Rows, rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def compare(contest: Contest, settings: Settings) -> Findings:
    """What the predictions say about each challenger against the baseline.

    ROC AUC      DeLong's test, with weights too
    accuracy     McNemar's test with Tango's interval; of different rows, Newcombe's; with weights the bootstrap
    the others   the bootstrap, all on the same resampled rows

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
            entries += findings_of(family, challenger.name, settings)
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


def _outcomes(contest: Contest, settings: Settings, metrics: Sequence[Metric]) -> Iterator[Outcome]:
    contenders = with_threshold(contest, settings.threshold)
    resamples = _resamples(contest, settings)
    differing = _differing(contest, contenders)
    for of in contest.slices:
        rows = [rows_of(c, places) for c, places in zip(contenders, of.rows, strict=True)]
        drawn = _among(resamples, of.rows, contest.paired)
        same = [d is not None and len(of.rows[0]) > 0 and not d[of.rows[0]].any() for d in differing]
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
) -> Iterator[Outcome]:
    measured = [measure(metric, *each) for each in zip(rows, resamples, strict=True)]
    for number in range(1, len(rows)):
        ours, theirs = measured[0], measured[number]
        values = (ours.value if ours else None, theirs.value if theirs else None)
        estimate, why_not = None, ""
        if same[number - 1]:
            estimate = SAME
        elif ours is None or theirs is None:
            why_not = undefined(metric, rows[0] if ours is None else rows[number])
        else:
            estimate = change_between(metric, ours, theirs, paired, confidence)
            why_not = too_few(metric, rows[0]) or too_few(metric, rows[number])
            if estimate is None:
                why_not = why_not or "not defined for most resamples of these rows"
        lengths = (len(rows[0]), len(rows[number]))
        yield Outcome(number, metric, name, lengths, values, estimate, why_not)


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
        differing = _apart(challenger.scores, baseline.scores, contest.problem)
        if differing.ndim > 1:
            differing = differing.any(axis=1)
        if contest.problem != "regression":
            differing = differing | (challenger.predicted != baseline.predicted)
        found.append(differing)
    return found


def _apart(scores: NDArray[np.float64], others: NDArray[np.float64], problem: str) -> NDArray[np.bool_]:
    """Which scores differ; probabilities by more than float32 or a CSV file rounds them."""
    import numpy as np

    return scores != others if problem == "regression" else ~np.isclose(scores, others, rtol=2**-22, atol=0)


def _notes(contest: Contest) -> Iterator[str]:
    for contender in contest.contenders:
        if contender.unlabelled:
            rows = "row" if contender.unlabelled == 1 else "rows"
            yield f"{contender.name}: {contender.unlabelled:,} {rows} without a label left out"
    yield from contest.notes
