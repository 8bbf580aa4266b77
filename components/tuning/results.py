"""What a search leaves behind: the best hyperparameters, and a table of its trials."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from millwork.components.models.training import HYPERPARAMETERS_FILE
from millwork.core.artifacts import HyperParameters, TunerResults

TRIALS_FILE = "trials.csv"
RESULTS_FILE = "tuner_results.json"
_COLUMNS = ("trial", "state", "score", "began", "seconds")

TrialState = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class TrialRecord:
    """One trial, however it ended."""

    id: str
    state: TrialState
    score: float | None
    """None if it failed. Of a pruned trial the last value that it reported, if any."""
    hyperparameters: dict[str, Any]
    began: float = 0.0
    """Seconds since the epoch. 0 if it is not known."""
    seconds: float = 0.0
    error: str = field(default="", repr=False)
    """Why it failed."""


@dataclass(frozen=True)
class SearchResult:
    """A search that has ended. There is at least one complete trial."""

    trials: Sequence[TrialRecord]
    """In the order in which they began."""
    ranked: Sequence[TrialRecord]
    """The complete ones, the best first."""
    best: dict[str, Any]
    """A configuration of KerasTuner's HyperParameters."""
    objective: str
    """Its name, or what Optuna makes of it: maximize or minimize."""


def write_results(found: SearchResult, best: HyperParameters, results: TunerResults) -> None:
    """Write both artifacts: two files in TFX's form, and the table of all trials."""
    (best.path / HYPERPARAMETERS_FILE).write_text(json.dumps(found.best), encoding="utf-8")
    rows = [{"trial_id": t.id, "score": t.score, **t.hyperparameters} for t in found.ranked]
    (results.path / RESULTS_FILE).write_text(json.dumps(rows), encoding="utf-8")
    _write_table(results.path / TRIALS_FILE, found.trials)
    results.objective = found.objective
    results.best_score = float(found.ranked[0].score or 0.0)
    results.num_trials = len(found.trials)
    results.num_complete = len(found.ranked)


def assignment(values: Iterable[tuple[str, object]]) -> str:
    """Hyperparameters for people: `layers=2, rate=0.1`."""
    return ", ".join(f"{name}={value!r}" for name, value in values) or "no hyperparameters"


def _write_table(path: Path, trials: Sequence[TrialRecord]) -> None:
    """One row a trial; what a trial did not have is empty. A name that is taken gets a prefix."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.hyperparameters))
    titles = [f"hp.{name}" if name in (*_COLUMNS, "error") else name for name in names]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*_COLUMNS, *titles, "error"])
        for t in trials:
            began = (
                datetime.fromtimestamp(t.began).astimezone().isoformat("T", "milliseconds") if t.began else ""
            )
            score = "" if t.score is None else t.score
            row = [t.id, t.state, score, began, round(t.seconds, 3)]
            writer.writerow([*row, *(t.hyperparameters.get(name, "") for name in names), t.error])
