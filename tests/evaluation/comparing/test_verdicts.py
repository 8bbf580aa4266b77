"""Which numbers make which verdict, and what the reason says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from millwork.core.errors import WrongArgument
from millwork.evaluation.comparing.estimate import Estimate
from millwork.evaluation.comparing.findings import Verdict
from millwork.evaluation.comparing.margins import amount_for, check_amounts
from millwork.evaluation.comparing.metric_catalog import METRICS
from millwork.evaluation.comparing.verdicts import Evidence, judge

METRIC = {metric.name: metric for metric in METRICS}
BETTER, NO_WORSE, INCONCLUSIVE, WORSE = (
    Verdict.BETTER, Verdict.NO_WORSE, Verdict.INCONCLUSIVE, Verdict.WORSE,
)  # fmt: skip


def evidence(change: float, lower: float, upper: float, p_value: float, **others: Any) -> Evidence:
    """Of a metric of which more is better, with a margin of 0.01."""
    given: dict[str, Any] = {
        "higher_is_better": True,
        "margin": 0.01,
        "minimum_effect": 0.0,
        "confidence": 0.95,
        "adjusted_p_value": p_value,
        "family": 1,
        "rows": 302,
        "rows_needed": 4_114,
        "target": 0.01,
    }
    estimate = Estimate(change, lower, upper, p_value, (upper - lower) / 3.92, "DeLong")
    return Evidence(estimate, **{**given, **others})


@pytest.mark.parametrize(
    ("change", "lower", "upper", "p_value", "verdict"),
    [
        (-0.03, -0.05, -0.01, 0.003, WORSE),
        (-0.008, -0.012, -0.004, 0.0001, WORSE),
        (-0.006, -0.009, -0.003, 0.0001, NO_WORSE),
        (-0.002, -0.009, 0.005, 0.6, NO_WORSE),
        (0.002, -0.009, 0.013, 0.7, NO_WORSE),
        (-0.02, -0.051, 0.011, 0.2, INCONCLUSIVE),
        (0.02, -0.011, 0.051, 0.2, INCONCLUSIVE),
        (-0.002, -0.01, 0.006, 0.6, INCONCLUSIVE),
        (0.03, 0.01, 0.05, 0.003, BETTER),
        (0.001, 0.0005, 0.0015, 0.0001, BETTER),
    ],
)
def test_verdicts(change: float, lower: float, upper: float, p_value: float, verdict: Verdict) -> None:
    assert judge(evidence(change, lower, upper, p_value))[0] is verdict
    # The same gain of a loss.
    mirrored = evidence(-change, -upper, -lower, p_value, higher_is_better=False)
    assert judge(mirrored)[0] is verdict


def test_a_correction_may_take_back_what_one_slice_alone_would_say() -> None:
    alone = evidence(-0.03, -0.055, -0.005, 0.02)
    assert judge(alone)[0] is WORSE
    verdict, reason = judge(replace(alone, adjusted_p_value=0.4, family=20))
    assert verdict is INCONCLUSIVE
    assert "p = 0.02, 0.4 corrected for 20 slices" in reason


def test_a_change_below_the_minimum_effect_is_neither_better_nor_worse() -> None:
    worse = evidence(-0.008, -0.012, -0.004, 0.0001, minimum_effect=0.02)
    assert judge(worse) == (
        INCONCLUSIVE,
        "the loss may be as large as 0.012, more than the margin of 0.01; the change of 0.008 is smaller than the "
        "minimum effect of 0.02; about 4,100 rows would show a loss of 0.01, there are 302",
    )
    better = evidence(0.008, 0.004, 0.012, 0.0001, minimum_effect=0.02)
    assert judge(better) == (
        NO_WORSE,
        "a gain of 0.008 is likely, smaller than the minimum effect of 0.02",
    )


def test_without_a_margin_a_loss_must_be_ruled_out() -> None:
    assert judge(evidence(-0.001, -0.003, 0.001, 0.3, margin=0.0))[0] is INCONCLUSIVE
    assert judge(evidence(0.001, 0.0001, 0.002, 0.03, margin=0.0, adjusted_p_value=0.2))[0] is NO_WORSE


def test_where_nothing_varies_a_loss_may_be_as_large_as_the_margin() -> None:
    assert judge(evidence(0.0, 0.0, 0.0, 1.0, margin=0.0))[0] is NO_WORSE
    assert judge(evidence(-0.01, -0.01, -0.01, 0.0))[0] is NO_WORSE
    assert judge(evidence(-0.02, -0.02, -0.02, 0.0))[0] is WORSE


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            evidence(-0.02, -0.051, 0.011, 0.2),
            "the loss may be as large as 0.051, more than the margin of 0.01; about 4,100 rows would show a loss of "
            "0.01, there are 302",
        ),
        (
            evidence(-0.02, -0.051, 0.011, 0.2, margin=0.0, target=0.02, rows_needed=900),
            "the loss may be as large as 0.051; about 900 rows would show a change of 0.02, there are 302",
        ),
        (
            evidence(-0.03, -0.05, -0.01, 0.00001, adjusted_p_value=0.00004, family=4),
            "0.03 lower (95 % interval -0.05 to -0.01; p < 0.0001, <0.0001 corrected for 4 slices)",
        ),
        (evidence(0.03, 0.01, 0.05, 0.003), "0.03 higher (95 % interval +0.01 to +0.05; p = 0.003)"),
        (
            evidence(1234.5, 100, 2369, 0.03, higher_is_better=False),
            "1,234 higher (95 % interval +100 to +2,369; p = 0.03)",
        ),
        (evidence(-0.002, -0.009, 0.005, 0.6), "the loss is at most 0.009, and the margin is 0.01"),
        (
            evidence(-0.006, -0.009, -0.003, 0.0001),
            "there is a loss, of at most 0.009, and the margin is 0.01",
        ),
        (
            evidence(0.01, 0.001, 0.019, 0.03, adjusted_p_value=0.2, family=9),
            "no loss is likely, nor a gain of 0.01 sure (p = 0.03, 0.2 corrected for 9 slices)",
        ),
    ],
)
def test_reasons(given: Evidence, reason: str) -> None:
    assert judge(given)[1] == reason


@pytest.mark.parametrize(
    ("amounts", "margin"),
    [
        ({}, 0.01),
        ({"": "0.02"}, 0.02),
        ({"auc": "5%", "": "0.02"}, 0.04),
        ({"auc": " 5 % "}, 0.04),
        ({"log_loss": "1"}, 0.01),
        ({"auc": "0"}, 0.0),
    ],
)
def test_margins(amounts: dict[str, str], margin: float) -> None:
    assert amount_for(METRIC["auc"], amounts, METRIC["auc"].margin, baseline=0.8) == pytest.approx(margin)


def test_usual_margins() -> None:
    shares = {"auc", "accuracy", "pr_auc", "precision", "recall", "f1", "calibration_error"}
    assert {name for name, metric in METRIC.items() if metric.margin == "0.01"} == shares
    assert {metric.margin for name, metric in METRIC.items() if name not in shares} == {"2%"}


@pytest.mark.parametrize("amount", ["a lot", "-0.1", "nan", "inf", "%", "", "0.1 %%"])
def test_amounts_that_are_none(amount: str) -> None:
    with pytest.raises(WrongArgument, match="margin: .* is no amount. Write a number such as 0.01"):
        check_amounts("margin", {"auc": amount})


def test_amounts_of_metrics_that_there_are_not() -> None:
    with pytest.raises(WrongArgument, match="margin: there is no metric 'acuracy'. Did you mean 'accuracy'"):
        check_amounts("margin", {"acuracy": "0.1"})
