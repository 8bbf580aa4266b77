"""Run one pipeline with many combinations of parameters. Each is an ordinary run, in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from millwork.core.errors import MillworkError, RunFailed, WrongArgument
from millwork.core.execution import new_run_id
from millwork.core.orphans import die_with_parent
from millwork.core.pipeline import Pipeline, PipelineFunction
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.records import Stored
from millwork.core.storage import is_remote, local_path
from millwork.core.values import encode
from millwork.runners.interrupts import Interrupts, interruptible
from millwork.runners.local import LocalRunner, open_store
from millwork.runners.sweep_space import grid as grid_of

_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from millwork.runners.sweeps import main
main()
"""


@dataclass(frozen=True)
class Combination:
    """One run that a sweep is to make."""

    index: int
    parameters: Mapping[str, object]
    """All that are given, those that do not vary too."""
    plan: Plan
    resumes: str = ""
    """A run that tried it before and did not end well."""


@dataclass(frozen=True)
class SweptRun:
    """How one combination ended."""

    index: int
    parameters: Mapping[str, object]
    run: str
    """Its id. Empty if there was none."""
    ok: bool
    error: str = ""


@dataclass(frozen=True)
class SweepResult:
    """A sweep that has ended. `millwork sweep show` compares its runs."""

    id: str
    runs: tuple[SweptRun, ...]
    """In the order of the combinations."""


@dataclass(frozen=True)
class Sweep:
    """Settings of a sweep: where its runs go, and how many at the same time."""

    runner: LocalRunner = field(default_factory=LocalRunner)
    max_parallel: int = 1

    def __post_init__(self) -> None:
        if self.max_parallel < 1:
            raise WrongArgument(f"max_parallel must be 1 or more, but got {self.max_parallel}")

    def begin(self, combinations: Sequence[Combination], source: str) -> str:
        """Record a new sweep. Returns its id."""
        id = new_run_id()
        store = open_store(_root(self.runner), self.runner.store)
        given = [encode(dict(c.parameters), "sweep") for c in combinations]
        properties: dict[str, Stored] = {
            "__pipeline__": combinations[0].plan.pipeline,
            "__source__": source,
            "__folder__": os.getcwd(),
            "__root__": _root(self.runner),
            "__combinations__": json.dumps(given),
            "__max_parallel__": self.max_parallel,
        }
        store.begin_sweep(id, properties)
        return id

    def run(
        self,
        id: str,
        combinations: Sequence[Combination],
        source: str = "",
        ended: Callable[[SweptRun], None] = lambda run: None,
    ) -> SweepResult:
        """Run them, and return once all have ended; failures are in the result. `ended` is told of each.

        Ctrl-C stops the runs that go on, which record that, and raises KeyboardInterrupt.
        """
        with interruptible() as interrupts:
            schedule = _Schedule(self, id, source, list(combinations), ended, interrupts)
            runs = schedule.work()
        return SweepResult(id, tuple(sorted(runs, key=lambda run: run.index)))


def sweep(
    function: PipelineFunction[..., Any],
    grid: Mapping[str, Sequence[object]],
    *,
    runner: LocalRunner | None = None,
    max_parallel: int = 1,
) -> SweepResult:
    """Run a pipeline with every combination of these parameters.

    result = sweep(churn, grid={"steps": [100, 200], "learning_rate": [0.1, 0.01]})
    """
    for name, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise WrongArgument(f"sweep: {name} must be a list of values, but is {values!r}")
    settings = Sweep(runner or LocalRunner(), max_parallel)
    pipelines = [(given, function.with_parameters(given)) for given in grid_of(grid)]
    combinations = planned(pipelines)
    source = pipelines[0][1].source
    return settings.run(settings.begin(combinations, source), combinations, source)


def planned(pipelines: Sequence[tuple[Mapping[str, object], Pipeline[Any]]]) -> list[Combination]:
    """Combinations from parameters and the pipelines that they describe."""
    return [Combination(i, given, compile_pipeline(p)) for i, (given, p) in enumerate(pipelines)]


@dataclass
class _Going:
    combination: Combination
    process: subprocess.Popen[bytes]
    work: frozenset[str]
    said: bytes = b""


@dataclass
class _Schedule:
    """Which run goes on when. No two do equal work at once: one does it, and then the other finds it in the cache."""

    settings: Sweep
    id: str
    source: str
    waiting: list[Combination]
    ended: Callable[[SweptRun], None]
    interrupts: Interrupts
    _going: list[_Going] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)
    _runs: list[SweptRun] = field(default_factory=list)

    def work(self) -> list[SweptRun]:
        try:
            while self.waiting or self._going:
                self.interrupts.check()
                self._begin_what_may_go_on()
                self._wait(interrupted=False)
        finally:
            self._stop()
        return self._runs

    def _begin_what_may_go_on(self) -> None:
        for combination in list(self.waiting):
            if len(self._going) >= self.settings.max_parallel:
                return
            work = _work_of(combination.plan)
            busy = frozenset().union(*(going.work for going in self._going)) - self._done
            if not work & busy:
                self.waiting.remove(combination)
                self._going.append(_Going(combination, self._start(combination), work))

    def _start(self, combination: Combination) -> subprocess.Popen[bytes]:
        runner = self.settings.runner
        quiet = runner.quiet or self.settings.max_parallel > 1
        order = {
            "plan": combination.plan.to_json(),
            "runner": {**asdict(runner), "root": str(runner.root), "quiet": quiet},
            "how": {
                "source": self.source,
                "resumes": combination.resumes,
                "sweep": self.id,
                "combination": combination.index,
            },
        }
        path = [os.path.abspath(p) for p in sys.path]
        process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches it through us, once
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin:  # if it has ended already, its exit code tells
            process.stdin.write(json.dumps(order).encode())
        return process

    def _wait(self, *, interrupted: bool) -> None:
        """Until a run ends, or something interrupts."""
        with selectors.DefaultSelector() as selector:
            if not interrupted:
                selector.register(self.interrupts.bell, selectors.EVENT_READ)
            for going in self._going:
                assert going.process.stdout is not None
                selector.register(going.process.stdout, selectors.EVENT_READ, going)
            for key, _ in selector.select():
                going = key.data
                if going is None:
                    continue
                data = os.read(key.fd, 65_536)
                going.said += data
                if not data:
                    self._end(going)

    def _end(self, going: _Going) -> None:
        going.process.wait()
        self._going.remove(going)
        run = _swept(going)
        if run.ok:
            self._done |= going.work
        self._runs.append(run)
        self.ended(run)

    def _stop(self) -> None:
        """End what goes on, in order: each run records how far it came."""
        for going in self._going:
            going.process.send_signal(signal.SIGINT)
        while self._going:
            self._wait(interrupted=True)


def _work_of(plan: Plan) -> frozenset[str]:
    """Names of what each step does, alike in two plans if both would do the same with the same."""
    names: dict[str, str] = {}
    for step in plan.steps:
        needs = [names.get(wire.step, "") for wire in step.needs()]
        said = json.dumps([asdict(step), needs], sort_keys=True, default=str)
        names[step.id] = hashlib.sha256(said.encode()).hexdigest()
    made = [s for s in plan.steps if s.kind in ("class", "function")]
    return frozenset(names[s.id] for s in made if s.options.cache and not s.not_cached and not s.at_exit)


def _swept(going: _Going) -> SweptRun:
    combination = going.combination
    try:
        told = json.loads(going.said)
    except ValueError:
        code = going.process.returncode
        told = {"run": "", "ok": False, "error": f"the process of the run ended with exit code {code}"}
    return SweptRun(combination.index, combination.parameters, told["run"], told["ok"], told["error"])


def _root(runner: LocalRunner) -> str:
    root = str(runner.root)
    return root if is_remote(root) else str(local_path(root).absolute())


def main() -> None:
    """Entry point of the process of one run. Reads what to do from stdin, and says how it ended on stdout."""
    die_with_parent(signal.SIGTERM)
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a user's module prints when it is imported is no part of the answer
    order = json.load(sys.stdin)
    told: dict[str, object] = {"run": "", "ok": True, "error": ""}
    try:
        run = LocalRunner(**order["runner"]).run(Plan.from_json(order["plan"]), **order["how"])
        told["run"] = run.id
    except RunFailed as failed:
        told |= {"run": failed.run, "ok": False, "error": str(failed)}
    except MillworkError as error:
        told |= {"ok": False, "error": str(error)}
    except KeyboardInterrupt:
        told |= {"ok": False, "error": "interrupted"}
    with answer:
        json.dump(told, answer)
