"""`millwork compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from millwork.analysis.compare import compare_models
from millwork.analysis.entrants import Reading
from millwork.cli import options
from millwork.cli.compare_report import print_comparison, write_junit
from millwork.cli.printing import print_json
from millwork.core.errors import GateNotMet, WrongArgument, did_you_mean
from millwork.evaluation.comparing.contest import Problem
from millwork.evaluation.comparing.policy import amounts, checked_fail_on, policy_of, read_policy

app = options.new_app()

Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL…",
        help="Two or more, the baseline first: a run (latest, latest~1, the beginning of its id, RUN:STEP), @blessed, "
        "the id of a model, of an evaluation or of predictions, or a file or folder with predictions from elsewhere.",
        show_default=False,
    ),
]


@app.command()
def compare(
    models: Models = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="NAME",
            help="What to compare by: auc, log_loss, … or all. Repeat, or use commas. By default the usual ones.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="SLICE",
            help="Also compare in parts of the data: `health` (each of its values), `health=poor`, `'age>60'`, or "
            "`sex,health`. Repeat for several.",
        ),
    ] = None,
    splits: Annotated[
        list[str] | None,
        typer.Option(
            "--split", metavar="NAME", help="Only these splits. By default all that were scored, as one."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="MODEL", help="What to compare with, instead of the first."),
    ] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            "--margin",
            metavar="AMOUNT",
            help="How much worse is no worse: 0.01, auc=0.005, or rmse=2% of the baseline's. Repeat for several.",
        ),
    ] = None,
    minimum_effect: Annotated[
        list[str] | None,
        typer.Option(
            "--minimum-effect",
            metavar="AMOUNT",
            help="A change that is smaller is neither better nor worse. Written like margins.",
        ),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option("--confidence", metavar="P", help="Of intervals and verdicts: 0.95.")
    ] = None,
    resamples: Annotated[
        int | None, typer.Option("--resamples", metavar="N", help="Of the bootstrap: 1000.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of the bootstrap: 0. The same gives the same.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            metavar="SCORE",
            help="Of two classes: what scores higher is positive. By default what each model decided.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help="All this in the part `comparison:` of a YAML file. Options have the last word.",
        ),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="WHAT",
            help="Exit with 3 if anything is so: `regression`, `inconclusive`, or both with a comma.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="NAME=COLUMN,…",
            help="How files from elsewhere call row_id, label, predicted, weight and score.",
        ),
    ] = None,
    positive: Annotated[
        str, typer.Option("--positive", metavar="CLASS", help="The positive class in files from elsewhere.")
    ] = "",
    problem: Annotated[
        str,
        typer.Option(
            "--problem",
            metavar="KIND",
            help="binary, multiclass or regression, if the labels in files from elsewhere do not tell.",
        ),
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Show all slices, those that are no worse too.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--md", help="Print Markdown for a pull request instead.")
    ] = False,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Also write JUnit's XML, for a CI system to show."),
    ] = None,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Say whether one model is really better than another, where it is worse, and how sure that is.

    Row by row if both scored the same rows. Per metric and slice the verdict is better, no worse, inconclusive or
    worse. See docs/comparing.md.
    """
    if as_json and as_markdown:
        raise WrongArgument("--json and --md both go to stdout. Choose one")
    said = {
        "metrics": options.names(metrics),
        "by": tuple(by or ()),
        "margin": amounts(margin or (), "--margin"),
        "minimum_effect": amounts(minimum_effect or (), "--minimum-effect"),
        "confidence": confidence,
        "resamples": resamples,
        "seed": seed,
        "threshold": threshold,
        "fail_on": checked_fail_on(options.names(fail_on), "--fail-on"),
    }
    given = {name: value for name, value in said.items() if value not in (None, (), {})}
    compared = compare_models(
        models or [],
        policy_of(read_policy(policy) if policy else {}, given),
        Reading((), options.names(splits), _renamed(columns), positive, _problem(problem)),
        baseline=baseline,
        root=root,
        store=store,
    )
    if junit:
        write_junit(compared, junit)
    if as_json:
        print_json(compared.to_dict())
    elif as_markdown:
        print(compared.to_markdown(), end="")
    else:
        print_comparison(compared, everything=everything)
    if refusal := compared.refusal:
        raise GateNotMet(refusal)


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
