"""Refusing settings and predictions that cannot be compared, before anything is computed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.comparing.margins import check_amounts
from millwork.evaluation.comparing.metric_catalog import Metric, chosen_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_RESAMPLES, MOST_RESAMPLES = 100, 20_000
ROUNDING = 0.01
"""How far from 1 the probabilities of a row may add up to: files have few digits."""


def check_settings(settings: Settings, contest: Contest) -> None:
    """Numbers that make no sense."""
    if not 0.5 <= settings.confidence < 1:
        raise WrongArgument(f"confidence must be at least 0.5 and less than 1, but is {settings.confidence}")
    if not FEWEST_RESAMPLES <= settings.resamples <= MOST_RESAMPLES:
        raise WrongArgument(
            f"resamples must be from {FEWEST_RESAMPLES} to {MOST_RESAMPLES:,}, but is {settings.resamples}"
        )
    if settings.seed < 0:
        raise WrongArgument(f"seed must not be below 0, but is {settings.seed}")
    if settings.threshold is not None:
        if contest.problem != "binary":
            raise WrongArgument(f"threshold is for binary models, and these are {contest.problem} models")
        if not math.isfinite(settings.threshold):
            raise WrongArgument(f"threshold must be a number, but is {settings.threshold}")
    check_amounts("margin", settings.margin)
    check_amounts("minimum effect", settings.minimum_effect)
    if len(contest.contenders) < 2:
        raise WrongArgument("A comparison takes two models or more")


def metrics_for(contest: Contest, settings: Settings) -> tuple[list[Metric], list[str]]:
    """What to compare, and notes on what is left out since a model gives no probabilities.

    A metric that was asked for by name is not left out: that is an error.
    """
    import numpy as np

    for contender in contest.contenders:
        if not np.isfinite(contender.scores).all():
            raise BadInput(
                f"{contender.name}: {np.count_nonzero(~np.isfinite(contender.scores)):,} scores are no finite numbers"
            )
    metrics = chosen_metrics(contest.problem, settings.metrics)
    why_not = _no_probabilities(contest.contenders) if any(m.probabilities for m in metrics) else ""
    left_out = [metric.name for metric in metrics if why_not and metric.probabilities]
    if not left_out:
        return list(metrics), []
    refused = [name for name in left_out if name in settings.metrics]
    if refused:
        raise BadInput(f"{', '.join(refused)}: {why_not}. Compare auc, pr_auc or accuracy instead")
    kept = [metric for metric in metrics if metric.name not in left_out]
    return kept, [f"{', '.join(left_out)} left out: {why_not}"]


def with_threshold(contest: Contest, threshold: float | None) -> Sequence[Contender]:
    """The contenders, deciding by this threshold if there is one."""
    import numpy as np

    if threshold is None:
        return contest.contenders
    return [replace(c, predicted=(c.scores > threshold).astype(np.int64)) for c in contest.contenders]


def _no_probabilities(contenders: Sequence[Contender]) -> str:
    for contender in contenders:
        if not len(contender):
            continue
        least, most = float(contender.scores.min()), float(contender.scores.max())
        if least < 0 or most > 1:
            return f"the scores of {contender.name} go from {least:.4g} to {most:.4g}, so they are no probabilities"
        if contender.problem == "multiclass":
            sums = contender.scores.sum(axis=1)
            if abs(sums - 1).max() > ROUNDING:
                return (
                    f"the scores of {contender.name} add up to {sums.min():.4g} to {sums.max():.4g} by row, not to 1, "
                    "so they are no probabilities of classes"
                )
    return ""
