"""`millwork plan` and `millwork compile`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_command_line import PIPELINES, CommandLine

from millwork.core.plan import Plan


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path)


def test_a_plan_says_what_each_step_would_do_and_writes_nothing(
    millwork: CommandLine, tmp_path: Path
) -> None:
    before = sorted(p.name for p in tmp_path.iterdir())
    said = millwork("plan", "pipelines.py:chain")
    assert said.code == 0
    title, *rows = said.out.splitlines()
    assert title.split() == ["step", "action", "reason"]
    assert [row.split(maxsplit=2) for row in rows] == [
        ["one", "run", "never run"],
        ["add_0", "run", "waits for what one will write"],
        ["add_1", "run", "waits for what add_0 will write"],
    ]
    assert said.err == "3 to run\n"
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "__pycache__") == before


def test_a_plan_names_what_changed(millwork: CommandLine) -> None:
    run = json.loads(millwork("run", "pipelines.py:chain", "--json").out)
    plan = json.loads(millwork.here("plan", "pipelines.py:chain", "-p", "v=2", "--json").out)
    assert (plan["schema"], plan["pipeline"], plan["parameters"]) == (
        "millwork/preview/v1",
        "chain",
        {"n": 2, "v": 2},
    )
    assert plan["steps"][0] == {
        "id": "one",
        "action": "run",
        "reason": "parameter v changed from 1 to 2",
        "run": "",
    }
    plan = json.loads(millwork.here("plan", "pipelines.py:chain", "--json").out)
    assert {(step["action"], step["run"]) for step in plan["steps"]} == {("cached", run["id"])}


def test_a_plan_takes_the_options_of_a_run(millwork: CommandLine, tmp_path: Path) -> None:
    millwork("run", "pipelines.py:chain", "--quiet", "--root", "r")
    said = millwork.here(
        "plan", "pipelines.py:chain", "--root", "r", "--only", "add_1", "--no-cache-for", "add_1"
    )
    assert [row.split()[:2] for row in said.out.splitlines()[1:]] == [
        ["one", "skip"],
        ["add_0", "reuse"],
        ["add_1", "run"],
    ]
    said = millwork.here("plan", "pipelines.py:chain", "--root", "r", "--no-cache-for", "nothing")
    assert said.code == 4
    assert "has no step 'nothing'" in said.err


def test_what_a_resolver_finds_is_counted(millwork: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "found.py").write_text(
        "from millwork import pipeline\n"
        "from millwork.components import latest_blessed_model\n"
        "@pipeline\n"
        "def found() -> object:\n"
        "    return latest_blessed_model()\n"
    )
    said = millwork("plan", "found.py")
    assert (said.code, said.err) == (0, "1 to find\n")


def test_a_step_that_cannot_begin_is_exit_code_1(millwork: CommandLine) -> None:
    said = millwork.here("plan", "pipelines.py:chain", "--only", "add_1")
    assert said.code == 1
    assert "never run, and a selected step needs what it writes" in said.out


def test_compile_prints_the_plan_or_writes_it_to_a_file(millwork: CommandLine, tmp_path: Path) -> None:
    said = millwork.here("compile", "pipelines.py:chain", "-p", "n=1")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["schema"] == "millwork/plan/v1"
    assert [step.id for step in Plan.from_json(said.out).steps] == ["one", "add_0"]
    written = millwork.here("compile", "pipelines.py:chain", "-p", "n=1", "-o", "plan.json")
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "plan.json").read_text() == said.out
    assert "2 steps" in written.err


def test_a_file_that_cannot_be_written_is_one_message(millwork: CommandLine) -> None:
    said = millwork.here("compile", "pipelines.py:chain", "-o", "absent/plan.json")
    assert said.code == 1
    assert said.err == (
        "Error: [Errno 2] No such file or directory: 'absent/plan.json' (MILLWORK_DEBUG=1 shows where)\n"
    )


def test_a_changed_source_file_is_named(millwork: CommandLine, tmp_path: Path) -> None:
    millwork("run", "pipelines.py:chain", "--quiet")
    (tmp_path / "pipelines.py").write_text(PIPELINES + "\n# a word more\n")
    said = millwork.here("plan", "pipelines.py:chain")
    assert "code pipelines changed" in said.out
