"""What a comparison found: a verdict for each challenger, metric and slice, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What the data say about a challenger against the baseline."""

    BETTER = "better"
    NO_WORSE = "no worse"
    """Any loss is smaller than the margin."""
    INCONCLUSIVE = "inconclusive"
    """The data can neither show a loss nor rule one out."""
    WORSE = "worse"


@dataclass(frozen=True)
class Settings:
    """How to compare. Every field has a twin among the options of `millwork compare` and the keys of a policy file."""

    metrics: tuple[str, ...] = ()
    """Names from the catalog of metrics; empty: the usual ones of the problem."""
    by: tuple[str, ...] = ()
    """Slices: `health` (each value), `health=poor`, `age>60`, `sex,health` (each pair of values)."""
    margin: Mapping[str, str] = field(default_factory=dict)
    """By metric, and under "" for all others: how much worse is no worse, as a number or as `2%` of the baseline's."""
    minimum_effect: Mapping[str, str] = field(default_factory=dict)
    """Alike: a change that is smaller than this is called neither better nor worse."""
    confidence: float = 0.95
    resamples: int = 1_000
    seed: int = 0
    threshold: float | None = None
    """Of a binary model: rows with a higher score are positive. None: what each model decided."""


@dataclass(frozen=True)
class Finding:
    """One challenger against the baseline: one metric in one slice."""

    model: str
    slice: str
    metric: str
    verdict: Verdict
    reason: str
    """One sentence for people: why this verdict."""
    baseline_value: float | None
    value: float | None
    """None: not defined for these rows."""
    change: float | None
    """`value` less `baseline_value`, in the metric's own direction."""
    lower: float | None
    upper: float | None
    """Of `change`, at the confidence of the settings; not corrected for the number of slices."""
    p_value: float | None
    """Two-sided, of no change at all."""
    adjusted_p_value: float | None
    """After Benjamini and Hochberg, over the slices of one metric and challenger; `Overall` stands by itself."""
    margin: float
    """In the metric's own unit."""
    minimum_effect: float
    rows: int
    """Of the baseline, in this slice."""
    challenger_rows: int
    """The same number if the rows are paired."""
    method: str
    """`identical`, `DeLong`, `McNemar`, `paired bootstrap`, `unpaired DeLong`, `unpaired bootstrap`, … or `none`."""
    detectable: float | None
    """The smallest change that this many rows show in 4 of 5 cases (80 % power), if no other slice changes."""
    rows_needed: int | None
    """How many rows would show a change as large as the margin (or, with none, as the one seen) in 4 of 5 cases."""


@dataclass(frozen=True)
class MetricInfo:
    """What a reader must know about a metric."""

    name: str
    title: str
    """For people: `ROC AUC`."""
    higher_is_better: bool


@dataclass(frozen=True)
class Findings:
    """All of a comparison that is plain data: what JSON, Markdown, JUnit and the report are written from."""

    baseline: str
    challengers: tuple[str, ...]
    problem: str
    paired: bool
    unpaired_because: str
    settings: Settings
    metrics: tuple[MetricInfo, ...]
    slices: tuple[str, ...]
    """In the order of the contest."""
    entries: tuple[Finding, ...]
    """By challenger, then metric, then slice."""
    notes: tuple[str, ...] = ()
    """What a reader should know: rows without a label, slices that were too small, …"""

    def of(self, model: str = "", metric: str = "", slice: str = "") -> Iterator[Finding]:
        """The entries with these names; an empty one means any."""
        for entry in self.entries:
            wanted = (model in ("", entry.model), metric in ("", entry.metric), slice in ("", entry.slice))
            if all(wanted):
                yield entry

    @property
    def verdict(self) -> Verdict:
        """Of the only challenger; of several, the worst."""
        return worst([self.verdict_on(model) for model in self.challengers])

    def verdict_on(self, model: str) -> Verdict:
        """Of one challenger: worse if it is worse anywhere; for the rest, what is said of all rows together.

        Inconclusive if any metric is so on all rows; better if one is better and none inconclusive.
        """
        if any(entry.verdict is Verdict.WORSE for entry in self.of(model)):
            return Verdict.WORSE
        overall = [entry.verdict for entry in self.of(model, slice=self.slices[0])]
        if Verdict.INCONCLUSIVE in overall or not overall:
            return Verdict.INCONCLUSIVE
        return Verdict.BETTER if Verdict.BETTER in overall else Verdict.NO_WORSE

    def failing(self, fail_on: Sequence[str]) -> list[Finding]:
        """The entries that a gate stops for, in any slice: `regression` means worse, `inconclusive` that as well."""
        stops = {"regression": {Verdict.WORSE}, "inconclusive": {Verdict.WORSE, Verdict.INCONCLUSIVE}}
        stopping = set().union(*(stops[word] for word in fail_on))
        return [entry for entry in self.entries if entry.verdict in stopping]


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The one to worry about most."""
    order = [Verdict.WORSE, Verdict.INCONCLUSIVE, Verdict.NO_WORSE, Verdict.BETTER]
    return min(verdicts, key=order.index)
