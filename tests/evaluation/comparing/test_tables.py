"""What a comparison shows in tables."""

from __future__ import annotations

from sample_findings import BETTER, INCONCLUSIVE, WORSE, finding, findings

from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.comparing.tables import fitted, overall_table, slices_table


def test_all_rows_are_told_metric_by_metric() -> None:
    table = overall_table(
        findings(finding(), finding(metric="rmse", baseline_value=3.0, value=2.5, change=-0.5))
    )
    assert table.columns == ("metric", "baseline", "challenger", "change", "95 % interval", "verdict")
    assert table.rows[0] == ("ROC AUC", "0.8123", "0.8111", "-0.0012", "-0.0045 to +0.0021", "no worse")
    assert table.rows[1][0] == "RMSE (less is better)"


def test_of_several_challengers_each_row_says_which() -> None:
    table = overall_table(findings(finding(), finding(model="newer")))
    assert table.columns[0] == "model"
    assert [row[0] for row in table.rows] == ["new", "newer"]


def test_the_level_of_the_interval_is_that_of_the_settings() -> None:
    assert "99.5 % interval" in overall_table(findings(settings=Settings(confidence=0.995))).columns


def test_slices_to_worry_about_come_first_and_those_that_are_no_worse_not_at_all() -> None:
    verdicts = {"a": BETTER, "c": INCONCLUSIVE, "d": WORSE}
    entries = [finding(slice=name, verdict=verdict) for name, verdict in verdicts.items()]
    found = findings(finding(), finding(slice="b"), *entries)
    table = slices_table(found)
    assert [row[0] for row in table.rows] == ["d", "c", "a"]
    assert table.left_out == 1
    everything = slices_table(found, limit=None)
    assert [row[0] for row in everything.rows] == ["d", "c", "a", "b"]
    assert everything.left_out == 0


def test_what_no_model_has_a_value_for_comes_after_what_can_be_read() -> None:
    nothing = finding(slice="a", verdict=INCONCLUSIVE, baseline_value=None, value=None, change=None)
    found = findings(finding(), nothing, finding(slice="b", verdict=INCONCLUSIVE), finding(slice="c"))
    assert [row[0] for row in slices_table(found, limit=None).rows] == ["b", "a", "c"]


def test_of_many_slices_some_are_left_out() -> None:
    found = findings(finding(), *(finding(slice=f"s{n}", verdict=WORSE) for n in range(30)))
    table = slices_table(found, limit=10)
    assert (len(table.rows), table.left_out) == (10, 20)


def test_a_table_that_fits_stays_as_it_is() -> None:
    table = overall_table(findings(finding(metric="rmse")))
    assert fitted(table, table.width) == [("", table)]


def test_a_terminal_too_narrow_for_the_direction_does_without_it() -> None:
    table = overall_table(findings(finding(metric="rmse")))
    [(model, narrow)] = fitted(table, table.width - 1)
    assert (model, narrow.columns, narrow.rows[0][0]) == ("", table.columns, "RMSE")


def test_then_each_model_has_a_table_of_its_own() -> None:
    several = findings(finding(), finding(model="newer"), finding(model="newer", metric="rmse"))
    narrow = dict(fitted(overall_table(several), 72))
    assert [len(table.rows) for table in narrow.values()] == [1, 2]
    assert list(narrow) == ["new", "newer"]
    assert narrow["newer"].columns[:3] == ("metric", "baseline", "challenger")
    assert all(table.width <= 72 for table in narrow.values())


def test_then_the_change_stands_without_the_two_values() -> None:
    table = slices_table(findings(finding(), finding(slice="health:poor", verdict=INCONCLUSIVE)))
    [(_, narrow)] = fitted(table, 80)
    assert narrow.columns == ("slice", "rows", "metric", "change", "95 % interval", "verdict")
    assert narrow.width <= 80 < table.width
