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
    def significant(self) -> bool:
        """There is a change."""
        return self.adjusted_p_value <= 1 - self.confidence

    @property
    def sure(self) -> bool:
        """There is a change that is not too small to matter."""
        return self.significant and abs(self.gain) >= self.minimum_effect


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
    if evidence.least >= 0 and evidence.significant:
        return f"a gain of {number(evidence.gain)} is likely, {_too_small(evidence)}"
    if evidence.least >= 0:
        return f"no loss is likely, nor a gain of {number(evidence.gain)} sure ({_p_in_words(evidence)})"
    loss = "there is a loss, of" if evidence.significant and evidence.gain < 0 else "the loss is"
    return f"{loss} at most {number(-evidence.least)}, and the margin is {number(evidence.margin)}"


def _what_is_missing(evidence: Evidence) -> str:
    words = f"the loss may be as large as {number(-evidence.least)}"
    if evidence.margin:
        words += f", more than the margin of {number(evidence.margin)}"
    if evidence.significant:
        words += f"; the change of {number(abs(evidence.gain))} is {_too_small(evidence)}"
    elif evidence.estimate.p_value <= 1 - evidence.confidence:
        words += f"; {_p_in_words(evidence)}"
    if evidence.rows_needed is None or evidence.rows_needed <= evidence.rows:
        return words
    what = "loss" if evidence.margin else "change"
    return (
        f"{words}; about {float(f'{evidence.rows_needed:.2g}'):,.0f} rows would show a {what} of "
        f"{number(evidence.target)}, there are {evidence.rows:,}"
    )


def _too_small(evidence: Evidence) -> str:
    return f"smaller than the minimum effect of {number(evidence.minimum_effect)}"


def _p_in_words(evidence: Evidence) -> str:
    p_value = probability("p", evidence.estimate.p_value)
    if evidence.family < 2:
        return p_value
    return f"{p_value}, {probability('', evidence.adjusted_p_value)} corrected for {evidence.family} slices"


def probability(name: str, p_value: float) -> str:
    """Two digits: `p = 0.012`, `p < 0.0001`; without a name `0.012`, `<0.0001`."""
    if p_value < 0.0001:
        return f"{name} < 0.0001" if name else "<0.0001"
    return f"{name} = {p_value:.2g}" if name else f"{p_value:.2g}"


def number(value: float) -> str:
    """Three digits, without an exponent where that is readable."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def signed(value: float) -> str:
    """With its sign."""
    return f"{'-' if value < 0 else '+'}{number(abs(value))}"
