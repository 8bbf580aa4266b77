"""`millwork sweep`: many runs of one pipeline, compared; what they have in common is done once."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sample_command_line import CommandLine

from millwork.core.store import MetadataStore
from millwork.runners import LocalRunner, sweep

CHURN = """
import os
import time
from pathlib import Path

from millwork import component, pipeline
from millwork.core.artifacts import Float, Integer


@component
def ingest(rows: Integer, *, log: str, scale: int = 1) -> None:
    with open(log, "a") as file:
        file.write(f"ingest {scale}\\n")
    time.sleep(0.3)
    rows.value = 5 * scale


@component
def train(auc: Float, rows: Integer, *, steps: int, rate: float, wait: str) -> None:
    if rate > 1:
        raise ValueError("it diverged")
    while wait and steps > 100 and not Path(wait).exists():
        time.sleep(0.02)
    auc.value = rows.value * steps * rate


@pipeline
def churn(log: str, steps: int = 100, rate: float = 0.1, scale: int = 1, wait: str = "") -> Float:
    return train(ingest(log=log, scale=scale), steps=steps, rate=rate, wait=wait)
"""


@pytest.fixture
def churn(tmp_path: Path) -> CommandLine:
    (tmp_path / "churn.py").write_text(CHURN)
    return CommandLine(tmp_path)


def swept(said: Any) -> list[tuple[Any, ...]]:
    """The runs of a sweep's document: state, what varies, and the first metric."""
    document = json.loads(said.out)
    [metric, *_] = document["metrics"]
    return [
        (run["state"], *(run["parameters"][name] for name in document["varied"]), run["metrics"][metric])
        for run in document["runs"]
    ]


def test_every_combination_is_run_and_the_common_part_once(churn: CommandLine, tmp_path: Path) -> None:
    said = churn("sweep", "churn.py", "-p", "log=log", "-p", "steps=100,200", "-p", "rate=0.1,0.01", "--json")
    assert said.code == 0, said.err
    assert swept(said) == [
        ("complete", 100, 0.1, 50.0),
        ("complete", 100, 0.01, 5.0),
        ("complete", 200, 0.1, 100.0),
        ("complete", 200, 0.01, 10.0),
    ]
    [log] = (tmp_path / ".millwork").rglob("log")  # it is written in the folder of the step
    assert log.read_text() == "ingest 1\n"


def test_runs_side_by_side_do_not_repeat_each_others_work(churn: CommandLine, tmp_path: Path) -> None:
    log = tmp_path / "log"
    said = churn(
        *("sweep", "churn.py", "-p", f"log={log}", "-p", "scale=1,2", "-p", "rate=0.1,0.2,0.3"),
        *("--max-parallel", "3", "--json", "--metric", "auc"),
    )
    assert said.code == 0, said.err
    assert sorted(log.read_text().splitlines()) == ["ingest 1", "ingest 2"]
    assert [row[-1] for row in swept(said)] == pytest.approx([300, 200, 150, 100, 100, 50])
    states = [run["state"] for run in json.loads(said.out)["runs"]]
    assert set(states) == {"complete"}


def test_a_run_that_fails_is_told_and_the_others_go_on(churn: CommandLine) -> None:
    said = churn(
        "sweep", "churn.py", "-p", "log=log", "-p", "rate=0.1,2,0.3", "-m", "train.auc", "--ascending"
    )
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].split() == ["run", "state", "rate", "auc", "time"]
    assert [line.split()[1:4] for line in lines[1:4]] == [
        ["complete", "0.1", "50"],
        ["complete", "0.3", "150"],
        ["failed", "2", *lines[3].split()[3:4]],
    ]
    assert "failed (rate=2)\ntrain: ValueError: it diverged" in said.out
    assert "[3/3]" in said.err
    shown = churn.here("sweep", "show", "--json")
    assert [run["state"] for run in json.loads(shown.out)["runs"]] == ["complete", "failed", "complete"]
    assert json.loads(shown.out)["runs"][1]["reason"] == "train: ValueError: it diverged"
    listed = json.loads(churn.here("sweep", "list", "--json").out)["sweeps"]
    assert [(s["combinations"], s["complete"], s["failed"]) for s in listed] == [(3, 2, 1)]


def test_what_the_users_module_prints_is_not_taken_for_the_end_of_a_run(
    churn: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "churn.py").write_text(CHURN + "\nprint('reading the settings')\n")
    said = churn("sweep", "churn.py", "-p", "log=log", "-p", "steps=100,200")
    assert said.code == 0, said.err
    assert "not complete" not in said.err


def test_a_process_that_ends_before_it_knows_what_to_do_is_told(
    churn: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    long = "x" * 100_000  # more than a pipe takes at once
    said = churn.here("sweep", "churn.py", "-p", f"log='{long}'", "-p", "steps=100,200")
    assert said.code == 1
    assert "[2/2]  steps=200: not complete: the process of the run ended with exit code 1" in said.err


def test_random_combinations_repeat_with_the_seed_and_come_from_the_cache(churn: CommandLine) -> None:
    given = ("sweep", "churn.py", "-p", "log=log", "-p", "rate=loguniform(1e-3,1)", "--random", "2", "--json")
    first, again = churn(*given, "--seed", "7"), churn(*given, "--seed", "7")
    assert first.code == again.code == 0, first.err
    assert swept(first) == swept(again)
    run = json.loads(again.out)["runs"][0]["run"]
    steps = json.loads(churn.here("runs", "show", run, "--json").out)["steps"]
    assert [step["state"] for step in steps] == ["cached", "cached"]


def test_an_interrupted_sweep_keeps_what_is_done_and_is_continued(churn: CommandLine, tmp_path: Path) -> None:
    go_on = tmp_path / "go_on"
    process = churn.start(
        "sweep", "churn.py", "-p", "log=log", "-p", "steps=50,200,300", "-p", f"wait={go_on}"
    )
    assert process.stderr is not None
    seen = ""
    while "[1/3]" not in seen or "train started" not in seen.partition("[1/3]")[2]:
        assert process.poll() is None, seen
        seen += process.stderr.readline()
    time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith("Interrupted. Continue with: millwork sweep resume\n")
    shown = json.loads(churn.here("sweep", "show", "latest", "--json").out)
    assert [run["state"] for run in shown["runs"]] == ["complete", "cancelled", "waiting"]

    go_on.touch()
    said = churn("sweep", "resume", "--json")
    assert said.code == 0, said.err
    assert "2 of 3 runs are left" in said.err
    assert [row[0] for row in swept(said)] == ["complete"] * 3
    resumed = json.loads(said.out)["runs"]
    assert resumed[0]["run"] == shown["runs"][0]["run"]
    of = json.loads(churn.here("runs", "show", resumed[1]["run"], "--json").out)
    assert of["resumes"] == shown["runs"][1]["run"]
    assert "is complete" in churn("sweep", "resume").err


def test_runs_are_filed_under_their_sweep_in_ml_metadata(churn: CommandLine, tmp_path: Path) -> None:
    import ml_metadata
    from ml_metadata.proto import metadata_store_pb2

    churn("sweep", "churn.py", "-p", "log=log", "-p", "rate=0.1,0.2", "-q")
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(tmp_path / ".millwork" / "metadata.sqlite")
    store = ml_metadata.MetadataStore(config)
    [of] = store.get_contexts_by_type("sweep")
    runs = store.get_children_contexts_by_context(of.id)
    assert {run.type for run in runs} == {"pipeline_run"} and len(runs) == 2
    parents = {p.type for p in store.get_parent_contexts_by_context(runs[0].id)}
    assert parents == {"pipeline", "sweep"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-p", "steps=1,two"), 2, "steps must be int, but got 'two'"),
        (("-p", "step=1,2"), 2, "has no parameter 'step'. Did you mean 'steps'?"),
        (("-p", "rate=uniform(0,1)"), 2, "Draw some with --random N"),
        (("-p", "rate=0.1"), 2, "A sweep tries several values"),
        (("-p", "rate"), 2, "-p takes name=value"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_runs(
    churn: CommandLine, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = churn.here("sweep", "churn.py", "-p", "log=log", *arguments)
    assert said.code == code
    assert message in said.err
    assert not (tmp_path / ".millwork").exists()


def test_sweeps_and_metrics_that_are_not_there_are_told(churn: CommandLine) -> None:
    assert churn.here("sweep", "show").code == 4
    churn("sweep", "churn.py", "-p", "log=log", "-p", "rate=0.1,0.2", "-q")
    said = churn.here("sweep", "show", "2099")
    assert (said.code, "There is no sweep '2099'" in said.err) == (4, True)
    said = churn.here("sweep", "show", "--metric", "train.auk.value")
    assert (said.code, "Did you mean 'train.auc.value'?" in said.err) == (4, True)


def test_parameters_come_from_a_file_too(churn: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("log: log\nrate: [0.1, 0.2]\nsteps: 10\n")
    said = churn("sweep", "run", "churn.py", "--params", "sweep.yaml", "-p", "steps=20", "--json")
    assert said.code == 0, said.err
    assert swept(said) == [("complete", 0.1, 10.0), ("complete", 0.2, 20.0)]


def test_a_sweep_is_a_function_too(
    churn: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    import churn as module  # type: ignore[import-not-found]  # the file that the fixture wrote

    result = sweep(
        module.churn,
        {"log": [str(tmp_path / "log")], "rate": [0.1, 2.0]},
        runner=LocalRunner(tmp_path / "root", quiet=True),
    )
    assert [run.ok for run in result.runs] == [True, False]
    assert "it diverged" in result.runs[1].error
    store = MetadataStore(str(tmp_path / "root" / "metadata.sqlite"))
    assert [run.id for run in store.runs_of_sweep(result.id)] == [run.run for run in result.runs]
