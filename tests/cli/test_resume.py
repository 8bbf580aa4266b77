"""`millwork resume`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sample_command_line import PIPELINES, CommandLine


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path)


def test_the_latest_run_that_is_not_complete_goes_on_with_what_was_mended(
    millwork: CommandLine, tmp_path: Path
) -> None:
    failed = json.loads(millwork("run", "pipelines.py:bad", "--json").out)
    millwork("run", "pipelines.py:chain", "--quiet")
    (tmp_path / "pipelines.py").write_text(PIPELINES.replace('raise ValueError("no luck")', "r.value = 1"))
    said = millwork("resume", "--json")
    run = json.loads(said.out)
    assert (said.code, run["state"], run["resumes"]) == (0, "complete", failed["id"])
    assert f"Resuming run {failed['id']} of bad, which is failed" in said.err


def test_a_run_keeps_its_parameters_and_p_changes_them(millwork: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "choosy.py").write_text(
        "from millwork import component, pipeline\nfrom millwork.core.artifacts import Integer\n"
        "from pipelines import one\n\n\n"
        "@component\ndef choosy(r: Integer, x: Integer, *, w: int) -> None:\n"
        "    if w < 10:\n        raise ValueError('too little')\n    r.value = w\n\n\n"
        "@pipeline\ndef main(v: int = 1, w: int = 1, gone: int = 0) -> Integer:\n    return choosy(one(v=v), w=w)\n"
    )
    assert millwork("run", "choosy.py", "-p", "v=3", "-q").code == 1
    (tmp_path / "choosy.py").write_text((tmp_path / "choosy.py").read_text().replace(", gone: int = 0", ""))
    said = millwork("resume", "latest", "-p", "w=11", "--json")
    run = json.loads(said.out)
    assert run["parameters"] == {"v": 3, "w": 11}
    assert [step["state"] for step in run["steps"]] == ["cached", "complete"]
    assert "The pipeline no longer has the parameters gone" in said.err


def test_what_the_run_finished_is_not_repeated(millwork: CommandLine) -> None:
    millwork("run", "pipelines.py:bad", "--quiet")
    said = millwork("resume", "--json")
    states = {step["id"]: step["state"] for step in json.loads(said.out)["steps"]}
    assert said.code == 1
    assert (states["one"], states["fine"], states["boom"]) == ("cached", "cached", "failed")


def test_there_may_be_nothing_to_resume(millwork: CommandLine) -> None:
    said = millwork.here("resume")
    assert said.code == 4
    assert "nothing has been run with this root" in said.err
    millwork("run", "single.py", "--quiet")
    said = millwork.here("resume")
    assert said.code == 4
    assert "Every run in the store" in said.err
    said = millwork.here("resume", "latest")
    assert said.code == 1
    assert "is complete: there is nothing to resume. To run its pipeline again: millwork run" in said.err


def _run_from_python(folder: Path, pipeline: str) -> None:
    (folder / "program.py").write_text(
        "from millwork import Pipeline\nfrom pipelines import *\nfrom millwork.runners.local import LocalRunner\n\n"
        f"if __name__ == '__main__':\n    LocalRunner(quiet=True).run({pipeline})\n"
    )
    subprocess.run([sys.executable, "program.py"], cwd=folder, check=False, capture_output=True)


def test_a_run_that_was_started_from_python_is_described_again_by_its_function(
    millwork: CommandLine, tmp_path: Path
) -> None:
    _run_from_python(tmp_path, "bad()")
    said = millwork.here("resume")
    assert said.code == 1
    assert "boom failed" in said.err
    assert "Resuming run" in said.err


def test_a_run_of_steps_that_no_function_describes_cannot_be_described_again(
    millwork: CommandLine, tmp_path: Path
) -> None:
    _run_from_python(tmp_path, "Pipeline('bad', None, steps=bad().steps)")
    said = millwork.here("resume")
    assert said.code == 1
    assert "how to describe it is not known" in said.err
