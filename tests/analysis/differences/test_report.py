"""A difference as a picture, and as the sections of a report."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from sample_workshop import Workshop

from millwork.analysis.differences.difference import RunDifference
from millwork.analysis.differences.graph import difference_svg
from millwork.analysis.differences.sections import change_sections


@pytest.fixture
def found(workshop: Workshop) -> RunDifference:
    before = workshop.run()
    workshop.write("features.py", 'NAMES = ["age"]\n')
    workshop.write("rows.txt", "1\n2\n")
    return workshop.diff(before, workshop.run(trials=1, steps=20))


def texts(svg: str) -> list[str]:
    return ["".join(t.itertext()) for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_names_causes_and_what_follows(found: RunDifference) -> None:
    said = texts(difference_svg(found))
    assert said[0] == "What differs, and why"
    assert said[1].startswith(f"{found.before.id} → {found.after.id}")
    assert "first cause · data" in said
    assert "first cause · pipeline, parameters, code" in said
    assert "only after" in said, "the tuner"
    assert said.count("follows") == 2, "evaluate and judge"
    assert "≠ examples" in said


def test_the_picture_of_equal_runs_has_no_marks(workshop: Workshop) -> None:
    run = workshop.run()
    said = texts(difference_svg(workshop.diff(run, run)))
    assert {"load", "train", "examples", "model"} <= set(said)
    assert not any("cause" in text or "follows" in text or "≠" in text for text in said[2:])


def test_sections_for_a_report(found: RunDifference) -> None:
    sections = {section.title: section for section in change_sections(found, "baseline", "latest")}
    assert list(sections) == [
        "Pipeline",
        "Data",
        "Hyperparameters and other parameters",
        "Code",
        "Rows of load",
        "What follows",
    ]
    assert sections["Data"].text == "First cause: source/rows.txt changed (load)."
    parameters = sections["Hyperparameters and other parameters"]
    assert parameters.columns == ("", "baseline", "latest")
    assert parameters.rows == (("train: steps", "10", "20"),)
    [diff] = sections["Code"].diffs
    assert diff.name == "features" and '+NAMES = ["age"]' in diff.text
    assert all(len(row) == len(s.columns) for s in sections.values() for row in s.rows)


def test_titles_can_say_with_whom(found: RunDifference) -> None:
    titles = [section.title for section in change_sections(found, title="{}: a against b")]
    assert titles[0] == "Pipeline: a against b"


def test_equal_runs_have_no_sections(workshop: Workshop) -> None:
    run = workshop.run()
    assert change_sections(workshop.diff(run, run)) == []
