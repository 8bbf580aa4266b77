"""A comparison as JSON: millwork/compare/v1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from millwork.evaluation.comparing.findings import Finding, Findings
from millwork.evaluation.comparing.wording import why

SCHEMA = "millwork/compare/v1"
DEFAULT = "default"
"""What the margin of all other metrics is called where users write it."""


class SourceDocument(TypedDict):
    """Where a model's predictions are from."""

    given: str
    """What the user typed."""
    predictions: int | None
    """The id of the artifact, if they are in the store."""
    uri: str
    run: str
    """The run that made them. Empty if they are from elsewhere."""
    step: str
    model: int | None
    """The id of the model that made them."""


class ComparedModelDocument(TypedDict):
    """One of the models."""

    name: str
    role: str
    """`baseline` or `challenger`."""
    verdict: str | None
    """Of a challenger: better, no worse, inconclusive or worse."""
    why: str
    source: SourceDocument | None


class FindingDocument(TypedDict):
    """One challenger against the baseline: one metric in one slice. Null: not defined for these rows."""

    model: str
    slice: str
    metric: str
    verdict: str
    """better, no worse, inconclusive or worse."""
    reason: str
    baseline_value: float | None
    value: float | None
    change: float | None
    """`value` less `baseline_value`."""
    lower: float | None
    """The interval of `change`, at the confidence of the settings."""
    upper: float | None
    p_value: float | None
    adjusted_p_value: float | None
    """After Benjamini and Hochberg, over the slices."""
    margin: float | None
    """How much worse is no worse, in the metric's unit."""
    minimum_effect: float | None
    rows: int
    challenger_rows: int
    """The same number if the rows are paired."""
    method: str
    """The test: DeLong, McNemar, paired bootstrap, …"""
    detectable: float | None
    """The smallest change that so many rows show in 4 of 5 cases."""
    rows_needed: int | None
    """How many rows would show a change as large as the margin in 4 of 5 cases."""


class ComparedMetricDocument(TypedDict):
    """A metric."""

    name: str
    title: str
    higher_is_better: bool


class ComparisonSettingsDocument(TypedDict):
    """How the models were compared."""

    metrics: list[str]
    """Empty: the usual ones of the problem."""
    by: list[str]
    margin: dict[str, str]
    """By metric; `default` for all others."""
    minimum_effect: dict[str, str]
    confidence: float
    resamples: int
    seed: int
    threshold: float | None


class GateDocument(TypedDict):
    """What --fail-on asks for."""

    fail_on: list[str]
    met: bool
    failing: int
    """How many findings it stops for."""


class CompareDocument(TypedDict):
    """`compare`: millwork/compare/v1."""

    schema: str
    verdict: str
    """Of the only challenger; of several, the worst."""
    baseline: str
    models: list[ComparedModelDocument]
    """The baseline first."""
    problem: str
    """binary, multiclass or regression."""
    paired: bool
    """Whether all models scored the same rows."""
    unpaired_because: str
    settings: ComparisonSettingsDocument
    metrics: list[ComparedMetricDocument]
    slices: list[str]
    """The first is all rows."""
    findings: list[FindingDocument]
    """By challenger, then metric, then slice."""
    notes: list[str]
    gate: GateDocument


def document(
    findings: Findings, sources: Mapping[str, SourceDocument] | None = None, fail_on: Sequence[str] = ()
) -> CompareDocument:
    """The findings as plain data that JSON can hold: no NaN, no infinity."""
    failing = findings.failing(fail_on)
    names = (findings.baseline, *findings.challengers)
    return {
        "schema": SCHEMA,
        "verdict": findings.verdict.value,
        "baseline": findings.baseline,
        "models": [_model(findings, name, (sources or {}).get(name)) for name in names],
        "problem": findings.problem,
        "paired": findings.paired,
        "unpaired_because": findings.unpaired_because,
        "settings": _settings(findings),
        "metrics": [
            {"name": m.name, "title": m.title, "higher_is_better": m.higher_is_better}
            for m in findings.metrics
        ],
        "slices": list(findings.slices),
        "findings": [_finding(entry) for entry in findings.entries],
        "notes": list(findings.notes),
        "gate": {"fail_on": list(fail_on), "met": not failing, "failing": len(failing)},
    }


def _model(findings: Findings, name: str, source: SourceDocument | None) -> ComparedModelDocument:
    challenges = name in findings.challengers
    return {
        "name": name,
        "role": "challenger" if challenges else "baseline",
        "verdict": findings.verdict_on(name).value if challenges else None,
        "why": why(findings, name) if challenges else "",
        "source": source,
    }


def _settings(findings: Findings) -> ComparisonSettingsDocument:
    settings = findings.settings
    return {
        "metrics": list(settings.metrics),
        "by": list(settings.by),
        "margin": {name or DEFAULT: amount for name, amount in settings.margin.items()},
        "minimum_effect": {name or DEFAULT: amount for name, amount in settings.minimum_effect.items()},
        "confidence": settings.confidence,
        "resamples": settings.resamples,
        "seed": settings.seed,
        "threshold": settings.threshold,
    }


def _finding(entry: Finding) -> FindingDocument:
    fields: dict[str, Any] = {**vars(entry), "verdict": entry.verdict.value}
    return cast(FindingDocument, {key: _finite(fields[key]) for key in FindingDocument.__annotations__})


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
