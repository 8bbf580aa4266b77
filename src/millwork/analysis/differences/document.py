"""A difference between two runs as JSON: millwork/diff/v1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from millwork.analysis.differences.difference import (
    Cause,
    Change,
    Detail,
    Drift,
    FeatureDrift,
    RunDifference,
    RunInfo,
)

SCHEMA = "millwork/diff/v1"


class DiffedRunDocument(TypedDict):
    """One of the two runs."""

    id: str
    pipeline: str
    state: str
    began: str | None


class ChangeDocument(TypedDict):
    """A value before and after, as text for people. Null: there was none."""

    name: str
    before: str | None
    after: str | None


class CauseDocument(TypedDict):
    """A difference that no other difference explains."""

    kind: str
    """pipeline, data, schema, files, parameters, code, environment, store, or repetition: the same work gave something
    else the second time."""
    steps: list[str]
    """The steps that it changed by itself."""
    said: str
    """One sentence for people."""
    changes: list[ChangeDocument]
    module: str
    """Of code."""
    diff: str
    """Of code, in unified format. Empty if one of the texts was not kept."""


class ConsequenceDocument(TypedDict):
    """A step that differs because of steps before it."""

    step: str
    follows_from: list[str]
    """The steps of first causes."""
    same_result: bool
    """Whether the same came of other inputs."""


class DetailDocument(TypedDict):
    """How one output differs inside."""

    step: str
    of: str
    """rows, schema, transform or hyperparameters."""
    follows_from: list[str]
    changes: list[ChangeDocument]


class FeatureDriftDocument(TypedDict):
    """How one feature of one split differs."""

    feature: str
    split: str
    distance: float | None
    """Jensen-Shannon divergence, to base 2. Null if only one side has values, or the types differ."""
    largest_change: float | None
    """Of one value's share: the L-infinity norm. Null for numbers."""
    noticeable: bool
    changes: list[ChangeDocument]


class DriftDocument(TypedDict):
    """How the data differ by the statistics of one step."""

    step: str
    follows_from: list[str]
    rows: list[ChangeDocument]
    """By split."""
    features: list[FeatureDriftDocument]
    """The most different first."""


class DiffDocument(TypedDict):
    """`diff`: millwork/diff/v1."""

    schema: str
    before: DiffedRunDocument
    after: DiffedRunDocument
    equal: bool
    """True if every step did the same work with the same result."""
    parameters: list[ChangeDocument]
    """Of the pipeline, as the runs were given them."""
    causes: list[CauseDocument]
    consequences: list[ConsequenceDocument]
    details: list[DetailDocument]
    drift: list[DriftDocument]
    packages: list[ChangeDocument]
    """All of the environment that differs, whether or not a step imports it."""
    outcomes: list[ChangeDocument]
    """How steps ended, verdicts, metrics."""
    unchanged: list[str]
    """Steps."""
    notes: list[str]
    """What could not be compared, and why."""


def document(difference: RunDifference) -> DiffDocument:
    """The difference for programs."""
    return {
        "schema": SCHEMA,
        "before": _run(difference.before),
        "after": _run(difference.after),
        "equal": difference.equal,
        "parameters": _changes(difference.parameters),
        "causes": list(map(_cause, difference.causes)),
        "consequences": [
            {"step": one.step, "follows_from": list(one.follows_from), "same_result": one.same_result}
            for one in difference.consequences
        ],
        "details": list(map(_detail, difference.details)),
        "drift": list(map(_drift, difference.drift)),
        "packages": _changes(difference.packages),
        "outcomes": _changes(difference.outcomes),
        "unchanged": list(difference.unchanged),
        "notes": list(difference.notes),
    }


def _run(run: RunInfo) -> DiffedRunDocument:
    began = datetime.fromtimestamp(run.began).astimezone().isoformat(timespec="milliseconds")
    return {
        "id": run.id,
        "pipeline": run.pipeline,
        "state": run.state,
        "began": began if run.began else None,
    }


def _changes(changes: Sequence[Change]) -> list[ChangeDocument]:
    return [{"name": c.name, "before": c.before, "after": c.after} for c in changes]


def _cause(cause: Cause) -> CauseDocument:
    return {
        "kind": cause.kind.value,
        "steps": list(cause.steps),
        "said": cause.said,
        "changes": _changes(cause.changes),
        "module": cause.name,
        "diff": cause.diff,
    }


def _detail(detail: Detail) -> DetailDocument:
    return {
        "step": detail.step,
        "of": detail.title,
        "follows_from": list(detail.follows_from),
        "changes": _changes(detail.changes),
    }


def _drift(drift: Drift) -> DriftDocument:
    return {
        "step": drift.step,
        "follows_from": list(drift.follows_from),
        "rows": _changes(drift.rows),
        "features": list(map(_feature, drift.features)),
    }


def _feature(feature: FeatureDrift) -> FeatureDriftDocument:
    return {
        "feature": feature.feature,
        "split": feature.split,
        "distance": feature.distance,
        "largest_change": feature.largest,
        "noticeable": feature.noticeable,
        "changes": _changes(feature.changes),
    }
