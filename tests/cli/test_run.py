"""`millwork run`."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from sample_command_line import CommandLine


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path)


def test_a_run_prints_its_steps_on_stdout_and_its_progress_on_stderr(millwork: CommandLine) -> None:
    said = millwork("run", "pipelines.py:chain")
    assert said.code == 0, said.err
    title, *rows = said.out.splitlines()
    assert title.split() == ["step", "state", "time", "memory", "reason"]
    assert [row.split()[:2] for row in rows] == [
        ["one", "complete"],
        ["add_0", "complete"],
        ["add_1", "complete"],
    ]
    assert "\033" not in said.out
    assert "one started" in said.err
    assert "3 complete" in said.err.splitlines()[-1]


def test_the_second_run_takes_everything_from_the_cache_and_says_so(millwork: CommandLine) -> None:
    first = json.loads(millwork("run", "pipelines.py:chain", "--json").out)
    said = millwork("run", "pipelines.py:chain")
    assert said.out.count(f"unchanged since run {first['id']}") == 3


def test_json_is_the_run_as_one_document_on_stdout(millwork: CommandLine, tmp_path: Path) -> None:
    said = millwork("run", "pipelines.py:chain", "-p", "n=1", "--json")
    run = json.loads(said.out)
    assert run["schema"] == "millwork/run/v1"
    assert (run["pipeline"], run["state"], run["parameters"]) == ("chain", "complete", {"n": 1, "v": 1})
    assert run["source"] == f"{tmp_path / 'pipelines.py'}:chain"
    assert run["root"] == str(tmp_path / ".millwork")
    one = run["steps"][0]
    assert (one["id"], one["state"], one["failure"]) == ("one", "complete", None)
    assert Path(one["log"]).read_text() == "one writes 1\n"
    [output] = one["outputs"]["r"]
    assert output["type"] == "Integer"
    assert Path(output["uri"]).read_text() == "1"
    assert one["seconds"] > 0
    assert "one started" in said.err


def test_quiet_says_nothing(millwork: CommandLine) -> None:
    said = millwork("run", "pipelines.py:chain", "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_parameters_come_from_a_file_and_the_command_line_has_the_last_word(
    millwork: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "some.yaml").write_text("n: 0\nv: 4\n")
    run = json.loads(
        millwork("run", "pipelines.py:chain", "--params", "some.yaml", "-p", "v=5", "--json").out
    )
    assert run["parameters"] == {"n": 0, "v": 5}
    (tmp_path / "some.json").write_text('{"n": 1}')
    run = json.loads(millwork("run", "pipelines.py:chain", "--params", "some.json", "--json").out)
    assert run["parameters"] == {"n": 1, "v": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "n"], "-p takes name=value, but got 'n'"),
        (["-p", "n=many"], "chain: n must be int, but got 'many'"),
        (["-p", "m=1"], "Pipeline 'chain' has no parameter 'm'."),
        (["--params", "absent.yaml"], "--params: 'absent.yaml' cannot be read"),
        (["--params", "list.yaml"], "--params: 'list.yaml' must hold names and values"),
        (["--params", "broken.json"], "--params: 'broken.json' is neither YAML nor JSON"),
    ],
)
def test_a_bad_parameter_is_a_usage_error(
    millwork: CommandLine, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "broken.json").write_text("{")
    said = millwork.here("run", "pipelines.py:chain", *arguments)
    assert said.code == 2
    assert said.out == ""
    assert message in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / ".millwork").exists()


def test_a_file_with_one_pipeline_needs_no_function(millwork: CommandLine) -> None:
    assert json.loads(millwork("run", "single.py", "--json").out)["pipeline"] == "single"


def test_of_several_pipelines_one_must_be_named(millwork: CommandLine) -> None:
    said = millwork.here("run", "pipelines.py")
    assert said.code == 2
    assert "Name one: pipelines.py:chain, pipelines.py:bad" in said.err


@pytest.mark.parametrize(
    ("target", "pipeline", "value"),
    [
        ("pipelines.py:described", "described", "7"),
        ("pipelines.py:ready", "ready", "9"),
        ("pipelines:described", "described", "7"),
        ("single:single", "single", "1"),
        ("single", "single", "1"),
    ],
)
def test_functions_objects_and_modules_are_targets_too(
    millwork: CommandLine, target: str, pipeline: str, value: str
) -> None:
    run = json.loads(millwork("run", target, "--json").out)
    assert run["pipeline"] == pipeline
    assert Path(run["steps"][0]["outputs"]["r"][0]["uri"]).read_text() == value


def test_a_function_that_returns_a_pipeline_takes_parameters(millwork: CommandLine) -> None:
    run = json.loads(millwork("run", "pipelines.py:described", "-p", "v=8", "--json").out)
    assert Path(run["steps"][0]["outputs"]["r"][0]["uri"]).read_text() == "8"


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("absent.py", 4, "There is no file"),
        ("absent.module:x", 4, "There is no module 'absent.module'"),
        ("pipelines.py:chian", 4, "pipelines.py:chian: there is no 'chian'. Did you mean 'chain'?"),
        ("pipelines.py:not_a_pipeline", 2, "pipelines.py:not_a_pipeline is of type int."),
        ("pipelines.py:one", 2, "pipelines.py:one is of type FunctionComponent."),
        ("pipelines.py:returns_nothing", 2, "returned None and not a Pipeline"),
        ("empty.py", 2, "empty.py has no pipeline. Decorate"),
        ("json.py", 2, "json.py cannot be imported as 'json'"),
        ("two.dots.py", 2, "a module's name has no dots"),
        ("syntax.py", 2, "SyntaxError"),
        ("exits.py", 2, "The program ended itself while importing"),
    ],
)
def test_a_target_that_is_no_pipeline_is_explained(
    millwork: CommandLine, tmp_path: Path, target: str, code: int, message: str
) -> None:
    for name in ("empty.py", "json.py", "two.dots.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "syntax.py").write_text("def broken(:\n")
    (tmp_path / "exits.py").write_text("raise SystemExit(3)\n")
    said = millwork.here("run", target)
    assert said.code == code
    assert message in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_pipeline_object_takes_no_parameters(millwork: CommandLine) -> None:
    said = millwork.here("run", "pipelines.py:ready", "-p", "v=1")
    assert said.code == 2
    assert "already described: it takes no parameters, but got v" in said.err


def test_an_error_while_importing_shows_the_users_line(millwork: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import pipelines\n\nlimit = 1 / 0\n")
    said = millwork("run", "broken.py")
    assert said.code == 2
    assert said.err == (
        f"Error: An error while importing {tmp_path / 'broken.py'}:\n"
        f'File "{tmp_path / "broken.py"}", line 3, in <module>\n'
        "    limit = 1 / 0\n"
        "ZeroDivisionError: division by zero\n"
    )


def test_an_error_while_describing_shows_the_users_line(millwork: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        "from millwork import pipeline\nfrom pipelines import one\n\n\n@pipeline\ndef wrong():\n    one(w=1)\n"
    )
    said = millwork("run", "wrong.py")
    assert said.code == 2
    assert f'File "{tmp_path / "wrong.py"}", line 7, in wrong\n    one(w=1)\none has no argument' in said.err
    assert "Traceback" not in said.err


def test_a_failed_step_is_exit_code_1_with_the_users_line_and_the_log(
    millwork: CommandLine, tmp_path: Path
) -> None:
    said = millwork("run", "pipelines.py:bad")
    assert said.code == 1
    said_last = said.err.partition("\nError: ")[2]
    place = said_last.index(
        f'File "{tmp_path / "pipelines.py"}", line 19, in boom\n    raise ValueError("no luck")'
    )
    assert place < said_last.index("ValueError: no luck") < said_last.index("log: ")
    log = said_last.partition("log: ")[2].partition("\n")[0]
    assert "no luck" in Path(log).read_text()
    assert "millwork resume" in said_last
    assert "Traceback" not in said.err


def test_a_failed_run_is_a_json_document_too(millwork: CommandLine) -> None:
    said = millwork("run", "pipelines.py:bad", "--json")
    run = json.loads(said.out)
    assert (said.code, run["state"]) == (1, "failed")
    steps = {step["id"]: step for step in run["steps"]}
    assert {id: step["state"] for id, step in steps.items()} == {
        "one": "complete",
        "fine": "complete",
        "boom": "failed",
        "after": "cancelled",
        "unlikely": "skipped",
    }
    assert (steps["boom"]["failure"]["type"], steps["boom"]["failure"]["message"]) == (
        "ValueError",
        "no luck",
    )
    assert "line 19, in boom" in steps["boom"]["failure"]["where"]
    assert steps["after"]["reason"] == "needs boom, which failed"
    assert steps["unlikely"]["reason"] == "not one.r.value > 5: it is 1"


def test_parts_of_a_pipeline_are_chosen_by_name_repeated_or_with_commas(millwork: CommandLine) -> None:
    millwork("run", "pipelines.py:chain", "--quiet")
    run = json.loads(
        millwork("run", "pipelines.py:chain", "--only", "add_0,add_1", "--no-cache", "--json").out
    )
    assert [step["state"] for step in run["steps"]] == ["cached", "complete", "complete"]
    run = json.loads(millwork("run", "pipelines.py:chain", "--to", "one", "--json").out)
    assert [step["state"] for step in run["steps"]] == ["cached", "skipped", "skipped"]
    again = ["--no-cache-for", "one", "--no-cache-for", "add_1"]
    run = json.loads(millwork("run", "pipelines.py:chain", *again, "--json").out)
    assert [step["state"] for step in run["steps"]] == ["complete", "cached", "complete"]
    said = millwork.here("run", "pipelines.py:chain", "--from", "ad_0")
    assert said.code == 4
    assert "Did you mean 'add_0'?" in said.err


def test_a_store_that_is_none_is_exit_code_5(millwork: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_text("these are my notes, and no database at all\n" * 100)
    said = millwork.here("run", "pipelines.py:chain", "--store", "notes.sqlite")
    assert said.code == 5
    assert "notes.sqlite is not a metadata store" in said.err


def test_root_and_store_come_from_the_environment_too(millwork: CommandLine, tmp_path: Path) -> None:
    said = millwork("run", "single.py", "-q", MILLWORK_ROOT="elsewhere", MILLWORK_STORE="all.sqlite")
    assert said.code == 0, said.err
    assert (tmp_path / "elsewhere" / "single").is_dir()
    assert (tmp_path / "all.sqlite").is_file()


def test_ctrl_c_is_exit_code_130_and_resume_goes_on_from_there(millwork: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nfrom pathlib import Path\nfrom millwork import component, pipeline\n"
        "from millwork.core.artifacts import Integer\nfrom pipelines import one\n\n\n"
        "@component\ndef wait(r: Integer, x: Integer, *, until: str) -> None:\n"
        "    while not Path(until).exists():\n        time.sleep(0.02)\n    r.value = x.value\n\n\n"
        "@pipeline\ndef slow(until: str) -> Integer:\n    return wait(one(), until=until)\n"
    )
    go_on = tmp_path / "go_on"
    process = millwork.start("run", "slow.py", "-p", f"until={go_on}")
    assert process.stderr is not None
    while "wait started" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.endswith("Interrupted. Continue with: millwork resume\n")
    assert "Traceback" not in err
    go_on.touch()
    run = json.loads(millwork("resume", "--json").out)
    assert [step["state"] for step in run["steps"]] == ["cached", "complete"]
