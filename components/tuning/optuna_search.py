"""A search with Optuna that repeats: each trial, wherever it runs, has its own seed and knows the trials before it."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.models.fn_args import FnArgs
from millwork.components.tuning.processes import Child, sendable, start, waiting
from millwork.components.tuning.results import SearchResult, TrialRecord, TrialState, assignment
from millwork.components.tuning.settings import Study
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.failures import Failure, failure_of

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

Objective = Callable[["optuna.Trial", FnArgs], float]

HOPELESS = 3
"""If so many trials, the first ones, all fail, the rest would too."""
_STATES: Mapping[str, TrialState] = {"COMPLETE": "complete", "PRUNED": "pruned"}
_FORGETFUL = ("BruteForceSampler", "GridSampler", "QMCSampler")
"""Samplers that keep what they have done in the study or stop it, and not in its trials."""


@dataclass(frozen=True)
class Outcome:
    """A trial that has ended."""

    trial: optuna.trial.FrozenTrial
    failure: Failure | None = None

    @property
    def record(self) -> TrialRecord:
        """For the table of trials."""
        trial = self.trial
        return TrialRecord(
            id=str(trial.number),
            state=_STATES.get(trial.state.name, "failed"),
            score=trial.value,
            hyperparameters=dict(trial.params),
            began=trial.datetime_start.timestamp() if trial.datetime_start else 0.0,
            seconds=trial.duration.total_seconds() if trial.duration else 0.0,
            error=str(self.failure or ""),
        )


def search(objective: Objective, fn_args: FnArgs, study: Study, parallel: int, folder: Path) -> SearchResult:
    """Try as many trials as the study wants. What an earlier attempt left in `folder` is not tried again.

    BadInput if no trial is completed.
    """
    done = _kept(folder, study)
    if done:
        logger.info("The search goes on: %d of %d trials are there already", len(done), study.trials)
    schedule = _Schedule(objective, fn_args, study, parallel, done)
    for outcome in schedule.outcomes():
        done[outcome.trial.number] = outcome
        _tell(outcome, study)
        if not outcome.failure:
            _keep(folder, outcome)
        first = [done.get(number) for number in range(min(HOPELESS, study.trials))]
        if all(known and known.failure for known in first):
            raise _hopeless([known for known in first if known])
    return _result([done[number] for number in sorted(done)], study)


@dataclass
class _Schedule:
    """Which trial begins when, and what it knows by then."""

    objective: Objective
    fn_args: FnArgs
    study: Study
    parallel: int
    done: Mapping[int, Outcome]
    """Those that have ended: the caller adds to it."""

    def outcomes(self) -> Iterator[Outcome]:
        """Each trial as it ends."""
        waiting_for = [n for n in range(self.study.trials) if n not in self.done]
        if self.parallel == 1:
            for number in waiting_for:
                yield run_trial(self.objective, self.fn_args, self.study, number, self._known_to(number))
            return
        running: dict[int, Child] = {}
        try:
            while waiting_for or running:
                while waiting_for and len(running) < self.parallel and self._may_begin(waiting_for[0]):
                    number = waiting_for.pop(0)
                    running[number] = self._start(number)
                ready = waiting(list(running.values()))
                for number in [n for n, child in running.items() if child in ready]:
                    yield self._outcome(number, running.pop(number))
        finally:
            for child in running.values():
                child.end()

    def _may_begin(self, number: int) -> bool:
        """Whether all has ended that the trial must know of."""
        if self.study.seed is None:
            return True
        return all(n in self.done for n in range(number - self.parallel + 1))

    def _known_to(self, number: int) -> list[optuna.trial.FrozenTrial]:
        """The trials before it, as it sees them. Those of which it must not know the outcome are still running."""
        from optuna.trial import TrialState, create_trial

        certain = number - self.parallel if self.study.seed is not None else number
        known = []
        for n in range(number):
            ended = self.done.get(n) if n <= certain else None
            known.append(ended.trial if ended else create_trial(state=TrialState.RUNNING))
        return known

    def _start(self, number: int) -> Child:
        return start(_child, self.objective, self.fn_args, self.study, number, self._known_to(number))

    def _outcome(self, number: int, child: Child) -> Outcome:
        try:
            found = child.connection.recv()
        except EOFError:
            return _lost(number, child.cause_of_death())
        finally:
            child.end()
        if isinstance(found, BaseException):
            raise found
        assert isinstance(found, Outcome)
        return found


def run_trial(
    objective: Objective, fn_args: FnArgs, study: Study, number: int, known: list[optuna.trial.FrozenTrial]
) -> Outcome:
    """Try one set of hyperparameters. An error of the objective is a failed trial."""
    ours = _optuna_study(study, number)
    ours.add_trials(known)
    failures: list[Failure] = []

    def tried(trial: optuna.Trial) -> float:
        import optuna

        try:
            return _checked(objective(trial, fn_args), trial.params)
        except optuna.TrialPruned:
            raise
        except Exception as error:
            failures.append(failure_of(error))
            raise

    ours.optimize(tried, n_trials=1, catch=(Exception,))
    return Outcome(ours.trials[-1], failures[0] if failures else None)


def _child(connection: Connection, *arguments: Any) -> None:
    try:
        connection.send(run_trial(*arguments))
    except Exception as error:  # not the objective's: a sampler of the user's, for example
        connection.send(sendable(error))


def _optuna_study(study: Study, number: int) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a trial is told of once it is known here
    return optuna.create_study(
        study_name="tuner", direction=study.direction, sampler=_sampler(study, number), pruner=_pruner(study)
    )


def _sampler(study: Study, number: int) -> optuna.samplers.BaseSampler:
    import optuna

    seed = None if study.seed is None else _seed(study.seed, number)
    if study.sampler == "random":
        return optuna.samplers.RandomSampler(seed)
    if study.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    made = study.sampler(seed)
    if not isinstance(made, optuna.samplers.BaseSampler):
        raise WrongArgument(
            f"Study: the function that was given as sampler must return an Optuna sampler, not {made!r}"
        )
    if type(made).__name__ in _FORGETFUL:
        raise WrongArgument(
            f"Study: a {type(made).__name__} cannot be the sampler, since one is made for each trial and this kind "
            "would begin anew every time. To try every combination use `millwork sweep`; to fill the space evenly "
            "sampler='random' or 'tpe'"
        )
    return made


def _pruner(study: Study) -> optuna.pruners.BasePruner:
    import optuna

    if callable(study.pruner):
        made = study.pruner()
        if not isinstance(made, optuna.pruners.BasePruner):
            raise WrongArgument(
                f"Study: the function that was given as pruner must return an Optuna pruner, not {made!r}"
            )
        return made
    kinds: dict[str, type[optuna.pruners.BasePruner]] = {
        "median": optuna.pruners.MedianPruner,
        "hyperband": optuna.pruners.HyperbandPruner,
        "none": optuna.pruners.NopPruner,
    }
    return kinds[study.pruner]()


def _seed(seed: int, number: int) -> int:
    """A seed for one trial. Neighbouring seeds of NumPy's old generator are too much alike in their first numbers."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:4], "big")


def _checked(value: Any, params: Mapping[str, object]) -> float:
    """What the objective returned, as a number. BadInput if it is none, or if a hyperparameter cannot be stored."""
    for name, chosen in params.items():
        if chosen is not None and not isinstance(chosen, bool | int | float | str):
            raise BadInput(
                f"The hyperparameter {name!r} is {chosen!r}, a {type(chosen).__name__}. Let the choices be numbers, "
                "text, True, False or None, and look the rest up by them"
            )
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(f"The objective must return one number, but returned {value!r}") from None
    if not math.isfinite(number):
        raise BadInput(
            f"The objective must return a finite number, but returned {number!r}. Where hyperparameters make no sense "
            "together, raise optuna.TrialPruned()"
        )
    return number


def _lost(number: int, why: str) -> Outcome:
    """A trial whose process is gone. What it had chosen is gone with it, but Optuna's log names it."""
    from datetime import datetime

    from optuna.trial import TrialState, create_trial

    trial = create_trial(state=TrialState.FAIL)
    trial.number, trial.datetime_complete = number, datetime.now()
    return Outcome(trial, Failure("ProcessDied", f"Trial {number} did not end: {why}"))


def _tell(outcome: Outcome, study: Study) -> None:
    trial = outcome.record
    chosen = assignment(trial.hyperparameters.items())
    if outcome.failure:
        logger.error(
            "Trial %s failed with %s\n%s", trial.id, chosen, outcome.failure.traceback or outcome.failure
        )
    else:
        logger.info(
            "Trial %s of %d is %s: %s with %s", trial.id, study.trials, trial.state, trial.score, chosen
        )


def _kept(folder: Path, study: Study) -> dict[int, Outcome]:
    """The trials that an earlier attempt at the same search ended well."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [pickle.loads(path.read_bytes()) for path in sorted(folder.glob("trial-*.pickle"))]
    return {outcome.trial.number: outcome for outcome in found if outcome.trial.number < study.trials}


def _keep(folder: Path, outcome: Outcome) -> None:
    """All or nothing: the process may be killed at any time."""
    target = folder / f"trial-{outcome.trial.number:06}.pickle"
    partial = target.with_suffix(f".{time.monotonic_ns()}")
    partial.write_bytes(pickle.dumps(outcome))
    os.replace(partial, target)


def _hopeless(failed: list[Outcome]) -> BadInput:
    record, failure = failed[0].record, failed[0].failure
    return BadInput(
        f"The first {len(failed)} trials all failed, so the search has stopped. Trial {record.id} with "
        f"{assignment(record.hyperparameters.items())}:\n{failure}"
    )


def _result(outcomes: list[Outcome], study: Study) -> SearchResult:
    records = [outcome.record for outcome in outcomes]
    complete = [r for r in records if r.state == "complete" and r.score is not None]
    if not complete:
        counts = ", ".join(f"{n} {state}" for state, n in Counter(r.state for r in records).items())
        raise BadInput(f"No trial was completed ({counts}), so nothing is known to be best")
    sign = -1 if study.direction == "maximize" else 1
    ranked = sorted(complete, key=lambda r: sign * (r.score or 0.0))
    return SearchResult(records, ranked, {"space": [], "values": ranked[0].hyperparameters}, study.direction)
