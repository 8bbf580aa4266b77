"""What differs between two runs, as plain data: what text, JSON, Markdown and reports are written from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a first cause is a difference of, in the order in which people are told."""

    PIPELINE = "pipeline"
    """Steps and the wires between them."""
    DATA = "data"
    """Files and tables that the steps which bring in rows read."""
    SCHEMA = "schema"
    """A schema that people wrote."""
    FILES = "files"
    """Other files outside the store."""
    PARAMETERS = "parameters"
    CODE = "code"
    ENVIRONMENT = "environment"
    """Python, versions of packages, environment variables."""
    STORE = "store"
    """What a resolver found among the outputs of earlier runs."""
    REPETITION = "repetition"
    """The same work gave something else the second time."""


@dataclass(frozen=True)
class Change:
    """A value before and after. None: there was none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Cause:
    """A difference that no other difference explains."""

    kind: Kind
    steps: tuple[str, ...]
    """The steps that it changed by itself."""
    said: str
    """One sentence for people."""
    changes: tuple[Change, ...] = ()
    name: str = ""
    """Of code: the module."""
    diff: str = ""
    """Of code: in unified format. Empty if one of the texts was not kept."""


@dataclass(frozen=True)
class Consequence:
    """A step that differs because of steps before it."""

    step: str
    follows_from: tuple[str, ...]
    """The steps of first causes."""
    same_result: bool
    """Whether the same came of other inputs."""


@dataclass(frozen=True)
class FeatureDrift:
    """How one feature of one split differs."""

    feature: str
    split: str
    distance: float | None
    """Jensen-Shannon divergence, to base 2: 0 (equal) to 1. None if only one side has values, or the types differ."""
    largest: float | None
    """The largest change of one value's share, which is the L-infinity norm. None for numbers."""
    noticeable: bool
    changes: tuple[Change, ...]
    """`type`, `missing`, `mean`, `std`, `median`, …, or shares of values, where they differ."""


@dataclass(frozen=True)
class Detail:
    """How one output differs that both runs have: rows, a schema, a transform graph."""

    step: str
    title: str
    """`rows`, `schema`, `transform`, `chosen hyperparameters`."""
    follows_from: tuple[str, ...]
    """The steps of first causes; the step itself if it is one."""
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Drift:
    """How the data differ by the statistics of one step."""

    step: str
    follows_from: tuple[str, ...]
    rows: tuple[Change, ...]
    """By split, where their number differs."""
    features: tuple[FeatureDrift, ...]
    """The most different first. Those that are equal are left out."""

    @property
    def noticeable(self) -> Iterator[FeatureDrift]:
        """Those that a reader should see."""
        return (feature for feature in self.features if feature.noticeable)


@dataclass(frozen=True)
class Outline:
    """A step of one or both runs and its wires, to draw it."""

    step: str
    outputs: tuple[str, ...]
    differing: tuple[str, ...]
    """The outputs with other content."""
    needs: tuple[tuple[str, str], ...]
    """Step and output, of everything that it waits for."""
    only_in: str = ""
    """`before` or `after`."""


@dataclass(frozen=True)
class RunInfo:
    """Which run."""

    id: str
    pipeline: str
    state: str
    began: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class RunDifference:
    """What differs between two runs."""

    before: RunInfo
    after: RunInfo
    parameters: tuple[Change, ...]
    """Of the pipeline, as the runs were given them."""
    causes: tuple[Cause, ...]
    consequences: tuple[Consequence, ...]
    details: tuple[Detail, ...]
    drift: tuple[Drift, ...]
    packages: tuple[Change, ...]
    """Installed packages with other versions, whether or not a step imports them."""
    outcomes: tuple[Change, ...]
    """How steps ended, verdicts, metrics."""
    unchanged: tuple[str, ...]
    """The steps of both runs that did the same work with the same result."""
    notes: tuple[str, ...] = ()
    """What could not be compared, and why."""
    outlines: tuple[Outline, ...] = ()
    """Every step of both runs."""

    @property
    def equal(self) -> bool:
        """Whether nothing was found that steps would notice."""
        return not (self.causes or self.consequences or self.details or self.outcomes)

    def of(self, kind: Kind) -> list[Cause]:
        """The first causes of a kind."""
        return [cause for cause in self.causes if cause.kind is kind]
