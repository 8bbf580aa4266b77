"""Differences with their intervals, as rows of a table."""

from __future__ import annotations

import re

import pytest
from markupsafe import Markup

from millwork.evaluation.comparing.findings import Finding, MetricInfo, Verdict
from millwork.evaluation.reporting.forest import forest

AUC = MetricInfo("auc", "ROC AUC", True)
LOSS = MetricInfo("log_loss", "Log loss", False)


def finding(
    change: float | None, lower: float | None, upper: float | None, verdict: Verdict = Verdict.WORSE
) -> Finding:
    return Finding(
        model="new",
        slice="Overall",
        metric="auc",
        verdict=verdict,
        reason="",
        baseline_value=0.8,
        value=0.8,
        change=change,
        lower=lower,
        upper=upper,
        p_value=None,
        adjusted_p_value=None,
        margin=0.01,
        minimum_effect=0.0,
        rows=100,
        challenger_rows=100,
        method="",
        detectable=None,
        rows_needed=None,
    )


def place_of_sign(row: str) -> float:
    found = re.search(r'<use href="#sign-\w+" x="([\d.]+)%"/>', row)
    assert found
    return float(found[1])


@pytest.mark.parametrize(("metric", "worse"), [(AUC, -0.05), (LOSS, 0.05)])
def test_what_is_worse_lies_on_the_left_whichever_way_the_metric_goes(
    metric: MetricInfo, worse: float
) -> None:
    one = finding(worse, worse - 0.02, worse + 0.02)
    drawn = forest(metric, [one])
    assert place_of_sign(drawn.row(one, Markup())) < drawn.at(0)
    assert drawn.at(-worse) > drawn.at(0)


@pytest.mark.parametrize(("metric", "side"), [(AUC, -1), (LOSS, 1)])
def test_the_band_reaches_from_nothing_to_the_margin_on_the_worse_side(metric: MetricInfo, side: int) -> None:
    drawn = forest(metric, [finding(0.0, -0.02, 0.02)])
    found = re.search(r'class="band" x="([\d.]+)%" width="([\d.]+)%"', drawn.ground)
    assert found
    start, width = float(found[1]), float(found[2])
    assert start == pytest.approx(drawn.at(side * 0.01), abs=0.06)
    assert start + width == pytest.approx(drawn.at(0), abs=0.11)


def test_the_interval_of_a_tiny_slice_is_cut_with_an_arrow_so_that_the_others_can_be_read() -> None:
    usual = [finding(0.001 * n, 0.001 * n - 0.01, 0.001 * n + 0.01) for n in range(9)]
    tiny = finding(0.0, -0.9, 0.8)
    drawn = forest(AUC, [*usual, tiny])
    assert drawn.scale.high < 0.1
    assert drawn.row(tiny, Markup()).count("<path") == 2
    assert drawn.row(usual[0], Markup()).count("<path") == 0


def test_what_is_not_defined_is_not_drawn() -> None:
    nothing = finding(None, None, None, Verdict.INCONCLUSIVE)
    assert "<use" not in forest(AUC, [nothing]).row(nothing, Markup())
    bare = finding(0.5, None, None)
    assert "<line" not in forest(AUC, [bare]).row(bare, Markup())


def test_models_without_any_difference_have_a_scale() -> None:
    drawn = forest(AUC, [finding(0.0, 0.0, 0.0, Verdict.NO_WORSE)])
    assert drawn.scale.low < 0 < drawn.scale.high
