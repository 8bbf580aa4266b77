"""What every runner must do, and do alike. A new one needs a line in `runner_cases.py`, and nothing here."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from runner_cases import RUNNERS, RunnerCase
from sample_parts import (
    Colour,
    Everything,
    Rows,
    Sum,
    Window,
    add,
    environment,
    facts,
    fail,
    flaky,
    halve,
    number,
    retell,
    sleep,
    surroundings,
    total,
    train,
)
from sample_project import Project
from sample_runner import run_inline

from millwork import Options, Pipeline, import_artifact, pipeline, runners, when
from millwork.core.artifacts import Examples, Float, Integer, Model, Report
from millwork.core.errors import NotFound, RunFailed
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.records import State
from millwork.core.run import Run
from millwork.core.storage import files_below
from millwork.core.store import MetadataStore


class Runner(Protocol):
    """The contract."""

    def run(self, pipeline: Pipeline[Any] | Plan, **settings: Any) -> Run: ...


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture(params=list(RUNNERS))
def case(request: pytest.FixtureRequest) -> RunnerCase:
    return RUNNERS[request.param]


@pytest.fixture
def runner(case: RunnerCase, root: Path) -> Runner:
    made: Runner = eval(case.make, vars(importlib.import_module(case.module)), {"root": str(root)})
    return made


@pytest.fixture
def store(root: Path) -> MetadataStore:
    return MetadataStore(str(root / "metadata.sqlite"))


def states(store: MetadataStore, run: str) -> dict[str, str]:
    return {e.node: e.state.value for e in store.executions_of_run(run)}


def runner_classes() -> Iterator[type]:
    for module in pkgutil.iter_modules(runners.__path__, "millwork.runners."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(kind) and kind.__module__ == module.name and name.endswith("Runner"):
                yield kind


def test_every_runner_has_a_case() -> None:
    assert {kind.__name__ for kind in runner_classes()} == set(RUNNERS)


def test_a_runner_is_a_frozen_dataclass_of_settings_with_one_method() -> None:
    for kind in runner_classes():
        assert is_dataclass(kind)
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert (kind.__doc__ or "").strip()
        public = [n for n, m in vars(kind).items() if inspect.isfunction(m) and not n.startswith("_")]
        assert public == ["run"]


# The same results


@pipeline
def everything(folder: Path, rate: float, count: int = 6) -> dict[str, Any]:
    rows = Rows(count=count, start=1).examples
    halves = halve(rows)
    more = import_artifact(Examples(str(folder), split_names=("train",)), id="more")
    written = facts(real=rate, text="a\r\n'é'", whole=-3)
    summed = Sum(examples=[halves.low, more, halves.high], extra=written.whole, scale=0.5)
    with when(summed.total > 10):
        many = total([number.configured(id=f"n{i}")(value=i) for i in range(3)])
    with when(summed.total <= 10):
        few = number.configured(id="few")(value=1)
    dependent = add.configured(id="dependent")(few)
    told = Everything(
        window=Window(1, 0.1, Colour.BLUE, Window(2)), nested={"a": (1, {"b": None})}, chosen=frozenset("xy")
    )
    return {
        "total": summed.total,
        "report": summed.report,
        "model": train(halves.high),
        "retold": retell(written.whole, written.real, written.text, written.flag),
        "told": told.report,
        "many": many,
        "dependent": dependent,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more" / "Split-train").mkdir(parents=True)
    (tmp_path / "more" / "Split-train" / "rows.txt").write_text("100\n")
    return tmp_path / "more"


def test_the_same_pipeline_gives_the_same_results(runner: Runner, folder: Path, tmp_path: Path) -> None:
    described = everything(folder, rate=1 / 3)
    run = runner.run(described)
    simple = run_inline(described, tmp_path / "inline")
    assert {id: s.state for id, s in run.steps.items()} == {id: s.state for id, s in simple.steps.items()}
    assert {id: s.reason for id, s in run.steps.items()} == {id: s.reason for id, s in simple.steps.items()}
    for step, outputs in simple.outputs.items():
        for name, artifacts in outputs.items():
            found = run.outputs[step][name]
            assert [a.digest for a in found] == [a.digest for a in artifacts], f"{step}.{name}"
            assert [a.properties for a in found] == [a.properties for a in artifacts]
    assert run[described.produces["total"]].value == (sum(range(1, 7)) + 100) / 2 - 3
    assert isinstance(run[described.produces["model"]], Model)


def test_a_run_is_recorded_the_same(
    runner: Runner, folder: Path, store: MetadataStore, tmp_path: Path
) -> None:
    run = runner.run(everything(folder, rate=0.5))
    simple = run_inline(everything(folder, rate=0.5), tmp_path / "inline")
    other = MetadataStore(str(tmp_path / "inline" / "metadata.sqlite"))

    def recorded(store: MetadataStore, run: str) -> dict[str, Any]:
        own = ("__log__", "__run__", "__seconds__", "__peak_memory__")
        return {
            e.node: (
                e.type,
                e.state,
                {k: v for k, v in e.properties.items() if k not in own},
                {k: [a.digest for a in found] for k, found in store.inputs_of(e.id).items()},
                {k: [a.digest for a in found] for k, found in store.outputs_of(e.id).items()},
            )
            for e in store.executions_of_run(run)
        }

    assert recorded(store, run.id) == recorded(other, simple.id)
    assert store.run(run.id).state is State.COMPLETE


def test_a_plan_from_another_machine_runs_the_same(runner: Runner, folder: Path) -> None:
    text = compile_pipeline(everything(folder, rate=0.5)).to_json()
    run = runner.run(Plan.from_json(text))
    [total_made] = run.outputs["sum"]["total"]
    assert isinstance(total_made, Float)
    assert total_made.value == 57.5


def test_pipeline_parameters_from_text_arrive(runner: Runner, folder: Path, store: MetadataStore) -> None:
    described = everything.with_parameters({"folder": str(folder), "rate": "0.25", "count": "2"})
    run = runner.run(described)
    assert run[described.produces["total"]].value == (1 + 2 + 100) / 2 - 3
    assert '"rate":0.25' in str(store.run(run.id).properties["__parameters__"])


# Failures, conditions, the cache


@pipeline
def unlucky(message: str = "no luck") -> dict[str, Integer]:
    one = number(value=1)
    failed = fail(one, message=message)
    return {"after": add.configured(id="after")(failed), "free": add.configured(id="free")(one, more=1)}


def test_a_failure_stops_what_depends_on_it_and_nothing_else(
    runner: Runner, store: MetadataStore, root: Path
) -> None:
    with pytest.raises(
        RunFailed, match="fail failed\nFile .*\n.*raise ValueError.*\nValueError: no luck"
    ) as caught:
        runner.run(unlucky())
    assert states(store, caught.value.run) == {
        "number": "complete",
        "fail": "failed",
        "after": "cancelled",
        "free": "complete",
    }
    assert store.run(caught.value.run).state is State.FAILED
    assert [f for f in files_below(root) if f.name == "half.bin"] == []


def test_a_condition_that_does_not_hold_skips_its_steps_and_what_needs_them(
    runner: Runner, folder: Path, store: MetadataStore
) -> None:
    described = everything(folder, rate=0.5)
    run = runner.run(described)
    assert (run.steps["few"].state, run.steps["few"].reason) == (
        State.SKIPPED,
        "not sum.total.value <= 10: it is 57.5",
    )
    assert run.steps["dependent"].reason == "needs few, which was skipped"
    assert states(store, run.id)["few"] == "skipped"
    with pytest.raises(NotFound, match="has no Integer of dependent: dependent is skipped"):
        run[described.produces["dependent"]]


def test_what_is_unchanged_is_not_done_again(runner: Runner, folder: Path) -> None:
    first = runner.run(everything(folder, rate=0.5))
    second = runner.run(everything(folder, rate=0.5))
    assert {s.state for s in second.steps.values()} == {State.CACHED, State.SKIPPED}
    assert second.steps["sum"].reason == f"unchanged since run {first.id}"
    third = runner.run(everything(folder, rate=0.75))
    again = {id for id, s in third.steps.items() if s.state is State.COMPLETE}
    assert again == {"facts", "retell"}


def test_the_cache_can_be_off_for_a_run_or_a_node(runner: Runner) -> None:
    described = Pipeline("p", add(number(value=1)))
    runner.run(described)
    assert {s.state for s in runner.run(described, cache=False).steps.values()} == {State.COMPLETE}
    run = runner.run(described, no_cache_for=["add"])
    assert [s.state for s in run.steps.values()] == [State.CACHED, State.COMPLETE]


def test_a_runner_shares_its_cache_with_every_other(runner: Runner, root: Path, store: MetadataStore) -> None:
    described = Pipeline("p", add(number(value=1)))
    run_inline(described, root, store=store)
    assert {s.state for s in runner.run(described).steps.values()} == {State.CACHED}


# Options


def test_a_step_is_tried_again(runner: Runner, tmp_path: Path) -> None:
    options = Options(retries=3, backoff=0.01)
    described = Pipeline("p", flaky.configured(options=options)(notes=str(tmp_path / "notes"), good_at=3))
    run = runner.run(described)
    assert run[described.produces].value == 3
    assert run.steps["flaky"].attempts == 3


def test_a_step_that_takes_too_long_is_stopped(runner: Runner) -> None:
    described = Pipeline("p", sleep.configured(options=Options(timeout=0.3))(seconds=60))
    with pytest.raises(RunFailed, match=r"The step took longer than its timeout of 0\.3 s and was stopped"):
        runner.run(described)


def test_a_step_sees_its_environment(runner: Runner) -> None:
    options = Options(environment={"MILLWORK_TEST_KEY": "x y"})
    described = Pipeline("p", environment.configured(options=options)(name="MILLWORK_TEST_KEY"))
    assert runner.run(described)[described.produces].value == "x y"


def test_a_step_works_in_a_folder_of_its_own_and_keeps_its_log(runner: Runner) -> None:
    described = Pipeline("p", surroundings())
    run = runner.run(described)
    assert (Path(run[described.produces].value.splitlines()[0]) / "scratch.txt").exists()
    assert Path(run.steps["surroundings"].log).is_file()


# Parts, and going on


def test_a_part_of_a_pipeline_can_be_run(runner: Runner, store: MetadataStore) -> None:
    def described() -> Pipeline[Any]:
        a = number.configured(id="a")(value=1)
        b = add.configured(id="b")(a, more=1)
        return Pipeline("p", add.configured(id="c")(b, more=1))

    runner.run(described())
    run = runner.run(described(), only=["c"], cache=False)
    assert states(store, run.id) == {"a": "skipped", "b": "cached", "c": "complete"}
    run = runner.run(described(), from_=["b"], to=["b"], cache=False)
    assert states(store, run.id) == {"a": "cached", "b": "complete", "c": "skipped"}


def test_a_failed_run_can_be_resumed(runner: Runner, store: MetadataStore, tmp_path: Path) -> None:
    @pipeline
    def described() -> Integer:
        fresh = Options(cache=False)
        one = number.configured(options=fresh)(value=1)
        again = flaky.configured(options=fresh)(one, notes=str(tmp_path / "notes"), good_at=2)
        return add.configured(options=fresh)(again)

    with pytest.raises(RunFailed) as caught:
        runner.run(described())
    run = runner.run(described(), resumes=caught.value.run)
    assert states(store, run.id) == {"number": "cached", "flaky": "complete", "add": "complete"}


SCRIPT = """
    import sys
    sys.path.insert(0, {samples!r})
    from {module} import *
    from millwork import Options, pipeline
    from sample_parts import add, number, sleep

    @pipeline
    def described(seconds: float):
        one = number.configured(options=Options(cache=False))(value=1)
        return add(sleep([one], seconds=seconds, value=5))

    if __name__ == "__main__":
        root = {root!r}
        p = described(float(sys.argv[1]))
        print(({make}).run(p, resumes=sys.argv[2] if len(sys.argv) > 2 else "")[p.produces].value)
    """


def test_a_run_can_be_cancelled_and_resumed(
    case: RunnerCase, root: Path, store: MetadataStore, project: Project, until: Callable[..., None]
) -> None:
    samples = str(Path(__file__).parent)
    project.write(
        "script.py", SCRIPT.format(samples=samples, module=case.module, make=case.make, root=str(root))
    )
    process = project.start("script.py", "1000")

    def is_asleep() -> bool:
        runs = store.runs()
        return bool(runs) and "sleep" in states(store, runs[0].id)

    until(is_asleep, what="the start of the long step")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    [run] = store.runs()
    assert run.state is State.CANCELLED
    assert states(store, run.id) == {"number": "complete", "sleep": "cancelled", "add": "cancelled"}
    again = project.python("script.py", "0.01", run.id)
    assert again.stdout == "5\n", again.stderr
    assert states(store, store.runs(limit=1)[0].id) == {
        "number": "cached",
        "sleep": "complete",
        "add": "complete",
    }


def test_reports_are_files_that_last(runner: Runner) -> None:
    described = Pipeline("p", Sum(examples=[Rows().examples]).report)
    report: Report = runner.run(described)[described.produces]
    assert (report.path / "report.md").read_text() == "3 rows from 1 artifacts: 3.0\n"
