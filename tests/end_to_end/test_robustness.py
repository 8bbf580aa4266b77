"""Bad surroundings: full and read-only disks, locked stores, processes killed at any moment; and stores on servers."""

from __future__ import annotations

import fcntl
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from sample_parts import Rows, Sum, add, chatter, fail, number, train, write_zeros
from sample_project import Project
from sample_servers import free_port

from millwork import Pipeline, pipeline
from millwork.core.artifacts import Report
from millwork.core.errors import RunFailed, StoreError
from millwork.core.records import State
from millwork.core.recovery import recover
from millwork.core.storage import content_digest, files_below
from millwork.core.store import MetadataStore
from millwork.runners.local import LocalRunner

Until = Callable[..., None]
MEGABYTE = 1 << 20


# Disks


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own, which only root may make."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"this machine does not let root mount a file system: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 16) as folder:
        yield folder


def fill(disk: Path) -> Path:
    """Use up what is left of a disk."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return ballast


@pipeline
def wide(megabytes: int) -> Report:
    report = write_zeros.configured(id="write")(megabytes=megabytes)
    add(number(value=1))
    return report


def leftovers(root: Path) -> list[Path]:
    return [f for f in files_below(root) if "staged" in f.parts]


@pytest.mark.parametrize("store_is_there_too", [True, False], ids=["store on the disk", "store elsewhere"])
def test_a_step_that_fills_the_disk_fails_and_makes_room_again(
    store_is_there_too: bool, disk: Path, tmp_path: Path
) -> None:
    elsewhere = "" if store_is_there_too else str(tmp_path / "s.sqlite")
    runner = LocalRunner(disk / "root", store=elsewhere, workers=1, quiet=True)
    with pytest.raises(RunFailed, match="No space left on device") as caught:
        runner.run(wide(megabytes=40))
    store = MetadataStore(runner.store or str(disk / "root" / "metadata.sqlite"))
    states = {e.node: e.state for e in store.executions_of_run(caught.value.run)}
    assert states == {"write": State.FAILED, "number": State.COMPLETE, "add": State.COMPLETE}
    assert leftovers(disk) == []
    assert not list((disk / "root" / "wide" / "write" / "report").glob("*"))
    described = wide(megabytes=2)
    run = runner.run(described, resumes=caught.value.run)
    assert (run[described.produces].path / "zeros").stat().st_size == 2 * MEGABYTE
    assert run.steps["add"].state is State.CACHED


def test_a_disk_that_is_full_from_the_start_is_told_and_nothing_is_broken(disk: Path) -> None:
    runner = LocalRunner(disk / "root", quiet=True)
    ballast = fill(disk)
    with pytest.raises(StoreError, match="full|No space left") as caught:
        runner.run(wide(megabytes=1))
    assert str(disk) in str(caught.value)
    ballast.unlink()
    assert runner.run(wide(megabytes=1)).state is State.COMPLETE


def test_a_disk_that_becomes_full_between_two_runs_is_told_and_nothing_is_broken(disk: Path) -> None:
    runner = LocalRunner(disk / "root", quiet=True)
    first = runner.run(wide(megabytes=1))
    ballast = fill(disk)
    with pytest.raises((StoreError, RunFailed), match="full|No space left"):
        runner.run(wide(megabytes=1), cache=False)
    ballast.unlink()
    last = runner.run(wide(megabytes=1))
    assert {s.reason for s in last.steps.values()} == {f"unchanged since run {first.id}"}
    store = MetadataStore(str(disk / "root" / "metadata.sqlite"))
    assert State.RUNNING not in {r.state for r in store.runs()}
    assert State.RUNNING not in {e.state for r in store.runs() for e in store.executions_of_run(r.id)}


def test_a_step_that_talks_the_disk_full_fails(disk: Path) -> None:
    with pytest.raises((RunFailed, StoreError), match="full|No space left"):
        LocalRunner(disk / "root", quiet=True).run(Pipeline("p", chatter(megabytes=20)))
    for log in disk.rglob("log.txt"):
        log.unlink()
    assert LocalRunner(disk / "root", quiet=True).run(Pipeline("p", number(value=1))).state is State.COMPLETE


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.parametrize("used", [True, False], ids=["with a store", "empty"])
def test_a_root_that_is_read_only_is_refused_in_words(used: bool, disk: Path) -> None:
    runner = LocalRunner(disk / "root", quiet=True)
    if used:
        runner.run(wide(megabytes=1))
    script = f"from millwork.runners.local import open_store; open_store({str(disk / 'root')!r})"
    remount(disk, "ro")
    try:
        with pytest.raises(
            StoreError, match=r"cannot be written: Read-only file system\. Choose another root"
        ):
            runner.run(wide(megabytes=1))
        fresh = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert "cannot be written: Read-only file system. Choose another root" in fresh.stderr
    finally:
        remount(disk, "rw")
    assert runner.run(wide(megabytes=1)).state is State.COMPLETE


def test_a_root_that_is_read_only_is_refused_even_if_the_store_is_elsewhere(
    disk: Path, tmp_path: Path
) -> None:
    remount(disk, "ro")
    try:
        with pytest.raises(
            StoreError, match=r"disk/root cannot be written: Read-only file system\. Choose another"
        ):
            LocalRunner(disk / "root", store=str(tmp_path / "s.sqlite"), quiet=True).run(wide(megabytes=1))
    finally:
        remount(disk, "rw")


def test_a_file_in_place_of_the_root_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("not a folder")
    with pytest.raises(StoreError, match=r"root/metadata\.sqlite cannot be written: .*Choose another root"):
        LocalRunner(tmp_path / "root", quiet=True).run(wide(megabytes=1))


def test_a_file_in_the_way_of_a_step_fails_that_step(tmp_path: Path) -> None:
    (tmp_path / "root" / "wide").mkdir(parents=True)
    (tmp_path / "root" / "wide" / "write").write_text("in the way")
    with pytest.raises(RunFailed, match="write failed\n.*Not a directory") as caught:
        LocalRunner(tmp_path / "root", quiet=True).run(wide(megabytes=1))
    store = MetadataStore(str(tmp_path / "root" / "metadata.sqlite"))
    states = [(e.node, e.state) for e in store.executions_of_run(caught.value.run)]
    assert sorted(states, key=str) == [
        ("add", State.COMPLETE),
        ("number", State.COMPLETE),
        ("write", State.FAILED),
    ], "one execution a step, and none that still runs"


# Stores that do not answer


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Another program that holds the database."""
    script = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); time.sleep(float(sys.argv[2])); c.rollback()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, path, str(seconds)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            process.kill()


def test_a_store_that_another_program_has_locked_is_told_in_words(tmp_path: Path) -> None:
    root = tmp_path / "root"
    LocalRunner(root, quiet=True).run(Pipeline("p", number(value=1)))
    began = time.monotonic()
    with (
        locked(root / "metadata.sqlite", 300),
        pytest.raises(StoreError, match="is locked by another program"),
    ):
        LocalRunner(root, quiet=True).run(Pipeline("p", number(value=2)))
    assert time.monotonic() - began < 90
    assert LocalRunner(root, quiet=True).run(Pipeline("p", number(value=2))).state is State.COMPLETE


def test_a_store_that_is_locked_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    root = tmp_path / "root"
    LocalRunner(root, quiet=True).run(Pipeline("p", number(value=1)))
    with locked(root / "metadata.sqlite", 1.5):
        run = LocalRunner(root, quiet=True).run(Pipeline("p", number(value=2)))
    assert run.state is State.COMPLETE


def test_a_store_that_another_run_writes_for_too_long_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("millwork.core.store_connection._PATIENCE", 0.3)
    store = MetadataStore(str(tmp_path / "metadata.sqlite"))
    with open(tmp_path / "metadata.sqlite.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(
            StoreError, match="Another process has been writing to the metadata store .* for 0 s"
        ):
            store.begin_run("p", "r", [], {})
        assert store.runs() == [], "reading is free"
    store.begin_run("p", "r", [], {})


def test_a_store_that_goes_away_during_a_run_ends_the_run_and_no_step_is_left(
    tmp_path: Path, project: Project
) -> None:
    project.write(
        "script.py",
        """
        import subprocess, sys, time
        from pathlib import Path
        from millwork import component, pipeline
        from millwork.core.artifacts import Integer
        from millwork.runners.local import LocalRunner

        LOCK = (
            "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); "
            "c.execute('BEGIN EXCLUSIVE'); time.sleep(40)"
        )

        @component
        def vandal(result: Integer) -> None:
            locker = subprocess.Popen(
                [sys.executable, "-c", LOCK, "../../../../../metadata.sqlite"], start_new_session=True
            )
            Path("../../../../../../locker").write_text(str(locker.pid))
            time.sleep(0.5)
            result.value = 1

        @component
        def slow(result: Integer) -> None:
            time.sleep(60)

        @pipeline
        def described() -> None:
            slow()
            vandal()

        if __name__ == "__main__":
            LocalRunner("root", workers=2).run(described())
        """,
    )
    began = time.monotonic()
    shown = project.python("script.py")
    assert shown.returncode == 1
    assert time.monotonic() - began < 50
    assert "StoreError" in shown.stderr
    assert "is locked by another program. Close it, or wait, and try again" in shown.stderr
    locker = psutil.Process(int((project.folder / "locker").read_text()))
    left = [p for p in psutil.process_iter(["cwd"]) if str(project.folder) in str(p.info["cwd"])]
    assert [p for p in left if p != locker] == []
    locker.kill()
    store = MetadataStore(str(project.folder / "root" / "metadata.sqlite"))
    assert recover(store, str(project.folder / "root")) == [store.runs()[0].id], (
        "the next run puts things right"
    )
    assert {e.state for e in store.executions_of_run(store.runs()[0].id)} == {State.FAILED}
    assert leftovers(project.folder) == []


# Kills at any moment

KILLED = """
    import random, sys, time
    from millwork import Component, Outputs, component, output, pipeline
    from millwork.core.artifacts import Examples, Integer, Report
    from millwork.runners.local import LocalRunner

    class Generate(Component):
        seed: int
        examples: Examples = output()

        def run(self) -> None:
            for split in ("train", "eval"):
                folder = self.examples.path / f"Split-{split}"
                folder.mkdir()
                for i in range(20):
                    (folder / f"part-{i}").write_text(f"{self.seed} {split} {i}\\n" * 50)
            self.examples.split_names = ("train", "eval")

    class Both(Outputs):
        lines: Integer
        copy: Report

    @component
    def count(both: Both, examples: Examples, *, split: str) -> None:
        text = "".join(p.read_text() for p in sorted(examples.split(split).iterdir()))
        for i in range(10):
            (both.copy.path / f"copy-{i}").write_text(text)
            time.sleep(0.002)
        both.lines.value = len(text.splitlines())

    @component
    def total(result: Integer, parts: list[Integer], *, seed: int) -> None:
        result.value = sum(p.value for p in parts) + seed

    @pipeline
    def killed(seed: int) -> Integer:
        examples = Generate(seed=seed).examples
        counts = [count.configured(id=f"count_{s}")(examples, split=s).lines for s in ("train", "eval")]
        return total(counts, seed=seed)

    if __name__ == "__main__":
        p = killed(int(sys.argv[1]))
        print(LocalRunner("root", quiet=True).run(p)[p.produces].value)
    """


def victim(process: subprocess.Popen[str], dice: random.Random) -> psutil.Process:
    """Mostly the runner; sometimes one of its processes."""
    runner = psutil.Process(process.pid)
    family = runner.children(recursive=True) if dice.random() < 0.25 else []
    return dice.choice(family) if family else runner


def check_live_artifacts(store: MetadataStore, checked: set[int]) -> None:
    """What the store calls live is there, in full, as it was recorded."""
    for artifact in store.artifacts(limit=10_000):
        if artifact.id not in checked and artifact.state == "live":
            folder = Path(artifact.uri).parent if artifact.type_name == "Integer" else Path(artifact.uri)
            assert content_digest(folder) == artifact.digest, artifact
            checked.add(artifact.id)


def check_nothing_else_is_visible(root: Path, store: MetadataStore) -> None:
    """Every output folder belongs to a live artifact."""
    live = {
        str(Path(a.uri).parent if a.type_name == "Integer" else Path(a.uri))
        for a in store.artifacts(limit=10_000)
    }
    folders = {str(f) for f in root.glob("killed/*/*/*") if ".system" not in f.parts}
    assert folders == live
    assert leftovers(root) == []
    assert list((root / ".runs").iterdir()) == []


def survive_kills(times: int, project: Project) -> None:
    project.write("script.py", KILLED)
    root, dice, checked = project.folder / "root", random.Random(20_240_417), set[int]()
    store: MetadataStore | None = None
    hits = 0
    for i in range(times):
        process = project.start("script.py", str(i))
        while dice.random() < 0.999 and process.poll() is None and not list(root.glob(".runs/*.lock")):
            time.sleep(0.001)  # mostly until the run has begun, now and then not so long
        time.sleep(dice.uniform(0, 0.25))
        if process.poll() is None:
            try:
                victim(process, dice).kill()
                hits += 1
            except psutil.NoSuchProcess:
                pass
        process.communicate(timeout=60)
        if store is None and (root / "metadata.sqlite").exists():
            store = MetadataStore(str(root / "metadata.sqlite"))
        if store:
            check_live_artifacts(store, checked)
        again = project.python("script.py", str(i))
        assert (again.returncode, again.stdout) == (0, f"{2 * 20 * 50 + i}\n"), (i, again.stderr)
        store = store or MetadataStore(str(root / "metadata.sqlite"))
        check_live_artifacts(store, checked)
        check_nothing_else_is_visible(root, store)
        latest = store.runs(limit=5)
        assert latest[0].state is State.COMPLETE
        assert State.RUNNING not in {r.state for r in latest}
        assert State.RUNNING not in {e.state for r in latest for e in store.executions_of_run(r.id)}
    assert store is not None
    assert hits >= times // 2, "most runs were killed before they had ended"
    assert len(checked) >= 6 * times
    interrupted = [r for r in store.runs(limit=10_000) if r.state is not State.COMPLETE]
    midway = [
        e
        for r in interrupted
        for e in store.executions_of_run(r.id)
        if e.properties.get("__error_type__") in ("Interrupted", "ProcessDied")
    ]
    assert len(midway) >= times // 3, "and many in the middle of a step"


def test_processes_killed_at_any_moment_leave_nothing_half_written(project: Project) -> None:
    survive_kills(10, project)


@pytest.mark.slow
def test_200_kills(project: Project) -> None:
    survive_kills(200, project)


# Stores on servers


@pytest.fixture
def server(request: pytest.FixtureRequest) -> str:
    uri: str = request.getfixturevalue(request.param)
    return uri


on_each_server = pytest.mark.parametrize("server", ["mariadb", "postgresql"], indirect=True)


@pipeline
def served(more: int = 0) -> dict[str, Any]:
    rows = Rows(count=4).examples
    summed = Sum(examples=[rows], extra=number(value=10), scale=1 / 3)
    add(number.configured(id="n2")(value=2**70), more=more)
    return {"total": summed.total, "model": train(rows)}


@pytest.mark.slow
@on_each_server
def test_a_store_may_be_on_a_server(server: str, tmp_path: Path, project: Project) -> None:
    runner = LocalRunner(tmp_path / "root", store=server, quiet=True)
    described = served()
    first = runner.run(described)
    assert first[described.produces["total"]].value == 6 / 3 + 10
    again = runner.run(served())
    assert {s.state for s in again.steps.values()} == {State.CACHED}
    changed = runner.run(served(more=1))
    assert [id for id, s in changed.steps.items() if s.state is not State.CACHED] == ["add"]
    said = "it's \"quoted\" é \U0001f600 \\ \\' %s \n"
    with pytest.raises(RunFailed, match='it\'s "quoted" é \U0001f600'):
        runner.run(Pipeline("bad", fail(message=said + "\x00" + "x" * 200_000)))

    store = MetadataStore(server)
    assert [r.state for r in store.runs()] == [State.FAILED, State.COMPLETE, State.COMPLETE, State.COMPLETE]
    assert [r.id for r in store.runs(pipeline="served", states=[State.COMPLETE], limit=2)] == [
        changed.id,
        again.id,
    ]
    assert [r.id for r in store.runs(prefix=first.id)] == [first.id]
    [total] = store.outputs_of(first.steps["sum"].execution)["total"]
    producer = store.producer_of(total.id)
    assert producer is not None
    assert (producer.node, producer.properties["scale"]) == ("sum", 1 / 3)
    assert len(store.artifacts(type_name="Examples", run=first.id)) == 1
    [failed] = store.executions_of_run(store.runs(limit=1)[0].id)
    assert str(failed.properties["__error__"]).startswith(said + "\\x00xxx")
    assert str(failed.properties["message"]).startswith(said)


@pytest.mark.slow
@on_each_server
def test_runs_at_the_same_time_on_one_server_all_succeed(server: str, project: Project) -> None:
    project.write("script.py", KILLED.replace('LocalRunner("root"', 'LocalRunner("root", store=sys.argv[2]'))
    processes = [project.start("script.py", str(i), server) for i in (1, 2, 3)]
    outcomes = [p.communicate(timeout=120) for p in processes]
    assert [o for o, _ in outcomes] == [f"{2000 + i}\n" for i in (1, 2, 3)], outcomes


@pytest.mark.slow
@on_each_server
def test_a_killed_run_on_a_server_is_put_right_by_the_next(server: str, project: Project) -> None:
    project.write("script.py", KILLED.replace('LocalRunner("root"', 'LocalRunner("root", store=sys.argv[2]'))
    assert project.python("script.py", "0", server).returncode == 0
    for i, seconds in enumerate((0.3, 0.5, 0.7), start=1):
        process = project.start("script.py", str(i), server)
        time.sleep(seconds)
        process.kill()
        process.communicate()
        assert project.python("script.py", str(i), server).stdout == f"{2000 + i}\n"
    store = MetadataStore(server)
    check_live_artifacts(store, set())
    assert State.RUNNING not in {r.state for r in store.runs()}


@pytest.mark.slow
@on_each_server
def test_a_server_that_refuses_is_told_without_the_password(server: str) -> None:
    wrong = server.replace("p%40ss%3Aw%2Frd", "hunter2")
    with pytest.raises(StoreError) as caught:
        MetadataStore(wrong)
    assert "hunter2" not in str(caught.value)
    assert ":***@127.0.0.1" in str(caught.value)


def test_a_server_that_is_not_there_is_told_soon() -> None:
    began = time.monotonic()
    for uri in (f"mysql://a:b@127.0.0.1:{free_port()}/m", f"postgresql://a:b@127.0.0.1:{free_port()}/m"):
        with pytest.raises(StoreError, match="does not answer"):
            MetadataStore(uri)
    assert time.monotonic() - began < 30
