"""KerasTuner's trials side by side: one oracle here, and a tuner in each of several processes that asks it.

KerasTuner has this over gRPC (KERASTUNER_ORACLE_IP, …), with a port that anybody on the machine can reach, a chief that
takes up to 20 s to end, and that never ends if a worker dies. This is the same conversation over pipes.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from millwork.components.models.autograph import framework_source_as_it_is
from millwork.components.models.fn_args import FnArgs
from millwork.components.tuning.keras_search import TunerFn, follow, make_tuner, result_of, tell_failures
from millwork.components.tuning.legacy_keras import legacy_models_accepted
from millwork.components.tuning.processes import Child, sendable, start, waiting
from millwork.components.tuning.results import SearchResult
from millwork.core.errors import BadInput

logger = logging.getLogger(__name__)

_READY, _DONE, _RAISED = "ready", "done", "raised"
_QUESTIONS = (
    "get_space",
    "update_space",
    "create_trial",
    "update_trial",
    "end_trial",
    "get_trial",
    "get_best_trials",
)
_FIXED = ("objective", "max_trials", "allow_new_entries", "tune_new_entries", "verbose")


def search_in_parallel(tuner_fn: TunerFn, fn_args: FnArgs, parallel: int) -> SearchResult:
    """Let `parallel` processes search together. Each calls `tuner_fn` once, and so does this one, for the oracle."""
    # They start first: what tuner_fn does here may make it impossible to fork.
    workers = {f"tuner{n}": start(_work, f"tuner{n}", tuner_fn, fn_args) for n in range(parallel)}
    try:
        with legacy_models_accepted(), framework_source_as_it_is():
            tuner, _ = make_tuner(tuner_fn, fn_args)
            chief = _Chief(tuner.oracle, workers)
            try:
                chief.wait_until_ready()
                tuner.save()  # so that a search that is interrupted can go on; not while a worker may be reading it
                chief.serve()
            except Exception as error:
                tell_failures(tuner.oracle, error)
                raise
            return result_of(tuner.oracle, Path(fn_args.working_dir))
    finally:
        for worker in workers.values():
            worker.end()


class _Chief:
    """Answers the workers' questions about the one oracle."""

    def __init__(self, oracle: Any, workers: Mapping[str, Child]) -> None:
        self._oracle = oracle
        self._at_work = dict(workers)

    def wait_until_ready(self) -> None:
        """Until every worker has its tuner. Making one may clear the folder that the trials write to."""
        unready = set(self._at_work)
        while unready:
            for id, message in self._heard():
                unready.discard(id)
                if message and message[0] != _READY:
                    self._answer(id, message)

    def serve(self) -> None:
        """Until every worker is done. Raises what a worker raised, other than in a trial."""
        for id in list(self._at_work):
            self._say(id, None)
        while self._at_work:
            for id, message in self._heard():
                if message:
                    self._answer(id, message)

    def _heard(self) -> list[tuple[str, Any]]:
        """What workers say. None for one that is gone."""
        ids = {child.connection: id for id, child in self._at_work.items()}
        if not ids:
            raise BadInput("Every process that tried hyperparameters has died. The log says why")
        heard = []
        for child in waiting(list(self._at_work.values())):
            id = ids[child.connection]
            try:
                heard.append((id, child.connection.recv()))
            except EOFError:
                self._bury(id, child)
                heard.append((id, None))
        return heard

    def _answer(self, id: str, message: tuple[str, Any]) -> None:
        question, content = message
        if question == _DONE:
            del self._at_work[id]
        elif question == _RAISED:
            error, trace = content
            logger.error("%s raised an error\n%s", id, trace)
            raise error
        else:
            arguments, named = content
            self._say(id, getattr(self._oracle, question)(*arguments, **named))

    def _say(self, id: str, answer: Any) -> None:
        try:
            self._at_work[id].connection.send(answer)
        except OSError:  # it is gone: the next look at what was heard tells
            return

    def _bury(self, id: str, child: Child) -> None:
        """A worker is gone: its trial has failed, and the others go on."""
        del self._at_work[id]
        why = child.cause_of_death()
        trial = self._oracle.ongoing_trials.get(id)
        logger.error("%s is gone, with trial %s: %s", id, trial.trial_id if trial else "none", why)
        self._oracle.tuner_ids.discard(id)
        if trial:
            trial.status, trial.message = "FAILED", f"Trial {trial.trial_id} did not end: {why}"
            self._oracle.end_trial(trial)


class _RemoteOracle:
    """What a tuner asks its oracle, asked of the one in the other process."""

    def __init__(self, oracle: Any, connection: Connection) -> None:
        self._oracle = oracle
        self._connection = connection
        self.multi_worker = False
        self.should_report = True

    def __getattr__(self, name: str) -> Any:
        if name in _FIXED:
            return getattr(self._oracle, name)
        if name not in _QUESTIONS:
            raise AttributeError(
                f"An oracle has no {name!r} for a tuner while trials run side by side: use num_parallel_trials=1"
            )

        def ask(*arguments: Any, **named: Any) -> Any:
            self._connection.send((name, (arguments, named)))
            return self._connection.recv()

        return ask

    def save(self) -> None:
        """The other process does."""

    def reload(self) -> None:
        """The other process does."""


def _work(connection: Connection, id: str, tuner_fn: TunerFn, fn_args: FnArgs) -> None:
    """One of the processes: make the tuner, and search with the oracle of the other."""
    try:
        with legacy_models_accepted(), framework_source_as_it_is():
            tuner, fit_kwargs = make_tuner(tuner_fn, fn_args)
            tuner.tuner_id = id
            tuner.oracle = _RemoteOracle(tuner.oracle, connection)
            follow(tuner, Path(fn_args.working_dir))
            connection.send((_READY, None))
            connection.recv()
            tuner.search(**fit_kwargs)
        connection.send((_DONE, None))
    except Exception as error:
        connection.send((_RAISED, (sendable(error), traceback.format_exc())))
