"""Debian's chromium without a window, through which the tests look at a report."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from sample_browser import Browser
from sample_contests import binary_contest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from millwork.evaluation.comparing.comparing import compare
from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.reporting.report import report_html

COUNTS_ALERTS = "window.alerted = 0; window.alert = () => { window.alerted += 1 };"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.fail("There is no chromium here: apt-get install -y chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(chromedriver))
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNTS_ALERTS})
    yield Browser(driver, tmp_path_factory.mktemp("pages"))
    driver.quit()


@pytest.fixture(scope="session")
def contest() -> Contest:
    return binary_contest(2_000, (1.2, 1.0, 1.4), worse_in="west")


@pytest.fixture(scope="session")
def report(contest: Contest) -> str:
    settings = Settings(by=("region",), metrics=("auc", "accuracy", "log_loss"), resamples=200)
    return report_html(compare(contest, settings), contest)
