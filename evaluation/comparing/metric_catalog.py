"""The metrics that a comparison knows: what each means, for which problems, and how a loss of it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.comparing.contest import Problem
from millwork.evaluation.comparing.findings import MetricInfo

ALL = "all"
CLASSIFICATION: tuple[Problem, ...] = ("binary", "multiclass")

SHARE, LOSS = "0.01", "2%"
"""The usual margins: of what lies between 0 and 1, and of losses and errors, whose unit depends on the data."""

Needs = Literal["rows", "positives", "both classes"]


@dataclass(frozen=True)
class Metric:
    """One metric. All honour weights, and equal scikit-learn's function of that name."""

    name: str
    title: str
    about: str
    """Its definition, where there is more than one."""
    problems: tuple[Problem, ...]
    higher_is_better: bool
    margin: str
    """How much worse is no worse, unless the settings say something else."""
    usual: bool = False
    """Compared if nobody asks for particular metrics."""
    probabilities: bool = False
    """Scores must be probabilities; other metrics use only their order, or the decisions."""
    needs: Needs = "rows"
    """Of which rows a sound verdict takes some: with several classes, of each class that occurs."""

    @property
    def share(self) -> bool:
        """It has no unit: its values are between 0 and 1."""
        return self.margin == SHARE

    @property
    def info(self) -> MetricInfo:
        """What readers of a comparison must know."""
        return MetricInfo(self.name, self.title, self.higher_is_better)


METRICS = (
    Metric(
        "auc",
        "ROC AUC",
        "the area under the ROC curve; of several classes the mean of each against the rest",
        CLASSIFICATION,
        higher_is_better=True,
        margin=SHARE,
        usual=True,
        needs="both classes",
    ),
    Metric(
        "accuracy",
        "Accuracy",
        "the share of rows for which the decision is right",
        CLASSIFICATION,
        higher_is_better=True,
        margin=SHARE,
        usual=True,
    ),
    Metric(
        "pr_auc",
        "PR AUC",
        "average precision: the mean of the precision at each gain of recall, without interpolation; "
        "of several classes the mean of each against the rest",
        CLASSIFICATION,
        higher_is_better=True,
        margin=SHARE,
        needs="both classes",
    ),
    Metric(
        "precision",
        "Precision",
        "of several classes the mean over those that occur",
        CLASSIFICATION,
        higher_is_better=True,
        margin=SHARE,
        needs="positives",
    ),
    Metric(
        "recall",
        "Recall",
        "of several classes the mean over those that occur",
        CLASSIFICATION,
        higher_is_better=True,
        margin=SHARE,
        needs="positives",
    ),
    Metric(
        "f1",
        "F1",
        "the harmonic mean of precision and recall; of several classes the mean over those that occur",
        CLASSIFICATION,
        higher_is_better=True,
        margin=SHARE,
        needs="positives",
    ),
    Metric(
        "log_loss",
        "Log loss",
        "natural logarithms; probabilities are clipped at 2.2e-16, as in scikit-learn",
        CLASSIFICATION,
        higher_is_better=False,
        margin=LOSS,
        usual=True,
        probabilities=True,
    ),
    Metric(
        "brier",
        "Brier score",
        "the mean square of the probability's error; of several classes summed over them, so from 0 to 2",
        CLASSIFICATION,
        higher_is_better=False,
        margin=LOSS,
        usual=True,
        probabilities=True,
    ),
    Metric(
        "calibration_error",
        "Calibration error",
        "expected calibration error in 10 bins of equal width; of several classes that of the likeliest",
        CLASSIFICATION,
        higher_is_better=False,
        margin=SHARE,
        probabilities=True,
    ),
    Metric(
        "rmse",
        "RMSE",
        "the root of the mean squared error",
        ("regression",),
        higher_is_better=False,
        margin=LOSS,
        usual=True,
    ),
    Metric(
        "mae",
        "MAE",
        "the mean absolute error",
        ("regression",),
        higher_is_better=False,
        margin=LOSS,
        usual=True,
    ),
)


def metrics_of(problem: Problem) -> tuple[Metric, ...]:
    """All metrics that make sense for a problem."""
    return tuple(metric for metric in METRICS if problem in metric.problems)


def chosen_metrics(problem: Problem, names: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics of these names, each once; of none the usual ones; of `all` all."""
    known = {metric.name: metric for metric in metrics_of(problem)}
    if not names:
        return tuple(metric for metric in known.values() if metric.usual)
    if ALL in names:
        return tuple(known.values())
    for name in names:
        if name not in known:
            raise WrongArgument(
                f"There is no metric {name!r} of a {problem} model. {did_you_mean(name, [*known, ALL])}"
            )
    return tuple(known[name] for name in dict.fromkeys(names))
