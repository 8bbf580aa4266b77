"""`millwork.compare`: is one model really better than another, where is it worse, and how sure can one be?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from millwork.analysis.comparison import ModelComparison
from millwork.analysis.entrants import Entrants, Named, Reading
from millwork.core.errors import WrongArgument
from millwork.core.run import Run
from millwork.evaluation.comparing.comparing import compare as compare_contest
from millwork.evaluation.comparing.contest import Problem
from millwork.evaluation.comparing.document import SourceDocument
from millwork.evaluation.comparing.line_up import contest
from millwork.evaluation.comparing.policy import Policy, checked, policy_of, read_policy

ROOT = ".millwork"

Amounts = float | str | Mapping[str, float | str]
"""A margin for all metrics, such as 0.01 or "2%" of the baseline's value, or one for each by name."""


def compare(
    *models: Named,
    baseline: Named | None = None,
    names: Sequence[str] = (),
    metrics: str | Sequence[str] = (),
    by: str | Sequence[str] = (),
    splits: str | Sequence[str] = (),
    margin: Amounts | None = None,
    minimum_effect: Amounts | None = None,
    confidence: float | None = None,
    resamples: int | None = None,
    seed: int | None = None,
    threshold: float | None = None,
    policy: str | os.PathLike[str] | None = None,
    fail_on: str | Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    positive: str = "",
    problem: Problem | None = None,
    root: str | os.PathLike[str] = "",
    store: str = "",
) -> ModelComparison:
    """Compare models by what they predicted: the first, or `baseline`, with each of the others.

        compared = millwork.compare("latest~1", "latest", by=["health", "age>60"])
        compared.verdict, compared.to_frame()

    A model is named as for `millwork compare` (`latest`, `@blessed`, an id, RUN:STEP, a file or folder), or is a `Run`,
    a real artifact (`Predictions`, `Model`, `ModelEvaluation`) or a pandas frame of predictions from elsewhere. `names`
    are what to call them, the baseline first. What is None or empty is as the `policy`, a YAML
    file, has it, or as usual. `margin` and `minimum_effect` are a number, or text such as "2%" of the baseline's
    value, for all metrics or by name. `columns` says how files and frames from elsewhere call `row_id`, `label`,
    `predicted`, `weight` and `score`; `positive` which of their two classes is positive; `problem` what is asked, if
    labels do not tell. By default the root is that of the runs, or `.millwork`.

    Raises NotFound for what is not there, WrongArgument for settings and BadInput for data that make no sense.
    """
    said = {
        "metrics": _names(metrics),
        "by": _names(by),
        "margin": margin,
        "minimum_effect": minimum_effect,
        "confidence": confidence,
        "resamples": resamples,
        "seed": seed,
        "threshold": threshold,
        "fail_on": _names(fail_on),
    }
    given = {name: value for name, value in said.items() if value not in (None, [])}
    settled = policy_of(read_policy(Path(policy)) if policy else {}, checked(given, "millwork.compare"))
    reading = Reading((), tuple(_names(splits)), columns or {}, positive, problem)
    return compare_models(
        models,
        settled,
        reading,
        baseline=baseline,
        names=names,
        root=os.fspath(root) or _root_of(models),
        store=store,
    )


def compare_models(
    models: Sequence[Named],
    policy: Policy,
    reading: Reading,
    *,
    baseline: Named | None = None,
    names: Sequence[str] = (),
    root: str = ROOT,
    store: str = "",
) -> ModelComparison:
    """Find what was named, read it, and compare it as the policy says."""
    ordered = _baseline_first(models, baseline)
    entrants = Entrants(root, store)
    found = entrants.find(ordered, names)
    reading = replace(reading, by=policy.settings.by)
    of_rows = contest([entrants.contender(one, reading) for one in found], policy.settings.by)
    findings = compare_contest(of_rows, policy.settings)
    called = [contender.name for contender in of_rows.contenders]
    sources = {name: entrants.source(one) for name, one in zip(called, found, strict=True)}
    findings = replace(findings, notes=(*findings.notes, *_what_to_know(sources)))
    page = partial(_page, root=root, store=store)
    return ModelComparison(findings, of_rows, sources, policy.fail_on, page=page)


def _page(compared: ModelComparison, *, root: str, store: str) -> str:
    from millwork.analysis.report import comparison_report  # most comparisons end without one

    return comparison_report(compared, root=root, store=store)


def _baseline_first(models: Sequence[Named], baseline: Named | None) -> list[Named]:
    """The baseline is one of the models, or one more."""
    ordered = list(models)
    if baseline is not None:
        places = [place for place, model in enumerate(ordered) if _same(model, baseline)]
        ordered = [baseline, *(model for place, model in enumerate(ordered) if place not in places[:1])]
    if not ordered:
        raise WrongArgument("Name the models to compare, such as: millwork compare @blessed latest")
    if len(ordered) == 1:
        [only] = ordered
        told = str(only) if isinstance(only, str | os.PathLike) else type(only).__name__
        other = "latest~1" if told == "@blessed" else "@blessed"
        raise WrongArgument(
            f"There is nothing to compare {told!r} with. For instance: millwork compare {other} {told}"
        )
    return ordered


def _same(one: Named, other: Named) -> bool:
    """The same name, or the same object: artifacts and frames are not equal to anything else."""
    return one is other or (isinstance(one, str | os.PathLike) and type(one) is type(other) and one == other)


def _what_to_know(sources: Mapping[str, SourceDocument]) -> Iterator[str]:
    """Which model `@blessed` is; and what is no comparison at all, two names for the same predictions."""
    baseline, *challengers = sources
    for name, source in sources.items():
        if source["given"].startswith("@"):
            yield f"{name} is model {source['model']}"
    for name in challengers:
        predictions = sources[name]["predictions"]
        if predictions is not None and predictions == sources[baseline]["predictions"]:
            yield f"{name} and {baseline} are the same predictions, artifact {predictions}"


def _root_of(models: Sequence[Named]) -> str:
    return next((model.root for model in models if isinstance(model, Run)), ROOT)


def _names(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) and given else list(given)
