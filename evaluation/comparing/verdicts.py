"""Better, no worse, inconclusive or worse, and why in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from millwork.evaluation.comparing.estimate import Estimate
from millwork.evaluation.comparing.findings import Verdict


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on."""

    estimate: Estimate
    higher_is_better: bool
    margin: float
    minimum_effect: float
    confidence: float
    adjusted_p_value: float
    family: int
    """Slices that were corrected for; 1: no correction."""
    rows: int
    rows_needed: int | None
    target: float
    """The change that the needed rows would show."""

    @property
    def gain(self) -> float:
        """The change, such that more is better."""
        return self.estimate.change if self.higher_is_better else -self.estimate.change

    @property
    def least(self) -> float:
        """The lower end of the gain's interval."""
        return self.estimate.lower if self.higher_is_better else -self.estimate.upper

    @property
    def most(self) -> float:
        """The upper end."""
        return self.estimate.upper if self.higher_is_better else -self.estimate.lower

    @property
    def within_margin(self) -> bool:
        """Any loss is smaller than the margin. If nothing varies, it may be as large."""
        if self.least == self.most:
            return self.least >= -self.margin
        return self.least > -self.margin

    @property
    def sure(self) -> bool:
        """That there is a change, and that it is not too small to matter."""
        return self.adjusted_p_value <= 1 - self.confidence + 1e-12 and abs(self.gain) >= self.minimum_effect


def judge(evidence: Evidence) -> tuple[Verdict, str]:
    """The verdict and its reason.

    worse          there is a change for the worse, and the loss may be as large as the margin
    better         there is a change for the better
    no worse       the whole interval lies above a loss as large as the margin
    inconclusive   otherwise
    """
    if evidence.sure and evidence.gain < 0 and not evidence.within_margin:
        return Verdict.WORSE, _change_in_words(evidence)
    if evidence.sure and evidence.gain > 0:
        return Verdict.BETTER, _change_in_words(evidence)
    if evidence.within_margin:
        return Verdict.NO_WORSE, _at_most(evidence)
    return Verdict.INCONCLUSIVE, _what_is_missing(evidence)


def _change_in_words(evidence: Evidence) -> str:
    estimate = evidence.estimate
    direction = "higher" if estimate.change > 0 else "lower"
    interval = (
        f"{evidence.confidence * 100:g} % interval {signed(estimate.lower)} to {signed(estimate.upper)}"
    )
    return f"{number(abs(estimate.change))} {direction} ({interval}; {_p_in_words(evidence)})"


def _at_most(evidence: Evidence) -> str:
    if evidence.least >= 0:
        return f"the gain is {number(evidence.gain)}, and no loss is likely ({_p_in_words(evidence)})"
    return f"the loss is at most {number(-evidence.least)}, and the margin is {number(evidence.margin)}"


def _what_is_missing(evidence: Evidence) -> str:
    may_be = f"the loss may be as large as {number(-evidence.least)}"
    if evidence.margin:
        may_be += f", more than the margin of {number(evidence.margin)}"
    small = ""
    if evidence.adjusted_p_value <= 1 - evidence.confidence:
        small = f"; a change of {number(abs(evidence.gain))} is smaller than the minimum effect"
    elif evidence.estimate.p_value <= 1 - evidence.confidence:
        small = f"; {_p_in_words(evidence)}"
    if evidence.rows_needed is None or evidence.rows_needed <= evidence.rows:
        return may_be + small
    rows = float(f"{evidence.rows_needed:.2g}")
    return (
        f"{may_be}{small}; about {rows:,.0f} rows would show a change of {number(evidence.target)}, "
        f"there are {evidence.rows:,}"
    )


def _p_in_words(evidence: Evidence) -> str:
    p_value = f"p = {probability(evidence.estimate.p_value)}".replace("= <", "< ")
    if evidence.family < 2:
        return p_value
    return f"{p_value}, {probability(evidence.adjusted_p_value)} corrected for {evidence.family} slices"


def probability(p_value: float) -> str:
    """Two digits; `<0.0001` for less."""
    return f"{p_value:.2g}" if p_value >= 0.0001 else "<0.0001"


def number(value: float) -> str:
    """Three digits, without an exponent where that is readable."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def signed(value: float) -> str:
    """With its sign."""
    return f"{'-' if value < 0 else '+'}{number(abs(value))}"
