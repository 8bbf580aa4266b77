"""How findings are told: numbers, reasons, advice."""

from __future__ import annotations

import pytest
from sample_findings import BETTER, INCONCLUSIVE, WORSE, finding, findings

from millwork.evaluation.comparing.wording import (
    advice,
    change_decimals,
    decimals,
    interval,
    name_of,
    number,
    refusal,
    rows_of,
    signed,
    why,
)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.81234, "0.8123"),
        (0.05126, "0.05126"),
        (0.000512345, "0.0005123"),
        (3.14159, "3.142"),
        (12_345.6, "12,346"),
        (0.0, "0.0000"),
        (None, "n/a"),
    ],
)
def test_values_have_four_digits_whatever_their_unit(value: float | None, told: str) -> None:
    entry = finding(baseline_value=value, value=value)
    assert number(value, decimals(entry)) == told


def test_a_change_has_as_many_digits_as_its_interval_is_narrow() -> None:
    assert interval(finding(lower=-0.000109, upper=-0.0000048)) == "-0.000109 to -0.000005"
    assert interval(finding(lower=-0.0279, upper=0.0556)) == "-0.0279 to +0.0556"
    assert interval(finding(lower=None, upper=None)) == ""
    assert change_decimals(finding(lower=0.0, upper=0.0)) == 4


def test_only_no_change_at_all_is_told_as_0() -> None:
    assert signed(0.0, 4) == "0"
    assert signed(0.00001, 4) == "+0.0000"
    assert signed(-1234.5, 0) == "-1,234"


def test_rows_are_told_of_both_models_if_they_differ() -> None:
    assert rows_of(finding(rows=302, challenger_rows=302)) == "302"
    assert rows_of(finding(rows=302, challenger_rows=1_310)) == "302 / 1,310"


def test_names_keep_to_their_line_and_command_no_terminal() -> None:
    assert name_of("a\n b\x1b[31m") == "a b\ufffd[31m"
    assert name_of("  ") == "(empty)"


def test_why_a_model_is_worse_is_told_by_the_slice_in_which_it_is() -> None:
    found = findings(
        finding(),
        finding(slice="health:poor", verdict=WORSE, reason="0.05 lower"),
        finding(slice="health:fair", verdict=WORSE, reason="0.04 lower"),
        finding(slice="health:good", verdict=BETTER, reason="0.03 higher"),
    )
    assert why(found, "new") == "ROC AUC, health:poor: 0.05 lower; worse in 1 more"


def test_why_a_model_is_no_worse_is_told_by_all_rows() -> None:
    found = findings(finding(), finding(slice="health:poor", verdict=INCONCLUSIVE, reason="too few"))
    assert why(found, "new") == "ROC AUC: any loss is smaller than 0.01"


def test_advice_says_how_many_rows_would_settle_it() -> None:
    found = findings(finding(verdict=INCONCLUSIVE, rows_needed=48_213, margin=0.005))
    first, second = advice(found)
    assert first == (
        "About 48,000 rows would show a change of 0.005 in ROC AUC in 4 of 5 cases; here there are 6,000"
    )
    assert "--margin" in second


def test_there_is_no_advice_where_all_is_settled_or_more_rows_are_not_the_matter() -> None:
    assert advice(findings(finding(rows_needed=48_000))) == []
    assert advice(findings(finding(verdict=INCONCLUSIVE, rows_needed=None))) == []
    assert advice(findings(finding(verdict=INCONCLUSIVE, rows_needed=100))) == []


def test_a_gate_names_what_it_stops_for() -> None:
    entries = [finding(slice=f"age:{n}", verdict=WORSE) for n in range(5)]
    found = findings(finding(verdict=INCONCLUSIVE), *entries)
    assert refusal(found, ()) == ""
    assert refusal(found, ("inconclusive",)) == (
        "Not good enough: ROC AUC of new is inconclusive in all rows; ROC AUC of new is worse in age:0; "
        "ROC AUC of new is worse in age:1; 3 more"
    )
    told = refusal(found, ("regression",))
    assert told.startswith("Not good enough: ROC AUC of new is worse in age:0; ")
    assert told.endswith("; 2 more")
