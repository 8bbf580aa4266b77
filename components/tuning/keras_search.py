"""A search with KerasTuner: what the user's `tuner_fn` returns, followed trial by trial."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from millwork.components.models.autograph import framework_source_as_it_is
from millwork.components.models.fn_args import FnArgs
from millwork.components.tuning.legacy_keras import legacy_models_accepted
from millwork.components.tuning.results import SearchResult, TrialRecord, TrialState, assignment
from millwork.core.errors import BadInput

logger = logging.getLogger(__name__)

TunerFn = Callable[[FnArgs], Any]

_STATES: Mapping[str, TrialState] = {"COMPLETED": "complete", "STOPPED": "pruned"}
_TIMES = "millwork_times.jsonl"


def search(tuner_fn: TunerFn, fn_args: FnArgs) -> SearchResult:
    """Let the tuner search, one trial after the other. What it raises is raised, with the trial's hyperparameters.

    KerasTuner itself goes on where it stopped if `tuner_fn` gives it `directory=fn_args.working_dir`.
    """
    with legacy_models_accepted(), framework_source_as_it_is():
        tuner, fit_kwargs = make_tuner(tuner_fn, fn_args)
        follow(tuner, Path(fn_args.working_dir))
        try:
            tuner.search(**fit_kwargs)
        except Exception as error:
            tell_failures(tuner.oracle, error)
            raise
        return result_of(tuner.oracle, Path(fn_args.working_dir))


def make_tuner(tuner_fn: TunerFn, fn_args: FnArgs) -> tuple[Any, dict[str, Any]]:
    """What `tuner_fn` returned. BadInput if that is no tuner with its arguments."""
    import keras_tuner

    made = tuner_fn(fn_args)
    name = f"tuner_fn ({tuner_fn.__module__}.{tuner_fn.__qualname__})"
    tuner, fit_kwargs = getattr(made, "tuner", None), getattr(made, "fit_kwargs", None)
    if not isinstance(tuner, keras_tuner.engine.base_tuner.BaseTuner):
        raise BadInput(
            f"{name} must return TunerFnResult(tuner=..., fit_kwargs=...) with one of KerasTuner's tuners, but "
            f"returned {made!r}"
        )
    if not isinstance(fit_kwargs, dict):
        raise BadInput(f"{name}: fit_kwargs must be a dict of what tuner.search takes, but is {fit_kwargs!r}")
    return tuner, fit_kwargs


def follow(tuner: Any, folder: Path) -> None:
    """Note when trials begin and end: KerasTuner does not."""
    begins, ends = tuner.on_trial_begin, tuner.on_trial_end
    began: dict[str, float] = {}

    def on_trial_begin(trial: Any) -> None:
        began[trial.trial_id] = time.time()
        logger.info("Trial %s begins with %s", trial.trial_id, _chosen(trial))
        begins(trial)

    def on_trial_end(trial: Any) -> None:
        if trial.message:
            logger.error("Trial %s failed with %s\n%s", trial.trial_id, _chosen(trial), trial.message)
        start = began.pop(trial.trial_id)
        with (folder / _TIMES).open("a") as file:  # one short line: several processes may write here
            file.write(
                json.dumps({"trial": trial.trial_id, "began": start, "seconds": time.time() - start}) + "\n"
            )
        ends(trial)

    tuner.on_trial_begin, tuner.on_trial_end = on_trial_begin, on_trial_end


def tell_failures(oracle: Any, error: BaseException) -> None:
    """Add to an error which trials have failed, and with which hyperparameters."""
    for trial in getattr(oracle, "trials", {}).values():
        if trial.status in ("FAILED", "INVALID"):
            error.add_note(f"Trial {trial.trial_id} failed with {_chosen(trial)}")


def result_of(oracle: Any, folder: Path) -> SearchResult:
    """What the oracle has learnt. BadInput if no trial was completed."""
    times = _times(folder)
    trials = [_record(oracle.trials[id], times.get(id, {})) for id in sorted(oracle.trials)]
    ranked = [
        t for t in oracle.get_best_trials(len(trials)) if t.status == "COMPLETED" and t.score is not None
    ]
    if not ranked:
        failed = next((f" Trial {t.id} failed:\n{t.error}" for t in trials if t.error), "")
        raise BadInput(f"No trial of the search was completed, so nothing is known to be best.{failed}")
    by_id = {t.id: t for t in trials}
    objective = getattr(oracle.objective, "name", str(oracle.objective))
    return SearchResult(
        trials, [by_id[t.trial_id] for t in ranked], ranked[0].hyperparameters.get_config(), objective
    )


def _record(trial: Any, times: dict[str, float]) -> TrialRecord:
    state: TrialState = _STATES.get(trial.status, "failed")
    return TrialRecord(
        id=trial.trial_id,
        state=state,
        score=None if trial.score is None else float(trial.score),
        hyperparameters=dict(trial.hyperparameters.values),
        began=times.get("began", 0.0),
        seconds=times.get("seconds", 0.0),
        error=(trial.message or "").strip() if state == "failed" else "",
    )


def _times(folder: Path) -> dict[str, dict[str, float]]:
    """By trial; of one that was tried again the last."""
    file = folder / _TIMES
    lines = file.read_text().splitlines() if file.exists() else []
    return {entry["trial"]: entry for entry in map(json.loads, lines)}


def _chosen(trial: Any) -> str:
    return assignment(trial.hyperparameters.values.items())
