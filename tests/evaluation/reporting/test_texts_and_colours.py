"""Numbers with the digits that matter, round ticks, and colours that can be read."""

from __future__ import annotations

import pytest

from millwork.evaluation.reporting.figures import chance, plain, signed, span
from millwork.evaluation.reporting.names import listed, name, visible
from millwork.evaluation.reporting.palette import DARK_PAGE, LIGHT_PAGE, SERIES
from millwork.evaluation.reporting.scales import Scale, polyline, round_step
from millwork.evaluation.reporting.square_plot import swatch


def test_changes_have_a_sign_unless_they_round_to_nothing() -> None:
    assert signed(0.01234, 3) == "+0.012"
    assert signed(-0.01234, 3) == "−0.012"
    assert signed(-0.0001, 3) == signed(0.0001, 3) == signed(0.0, 3) == "0.000"
    assert signed(None, 3) == plain(float("nan"), 2) == "n/a"
    assert plain(12345.6, 1) == "12,345.6"
    assert span(-0.5, 0.25, 2) == "−0.50 to +0.25"
    assert span(None, 0.25, 2) == ""


def test_small_chances_are_not_told_as_none() -> None:
    assert chance(0.00001) == "< 0.001"
    assert chance(0.0499) == "0.050"
    assert chance(None) == "n/a"


def test_ticks_are_round_numbers_within_the_scale() -> None:
    assert Scale(-0.13, 0.24).ticks(4) == [-0.1, 0.0, 0.1, 0.2]
    assert Scale(0, 1).ticks(5) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert Scale(3_000, 52_000).ticks(5) == [10_000.0, 20_000.0, 30_000.0, 40_000.0, 50_000.0]
    assert round_step(0.0031) == pytest.approx(0.005)


def test_what_is_outside_of_a_scale_is_put_at_its_end() -> None:
    assert Scale(0, 2).at(5) == 100
    assert Scale(0, 2).at(-5) == 0
    assert polyline([(0.04, 1), (2, 3.26)]) == "M0 1L2 3.3"


def test_lists_are_read_as_sentences() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh"), 4) == "a, b, c and 5 more"


def test_names_are_seen_and_stay_on_their_line() -> None:
    assert visible("a\u202eb\x00c\u2066") == "a�b�c�"
    assert name("a\nb") == "a b"
    assert name("") == "''"
    assert len(name("x" * 10_000)) <= 40


def test_so_many_models_that_colours_repeat_have_lines_of_their_own() -> None:
    lines = [str(swatch(series)) for series in range(1, 2 * SERIES)]
    assert len(set(lines)) == len(lines)


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", [LIGHT_PAGE, DARK_PAGE], ids=["light", "dark"])
def test_texts_can_be_read(page: dict[str, str]) -> None:
    for text in ("ink", "soft", "better", "worse", "no-worse", "inconclusive", "focus"):
        for below in ("page", "panel"):
            assert contrast(page[text], page[below]) >= 4.5, (text, below)
    assert contrast(page["ink"], page["added"]) >= 4.5
    assert contrast(page["ink"], page["removed"]) >= 4.5


@pytest.mark.parametrize("page", [LIGHT_PAGE, DARK_PAGE], ids=["light", "dark"])
@pytest.mark.parametrize("tone", ["right", "wrong"])
def test_numbers_on_the_deepest_cells_can_be_read(page: dict[str, str], tone: str) -> None:
    depth = 0.32  # report.css, data-depth 5
    mixed = "#" + "".join(
        f"{round(depth * int(page[tone][i : i + 2], 16) + (1 - depth) * int(page['page'][i : i + 2], 16)):02x}"
        for i in (1, 3, 5)
    )
    assert contrast(page["ink"], mixed) >= 4.5
