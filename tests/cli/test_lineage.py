"""`millwork lineage`."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from sample_command_line import CommandLine, history, reading


def _edges(text: str) -> set[tuple[str, str, str]]:
    document = json.loads(text)
    names = {node["id"]: node["name"] for node in document["nodes"]}
    numbers = {id: id.partition(":")[2] if id.startswith("artifact") else "" for id in names}
    ends = {id: f"{name}{numbers[id]}" for id, name in names.items()}
    return {(ends[edge["source"]], ends[edge["target"]], edge["name"]) for edge in document["edges"]}


UP = {("one", "Integer1", "r"), ("Integer1", "add_0", "x"), ("add_0", "Integer2", "r")}
DOWN = {("Integer2", "add_1", "x"), ("add_1", "Integer3", "r")}


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path)


@pytest.mark.parametrize(
    ("options", "edges"),
    [(["--up"], UP), (["--down"], DOWN), ([], UP | DOWN), (["--up", "--down"], UP | DOWN)],
)
def test_an_artifact_has_a_past_and_a_future(options: list[str], edges: set[tuple[str, str, str]]) -> None:
    said = reading("lineage", "2", *options, "--json")
    assert said.code == 0
    assert json.loads(said.out)["schema"] == "millwork/lineage/v1"
    assert _edges(said.out) == edges


def test_steps_that_failed_are_part_of_what_an_artifact_was_used_for() -> None:
    said = reading("lineage", "1", "--down")
    assert "boom (failed), run" in said.out
    assert "fine, run" in said.out


def test_the_tree_reads_from_an_artifact_back_to_its_origins() -> None:
    said = reading("lineage", "2", "--up")
    run = json.loads(reading("runs", "show", "latest~2", "--json").out)["id"]
    assert said.out == (
        "made from\n"
        f"Integer 2  {history()}/chain/add_0/r/2/value\n"
        f"└─ add_0, run {run}\n"
        f"   └─ x: Integer 1  {history()}/chain/one/r/1/value\n"
        f"      └─ one, run {run}\n"
    )


def test_a_run_is_shown_from_its_last_artifacts() -> None:
    said = reading("lineage", "latest")
    assert said.out.splitlines()[1].startswith("Integer 4 ")
    said = reading("lineage", "latest~1")
    assert "add_1 (cached), run" in said.out
    said = reading("lineage", "latest~1", "--down", "--format", "json")
    assert ("Integer1", "boom", "x") in _edges(said.out)


def test_a_graph_can_be_drawn_by_other_tools() -> None:
    mermaid = reading("lineage", "2", "--up", "--format", "mermaid").out
    assert mermaid.startswith("flowchart TD\n")
    assert "    artifact_1 -->|x| execution_2\n" in mermaid
    dot = reading("lineage", "2", "--up", "--format", "dot").out
    assert dot.startswith("digraph lineage {\n")
    assert '    artifact_1 -> execution_2 [label="x"];\n' in dot
    assert dot.endswith("}\n")


def test_a_graph_can_be_drawn_as_a_picture() -> None:
    drawn = ET.fromstring(reading("lineage", "2", "--format", "svg").out)
    said = {"".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Lineage of 2", "one", "add_0", "add_1", "Integer 1", "Integer 2", "Integer 3"} <= said
    drawn = ET.fromstring(reading("lineage", "latest", "--format", "svg").out)
    said = {"".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert "failed" in said, "a word, not only a colour"


def test_a_diamond_is_drawn_once(tmp_path: Path, millwork: CommandLine) -> None:
    (tmp_path / "diamond.py").write_text(
        "from millwork import component, pipeline\nfrom millwork.core.artifacts import Integer\n"
        "from pipelines import add, one\n\n\n"
        "@component\ndef both(r: Integer, a: Integer, b: Integer) -> None:\n    r.value = a.value + b.value\n\n\n"
        "@pipeline\ndef diamond() -> Integer:\n    x = add(one())\n"
        "    return both(add.configured(id='left')(x), add.configured(id='right')(x, v=2))\n"
    )
    assert millwork("run", "diamond.py", "-q").code == 0
    lines = millwork.here("lineage", "latest").out.splitlines()
    assert sum("─ add, run" in line for line in lines) == 2
    assert sum("─ one, run" in line for line in lines) == 1
    assert any(line.endswith("(above)") for line in lines)


def test_the_date_that_a_run_begins_with_is_no_artifact() -> None:
    date = json.loads(reading("runs", "show", "--json").out)["id"][:8]
    said = reading("lineage", date)
    assert said.code == 2
    assert f"Several runs begin with '{date}'" in said.err


@pytest.mark.parametrize(
    ("name", "message"), [("99", "There is no artifact 99"), ("nothing", "There is no run")]
)
def test_what_is_not_there_is_exit_code_4(name: str, message: str) -> None:
    said = reading("lineage", name)
    assert said.code == 4
    assert message in said.err
