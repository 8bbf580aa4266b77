"""Which span a file belongs to, and which spans are chosen."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from millwork.components.data.input_files import check_spans, find_inputs
from millwork.components.data.spans import (
    RollingRange,
    SpanPattern,
    SpanVersion,
    StaticRange,
    choose,
    day_of,
    number_of,
)
from millwork.core.errors import BadInput, WrongArgument


@pytest.mark.parametrize(
    ("pattern", "path", "told"),
    [
        ("span-{SPAN}/*", "span-7/a.csv", (7, 0)),
        ("span-{SPAN}/*", "span-007/a.csv", (7, 0)),
        ("span-{SPAN}/*", "span-7b/a.csv", None),
        ("span-{SPAN}/*", "span-7/x/a.csv", None),
        ("{SPAN:3}*", "0071.csv", (7, 0)),
        ("{SPAN:3}.csv", "07.csv", None),
        ("*{SPAN}.csv", "day12.csv", (12, 0)),
        ("span-{SPAN}/v{VERSION}/train/*", "span-3/v12/train/a.csv", (3, 12)),
        ("{SPAN:2}{VERSION:2}.csv", "0304.csv", (3, 4)),
        ("{YYYY}-{MM}-{DD}/*", "1970-02-01/a", (31, 0)),
        ("{YYYY}{MM}{DD}/ver_{VERSION}/*", "20240531/ver_1/a", (19874, 1)),
        ("{YYYY}/{MM}/{YYYY}{MM}{DD}.csv", "2024/05/20240531.csv", (19874, 0)),
        ("{YYYY}/{MM}/{YYYY}{MM}{DD}.csv", "2024/06/20240531.csv", None),
        ("./**/{SPAN}/[ab]?.csv", "x/y/4/b1.csv", (4, 0)),
        ("./**/{SPAN}/[!ab]?.csv", "4/b1.csv", None),
        ("[{]x}/{SPAN}.c+v", "{x}/4.c+v", (4, 0)),
        ("*.csv", "a.csv", (0, 0)),
    ],
)
def test_a_path_tells_span_and_version(pattern: str, path: str, told: tuple[int, int] | None) -> None:
    assert SpanPattern(pattern).match(path) == told


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("/data/{SPAN}", "relative to input_base"),
        ("", "relative to input_base"),
        ("{SPAM}", r"\{SPAM\} is unknown. Did you mean 'SPAN'\?"),
        ("{SPAN:x}", r"\{SPAN:x\} is no placeholder"),
        ("{SPAN:0}", r"\{SPAN:0\} is no placeholder"),
        ("{YYYY:2}{MM}{DD}", "Only SPAN and VERSION take a width"),
        ("{SPAN}/{YYYY}{MM}{DD}", "not both"),
        ("{YYYY}{MM}", "a day needs"),
        ("{VERSION}/*", r"Add \{SPAN\}"),
        ("{SPAN}{VERSION}", "Give widths"),
    ],
)
def test_patterns_that_tell_nothing_sure_are_refused(pattern: str, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        SpanPattern(pattern)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInput, match="'2024-02-30/a' matches .* tells no day"):
        SpanPattern("{YYYY}-{MM}-{DD}/*").match("2024-02-30/a")


def test_a_day_is_a_number_since_1970() -> None:
    assert number_of("1970-01-02") == number_of(1) == 1
    assert day_of(19874) == date(2024, 5, 31)
    with pytest.raises(WrongArgument, match="but got '31.5.2024'"):
        number_of("31.5.2024")


THERE = [SpanVersion(*one) for one in [(3, 1), (3, 2), (1, 9), (7, 0), (5, 0)]]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (None, [(7, 0)]),
        (3, [(3, 2)]),
        ("1970-01-04", [(3, 2)]),
        (4, []),
        (StaticRange(2, 6), [(3, 2), (5, 0)]),
        (StaticRange("1970-01-02", 3), [(1, 9), (3, 2)]),
        (RollingRange(last=2), [(5, 0), (7, 0)]),
        (RollingRange(last=3, start=5), [(5, 0), (7, 0)]),
        (RollingRange(last=99), [(1, 9), (3, 2), (5, 0), (7, 0)]),
        (RollingRange(last=3, start="1970-01-09"), []),
    ],
)
def test_spans_are_chosen_oldest_first_in_their_latest_version(wanted: Any, chosen: list[Any]) -> None:
    assert choose(THERE, wanted) == chosen


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StaticRange(3, 2), "start=3 is after end=2"),
        (lambda: StaticRange("May", 2), "but got 'May'"),
        (lambda: RollingRange(last=0), "last must be a number from 1 on, but got 0"),
        (lambda: RollingRange(last=cast(Any, "3")), "last must be a number from 1 on, but got '3'"),
        (lambda: RollingRange(last=1, start="May"), "but got 'May'"),
    ],
)
def test_ranges_that_hold_nothing_are_refused(make: Any, message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        make()


# Files


def lay_out(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def find(folder: Path, wanted: Any = None, **patterns: str) -> list[tuple[int, int, dict[str, list[str]]]]:
    found = find_inputs(folder, {name: SpanPattern(text) for name, text in patterns.items()}, wanted)
    return [
        (
            one.span,
            one.version,
            {n: [p.relative_to(folder).as_posix() for p in ps] for n, ps in one.files.items()},
        )
        for one in found
    ]


def test_all_inputs_are_read_in_one_span_and_version(tmp_path: Path) -> None:
    splits = [f"s{s}/v{v}/{split}/x" for s, v in [(1, 1), (1, 2), (2, 1)] for split in ("train", "eval")]
    lay_out(tmp_path, *splits, "notes/train/x")
    patterns = {"train": "s{SPAN}/v{VERSION}/train/*", "eval": "s{SPAN}/v{VERSION}/eval/*"}
    assert find(tmp_path, **patterns) == [(2, 1, {"train": ["s2/v1/train/x"], "eval": ["s2/v1/eval/x"]})]
    assert [one[:2] for one in find(tmp_path, RollingRange(2), **patterns)] == [(1, 2), (2, 1)]


@pytest.mark.parametrize(
    ("names", "wanted", "message"),
    [
        (["2/v1/train"], None, "'eval' has no files of span 2, but 'train' has some"),
        (["1/v2/eval"], 1, "'train' has only version 1 of span 1, but 'eval' has version 2 of it"),
        ([], 5, r"no files of span 5 in .* There are these spans: 1"),
        ([], RollingRange(2, start=4), "no files of a span from 4 on"),
        (["01/v1/train"], None, "both of span 1, written in two ways"),
    ],
)
def test_spans_that_are_not_complete_are_refused(
    tmp_path: Path, names: list[str], wanted: Any, message: str
) -> None:
    lay_out(tmp_path, "1/v1/train", "1/v1/eval", *names)
    with pytest.raises(BadInput, match=message):
        find(tmp_path, wanted, train="{SPAN}/v{VERSION}/train", eval="{SPAN}/v{VERSION}/eval")


def test_days_are_told_as_days(tmp_path: Path) -> None:
    lay_out(tmp_path, "2024-05-30/x", "2024-05-31/x")
    with pytest.raises(BadInput, match="of span 2024-06-01 in .*: 2024-05-30, 2024-05-31"):
        find(tmp_path, "2024-06-01", all="{YYYY}-{MM}-{DD}/*")


def test_a_folder_without_a_span_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No file matches|No file in"):
        find(lay_out(tmp_path, "today/x"), all="{YYYY}-{MM}-{DD}/*")


def test_markers_of_other_programs_are_no_data(tmp_path: Path) -> None:
    lay_out(tmp_path, "1/part-0", "1/_SUCCESS", "1/_committed_17", "1/_metadata", "1/.hidden")
    assert find(tmp_path, all="{SPAN}/*") == [(1, 0, {"all": ["1/part-0"]})]


@pytest.mark.parametrize(
    ("base", "patterns", "wanted", "message"),
    [
        ("data", {"train": "{SPAN}/*", "eval": "*"}, None, "'train' has SPAN and 'eval' has none"),
        ("data", {"all": "*"}, 3, r"span=3: nothing tells which span a file is of"),
        ("data/{SPAN}/x", {"all": "*"}, None, r"input_base='data', pattern="),
    ],
)
def test_inputs_that_do_not_fit_together_are_refused(
    base: str, patterns: dict[str, str], wanted: Any, message: str
) -> None:
    with pytest.raises(WrongArgument, match=message):
        check_spans(Path(base), {name: SpanPattern(text) for name, text in patterns.items()}, wanted)
