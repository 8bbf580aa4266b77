"""Pages about artifacts as their readers have them."""

from __future__ import annotations

import pytest
from sample_artifacts import MAKERS
from sample_browser import Browser
from sample_gallery import gallery, hostile_gallery
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("kind", MAKERS)
def test_every_page_opens_without_a_complaint_in_any_width(browser: Browser, kind: str) -> None:
    for width in (1200, 390):
        browser.show(gallery().page(kind).html, width=width)
        assert browser.complaints() == []
        assert browser.ask("performance.getEntriesByType('resource').length") == 0
        assert browser.ask("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("kind", MAKERS)
def test_hostile_names_do_nothing(browser: Browser, kind: str) -> None:
    for width in (1200, 390):
        browser.show(hostile_gallery().page(kind).html, width=width)
        browser.ask("document.querySelectorAll('fieldset label, th button').forEach(e => e.click())")
        assert browser.ask("window.alerted") == 0
        assert (
            browser.ask(
                "document.querySelectorAll('img:not([src^=\"data:image/png\"]), [onload], [onerror]').length"
            )
            == 0
        )
        assert browser.complaints() == []
        assert browser.ask("document.documentElement.scrollWidth") == width


def test_features_can_be_sorted_by_keyboard_all_of_them(browser: Browser) -> None:
    browser.show(gallery().page("ExampleStatistics").html)
    assert features(browser) == ["town Graz", "age", "photo"]
    browser.driver.find_element(By.CSS_SELECTOR, "[data-sortable] th button").send_keys(Keys.ENTER)
    assert features(browser) == ["age", "photo", "town Graz"]


def features(browser: Browser) -> list[str]:
    names = browser.ask(
        "[...document.querySelectorAll('[data-sortable] tbody tr')].map(r => r.cells[0].innerText)"
    )
    assert isinstance(names, list)
    return names


def test_a_picture_is_shown(browser: Browser) -> None:
    browser.show(gallery().page("Gallery").html)
    assert browser.ask("document.querySelector('img').naturalWidth") == 1


@pytest.mark.parametrize("kind", MAKERS)
def test_tables_and_pictures_are_named(browser: Browser, kind: str) -> None:
    browser.show(gallery().page(kind).html)
    for element, misfit in (
        ("table", "!e.closest('.prose') && !e.caption?.textContent.trim()"),
        ("thead th", "e.textContent.trim() && !e.scope"),
        ("svg", "!e.closest('[aria-hidden]') && !e.ariaLabel"),
    ):
        assert browser.ask(f"[...document.querySelectorAll({element!r})].filter(e => {misfit}).length") == 0
    ids = "[...document.querySelectorAll('[id]')].map(e => e.id)"
    assert browser.ask(f"{ids}.length - new Set({ids}).size") == 0


def test_colours_follow_the_system(browser: Browser) -> None:
    browser.show(gallery().page("ExampleStatistics").html, dark=True)
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 29)"
