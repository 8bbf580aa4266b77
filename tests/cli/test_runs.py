"""`millwork runs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_command_line import CommandLine, reading

from millwork.core.records import State
from millwork.runners.local import open_store


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path)


def test_the_list_is_newest_first_and_can_be_narrowed() -> None:
    said = reading("runs", "list")
    assert [row.split()[1:3] for row in said.out.splitlines()[1:]] == [
        ["bad", "failed"],
        ["chain", "complete"],
        ["chain", "complete"],
    ]
    document = json.loads(reading("runs", "list", "--pipeline", "chain", "--limit", "1", "--json").out)
    assert document["schema"] == "millwork/runs/v1"
    [run] = document["runs"]
    assert run["pipeline"] == "chain"
    assert run["seconds"] > 0
    assert not run["deleted"]


def test_a_run_is_named_by_the_beginning_of_its_id_or_by_its_place() -> None:
    ids = [run["id"] for run in json.loads(reading("runs", "list", "--json").out)["runs"]]
    for name, id in (("latest", ids[0]), ("latest~0", ids[0]), ("latest~2", ids[2]), (ids[1], ids[1])):
        assert json.loads(reading("runs", "show", name, "--json").out)["id"] == id
    unique = next(ids[1][:n] for n in range(1, 25) if sum(i.startswith(ids[1][:n]) for i in ids) == 1)
    assert json.loads(reading("runs", "show", unique, "--json").out)["id"] == ids[1]


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("latest~3", 4, "There is no run latest~3"),
        ("1999", 4, "There is no run '1999'"),
        ("%", 4, "There is no run '%'"),
        ("2", 2, "Several runs begin with '2'"),
    ],
)
def test_a_name_that_means_no_run_or_several_is_refused(name: str, code: int, message: str) -> None:
    said = reading("runs", "show", name)
    assert said.code == code
    assert said.out == ""
    assert message in said.err


def test_a_run_shows_its_steps_and_why_they_failed() -> None:
    said = reading("runs", "show")
    assert said.code == 0
    assert "pipeline  " in said.out
    assert "needs boom, which failed" in said.out
    assert "\nboom failed\nFile " in said.out
    assert "ValueError: no luck\nlog: " in said.out
    said = reading("runs", "show", "latest~1")
    assert said.out.count("unchanged since run") == 3


def test_logs_are_printed_step_by_step() -> None:
    assert reading("runs", "logs", "latest~2", "one").out == "one writes 1\n"
    said = reading("runs", "logs", "latest")
    assert said.out.startswith("==> boom <==\n")
    assert "ValueError: no luck" in said.out
    document = json.loads(reading("runs", "logs", "latest~2", "--json").out)
    assert document["schema"] == "millwork/logs/v1"
    assert [(log["step"], log["text"]) for log in document["logs"]] == [("one", "one writes 1\n")]


def test_a_step_without_a_log_says_where_to_look() -> None:
    said = reading("runs", "logs", "latest~1", "one")
    assert (said.code, said.out) == (0, "")
    assert "it did not run, so it printed nothing. See: millwork runs logs" in said.err
    said = reading("runs", "logs", "latest~2", "add_0")
    assert (said.code, said.out) == (0, "")
    assert "step add_0: nothing was printed" in said.err
    said = reading("runs", "logs", "latest", "oen")
    assert said.code == 4
    assert "Did you mean 'one'?" in said.err


def test_follow_prints_text_and_not_json() -> None:
    assert reading("runs", "logs", "latest~2", "one", "-f").out == "one writes 1\n"
    said = reading("runs", "logs", "-f", "--json")
    assert said.code == 2
    assert "give one of them" in said.err


def test_follow_goes_on_until_the_run_ends(tmp_path: Path, millwork: CommandLine) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nfrom millwork import component, pipeline\nfrom millwork.core.artifacts import Integer\n\n\n"
        "@component\ndef talk(r: Integer) -> None:\n"
        "    for i in range(3):\n        print('line', i, flush=True)\n        time.sleep(0.4)\n    r.value = 1\n\n\n"
        "@pipeline\ndef slow() -> Integer:\n    return talk()\n"
    )
    running = millwork.start("run", "slow.py")
    assert running.stderr is not None
    while "talk started" not in running.stderr.readline():
        assert running.poll() is None
    said = millwork("runs", "logs", "latest", "--follow")
    running.communicate(timeout=30)
    assert said.out == "==> talk <==\nline 0\nline 1\nline 2\n"


def test_a_run_that_lives_can_be_shown_but_not_deleted_or_resumed(
    tmp_path: Path, millwork: CommandLine
) -> None:
    store = open_store(str(tmp_path / ".millwork"))
    store.begin_run(
        "p", "20990101-000000-abcd", ["a"], {"__state__": "running", "__plan__": '{"steps":[{"id":"a"}]}'}
    )
    shown = json.loads(millwork.here("runs", "show", "--json").out)
    assert [(step["id"], step["state"]) for step in shown["steps"]] == [("a", "waiting")]
    for command in (["runs", "delete", "latest", "--yes"], ["resume", "latest"]):
        said = millwork.here(*command)
        assert said.code == 1
        assert "is still running" in said.err


def _files(root: Path) -> list[str]:
    return sorted(
        p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and "sqlite" not in p.name
    )


def test_delete_only_says_what_it_would_do(tmp_path: Path, millwork: CommandLine) -> None:
    millwork("run", "pipelines.py:chain", "--quiet")
    before = _files(tmp_path / ".millwork")
    said = millwork.here("runs", "delete", "latest")
    assert said.code == 0
    assert said.out.count("to be removed") == 3
    assert "To be removed: the files of 3 artifacts" in said.err
    assert "To do it, add --yes" in said.err
    assert _files(tmp_path / ".millwork") == before


def test_delete_removes_what_no_other_run_uses(tmp_path: Path, millwork: CommandLine) -> None:
    millwork("run", "pipelines.py:chain", "--quiet")
    millwork("run", "pipelines.py:chain", "--quiet", "-p", "n=1")  # shares the first two steps
    said = millwork.here("runs", "delete", "latest~1", "--yes", "--json")
    document = json.loads(said.out)
    assert (said.code, document["schema"], document["done"]) == (0, "millwork/deletion/v1", True)
    assert [bool(a["kept"]) for a in document["artifacts"]] == [True, True, False]
    assert "uses it" in document["artifacts"][0]["kept"]
    root = tmp_path / ".millwork"
    assert [f for f in _files(root) if f.endswith("value")] == [
        "chain/add_0/r/2/value",
        "chain/one/r/1/value",
    ]
    states = {a.uri.split("/")[-4]: a.state for a in open_store(str(root)).artifacts()}
    assert states == {"one": "live", "add_0": "live", "add_1": "deleted"}
    assert json.loads(millwork.here("runs", "show", "latest~1", "--json").out)["deleted"]
    # The last run that uses them takes them along, though another made them.
    millwork.here("runs", "delete", "latest", "--yes")
    assert [f for f in _files(root) if not f.startswith(".system/")] == []  # what runs share stays
    assert millwork.here("runs", "list").out.count("deleted") == 2


def test_after_a_deletion_the_steps_run_again(tmp_path: Path, millwork: CommandLine) -> None:
    millwork("run", "single.py", "--quiet")
    millwork.here("runs", "delete", "latest", "--yes")
    run = json.loads(millwork("run", "single.py", "--json").out)
    assert run["steps"][0]["state"] == State.COMPLETE.value
    assert "is gone" in run["steps"][0]["reason"]


def test_files_that_were_imported_are_never_removed(tmp_path: Path, millwork: CommandLine) -> None:
    (tmp_path / "mine").write_text("5")
    (tmp_path / "importing.py").write_text(
        "from millwork import import_artifact, pipeline\nfrom millwork.core.artifacts import Integer\n"
        "from pipelines import add\n\n\n"
        f"@pipeline\ndef importing() -> Integer:\n"
        f"    return add(import_artifact(Integer({str(tmp_path / 'mine')!r})))\n"
    )
    assert millwork("run", "importing.py", "--quiet").code == 0
    document = json.loads(millwork.here("runs", "delete", "latest", "--yes", "--json").out)
    assert [a["kept"] for a in document["artifacts"]] == ["kept: not made by a run", ""]
    assert (tmp_path / "mine").read_text() == "5"


def test_a_run_whose_process_died_is_not_running_any_more(tmp_path: Path, millwork: CommandLine) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nfrom millwork import component, pipeline\nfrom millwork.core.artifacts import Integer\n\n\n"
        "@component\ndef wait(r: Integer) -> None:\n    time.sleep(60)\n\n\n"
        "@pipeline\ndef slow() -> Integer:\n    return wait()\n"
    )
    process = millwork.start("run", "slow.py")
    assert process.stderr is not None
    while "wait started" not in process.stderr.readline():
        assert process.poll() is None
    assert json.loads(millwork.here("runs", "list", "--json").out)["runs"][0]["state"] == "running"
    process.kill()
    process.communicate(timeout=30)
    assert not json.loads(millwork.here("doctor", "--json").out)["ok"]
    said = millwork.here("runs", "list", "--json")
    assert json.loads(said.out)["runs"][0]["state"] == "cancelled"
    shown = json.loads(millwork.here("runs", "show", "--json").out)
    assert shown["steps"][0]["failure"]["type"] == "Interrupted"
