"""Run a pipeline on this machine: ready steps side by side, each in a process of its own."""

from __future__ import annotations

import heapq
import os
import selectors
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from millwork.core.errors import MillworkError, StoreError, WrongArgument
from millwork.core.execution import LiveRun, RunSettings, new_run_id
from millwork.core.failures import Failure, failure_of
from millwork.core.fingerprint import Fingerprinter
from millwork.core.job import Job, JobResult
from millwork.core.pipeline import Pipeline
from millwork.core.plan import Plan, PlannedStep, compile_pipeline
from millwork.core.records import State
from millwork.core.recovery import RunLock, recover
from millwork.core.run import Run
from millwork.core.selection import select
from millwork.core.storage import is_remote, join, local_path
from millwork.core.store import MetadataStore
from millwork.runners.interrupts import Interrupts, interruptible
from millwork.runners.progress import Progress, progress
from millwork.runners.workers import Ended, Workers

_QUICK_IMPORTS = {"numpy", "pyarrow", "pandas", "fsspec"}
"""Packages that a step may as well import by itself, instead of waiting for TensorFlow to be imported."""


@dataclass(frozen=True)
class LocalRunner:
    """Settings of a local run. `root` holds artifacts and logs, `store` the metadata."""

    root: str | Path = ".millwork"
    store: str = ""
    """SQLite below the root by default; else a path, mysql://… or postgresql://…"""
    workers: int = 0
    """Steps at the same time. As many as there are cores by default."""
    quiet: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.workers, int) or self.workers < 0:
            raise WrongArgument(f"workers must be a whole number, 0 or more, but got {self.workers!r}")

    def run(
        self,
        pipeline: Pipeline[Any] | Plan,
        *,
        cache: bool = True,
        no_cache_for: Sequence[str] = (),
        from_: Sequence[str] = (),
        to: Sequence[str] = (),
        only: Sequence[str] = (),
        resumes: str = "",
        source: str = "",
        sweep: str = "",
        combination: int = 0,
    ) -> Run:
        """Run it, and return once every step has ended. Raises RunFailed if one failed.

        Ctrl-C, or a polite kill, stops the steps, records them as cancelled and raises KeyboardInterrupt.
        """
        if os.environ.get("MILLWORK_IN_STEP"):
            raise MillworkError(
                "A pipeline is being run while a step imports its module. Put the call of run() under "
                "`if __name__ == '__main__':`"
            )
        plan = pipeline if isinstance(pipeline, Plan) else compile_pipeline(pipeline)
        source = source or getattr(pipeline, "source", "")
        selected = select(plan, from_, to, only)
        settings = RunSettings(
            cache, _known(plan, no_cache_for), selected, resumes, source, sweep, combination
        )
        run = self._run(plan, settings)
        run.check()
        return run

    def _run(self, plan: Plan, settings: RunSettings) -> Run:
        root = str(self.root) if is_remote(str(self.root)) else str(local_path(str(self.root)).absolute())
        store = open_store(root, self.store)
        recover(store, root)
        run_id = new_run_id()
        lock = RunLock(root, run_id)
        ended = False
        try:
            with interruptible() as interrupts:
                live = LiveRun.begin(plan, store, root, settings, run_id)
                workers = self.workers or os.cpu_count() or 1
                try:
                    with progress(live.run, plan, quiet=self.quiet) as shown:
                        return _Schedule(live, workers, shown, interrupts).work()
                finally:
                    ended = live.run.state is not State.RUNNING
        finally:
            lock.release(ended=ended)


def open_store(root: str, store: str = "") -> MetadataStore:
    """The store of a root: SQLite inside it, unless another is named."""
    if not store and is_remote(root):
        raise WrongArgument(
            f"The root {root} is remote, so name the store: store='mysql://…' or a local path"
        )
    return MetadataStore(store or join(root, "metadata.sqlite"))


@dataclass
class _Attempt:
    step: PlannedStep
    job: Job
    number: int = 1
    deadline: float = float("inf")
    workers: Workers | None = None
    timed_out: bool = False


@dataclass
class _Schedule:
    """Who waits for whom, and who works."""

    live: LiveRun
    slots: int
    shown: Progress
    interrupts: Interrupts
    _waiting: list[PlannedStep] = field(init=False)
    _running: dict[str, _Attempt] = field(default_factory=dict)
    _retries: list[tuple[float, str, _Attempt]] = field(default_factory=list)
    _light: Workers | None = None
    _heavy: Workers | None = None
    _imports: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._waiting = list(self.live.plan.steps)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.interrupts.bell, selectors.EVENT_READ)
        self._sources = Fingerprinter()

    def work(self) -> Run:
        """Run every step. After an interrupt still those at exit, which a second one stops as well."""
        try:
            try:
                self._work_off()
            except KeyboardInterrupt:
                self._cancel("interrupted", [s for s in self.live.plan.steps if not s.at_exit])
                self.interrupts.forget()
                self._work_off()
                raise
            return self.live.finish()
        except StoreError:  # nothing can be recorded: `recover` will close the run later
            raise
        except BaseException as cause:
            reason = "interrupted" if isinstance(cause, KeyboardInterrupt) else f"the run broke: {cause}"
            with suppress(StoreError):  # where that is the cause, `recover` will close the run later
                self._cancel(reason, self.live.plan.steps)
                self.live.finish()
            raise
        finally:
            self._close_workers()
            self._selector.close()

    def _work_off(self) -> None:
        """Run what waits, until nothing does."""
        while self._waiting or self._running or self._retries:
            self.interrupts.check()
            self._begin_what_is_ready()
            if self._running or self._retries:
                self._wait()

    def _begin_what_is_ready(self) -> None:
        now = time.monotonic()
        while self._retries and self._retries[0][0] <= now and len(self._running) < self.slots:
            self._begin(heapq.heappop(self._retries)[2])
        progressed = True
        while progressed and len(self._running) < self.slots:
            progressed = False
            for step in [s for s in self._waiting if self.live.may_begin(s)]:
                if len(self._running) >= self.slots:
                    break
                self.interrupts.check()
                prepared = self.live.prepare(step)
                self._waiting.remove(step)
                if isinstance(prepared, Job):
                    self._begin(_Attempt(step, prepared))
                else:
                    self.shown.ended(prepared)
                    progressed = True

    def _begin(self, attempt: _Attempt) -> None:
        step = attempt.step
        try:
            attempt.workers = self._workers_for(step)
            attempt.workers.start(step.id, attempt.job)
        except OSError as error:  # a full disk, or too many processes
            self._end(attempt, JobResult(failure=failure_of(error)))
            return
        self._running[step.id] = attempt
        self.shown.began(step.id, str(attempt.job.log), attempt.number)

    def _workers_for(self, step: PlannedStep) -> Workers:
        """Heavy imports are paid once, and begin as soon as anything has to be run at all."""
        remaining = [step, *self._waiting]
        if self._heavy is None or not self._heavy.alive:
            modules = sorted(set().union(*map(self._slow_imports, remaining)))
            self._heavy = Workers(modules, self._selector) if modules else None
        if self._heavy and self._slow_imports(step):
            return self._heavy
        if self._light is None or not self._light.alive:
            self._light = Workers((), self._selector)
        return self._light

    def _slow_imports(self, step: PlannedStep) -> set[str]:
        if step.options.environment:
            return set()  # it may matter to an import, so nothing is imported before it is set
        if step.id not in self._imports:
            try:
                self._imports[step.id] = self._sources.packages(step) - _QUICK_IMPORTS
            except (MillworkError, OSError):  # told as that step's failure when its turn comes
                self._imports[step.id] = set()
        return self._imports[step.id]

    def _wait(self) -> None:
        moments = [a.deadline for a in self._running.values()]
        moments += [self._retries[0][0]] if self._retries and len(self._running) < self.slots else []
        soonest = min(moments, default=float("inf"))
        timeout = None if soonest == float("inf") else max(0.0, soonest - time.monotonic())
        for key, _ in self._selector.select(timeout):
            for news in key.data.news() if key.data else ():
                if isinstance(news, Ended):
                    self._end(self._running.pop(news.step), news.result)
                elif limit := self._running[news.step].step.options.timeout:
                    self._running[news.step].deadline = time.monotonic() + limit
        for attempt in self._running.values():
            if attempt.deadline <= time.monotonic() and attempt.workers:
                attempt.timed_out = True
                attempt.deadline = float("inf")
                attempt.workers.kill(attempt.step.id)

    def _end(self, attempt: _Attempt, result: JobResult) -> None:
        options = attempt.step.options
        if attempt.timed_out and result.failure:
            message = f"The step took longer than its timeout of {options.timeout:g} s and was stopped"
            result = JobResult(failure=Failure("Timeout", message), seconds=options.timeout or 0.0)
        if result.failure and attempt.number <= options.retries:
            pause = options.backoff * 2 ** (attempt.number - 1)
            again = _Attempt(attempt.step, attempt.job, attempt.number + 1)
            heapq.heappush(self._retries, (time.monotonic() + pause, attempt.step.id, again))
            self.shown.will_retry(attempt.step.id, result.failure, pause)
            return
        self.shown.ended(self.live.complete(attempt.step, result, attempt.number))

    def _cancel(self, reason: str, steps: Iterable[PlannedStep]) -> None:
        """Stop what runs, and record that these steps will not."""
        self._close_workers()
        self._running.clear()
        self._retries.clear()
        for step in steps:
            if step.id not in self.live.run.steps:
                self.shown.ended(self.live.cancel(step, reason))
        self._waiting = [s for s in self._waiting if s.id not in self.live.run.steps]

    def _close_workers(self) -> None:
        for workers in (self._light, self._heavy):
            if workers:
                workers.close()


def _known(plan: Plan, names: Sequence[str]) -> tuple[str, ...]:
    select(plan, only=names)
    return tuple(names)
