"""Ctrl-C stops a run cleanly: no process is left, nothing half-written is left, and the run can be continued."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sample_project import Project, alive

from millwork.core.records import State
from millwork.core.recovery import RunLock, dead_runs, recover
from millwork.core.storage import files_below
from millwork.core.store import MetadataStore

Until = Callable[..., None]

SCRIPT = """
    import subprocess, sys, time
    from pathlib import Path
    from millwork import Options, component, pipeline
    from millwork.core.artifacts import Integer
    from millwork.core.errors import RunFailed
    from millwork.runners.local import LocalRunner

    @component
    def first(result: Integer) -> None:
        result.value = 1

    @component
    def slow(result: Integer, one: Integer, *, flags: str) -> None:
        (result.path.parent / "half.bin").write_bytes(bytes(1000))
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        Path(flags, f"child-{child.pid}").touch()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not Path(flags, "go").exists():
            time.sleep(0.01)
        child.kill()
        result.value = one.value + 1

    @component
    def last(result: Integer, two: Integer) -> None:
        result.value = two.value + 1

    @pipeline
    def described(flags: str) -> Integer:
        fresh = Options(cache=False)
        two = slow.configured(options=fresh)(first.configured(options=fresh)(), flags=flags)
        slow.configured(id="also_slow", options=fresh)(first.configured(id="also_first", options=fresh)(), flags=flags)
        return last(two)

    if __name__ == "__main__":
        p = described(sys.argv[1])
        run = LocalRunner("root", workers=3).run(p, resumes=sys.argv[2] if len(sys.argv) > 2 else "")
        print(run[p.produces].value)
    """


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    (tmp_path / "flags").mkdir()
    return tmp_path / "flags"


@pytest.fixture
def root(project: Project) -> Path:
    project.write("script.py", SCRIPT)
    return project.folder / "root"


@pytest.fixture(autouse=True)
def nobody_is_left(flags: Path) -> Iterator[None]:
    """What the slow steps have started, in sessions of their own, is gone as well."""
    yield
    deadline = time.monotonic() + 5
    while left := [pid for pid in started(flags) if alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def store_of(root: Path) -> MetadataStore:
    return MetadataStore(str(root / "metadata.sqlite"))


def started(flags: Path) -> list[int]:
    return [int(f.name.partition("-")[2]) for f in flags.glob("child-*")]


def stop(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    """Send a signal to the runner alone, wait, and see that nobody is left."""
    family = [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in family):
        assert time.monotonic() < deadline, [psutil.Process(p).cmdline() for p in family if alive(p)]
        time.sleep(0.01)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_an_interrupted_run_leaves_no_process_and_can_be_continued(
    number: int, project: Project, root: Path, flags: Path, until: Until
) -> None:
    process = project.start("script.py", str(flags))
    until(lambda: len(started(flags)) == 2)
    code, said = stop(process, number)
    assert code == -signal.SIGINT, said
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert not any(alive(pid) for pid in started(flags)), "not even what has a session of its own"
    store = store_of(root)
    [run] = store.runs()
    assert run.state is State.CANCELLED
    states = {e.node: (e.state, e.properties.get("__reason__", "")) for e in store.executions_of_run(run.id)}
    assert states == {
        "first": (State.COMPLETE, "its cache is off"),
        "also_first": (State.COMPLETE, "its cache is off"),
        "slow": (State.CANCELLED, "interrupted"),
        "also_slow": (State.CANCELLED, "interrupted"),
        "last": (State.CANCELLED, "interrupted"),
    }
    assert [f.name for f in files_below(root) if f.name in ("half.bin", "job.json")] == []
    assert list((root / ".runs").iterdir()) == []

    (flags / "go").touch()
    resumed = project.python("script.py", str(flags), run.id)
    assert (resumed.returncode, resumed.stdout) == (0, "3\n"), resumed.stderr
    ended = {e.node: e.state for e in store.executions_of_run(store.runs(limit=1)[0].id)}
    assert ended == {
        "first": State.CACHED,
        "also_first": State.CACHED,
        "slow": State.COMPLETE,
        "also_slow": State.COMPLETE,
        "last": State.COMPLETE,
    }


def test_ctrl_c_at_a_terminal_reaches_the_whole_group_and_does_no_harm(
    project: Project, root: Path, flags: Path, until: Until
) -> None:
    process = project.start("script.py", str(flags))
    until(lambda: len(started(flags)) == 2)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    [run] = store_of(root).runs()
    assert run.state is State.CANCELLED
    assert {e.state for e in store_of(root).executions_of_run(run.id)} == {State.COMPLETE, State.CANCELLED}


def test_ctrl_c_twice_stops_at_once(project: Project, root: Path, flags: Path, until: Until) -> None:
    process = project.start("script.py", str(flags))
    until(lambda: len(started(flags)) == 2)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    stop(process, signal.SIGINT)
    (flags / "go").touch()
    assert project.python("script.py", str(flags)).stdout == "3\n"
    assert {r.state for r in store_of(root).runs()} == {State.CANCELLED, State.COMPLETE}


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4])
def test_ctrl_c_at_any_moment_of_the_start_leaves_a_store_that_works(
    delay: float, project: Project, root: Path, flags: Path
) -> None:
    process = project.start("script.py", str(flags))
    time.sleep(delay + 0.1)  # Python itself must have started, or it does not know what the signal means
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    (flags / "go").touch()
    again = project.python("script.py", str(flags))
    assert (again.returncode, again.stdout) == (0, "3\n"), again.stderr
    store = store_of(root)
    assert {r.state for r in store.runs()} <= {State.CANCELLED, State.COMPLETE}
    for run in store.runs():
        assert State.RUNNING not in {e.state for e in store.executions_of_run(run.id)}


def test_a_killed_runner_takes_its_steps_along_and_the_next_run_puts_things_right(
    project: Project, root: Path, flags: Path, until: Until
) -> None:
    process = project.start("script.py", str(flags))
    until(lambda: len(started(flags)) == 2)
    stop(process, signal.SIGKILL)
    assert not any(alive(pid) for pid in started(flags))
    store = store_of(root)
    [killed] = store.runs()
    assert killed.state is State.RUNNING, "nobody was there to say otherwise"
    assert dead_runs(str(root)) == [killed.id]
    assert [f.name for f in files_below(root) if f.name == "half.bin"] == ["half.bin"] * 2

    (flags / "go").touch()
    again = project.python("script.py", str(flags), killed.id)
    assert (again.returncode, again.stdout) == (0, "3\n"), again.stderr
    assert (
        f"Run {killed.id} ended without finishing. Continue it with: millwork resume {killed.id}"
        in again.stderr
    )
    states = {e.node: e.state for e in store.executions_of_run(killed.id)}
    assert states == {
        "first": State.COMPLETE,
        "also_first": State.COMPLETE,
        "slow": State.FAILED,
        "also_slow": State.FAILED,
    }
    interrupted = [e for e in store.executions_of_run(killed.id) if e.state is State.FAILED]
    assert {e.properties["__error_type__"] for e in interrupted} == {"Interrupted"}
    assert store.run(killed.id).state is State.CANCELLED
    assert [f for f in files_below(root) if "staged" in f.parts or f.name == "job.json"] == []
    assert {
        e.node for e in store.executions_of_run(store.runs(limit=1)[0].id) if e.state is State.CACHED
    } == {
        "first",
        "also_first",
    }


def test_the_lock_of_a_living_run_is_respected(tmp_path: Path) -> None:
    store = MetadataStore(str(tmp_path / "metadata.sqlite"))
    store.begin_run("p", "living", ["a"], {"__state__": "running"})
    store.begin_run("p", "dead", ["a"], {"__state__": "running"})
    living, dead = RunLock(str(tmp_path), "living"), RunLock(str(tmp_path), "dead")
    dead.release(ended=False)
    assert recover(store, str(tmp_path)) == ["dead"]
    assert recover(store, str(tmp_path)) == []
    assert store.run("living").state is State.RUNNING
    assert store.run("dead").state is State.CANCELLED
    living.release(ended=True)
    assert recover(store, str(tmp_path)) == []


def test_a_lock_of_a_run_that_was_never_recorded_is_cleared_away(tmp_path: Path) -> None:
    store = MetadataStore(str(tmp_path / "metadata.sqlite"))
    RunLock(str(tmp_path), "never").release(ended=False)
    assert recover(store, str(tmp_path)) == []
    assert dead_runs(str(tmp_path)) == []


AT_EXIT = """
    import sys, time
    from pathlib import Path
    from millwork import FinalStatus, component, on_exit, pipeline
    from millwork.core.artifacts import Integer
    from millwork.runners.local import LocalRunner

    @component
    def slow(result: Integer, *, flags: str) -> None:
        Path(flags, "slow").touch()
        time.sleep(1000)

    @component
    def clean_up(result: Integer, *, flags: str, stay: bool, status: FinalStatus = FinalStatus()) -> None:
        Path(flags, "cleaning").write_text(f"{status.state} {status.steps['slow']}")
        time.sleep(1000 if stay else 0)
        result.value = 1

    @pipeline
    def described(flags: str, stay: bool) -> None:
        slow(flags=flags)
        with on_exit():
            clean_up(flags=flags, stay=stay)

    if __name__ == "__main__":
        LocalRunner("root", workers=2).run(described(sys.argv[1], stay=sys.argv[2] == "stay"))
    """


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_steps_at_exit_run_after_an_interrupt_and_a_second_one_stops_them(
    again: bool, project: Project, root: Path, flags: Path, until: Until
) -> None:
    project.write("at_exit.py", AT_EXIT)
    process = project.start("at_exit.py", str(flags), "stay" if again else "go")
    until(lambda: (flags / "slow").exists())
    if again:
        process.send_signal(signal.SIGINT)
        until(lambda: (flags / "cleaning").exists())
    code, said = stop(process, signal.SIGINT)
    assert code == -signal.SIGINT, said
    assert (flags / "cleaning").read_text() == "cancelled cancelled"
    store = store_of(root)
    [run] = store.runs()
    assert run.state is State.CANCELLED
    assert {e.node: e.state for e in store.executions_of_run(run.id)} == {
        "slow": State.CANCELLED,
        "clean_up": State.CANCELLED if again else State.COMPLETE,
    }
