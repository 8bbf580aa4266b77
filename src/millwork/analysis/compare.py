"""`millwork.compare`: is one model really better than another, where is it worse, and how sure can one be?"""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.analysis.entrants import Entrant, Entrants, Named, Reading
from millwork.core.errors import WrongArgument
from millwork.core.run import Run
from millwork.evaluation.comparing.comparing import compare as compare_contest
from millwork.evaluation.comparing.contest import Contest, Problem
from millwork.evaluation.comparing.document import CompareDocument, SourceDocument, document
from millwork.evaluation.comparing.findings import Findings, Verdict
from millwork.evaluation.comparing.line_up import contest
from millwork.evaluation.comparing.markdown import markdown
from millwork.evaluation.comparing.policy import Policy, checked, policy_of, read_policy
from millwork.evaluation.comparing.tables import overall_table, slices_table
from millwork.evaluation.comparing.wording import name_of, refusal, why

if TYPE_CHECKING:
    import pandas as pd

ROOT = ".millwork"

Amounts = float | str | Mapping[str, float | str]
"""A margin for all metrics, such as 0.01 or "2%" of the baseline's value, or one for each by name."""


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """What a comparison found, and what it was made of."""

    findings: Findings
    contest: Contest
    sources: Mapping[str, SourceDocument]
    """By model: where its predictions are from."""
    fail_on: tuple[str, ...] = ()
    """What its policy does not put up with."""

    @property
    def verdict(self) -> Verdict:
        """Of the only challenger; of several, the worst."""
        return self.findings.verdict

    @property
    def refusal(self) -> str:
        """What the policy's `fail_on` stops for, in words. Empty if there is nothing."""
        return refusal(self.findings, self.fail_on)

    def to_frame(self) -> pd.DataFrame:
        """A row for each challenger, metric and slice: the fields of a `Finding`."""
        import pandas as pd

        entries = [{**vars(entry), "verdict": entry.verdict.value} for entry in self.findings.entries]
        return pd.DataFrame(entries)

    def to_dict(self) -> CompareDocument:
        """Plain data: what `millwork compare --json` prints."""
        return document(self.findings, self.sources, self.fail_on)

    def to_markdown(self) -> str:
        """For a pull request."""
        return markdown(self.findings)

    def to_html(self) -> str:
        """The whole report, as one page that needs nothing else."""
        from millwork.evaluation.reporting.report import report_html

        return report_html(self.findings, self.contest)

    def __repr__(self) -> str:
        told = [
            f"{name_of(model)} against {name_of(self.findings.baseline)}: {self.findings.verdict_on(model)}. "
            f"{why(self.findings, model)}"
            for model in self.findings.challengers
        ]
        return "\n".join(told)

    def _repr_html_(self) -> str:
        """For notebooks: tables without script, which stay when the notebook is converted."""
        tables = (overall_table(self.findings), slices_table(self.findings))
        told = "".join(f"<p>{html.escape(line)}</p>" for line in repr(self).splitlines())
        return told + "".join(_html_table(table.columns, table.rows) for table in tables if table.rows)


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
    if names and (len(names) != len(ordered) or len(set(names)) < len(names)):
        raise WrongArgument(
            f"{len(ordered)} models are compared, and need as many different names, not {names!r}"
        )
    entrants = Entrants(root, store)
    found = entrants.find(ordered, names)
    reading = replace(reading, by=policy.settings.by)
    of_rows = contest([entrants.contender(one, reading) for one in found], policy.settings.by)
    findings = compare_contest(of_rows, policy.settings)
    findings = replace(findings, notes=(*findings.notes, *_of_one_artifact(found)))
    called = [contender.name for contender in of_rows.contenders]
    sources = {name: entrants.source(one) for name, one in zip(called, found, strict=True)}
    return ModelComparison(findings, of_rows, sources, policy.fail_on)


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


def _of_one_artifact(entrants: Sequence[Entrant]) -> Iterator[str]:
    """What is no comparison at all: two names for the same predictions."""
    baseline = entrants[0]
    for one in entrants[1:]:
        if one.record and baseline.record and one.record.id == baseline.record.id:
            yield f"{one.name} and {baseline.name} are the same predictions, artifact {one.record.id}"


def _root_of(models: Sequence[Named]) -> str:
    return next((model.root for model in models if isinstance(model, Run)), ROOT)


def _names(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) and given else list(given)


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(columns, 'th')}</thead><tbody>{body}</tbody></table>"
