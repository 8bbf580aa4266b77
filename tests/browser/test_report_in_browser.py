"""A report as its readers have it: from disk, in any width and colour, by keyboard, without script, on paper."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sample_browser import Browser
from sample_contests import binary_contest, multiclass_contest, regression_contest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.reporting.change_sections import ChangeSection, FileDiff
from millwork.evaluation.reporting.report import report_html

pytestmark = pytest.mark.browser

HOSTILE = (
    "</script><img src=x onerror=alert(1)><svg onload=alert(2)>\"'&\x00\u202e\u2028\N{FACE WITH TEARS OF JOY}"
)


WIDE_DRAWING = '<svg width="3000" height="50" aria-label="wide"></svg>'


def of(contest: Contest, lineage_svg: str = "") -> str:
    findings = compare(contest, Settings(by=("region",), resamples=100))
    return report_html(findings, contest, lineage_svg=lineage_svg)


def test_it_opens_without_a_complaint(browser: Browser, report: str) -> None:
    browser.show(report)
    assert browser.complaints() == []
    assert browser.seen("main > section") == 7
    assert browser.ask("performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "lineage"])
def test_nothing_makes_the_page_wider_than_the_window(
    browser: Browser, report: str, kind: str, width: int
) -> None:
    made = {
        "multiclass": lambda: of(multiclass_contest(400, 12, 3)),
        "regression": lambda: of(regression_contest(300)),
        "lineage": lambda: of(binary_contest(100), WIDE_DRAWING),
    }
    browser.show(made[kind]() if kind in made else report, width=width)
    assert browser.ask("document.documentElement.scrollWidth") == width


def test_one_forest_is_shown_at_a_time_and_the_arrow_keys_choose(browser: Browser, report: str) -> None:
    browser.show(report)
    assert browser.seen("table.slices") == 1
    assert "ROC AUC: boosted against logistic" in shown_forest(browser)
    browser.driver.find_element(By.CSS_SELECTOR, "[name=forests-metric]:checked").send_keys(Keys.ARROW_RIGHT)
    assert "Accuracy: boosted against logistic" in shown_forest(browser)
    browser.driver.find_element(By.CSS_SELECTOR, "[name=forests-model]:checked").send_keys(Keys.ARROW_RIGHT)
    assert "Accuracy: deep against logistic" in shown_forest(browser)


def shown_forest(browser: Browser) -> str:
    return browser.text('[data-of="forests"]:not(.off) caption')


def test_slices_can_be_sorted_and_all_rows_stay_first(browser: Browser, report: str) -> None:
    browser.show(report)
    heads = browser.driver.find_elements(By.CSS_SELECTOR, '[data-of="forests"]:not(.off) thead button')
    assert [head.text for head in heads] == ["Slice", "Rows", "Change", "p, adjusted", "Verdict"]
    heads[1].send_keys(Keys.ENTER)
    assert rows_in_forest(browser) == sorted(rows_in_forest(browser))
    heads[1].send_keys(Keys.ENTER)
    assert rows_in_forest(browser) == sorted(rows_in_forest(browser), reverse=True)
    assert browser.ask("document.querySelector('[aria-sort]').textContent") == "Rows"
    assert browser.text('[data-of="forests"]:not(.off) tbody tr th') == "all rows"


def rows_in_forest(browser: Browser) -> list[int]:
    told = browser.ask(
        "[...document.querySelectorAll('[data-of=\"forests\"]:not(.off) tbody tr')].slice(1)"
        ".map(row => row.cells[1].textContent)"
    )
    assert isinstance(told, list)
    return [int(text.replace(",", "")) for text in told]


def test_the_threshold_moves_matrices_differences_rates_and_dots(
    browser: Browser, report: str, contest: Contest
) -> None:
    browser.show(report)
    before = browser.ask("document.querySelector('[data-at=\"1\"][data-plot=roc]').getAttribute('cx')")
    slider = browser.driver.find_element(By.ID, "threshold")
    for _ in range(20):
        slider.send_keys(Keys.ARROW_RIGHT)
    threshold = float(browser.text("#threshold-told"))
    assert threshold > 0.5
    assert slider.get_attribute("aria-valuetext") == browser.text("#threshold-told")

    base, new = contest.contenders[:2]
    expected = int(((new.scores > threshold) & (new.labels == 1)).sum())
    less = expected - int(((base.scores > threshold) & (base.labels == 1)).sum())
    assert cell(browser, "1-tp") == expected
    assert cell(browser, "1-tp-change") == less
    accuracy = float(np.mean((new.scores > threshold) == (new.labels == 1)))
    assert browser.text('[data-rate="1-accuracy"] b') == f"{100 * accuracy:.1f}%"
    after = browser.ask("document.querySelector('[data-at=\"1\"][data-plot=roc]').getAttribute('cx')")
    assert float(str(after)) < float(str(before))

    browser.driver.find_element(By.ID, "threshold-own").click()
    assert cell(browser, "1-tp") == int(((new.predicted == 1) & (new.labels == 1)).sum())


def cell(browser: Browser, id: str) -> int:
    text = browser.text(f'[data-cell="{id}"] b')
    return int(text.replace(",", "").replace("\N{MINUS SIGN}", "-").replace("+", ""))


@pytest.mark.parametrize("make", [lambda: binary_contest(300, weighted=True), lambda: binary_contest(9_999)])
def test_what_the_script_writes_at_first_is_what_was_there(
    browser: Browser, make: Callable[[], Contest]
) -> None:
    report = of(make())
    browser.show(report, script=False)
    without = browser.text("#confusion .matrices"), browser.text("#confusion table")
    browser.show(report)
    assert (browser.text("#confusion .matrices"), browser.text("#confusion table")) == without


def test_without_a_script_everything_is_there(browser: Browser, report: str) -> None:
    browser.show(report, script=False)
    assert browser.seen("table.slices") == 2 * 3
    assert browser.seen(".chooser") == browser.seen("#threshold-control") == browser.seen("#theme") == 0
    assert browser.seen(".matrix") == 5


def test_colours_follow_the_system_and_the_button(browser: Browser, report: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    browser.show(report)
    assert browser.ask(background) == "rgb(255, 255, 255)"
    browser.driver.find_element(By.ID, "theme").click()
    assert browser.ask(background) == "rgb(17, 22, 29)"
    browser.show(report, dark=True)
    assert browser.ask(background) == "rgb(17, 22, 29)"
    browser.driver.find_element(By.ID, "theme").click()
    assert browser.ask(background) == "rgb(255, 255, 255)"


def test_on_paper_everything_is_there_on_white(browser: Browser, report: str) -> None:
    browser.show(report, dark=True)
    browser.command("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.seen("table.slices") == 2 * 3
    assert browser.seen("details td") > 30
    assert browser.seen("nav") == browser.seen(".chooser") == browser.seen("#threshold-control") == 0
    printed = base64.b64decode(str(browser.command("Page.printToPDF", printBackground=True)["data"]))
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 3 <= pages <= 12


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(browser: Browser, report: str) -> None:
    browser.show(report)
    outlines = {}
    for _ in range(40):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached = browser.ask("(e => e.id || e.name || e.tagName)(document.activeElement)")
        outlined = "(e => e.type === 'radio' ? e.nextElementSibling : e)(document.activeElement)"
        outlines[reached] = browser.ask(f"getComputedStyle({outlined}).outlineStyle")
    assert next(iter(outlines)) == "A"
    assert {"theme", "forests-metric", "forests-model", "threshold", "BUTTON"} <= set(outlines)
    assert "none" not in [outlines[name] for name in outlines if name not in ("BODY", "HTML")]


def test_parts_are_landmarks_and_tables_are_named(browser: Browser, report: str) -> None:
    browser.show(report)
    for element in ("main", "nav[aria-label]", "header", "footer", "h1"):
        assert browser.ask(f"document.querySelectorAll('{element}').length") == 1
    assert misfits(browser, "table", "!e.caption?.textContent.trim()") == 0
    assert misfits(browser, "thead th", "e.textContent.trim() && !e.scope") == 0
    assert misfits(browser, "svg", "!e.closest('[aria-hidden]') && !e.ariaLabel") == 0
    assert misfits(browser, "input", "!e.labels.length") == 0
    ids = "[...document.querySelectorAll('[id]')].map(e => e.id)"
    assert browser.ask(f"{ids}.length - new Set({ids}).size") == 0


def misfits(browser: Browser, selector: str, misfit: str) -> object:
    """How many of the elements are not as they should be."""
    return browser.ask(f"[...document.querySelectorAll('{selector}')].filter(e => {misfit}).length")


def test_hostile_names_do_nothing(browser: Browser) -> None:
    names, classes = (f"base {HOSTILE}", f"new {HOSTILE}"), (f"no {HOSTILE}", f"yes {HOSTILE}")
    slices = [f"{HOSTILE} {place}" for place in range(4)] + ["y" * 10_000]
    contest = binary_contest(400, names=names, classes=classes, slices=slices)
    findings = compare(contest, Settings(by=(HOSTILE,), resamples=100))
    findings = replace(findings, notes=(HOSTILE,))
    diffs = (FileDiff(HOSTILE, f"+{HOSTILE}"),)
    changes = [ChangeSection(HOSTILE, HOSTILE, (HOSTILE, "b"), ((HOSTILE, HOSTILE),), diffs)]
    for width in (1024, 390):
        browser.show(report_html(findings, contest, changes=changes, title=HOSTILE), width=width)
        browser.driver.find_element(By.ID, "threshold").send_keys(Keys.ARROW_LEFT)
        browser.ask("document.querySelectorAll('fieldset label').forEach(label => label.click())")
        assert browser.ask("window.alerted") == 0
        assert browser.ask("document.querySelectorAll('img, [onload], [onerror]').length") == 0
        assert browser.complaints() == []
        assert browser.ask("document.documentElement.scrollWidth") == width
    assert "<img src=x onerror=alert(1)>" in browser.text("h1")


def test_a_script_that_gets_in_does_not_run(browser: Browser, report: str) -> None:
    """The policy holds even if escaping should fail."""
    inside = report.replace("<main", "<img src=x onerror=alert(1)><script>alert(2)</script><main", 1)
    browser.show(inside)
    assert browser.ask("window.alerted") == 0
    assert len([told for told in browser.complaints() if "Content Security Policy" in told]) >= 2
    assert browser.seen("table.slices") == 1  # our own script does run
