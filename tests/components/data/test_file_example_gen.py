"""What all ExampleGens that read files do with spans and splits, tried with CSV."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from millwork.components import CsvExampleGen, RollingRange, StaticRange
from millwork.components.data.reading import batches, feature_batches, split_files
from millwork.core.artifacts import Examples
from millwork.core.errors import BadInput
from millwork.core.storage import file_digest
from millwork.core.testing import perform

DAYS = "{YYYY}-{MM}-{DD}/*.csv"
DAY_30 = 19873


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Days 28 to 31 of May 2024; of the 30th there is a second version."""
    for day, version in ((28, 1), (29, 1), (30, 1), (30, 2), (31, 1)):
        folder = tmp_path / "data" / f"2024-05-{day}" / f"v{version}"
        folder.mkdir(parents=True)
        rows = "".join(f"{day},{version},{n}\n" for n in range(60))
        (folder / "rows.csv").write_text(f"day,version,n\n{rows}")
    return tmp_path / "data"


def generate(data: Path, out: str, span: Any = None, **arguments: Any) -> Examples:
    arguments = {"pattern": "{YYYY}-{MM}-{DD}/v{VERSION}/*.csv", **arguments}
    return perform(CsvExampleGen(input_base=data, span=span, **arguments), data.parent / out).examples


def days(examples: Examples, split: str = "train") -> list[tuple[int, int]]:
    """Day and version of the rows, in their order, each once."""
    found = [(row["day"], row["version"]) for batch in batches(examples, split) for row in batch.to_pylist()]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("file_format", ["parquet", "tfrecord"])
@pytest.mark.parametrize(
    ("span", "read"),
    [
        (None, [(31, 1)]),
        ("2024-05-30", [(30, 2)]),
        (DAY_30, [(30, 2)]),
        (RollingRange(last=3), [(29, 1), (30, 2), (31, 1)]),
        (RollingRange(last=3, start="2024-05-30"), [(30, 2), (31, 1)]),
        (StaticRange("2024-05-01", "2024-05-29"), [(28, 1), (29, 1)]),
    ],
    ids=str,
)
def test_the_wanted_spans_are_read_and_recorded(
    data: Path, span: Any, read: list[tuple[int, int]], file_format: str
) -> None:
    examples = generate(data, "out", span, format=file_format)
    assert days(examples) == days(examples, "eval") == read
    assert examples.spans == {str(DAY_30 - 30 + day): version for day, version in read}
    assert (examples.span, examples.version) == (DAY_30 - 30 + read[-1][0], read[-1][1])
    assert sum(examples.num_examples.values()) == 60 * len(read)


def test_each_span_keeps_a_file_of_its_own_whatever_else_is_in_the_window(data: Path) -> None:
    """So that Transform's analyzer cache, which goes by files, knows the spans that two windows share."""
    first = generate(data, "first", StaticRange("2024-05-28", "2024-05-30"))
    second = generate(data, "second", StaticRange("2024-05-29", "2024-05-31"))
    for split in ("train", "eval"):
        before, after = ([file_digest(f) for f in split_files(one, split)] for one in (first, second))
        assert len(before) == len(after) == 3
        assert before[1:] == after[:2]
    file = split_files(second, "train")[1]
    assert file.name == "data_parquet-00001-of-00003.parquet"
    [rows] = feature_batches(second, "train", only=file)
    assert set(map(tuple, rows["day"].to_pylist())) == {(30,)}


def test_a_span_without_rows_in_a_split_has_a_file_all_the_same(data: Path) -> None:
    (data / "2024-05-30" / "v2" / "rows.csv").write_text("day,version,n\n")
    examples = generate(data, "out", RollingRange(last=3))
    assert days(examples) == [(29, 1), (31, 1)]
    assert len(split_files(examples, "train")) == len(examples.spans) == 3


def test_a_row_goes_to_the_same_split_whichever_spans_are_read_with_it(data: Path) -> None:
    alone, together = generate(data, "alone"), generate(data, "together", RollingRange(last=4))
    wanted = [row for batch in batches(alone, "eval") for row in batch.to_pylist()]
    found = [row for batch in batches(together, "eval") for row in batch.to_pylist() if row["day"] == 31]
    assert found == wanted


def test_only_the_files_of_the_chosen_spans_decide_the_cache(data: Path) -> None:
    step = CsvExampleGen(
        input_base=data, pattern="{YYYY}-{MM}-{DD}/v{VERSION}/*.csv", span=RollingRange(last=2)
    )
    assert [path.relative_to(data).as_posix() for path in step.external_files()] == [
        "2024-05-30/v2/rows.csv",
        "2024-05-31/v1/rows.csv",
    ]


def test_splits_are_read_in_one_span_and_version(data: Path) -> None:
    splits = {name: f"{{YYYY}}-{{MM}}-{{DD}}/v{{VERSION}}/{name}.csv" for name in ("rows", "more")}
    (data / "2024-05-31" / "v1" / "more.csv").write_text("day,version,n\n31,1,7\n")
    examples = generate(data, "out", pattern=None, input_splits=splits)
    assert examples.num_examples == {"rows": 60, "more": 1}
    with pytest.raises(BadInput, match="'more' has no files of span 2024-05-30, but 'rows' has some"):
        generate(data, "window", RollingRange(last=2), pattern=None, input_splits=splits)


def test_what_was_read_is_logged(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        generate(data, "out", RollingRange(last=2))
    assert [record.message for record in caplog.records if "span" in record.message] == [
        "Read span 2024-05-30, version 2",
        "Read span 2024-05-31, version 1",
    ]


def test_without_spans_in_the_pattern_there_are_none(data: Path) -> None:
    examples = generate(data, "out", pattern="**/*.csv")
    assert (examples.span, examples.version, examples.spans) == (0, 0, {})
    assert sum(examples.num_examples.values()) == 300


@pytest.mark.parametrize("base", ["2024-05-31/v1/rows.csv", "2024-*"])
def test_spans_are_looked_for_in_a_folder(data: Path, base: str) -> None:
    with pytest.raises(BadInput, match="is no folder, so no files can be chosen from it"):
        generate(data / base, "out")
