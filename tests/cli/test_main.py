"""What all commands have in common."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sample_command_line import CommandLine, clean_environment, history, reading

from millwork.cli.exits import ExitCode, exit_code
from millwork.cli.main import COMMANDS, load_command
from millwork.core import errors


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path)


LEAVES = [
    f"{name} {sub}".strip()
    for name in COMMANDS
    for sub in (getattr(load_command(name), "commands", None) or {"": None})
]


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_every_command(option: str) -> None:
    said = reading(option)
    assert said.code == 0
    assert said.err == ""
    for name, about in COMMANDS.items():
        assert f"{name} " in said.out
        assert about in said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_what_help_says_of_a_command_is_how_its_own_help_begins(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help.startswith(COMMANDS[name])


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_command_takes_json_and_explains_itself(leaf: str) -> None:
    said = reading(*leaf.split(), "-h")
    assert said.code == 0
    assert f"Usage: millwork {leaf}" in said.out
    assert "--json" in said.out


def test_the_version_is_printed() -> None:
    said = reading("--version")
    assert (said.code, said.out.split()[0]) == (0, "millwork")


def test_an_unknown_command_is_a_usage_error_that_names_the_nearest() -> None:
    said = reading("rnu")
    assert said.code == 2
    assert said.out == ""
    assert "There is no command 'rnu'. Did you mean 'run'?" in said.err


def test_an_unknown_option_is_a_usage_error() -> None:
    said = reading("runs", "list", "--nope")
    assert said.code == 2
    assert said.out == ""
    assert "--nope" in said.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.WrongArgument("x"), 2),
        (errors.UnknownParameter("p", "x", ["y"]), 2),
        (errors.NotFound("x"), 4),
        (errors.StoreError("x"), 5),
        (errors.RunFailed("x"), 1),
        (errors.GateNotMet("x"), 3),
        (errors.RunStopped("x"), 3),
        (errors.StepFailed("x"), 1),
        (errors.BadInput("x"), 1),
        (errors.MillworkError("x"), 1),
        (PermissionError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert exit_code(error) == code
    assert code in list(ExitCode)


def test_an_error_is_one_message_without_traceback(millwork: CommandLine) -> None:
    said = millwork("runs", "list")
    assert said.code == 4
    assert said.out == ""
    assert said.err.startswith("Error: There is no metadata store .millwork/metadata.sqlite")
    assert said.err.count("\n") == 1


def test_millwork_debug_adds_the_traceback(millwork: CommandLine) -> None:
    said = millwork("runs", "list", MILLWORK_DEBUG="1")
    assert said.code == 4
    assert "Traceback (most recent call last)" in said.err
    assert "Error: There is no metadata store" in said.err


BUFFERED, UNBUFFERED = "", "1"


@pytest.mark.parametrize("buffering", [BUFFERED, UNBUFFERED])
def test_a_reader_that_stops_early_is_no_error(buffering: str) -> None:
    done = subprocess.run(
        f"{sys.executable} -m millwork catalog list --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        env={**clean_environment(), "PYTHONUNBUFFERED": buffering},
        check=False,
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""


@pytest.mark.parametrize("buffering", [BUFFERED, UNBUFFERED])
@pytest.mark.parametrize("arguments", ["--version", "catalog list", "catalog list --json"])
def test_a_reader_that_never_was_is_no_error(arguments: str, buffering: str) -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    done = subprocess.run(
        [sys.executable, "-m", "millwork", *arguments.split()],
        stdout=writing_end,
        stderr=subprocess.PIPE,
        text=True,
        env={**clean_environment(), "PYTHONUNBUFFERED": buffering},
        check=False,
    )
    os.close(writing_end)
    assert done.stderr == ""


HEAVY = (
    "tensorflow",
    "keras",
    "apache_beam",
    "tensorflow_data_validation",
    "tensorflow_transform",
    "tfx_bsl",
    "pandas",
    "pyarrow",
    "numpy",
    "sklearn",
    "scipy",
    "matplotlib",
)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["catalog", "list"],
        ["catalog", "describe", "Transform"],
        ["plan", "stock.py"],
        ["compile", "stock.py"],
        ["runs", "list"],
        ["runs", "show"],
        ["runs", "logs"],
        ["runs", "delete", "latest"],
        ["artifacts", "list"],
        ["artifacts", "show", "1"],
        ["lineage", "latest"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_only_runs_import_what_is_heavy(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text("a\n1\n")
    (tmp_path / "stock.py").write_text(
        "from millwork import pipeline\n"
        "from millwork.components import CsvExampleGen, SchemaGen, StatisticsGen\n"
        "from millwork.core.artifacts import Schema\n\n\n"
        "@pipeline\n"
        "def stock() -> Schema:\n"
        "    examples = CsvExampleGen(input_base='data').examples\n"
        "    return SchemaGen(statistics=StatisticsGen(examples=examples).statistics).schema\n"
    )
    program = (
        "import json, sys\n"
        "from millwork.cli.main import app\n"
        "try:\n"
        f"    app({arguments!r}, prog_name='millwork')\n"
        "except SystemExit as e:\n"
        f"    found = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "    print(json.dumps([e.code, found]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=clean_environment(MILLWORK_ROOT=str(history())),
        capture_output=True,
        text=True,
        check=True,
    )
    code, found = json.loads(done.stderr.splitlines()[-1])
    assert found == []
    assert code == 0 or arguments == ["doctor"]
