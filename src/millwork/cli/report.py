"""`millwork report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from millwork.analysis.compare import compare_models
from millwork.analysis.report import comparison_report, model_report
from millwork.cli import comparing_options, options
from millwork.cli.artifact_documents import ReportDocument
from millwork.cli.printing import print_json, say
from millwork.core.errors import GateNotMet, WrongArgument
from millwork.evaluation.comparing.wording import name_of, why

app = options.new_app()

STDOUT = "-"


@app.command()
def report(
    models: comparing_options.Models = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - for stdout.")
    ] = "report.html",
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="By default which models it is about.")
    ] = "",
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
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    root: options.Root = ".millwork",
    store: options.Store = "",
) -> None:
    """Write a comparison of models as one HTML file.

    It opens without a network. The verdict, slices, curves, calibration, and confusion under a movable threshold; for
    models in the store, how their runs differ. Models and options are those of `millwork compare`. Of one model
    alone, its own metrics and curves. Where the page is goes to stdout.
    """
    if as_json and output == STDOUT:
        raise WrongArgument("-o - writes the page to stdout: --json needs a file")
    settled = comparing_options.policy_said(
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
    )
    reading = comparing_options.reading_said(splits, columns, positive, problem)
    called = options.names(names)
    if models and len(models) == 1 and baseline is None:
        page = model_report(models[0], settled, reading, names=called, root=root, store=store, title=title)
        _tell(_write(page, output), None, as_json)
        return
    compared = compare_models(
        models or [], settled, reading, baseline=baseline, names=called, root=root, store=store
    )
    findings = compared.findings
    file = _write(comparison_report(compared, root=root, store=store, title=title), output)
    _tell(file, findings.verdict, as_json)
    for model in () if quiet else findings.challengers:
        verdict = findings.verdict_on(model)
        say(f"{name_of(model)} against {name_of(findings.baseline)}: {verdict}. {why(findings, model)}")
    if refusal := compared.refusal:
        raise GateNotMet(refusal)


def _write(html: str, output: str) -> Path | None:
    """Where the page is now. None: it went to stdout."""
    if output == STDOUT:
        sys.stdout.write(html)
        return None
    path = Path(output)
    if path.is_dir():
        path /= "report.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as e:
        raise WrongArgument(f"--output: {str(path)!r} cannot be written: {e}") from e
    return path


def _tell(file: Path | None, verdict: str | None, as_json: bool) -> None:
    """The file's name is what scripts read."""
    if file is None:
        return
    if as_json:
        print_json(_document(file, verdict))
    else:
        print(file)


def _document(file: Path, verdict: str | None) -> ReportDocument:
    return {
        "schema": "millwork/report/v1",
        "file": str(file.absolute()),
        "bytes": file.stat().st_size,
        "verdict": verdict,
    }
