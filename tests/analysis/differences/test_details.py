"""What differs inside of outputs: statistics and transform graphs of two runs, read from their files."""

from __future__ import annotations

import pytest
from sample_workshop import Workshop

from millwork.analysis.differences.difference import Change
from millwork.analysis.differences.text import Shown, as_text

DESCRIBING = """
from pathlib import Path

from millwork import component, pipeline
from millwork.core.artifacts import Examples, ExampleStatistics, TransformGraph
from millwork.core.signature import InputPath
from loading import load


@component
def describe(statistics: ExampleStatistics, examples: Examples) -> None:
    import pyarrow as pa
    from millwork.components.data import statistics as tfdv_statistics

    rows = (examples.split("train") / "rows.txt").read_text().split()
    columns = [pa.array([[float(r)] for r in rows]), pa.array([["odd" if float(r) % 2 else "even"] for r in rows])]
    statistics.split_names = ("train",)
    found = tfdv_statistics.describe([pa.RecordBatch.from_arrays(columns, ["size", "parity"])])
    tfdv_statistics.write_statistics(statistics, "train", found)


@component
def learn_words(graph: TransformGraph, *, words: InputPath) -> None:
    text = Path(words).read_text()
    assets = graph.path / "transform_fn/assets"
    assets.mkdir(parents=True)
    (assets / "words").write_text(text)
    (graph.path / "transformed_metadata").mkdir()
    features = "".join(f'feature {{ name: "{word}" type: FLOAT }}\\n' for word in text.split())
    (graph.path / "transformed_metadata/schema.pbtxt").write_text(features)


@pipeline
def described_rows(source: str) -> None:
    describe(load(source=source, keep=10_000))


@pipeline
def words(source: str) -> None:
    learn_words(words=source)
"""


@pytest.fixture
def describing(workshop: Workshop) -> Workshop:
    workshop.write("describing.py", DESCRIBING)
    return workshop


def _numbers(start: int, stop: int) -> str:
    return "".join(f"{i}\n" for i in range(start, stop))


def test_statistics_tell_how_features_drifted(describing: Workshop) -> None:
    source = str(describing.write("rows.txt", _numbers(0, 1_000)))
    before = describing.run("describing", "described_rows", source=source)
    describing.write("rows.txt", _numbers(500, 1_700))
    found = describing.diff(before, describing.run("describing", "described_rows", source=source))
    [drift] = found.drift
    assert (drift.step, drift.follows_from) == ("describe", ("load",))
    assert drift.rows == (Change("train", "1,000", "1,200"),)
    assert [feature.feature for feature in drift.noticeable] == ["size"]
    size = drift.features[0]
    assert Change("mean", "499.5", "1099.5") in size.changes
    assert Change("max", "999", "1699") in size.changes
    assert size.distance is not None and 0.2 < size.distance < 0.9
    text = as_text(found)
    assert "distributions: describe, from load" in text
    assert "    size     train  0." in text
    assert "parity" not in text
    assert "parity" not in as_text(found, Shown(everything=True)), "which is exactly the same"


def test_statistics_whose_files_are_damaged_are_noted(describing: Workshop) -> None:
    source = str(describing.write("rows.txt", _numbers(0, 10)))
    before = describing.run("describing", "described_rows", source=source)
    describing.write("rows.txt", _numbers(0, 20))
    after = describing.run("describing", "described_rows", source=source)
    for file in (describing.root / "described_rows/describe/statistics").rglob("FeatureStats.pb"):
        file.write_bytes(b"\xff\xff")
    found = describing.diff(before, after)
    assert found.drift == ()
    assert "describe: The statistics of split 'train' are damaged" in found.notes[0]


def test_transformed_features_and_vocabularies(describing: Workshop) -> None:
    source = str(describing.write("words.txt", "red\ngreen\nblue\n"))
    before = describing.run("describing", "words", source=source)
    describing.write("words.txt", "red\ngreen\nblack\nwhite\n")
    found = describing.diff(before, describing.run("describing", "words", source=source))
    [detail] = found.details
    assert (detail.step, detail.title) == ("learn_words", "transform")
    assert detail.changes == (
        Change("blue", "FLOAT", None),
        Change("black", None, "FLOAT"),
        Change("white", None, "FLOAT"),
        Change("vocabulary words", "3 terms, 1 only here", "4 terms, 2 only here"),
    )
