"""`millwork compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from millwork.analysis.compare import compare_models
from millwork.cli import comparing_options, options
from millwork.cli.compare_report import print_comparison, write_junit
from millwork.cli.printing import print_json
from millwork.core.errors import GateNotMet, WrongArgument

app = options.new_app()


@app.command()
def compare(
    models: comparing_options.Models = None,
    metrics: comparing_options.Metrics = None,
    by: comparing_options.By = None,
    splits: comparing_options.Splits = None,
    baseline: comparing_options.Baseline = None,
    names: comparing_options.Names = None,
    margin: comparing_options.Margin = None,
    minimum_effect: comparing_options.MinimumEffect = None,
    confidence: comparing_options.Confidence = None,
    resamples: comparing_options.Resamples = None,
    seed: comparing_options.Seed = None,
    threshold: comparing_options.Threshold = None,
    policy: comparing_options.PolicyFile = None,
    fail_on: comparing_options.FailOn = None,
    columns: comparing_options.Columns = None,
    positive: comparing_options.Positive = "",
    problem: comparing_options.ProblemName = "",
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
    """Say if one model is really better than another, and where not.

    Row by row if both scored the same rows. Per metric and slice the verdict is better, no worse, inconclusive or
    worse. See docs/comparing.md.
    """
    if as_json and as_markdown:
        raise WrongArgument("--json and --md both go to stdout. Choose one")
    compared = compare_models(
        models or [],
        comparing_options.policy_said(
            policy,
            metrics=metrics,
            by=by,
            margin=margin,
            minimum_effect=minimum_effect,
            confidence=confidence,
            resamples=resamples,
            seed=seed,
            threshold=threshold,
            fail_on=fail_on,
        ),
        comparing_options.reading_said(splits, columns, positive, problem),
        baseline=baseline,
        names=options.names(names),
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
