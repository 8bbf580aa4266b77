"""LocalRunner: ready steps side by side, each in a process of its own; what happens to one harms no other."""

from __future__ import annotations

import io
import itertools
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sample_parts import (
    add,
    ask,
    breed,
    chatter,
    die,
    environment,
    fail,
    flaky,
    fork,
    hoard,
    kill_the_parent,
    leave,
    leaves_a_daemon,
    number,
    parallelise,
    quit_politely,
    run_a_pipeline,
    silence,
    sleep,
    surroundings,
    total,
)
from sample_project import Project, alive

from millwork import Options, Pipeline, pipeline
from millwork.core.artifacts import Integer
from millwork.core.errors import NotFound, RunFailed, WrongArgument
from millwork.core.failures import Failure
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.records import State
from millwork.core.run import Run, StepStatus
from millwork.core.store import MetadataStore
from millwork.runners.local import LocalRunner

Until = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Whatever happens, nothing of a run outlives it."""
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    yield
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert [(p.pid, p.cmdline()) for p in left if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []


def store_of(root: Path) -> MetadataStore:
    return MetadataStore(str(root / "metadata.sqlite"))


def run_all(described: Pipeline[Any], root: Path, **settings: Any) -> Run:
    """The run, also if it failed."""
    runner = LocalRunner(root, quiet=True, **{k: settings.pop(k) for k in ("workers",) if k in settings})
    try:
        return runner.run(described, **settings)
    except RunFailed as failed:
        return reread(root, failed.run)


def reread(root: Path, id: str) -> Run:
    """What the store knows of a run: that must be all there is to know."""
    store = store_of(root)
    record = store.run(id)
    steps = {}
    for e in store.executions_of_run(id):
        known = {k: str(v) for k, v in e.properties.items()}
        failure = None
        if "__error_type__" in known:
            failure = Failure(
                known["__error_type__"], known["__error__"], known["__where__"], known["__traceback__"]
            )
        steps[e.node] = StepStatus(
            e.node,
            e.state,
            known.get("__reason__", ""),
            e.created,
            e.seconds,
            int(known.get("__attempts__", 0)),
            e.id,
            known.get("__log__", ""),
            failure,
        )
    return Run(id, record.pipeline, str(root), record.state, steps)


def failure_of_step(run: Run, step: str) -> Failure:
    failure = run.steps[step].failure
    assert failure is not None
    return failure


# Side by side


@pipeline
def broad() -> list[Integer]:
    first = number(value=1)
    return [sleep.configured(id=f"sleep_{i}")([first], seconds=0.5, value=i) for i in range(4)]


def overlap(run: Run, one: str, other: str) -> bool:
    a, b = run.steps[one], run.steps[other]
    return a.began < b.began + b.seconds and b.began < a.began + a.seconds


def test_independent_steps_work_at_the_same_time(root: Path) -> None:
    run = LocalRunner(root, workers=4, quiet=True).run(broad())
    pairs = [(f"sleep_{i}", f"sleep_{j}") for i in range(4) for j in range(i)]
    assert all(overlap(run, *pair) for pair in pairs)
    assert not overlap(run, "number", "sleep_0")


def test_no_more_steps_at_a_time_than_workers(root: Path) -> None:
    run = LocalRunner(root, workers=1, quiet=True).run(broad())
    assert not any(overlap(run, f"sleep_{i}", f"sleep_{j}") for i in range(4) for j in range(i))
    two = LocalRunner(root, workers=2, quiet=True).run(broad(), cache=False)
    at_once = [sum(overlap(two, f"sleep_{i}", f"sleep_{j}") for j in range(4)) for i in range(4)]
    assert max(at_once) <= 3, "itself, its neighbour, and at most the one that takes over"
    assert sum(two.steps[f"sleep_{i}"].seconds for i in range(4)) > 2


def test_a_step_starts_as_soon_as_what_it_needs_is_there(root: Path) -> None:
    @pipeline
    def uneven() -> None:
        slow = sleep.configured(id="slow")(seconds=1.0)
        quick = sleep.configured(id="quick")(seconds=0.1)
        sleep.configured(id="after_quick")([quick], seconds=0.1)
        sleep.configured(id="after_slow")([slow], seconds=0.1)

    run = LocalRunner(root, workers=2, quiet=True).run(uneven())
    assert overlap(run, "slow", "after_quick")
    assert not overlap(run, "slow", "after_slow")


def test_one_step_for_each_core_by_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    run = LocalRunner(root, quiet=True).run(broad())
    began = sorted(run.steps[f"sleep_{i}"].began for i in range(4))
    assert began[2] - began[0] < 0.4
    assert began[3] - began[0] > 0.4


@pytest.mark.parametrize("workers", [-1, 1.5, "2"])
def test_a_number_of_workers_that_cannot_be_is_refused(workers: Any, root: Path) -> None:
    with pytest.raises(
        WrongArgument, match=f"workers must be a whole number, 0 or more, but got {workers!r}"
    ):
        LocalRunner(root, workers=workers)


# What a step sees


def test_each_step_has_a_process_and_a_folder_of_its_own(root: Path) -> None:
    @pipeline
    def two() -> list[Any]:
        return [surroundings.configured(id=i, options=Options(cache=False))() for i in ("a", "b")]

    described = two()
    run = LocalRunner(root, quiet=True).run(described)
    here, there = (run[p].value.splitlines() for p in described.produces)
    assert here[0].endswith(f"two/a/.system/{run.steps['a'].execution}/work")
    assert len({here[1], there[1], str(os.getpid())}) == 3
    assert here[2] == there[2] != str(os.getpid())


def test_the_caller_is_left_as_it_was(root: Path) -> None:
    def seen() -> list[Any]:
        handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
        return [os.getcwd(), dict(os.environ), list(sys.path), handlers]

    before = seen()
    run_all(Pipeline("p", [fail(), number(value=1)]), root)
    assert seen() == before


def test_the_environment_of_a_step_is_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLWORK_TEST_OUTER", "outer")

    @pipeline
    def seen() -> list[Any]:
        mine = Options(environment={"MILLWORK_TEST_INNER": "inner"})
        return [
            environment.configured(id="a", options=mine)(name="MILLWORK_TEST_INNER"),
            environment.configured(id="b")(name="MILLWORK_TEST_INNER"),
            environment.configured(id="c")(name="MILLWORK_TEST_OUTER"),
        ]

    described = seen()
    run = LocalRunner(root, quiet=True).run(described)
    assert [run[p].value for p in described.produces] == ["inner", "None", "outer"]


def test_secrets_are_left_in_no_file(root: Path) -> None:
    options = Options(environment={"TOKEN": "hunter2"})
    LocalRunner(root, quiet=True).run(Pipeline("p", environment.configured(options=options)(name="PATH")))
    assert [f for f in root.rglob("*") if f.is_file() and b"hunter2" in f.read_bytes()] == []


def test_nobody_can_type_to_a_step(root: Path) -> None:
    failure = run_all(Pipeline("p", ask()), root).steps["ask"].failure
    assert failure is not None
    assert failure.type == "EOFError"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_step_may_use_processes_and_threads_of_its_own(method: str, root: Path) -> None:
    described = Pipeline("p", parallelise(method=method))
    assert LocalRunner(root, quiet=True).run(described)[described.produces].value == 28


def test_a_pipeline_in_a_step_is_refused(root: Path, tmp_path: Path) -> None:
    run = run_all(Pipeline("p", run_a_pipeline(root=str(tmp_path / "inner"))), root)
    message = "Put the call of run() under `if __name__ == '__main__':`"
    assert message in failure_of_step(run, "run_a_pipeline").message
    assert not (tmp_path / "inner").exists()


def test_a_step_that_prints_a_lot_is_no_problem(root: Path) -> None:
    run = LocalRunner(root, quiet=True).run(Pipeline("p", chatter(megabytes=20)))
    log = Path(run.steps["chatter"].log)
    assert log.stat().st_size == 2 * 20 * 500_000 + len("said by a child\n")
    assert log.read_text().endswith("said by a child\n")


@pytest.mark.parametrize("how", ["close", "none", "descriptors"])
def test_a_step_may_do_away_with_its_streams(how: str, root: Path) -> None:
    @pipeline
    def silent() -> None:
        silence(how=how)
        sleep(seconds=0.2)

    run = LocalRunner(root, quiet=True).run(silent())
    assert {s.state for s in run.steps.values()} == {State.COMPLETE}


@pytest.mark.parametrize("how", ["return", "raise"])
def test_a_child_that_a_step_has_forked_cannot_publish_or_spoil_its_work(how: str, root: Path) -> None:
    described = Pipeline("p", fork(how=how))
    run = LocalRunner(root, quiet=True).run(described)
    assert run[described.produces].value == 1


# Crashes


@pipeline
def with_a_casualty(casualty: Callable[..., Integer], settings: dict[str, Any]) -> None:
    one = number(value=1)
    lost = casualty(one, **settings)
    add.configured(id="after")(lost)
    slow = sleep.configured(id="meanwhile")([one], seconds=0.5, value=2)
    add.configured(id="free")(slow)


@pytest.mark.parametrize(
    ("casualty", "settings", "error", "message"),
    [
        (die, {"number": signal.SIGSEGV}, "ProcessDied", "killed by SIGSEGV: a crash in native code"),
        (die, {"number": signal.SIGKILL}, "ProcessDied", "killed by SIGKILL: out of memory, or kill -9"),
        (die, {"number": signal.SIGABRT}, "ProcessDied", "killed by SIGABRT"),
        (die, {"number": signal.SIGTERM}, "ProcessDied", "killed by SIGTERM"),
        (die, {"number": signal.SIGINT}, "ProcessDied", "killed by SIGINT"),
        (die, {"number": signal.SIGRTMIN + 3}, "ProcessDied", "killed by signal 37"),
        (leave, {"code": 3}, "ProcessDied", "ended with exit code 3 before the step was done"),
        (leave, {"code": 0}, "ProcessDied", "ended with exit code 0 before the step was done"),
        (quit_politely, {}, "SystemExit", "0"),
        (hoard, {}, "MemoryError", ""),
        (fail, {}, "ValueError", "no luck"),
        (kill_the_parent, {}, "ProcessDied", "killed by SIGKILL: out of memory, or kill -9"),
    ],
    ids=lambda p: (
        getattr(getattr(p, "function", None), "__name__", None) or (str(p) if isinstance(p, dict) else "")
    ),
)
def test_a_step_that_dies_is_a_failed_step_while_the_others_finish(
    casualty: Any, settings: dict[str, Any], error: str, message: str, root: Path
) -> None:
    plan = compile_pipeline(Pipeline("with_a_casualty", describe(casualty, settings)))
    name = casualty.function.__name__
    with pytest.raises(RunFailed, match=f"{name} failed\n") as caught:
        LocalRunner(root, quiet=True, workers=2).run(plan)
    run = reread(root, caught.value.run)
    failure = run.steps[name].failure
    assert failure is not None
    assert failure.type == error
    assert message in failure.message
    assert run.steps["after"].state is State.CANCELLED
    assert Path(run.steps[name].log).exists()
    assert [
        f.name for f in (root / "with_a_casualty" / name).rglob("*") if f.name in ("value", "half.bin")
    ] == []
    if casualty is not kill_the_parent:  # which takes all with it that works at that moment
        assert run.steps["free"].state is State.COMPLETE
    assert run.state is State.FAILED


def describe(casualty: Any, settings: dict[str, Any]) -> list[Integer]:
    one = number(value=1)
    lost = casualty(one, **settings)
    slow = sleep.configured(id="meanwhile")([one], seconds=0.5, value=2)
    return [add.configured(id="after")(lost), add.configured(id="free")(slow)]


def test_what_a_dying_step_last_said_is_in_its_record(root: Path) -> None:
    failure = run_all(Pipeline("p", die()), root).steps["die"].failure
    assert failure is not None
    assert "about to die" in failure.traceback


def test_steps_that_come_later_survive_the_death_of_the_process_that_starts_them(root: Path) -> None:
    @pipeline
    def unsettled() -> None:
        first = number(value=1)
        kill_the_parent()
        later = sleep.configured(id="later")([first], seconds=0.1)
        add.configured(id="last")(later)

    run = run_all(unsettled(), root, workers=1)
    assert run.steps["kill_the_parent"].state is State.FAILED
    assert run.steps["last"].state is State.COMPLETE


def test_a_killed_step_can_be_tried_again(root: Path) -> None:
    described = Pipeline("p", die.configured(options=Options(retries=1, backoff=0.01))())
    assert run_all(described, root).steps["die"].attempts == 2


@pytest.mark.parametrize("detached", [False, True], ids=["child", "in a session of its own"])
def test_what_a_killed_step_has_started_dies_with_it(
    detached: bool, root: Path, tmp_path: Path, until: Until
) -> None:
    note = tmp_path / "pids"
    step = breed.configured(options=Options(timeout=0.7))(note=str(note), detached=detached)
    run = run_all(Pipeline("p", step), root)
    assert failure_of_step(run, "breed").type == "Timeout"
    until(lambda: not any(alive(int(pid)) for pid in note.read_text().split()), 5, "the end of the processes")


def test_what_a_step_leaves_running_is_ended_with_it(root: Path, tmp_path: Path, until: Until) -> None:
    described = Pipeline("p", leaves_a_daemon(note=str(tmp_path / "pid")))
    LocalRunner(root, quiet=True).run(described)
    until(lambda: not alive(int((tmp_path / "pid").read_text())), 5, "the end of the daemon")


# Timeouts and retries


def test_a_step_that_takes_too_long_is_stopped(root: Path) -> None:
    @pipeline
    def slow() -> None:
        sleep.configured(options=Options(timeout=0.5))(seconds=60)
        number(value=1)

    began = time.monotonic()
    run = run_all(slow(), root)
    assert time.monotonic() - began < 10
    status = run.steps["sleep"]
    assert status.failure is not None
    assert (status.failure.type, status.failure.message) == (
        "Timeout",
        "The step took longer than its timeout of 0.5 s and was stopped",
    )
    assert status.seconds == 0.5
    assert run.steps["number"].state is State.COMPLETE


def test_a_step_within_its_timeout_is_left_alone(root: Path) -> None:
    described = Pipeline("p", sleep.configured(options=Options(timeout=30))(seconds=0.1, value=5))
    assert LocalRunner(root, quiet=True).run(described)[described.produces].value == 5


def test_imports_that_are_paid_once_do_not_count_for_a_timeout(root: Path, project: Project) -> None:
    project.write("slow_library.py", "import time\ntime.sleep(2.5)\n")
    project.write(
        "steps.py",
        """
        from millwork import Component, Options, Pipeline, output
        from millwork.core.artifacts import Integer

        class Uses(Component):
            libraries = ("slow_library",)
            result: Integer = output()

            def run(self) -> None:
                import slow_library
                self.result.value = 1

        def described():
            return Pipeline("p", [Uses(id="uses", options=Options(timeout=2.0))])
        """,
    )
    run = LocalRunner(root, quiet=True).run(project.load("steps").described())
    assert run.steps["uses"].state is State.COMPLETE
    assert run.steps["uses"].seconds < 1


def test_a_step_is_tried_again_after_longer_and_longer_pauses(root: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    options = Options(retries=5, backoff=0.2)
    described = Pipeline("p", flaky.configured(options=options)(notes=str(notes), good_at=4))
    run = LocalRunner(root, quiet=True).run(described)
    assert run[described.produces].value == 4
    assert run.steps["flaky"].attempts == 4
    times = [float(line) for line in notes.read_text().splitlines()]
    pauses = [b - a for a, b in itertools.pairwise(times)]
    assert all(wanted <= pause < wanted + 0.35 for pause, wanted in zip(pauses, (0.2, 0.4, 0.8), strict=True))
    assert [f.name for f in run[described.produces].path.parent.iterdir()] == ["value"], (
        "nothing of failed attempts"
    )


def test_a_step_that_never_succeeds_fails_after_all_attempts(root: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    described = Pipeline(
        "p", flaky.configured(options=Options(retries=2, backoff=0))(notes=str(notes), good_at=99)
    )
    with pytest.raises(RunFailed, match="flaky failed after 3 attempts"):
        LocalRunner(root, quiet=True).run(described)
    assert len(notes.read_text().splitlines()) == 3


def test_others_work_while_a_step_waits_to_be_tried_again(root: Path, tmp_path: Path) -> None:
    @pipeline
    def patient() -> None:
        flaky.configured(options=Options(retries=1, backoff=1.0))(notes=str(tmp_path / "notes"), good_at=2)
        sleep.configured(id="a")(seconds=0.2)
        sleep.configured(id="b")(seconds=0.2, value=1)

    run = LocalRunner(root, workers=1, quiet=True).run(patient())
    ended = max(run.steps[s].began + run.steps[s].seconds for s in ("a", "b"))
    assert ended < float((tmp_path / "notes").read_text().splitlines()[-1])


def test_a_timeout_counts_for_each_attempt(root: Path) -> None:
    options = Options(timeout=0.4, retries=1, backoff=0)
    status = run_all(Pipeline("p", sleep.configured(options=options)(seconds=60)), root).steps["sleep"]
    assert status.attempts == 2
    assert status.failure is not None
    assert status.failure.type == "Timeout"


# Libraries that are imported ahead


@pytest.mark.parametrize(
    "text",
    [
        "import not_there",
        "raise RuntimeError('wrong version')",
        "raise SystemExit('go away')",
        "1 / 0",
        "def (:",
    ],
    ids=["missing", "error", "exit", "bug", "syntax"],
)
def test_a_library_that_cannot_be_imported_is_the_problem_of_the_step_that_needs_it(
    text: str, root: Path, project: Project
) -> None:
    project.write("bad_library.py", text + "\n")
    project.write("steps.py", LIBRARY_STEPS)
    run = run_all(project.load("steps").described(), root)
    assert run.steps["careful"].state is State.COMPLETE
    assert run.steps["careless"].state is State.FAILED
    assert run.steps["careless"].failure is not None
    assert run.steps["careless"].failure.type != "ProcessDied"


LIBRARY_STEPS = """
    from millwork import Component, Options, Pipeline, output
    from millwork.core.artifacts import Integer

    class Careless(Component):
        libraries = ("bad_library",)
        result: Integer = output()

        def run(self) -> None:
            import bad_library
            self.result.value = 1

    class Careful(Component):
        libraries = ("bad_library",)
        result: Integer = output()

        def run(self) -> None:
            try:
                import bad_library
            except BaseException:
                self.result.value = 2

    def described():
        return Pipeline("p", [Careless(id="careless"), Careful(id="careful")])
    """


def test_a_library_that_crashes_when_it_is_imported_is_told_as_such(root: Path, project: Project) -> None:
    project.write("bad_library.py", "import os\nos.abort()\n")
    project.write("steps.py", LIBRARY_STEPS)
    run = run_all(project.load("steps").described(), root, workers=1)
    for step in ("careless", "careful"):
        failure = run.steps[step].failure
        assert failure is not None
        assert "bad_library" in failure.message
        assert "SIGABRT" in failure.message


def test_imports_are_paid_once_for_all_steps(root: Path, project: Project) -> None:
    notes = project.folder / "notes"
    project.write("slow_library.py", f"with open({str(notes)!r}, 'a') as f: f.write('imported\\n')\n")
    project.write(
        "steps.py",
        """
        from millwork import Component, Pipeline, output
        from millwork.core.artifacts import Integer

        class Uses(Component):
            libraries = ("slow_library",)
            number: int
            result: Integer = output()

            def run(self) -> None:
                import slow_library
                self.result.value = self.number

        def described():
            return Pipeline("p", [Uses(id=f"uses_{i}", number=i) for i in range(5)])
        """,
    )
    LocalRunner(root, quiet=True).run(project.load("steps").described())
    assert notes.read_text() == "imported\n"


def test_nothing_is_imported_if_nothing_is_to_be_run(root: Path, project: Project) -> None:
    project.write("slow_library.py", "import time\ntime.sleep(1.5)\n")
    project.write("steps.py", LIBRARY_STEPS.replace("bad_library", "slow_library"))
    steps = project.load("steps")

    def described() -> Pipeline[Any]:
        return Pipeline("p", [steps.Careless(id="careless")])

    LocalRunner(root, quiet=True).run(described())
    began = time.monotonic()
    LocalRunner(root, quiet=True).run(described())
    assert time.monotonic() - began < 1


def test_a_broken_module_file_fails_its_step_and_no_other(root: Path, project: Project) -> None:
    from sample_parts import WithModule

    broken = project.write("broken.py", "def answer(:\n")
    gone = project.write("gone.py", "def answer():\n    return 1\n")
    described = Pipeline(
        "p",
        [
            number(value=1),
            WithModule(id="broken", module_file=broken),
            WithModule(id="gone", module_file=gone),
            sleep(seconds=0.1),
        ],
    )
    gone.unlink()
    run = run_all(described, root, workers=1)
    assert {id: s.state for id, s in run.steps.items()} == {
        "number": State.COMPLETE,
        "broken": State.FAILED,
        "gone": State.FAILED,
        "sleep": State.COMPLETE,
    }
    assert failure_of_step(run, "broken").type == "SyntaxError"
    assert "There is no module file" in failure_of_step(run, "gone").message


# Parts of a pipeline, plans, settings


@pipeline
def chain() -> Integer:
    a = number.configured(id="a")(value=1)
    b = add.configured(id="b")(a, more=1)
    c = add.configured(id="c")(b, more=1)
    return total.configured(id="d")([a, c])


def states(run: Run) -> str:
    return " ".join(f"{id}:{s.state.value}" for id, s in run.steps.items())


def test_parts_of_a_pipeline_can_be_run(root: Path) -> None:
    runner = LocalRunner(root, quiet=True)
    runner.run(chain())
    assert states(runner.run(chain(), only=["d"], cache=False)) == "a:cached b:skipped c:cached d:complete"
    assert states(runner.run(chain(), from_=["c"], cache=False)) == "a:cached b:cached c:complete d:complete"
    assert states(runner.run(chain(), to=["b"], cache=False)) == "a:complete b:complete c:skipped d:skipped"
    described = chain()
    assert runner.run(described, from_=["b"], to=["d"], cache=False)[described.produces].value == 4


def test_a_step_to_begin_with_that_is_not_there_is_answered_before_anything_runs(root: Path) -> None:
    wrong: Any
    for wrong in ({"only": ["e"]}, {"from_": ["e"]}, {"to": ["e"]}, {"no_cache_for": ["e"]}):
        with pytest.raises(NotFound, match="Pipeline 'chain' has no step 'e'. There are: a, b, c, d"):
            LocalRunner(root, quiet=True).run(chain(), **wrong)
    assert not root.exists()


def test_a_run_to_resume_that_is_not_there_is_answered(root: Path) -> None:
    with pytest.raises(NotFound, match="There is no run nope in the store"):
        LocalRunner(root, quiet=True).run(chain(), resumes="nope")
    assert store_of(root).runs() == []


def test_a_plan_from_a_file_runs_like_its_pipeline(root: Path) -> None:
    plan = Plan.from_json(compile_pipeline(chain()).to_json())
    run = LocalRunner(root, quiet=True).run(plan)
    assert run.outputs["d"]["result"][0].value == 4  # type: ignore[attr-defined]


def test_the_root_may_be_relative_or_a_uri_or_have_an_odd_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for root in ("relative", f"file://{tmp_path}/uri", tmp_path / "with space & ünï 100%"):
        described = chain()
        run = LocalRunner(root, quiet=True).run(described)
        assert run[described.produces].value == 4
        assert run[described.produces].path.is_absolute()
    assert {p.name for p in tmp_path.iterdir()} == {"relative", "uri", "with space & ünï 100%"}


def test_the_store_may_be_elsewhere(tmp_path: Path) -> None:
    run = LocalRunner(tmp_path / "root", store=str(tmp_path / "stores" / "one.sqlite"), quiet=True).run(
        chain()
    )
    assert MetadataStore(str(tmp_path / "stores" / "one.sqlite")).run(run.id).state is State.COMPLETE
    assert not (tmp_path / "root" / "metadata.sqlite").exists()


def test_a_run_may_be_in_any_thread(root: Path) -> None:
    runs: list[Run] = []
    threads = [
        threading.Thread(target=lambda: runs.append(LocalRunner(root, quiet=True).run(chain(), cache=False)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [r.state for r in runs] == [State.COMPLETE] * 3
    assert len(store_of(root).runs()) == 3


def test_nothing_is_left_but_artifacts_logs_and_metadata(root: Path) -> None:
    LocalRunner(root, quiet=True).run(chain())
    kept = {p.name for p in root.iterdir()}
    assert kept == {"chain", "metadata.sqlite", "metadata.sqlite.lock", ".runs", ".system"}
    assert list((root / ".runs").iterdir()) == []
    assert {p.name for p in (root / ".system").iterdir()} <= {"sources", "environments"}
    system = {p.name for p in (root / "chain").rglob(".system/*/*")}
    assert system <= {"log.txt", "work", "staged", "result.json"}
    assert not any(p.name == "staged" and any(p.iterdir()) for p in root.rglob(".system/*/*"))


# What is seen


def test_on_no_terminal_progress_is_plain_lines(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunFailed):
        LocalRunner(root, workers=1).run(Pipeline("p", [number(value=1), fail(message="no luck today")]))
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [re.sub(r"^\d\d:\d\d:\d\d\.\d\d\d ", "@ ", line) for line in shown.err.splitlines()]
    assert re.fullmatch(r"@ run \d{8}-\d{6}-[0-9a-f]{4,} of p", lines[0])
    assert lines[1] == "@ number started"
    assert re.fullmatch(r"@ number complete in \d+\.\d\d s", lines[2])
    assert lines[3:] == ["@ fail started", "@ fail failed: ValueError: no luck today"]
    assert "\x1b" not in shown.err


def test_retries_and_hits_are_told(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def described() -> Pipeline[Any]:
        options = Options(retries=1, backoff=0.01)
        return Pipeline("p", flaky.configured(options=options)(notes=str(tmp_path / "notes"), good_at=2))

    first = LocalRunner(root).run(described())
    assert "flaky failed (ConnectionError: not yet), trying again in 0.01 s" in capsys.readouterr().err
    LocalRunner(root).run(described())
    assert f"flaky cached: unchanged since run {first.id}" in capsys.readouterr().err


def test_a_quiet_run_says_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_all(Pipeline("p", [number(value=1), fail()]), root)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_a_live_table(root: Path, project: Project) -> None:
    import pty

    project.write("script.py", SCRIPT)
    master, slave = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")} | {
        "TERM": "xterm",
        "COLUMNS": "99",
    }
    import subprocess

    with subprocess.Popen(
        [sys.executable, "script.py"], cwd=project.folder, stderr=slave, stdout=slave, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                chunk = os.read(master, 65_536)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
    os.close(master)
    assert process.returncode == 0, shown.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert re.search(r"make\s+complete", text)
    assert "\x1b[" in shown.decode()


def test_a_broken_terminal_does_not_harm_the_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Broken())
    described = chain()
    run = LocalRunner(root).run(described)
    assert run[described.produces].value == 4


# Scripts

SCRIPT = """
    from millwork import component, pipeline
    from millwork.core.artifacts import Integer
    from millwork.runners.local import LocalRunner

    @component
    def make(result: Integer, *, value: int = 1) -> None:
        result.value = value

    @component
    def double(result: Integer, x: Integer) -> None:
        result.value = 2 * x.value

    @pipeline
    def described() -> Integer:
        return double(make(value=21))

    if __name__ == "__main__":
        p = described()
        print(LocalRunner("root").run(p)[p.produces].value)
    """


def test_steps_may_be_defined_in_the_script_that_runs_them(project: Project) -> None:
    project.write("script.py", SCRIPT)
    shown = project.python("script.py")
    assert (shown.returncode, shown.stdout) == (0, "42\n"), shown.stderr
    assert "cached" in project.python("script.py").stderr


@pytest.mark.parametrize("name", ["my-script.py", "été.py", "code.py"])
def test_the_script_may_have_an_odd_name(name: str, project: Project) -> None:
    project.write(name, SCRIPT)
    shown = project.python(name)
    assert (shown.returncode, shown.stdout) == (0, "42\n"), shown.stderr


def test_a_script_may_be_run_as_a_module_of_a_package(project: Project) -> None:
    project.write("package/__init__.py", "")
    project.write("package/__main__.py", SCRIPT)
    project.write("package/script.py", SCRIPT)
    for module in ("package", "package.script"):
        shown = project.python("-m", module)
        assert (shown.returncode, shown.stdout) == (0, "42\n"), shown.stderr


def test_modules_of_the_working_folder_are_found_from_an_interactive_session(project: Project) -> None:
    project.write("script.py", SCRIPT)
    shown = project.python("-c", "import script; r = script.LocalRunner('root').run(script.described())")
    assert shown.returncode == 0, shown.stderr


def test_a_relative_folder_on_the_path_is_found_by_the_steps(project: Project) -> None:
    project.write("lib/script.py", SCRIPT)
    shown = project.python(
        "-c",
        "import sys; sys.path.insert(0, 'lib'); import script; script.LocalRunner('root').run(script.described())",
    )
    assert shown.returncode == 0, shown.stderr


def test_a_script_without_the_main_guard_says_what_to_write(project: Project) -> None:
    project.write("script.py", SCRIPT.replace('if __name__ == "__main__":', "if True:"))
    shown = project.python("script.py")
    assert shown.returncode == 1
    assert "Put the call of run() under `if __name__ == '__main__':`" in shown.stderr
    assert len(list((project.folder / "root" / "described" / "make" / ".system").iterdir())) == 1


def test_a_notebook_is_refused_with_what_to_write(project: Project) -> None:
    text = project.write("script.py", SCRIPT).read_text()
    shown = project.python("-c", text)
    assert shown.returncode == 1
    assert "make is defined in a notebook or an interactive session" in shown.stderr
    assert not (project.folder / "root").exists()


def test_a_failed_run_ends_the_script_with_exit_code_1_and_the_users_line(project: Project) -> None:
    project.write(
        "script.py", SCRIPT.replace("result.value = 2 * x.value", "raise KeyError('no such column')")
    )
    shown = project.python("script.py")
    assert shown.returncode == 1
    assert shown.stdout == ""
    said = shown.stderr[shown.stderr.index("RunFailed") :]
    assert 'script.py", line' in said
    assert "raise KeyError('no such column')" in said
    assert re.search(r"log: /.*/log\.txt", said)
    assert "Continue it with: millwork resume " in said
