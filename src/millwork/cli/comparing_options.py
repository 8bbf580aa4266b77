"""What `millwork compare` and `millwork report` are told: which models, by which metrics, in which slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from millwork.analysis.entrants import Reading
from millwork.cli import options
from millwork.core.errors import WrongArgument, did_you_mean
from millwork.evaluation.comparing.contest import Problem
from millwork.evaluation.comparing.policy import Policy, amounts, checked_fail_on, policy_of, read_policy

Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL…",
        help="Two or more, the baseline first: a run (latest, latest~1, the beginning of its id, RUN:STEP), @blessed, "
        "the id of a model, of an evaluation or of predictions, or a file or folder with predictions from elsewhere.",
        show_default=False,
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        "-m",
        metavar="NAME",
        help="What to compare by: auc, log_loss, … or all. Repeat, or use commas. By default the usual ones.",
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="SLICE",
        help="Also compare in parts of the data: `health` (each of its values), `health=poor`, `'age>60'`, or "
        "`sex,health`. Repeat for several.",
    ),
]
Splits = Annotated[
    list[str] | None,
    typer.Option(
        "--split", metavar="NAME", help="Only these splits. By default all that were scored, as one."
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="MODEL", help="What to compare with, instead of the first."),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--names",
        metavar="NAME,…",
        help="What to call the models, the baseline first. By default their runs, ids or files.",
    ),
]
Margin = Annotated[
    list[str] | None,
    typer.Option(
        "--margin",
        metavar="AMOUNT",
        help="How much worse is no worse: 0.01, auc=0.005, or rmse=2% of the baseline's. Repeat for several.",
    ),
]
MinimumEffect = Annotated[
    list[str] | None,
    typer.Option(
        "--minimum-effect",
        metavar="AMOUNT",
        help="A change that is smaller is neither better nor worse. Written like margins.",
    ),
]
Confidence = Annotated[
    float | None, typer.Option("--confidence", metavar="P", help="Of intervals and verdicts: 0.95.")
]
Resamples = Annotated[int | None, typer.Option("--resamples", metavar="N", help="Of the bootstrap: 1000.")]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Of the bootstrap: 0. The same gives the same.")
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="SCORE",
        help="Of two classes: what scores higher is positive. By default what each model decided.",
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="All this in the part `comparison:` of a YAML file. Options have the last word.",
    ),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        metavar="WHAT",
        help="Exit with 3 if anything is worse (`regression`), or if it is worse or inconclusive (`inconclusive`).",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="NAME=COLUMN,…",
        help="How files from elsewhere call row_id, label, predicted, weight and score.",
    ),
]
Positive = Annotated[
    str, typer.Option("--positive", metavar="CLASS", help="The positive class in files from elsewhere.")
]
ProblemName = Annotated[
    str,
    typer.Option(
        "--problem",
        metavar="KIND",
        help="binary, multiclass or regression, if the labels in files from elsewhere do not tell.",
    ),
]


def policy_said(
    file: Path | None,
    *,
    metrics: Sequence[str] | None,
    by: Sequence[str] | None,
    margin: Sequence[str] | None,
    minimum_effect: Sequence[str] | None,
    fail_on: Sequence[str] | None,
    **numbers: float | None,
) -> Policy:
    """The settings of a policy file, over which options have the last word."""
    said = {
        "metrics": options.names(metrics),
        "by": tuple(by or ()),
        "margin": amounts(margin or (), "--margin"),
        "minimum_effect": amounts(minimum_effect or (), "--minimum-effect"),
        "fail_on": checked_fail_on(options.names(fail_on), "--fail-on"),
        **numbers,
    }
    given = {name: value for name, value in said.items() if value not in (None, (), {})}
    return policy_of(read_policy(file) if file else {}, given)


def reading_said(
    splits: Sequence[str] | None, columns: Sequence[str] | None, positive: str, problem: str
) -> Reading:
    """What is read of predictions."""
    return Reading((), options.names(splits), _renamed(columns or ()), positive, _problem(problem))


def _problem(text: str) -> Problem | None:
    found: dict[str, Problem | None] = {"": None, **{known: known for known in get_args(Problem)}}
    if text not in found:
        raise WrongArgument(f"--problem: {text!r} is not known. {did_you_mean(text, get_args(Problem))}")
    return found[text]


def _renamed(given: Sequence[str] | None) -> dict[str, str]:
    """`row_id=customer,label=y` as names, and what files call them."""
    found = {}
    for text in options.names(given):
        name, equals, column = text.partition("=")
        if not equals or not column.strip():
            raise WrongArgument(f"--columns takes NAME=COLUMN, such as label=churned, but got {text!r}")
        found[name.strip()] = column.strip()
    return found
