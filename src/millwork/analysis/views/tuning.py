"""A search for hyperparameters: its trials, the best one, and how scores came about."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from millwork.analysis.views.parts import Cell, facts, figure, note, section, table
from millwork.components.models.training import HYPERPARAMETERS_FILE
from millwork.components.tuning.results import TRIALS_FILE
from millwork.core.artifacts import HyperParameters, TunerResults
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.xy_plot import XYPlot

Trial = Mapping[str, str]

MOST_TRIALS = 1_000
DETAILS = ("trial", "state", "score", "began", "seconds", "error")


def tuner_results_sections(artifact: TunerResults) -> Iterator[ReportSection]:
    """A point for each trial, and a table that can be sorted."""
    with (artifact.path / TRIALS_FILE).open(newline="", encoding="utf-8") as lines:
        trials = list(csv.DictReader(lines))
    best = best_trial(trials, artifact.best_score)
    known = {
        "Objective": artifact.objective,
        "Best score": short(artifact.best_score),
        "Best trial": str(best["trial"]) if best else "",
        "Trials": f"{len(trials):,}",
        "Complete": f"{artifact.num_complete:,}",
    }
    drawn = _plot(trials, best)
    yield section("search", "Search", facts({k: sentence(v) for k, v in known.items()}), drawn)
    yield _table(trials, best)


def best_trial(trials: Sequence[Trial], score: float) -> Trial | None:
    """The complete trial whose score is the best one's."""
    complete = [trial for trial in trials if trial["state"] == "complete" and not math.isnan(_score(trial))]
    return min(complete, key=lambda trial: abs(_score(trial) - score), default=None)


def _score(trial: Trial) -> float:
    try:
        return float(trial["score"])
    except ValueError:
        return math.nan


def _plot(trials: Sequence[Trial], best: Trial | None) -> Markup:
    """Scores in the order in which trials began."""
    scored = [(place, _score(trial), trial) for place, trial in enumerate(trials)]
    scored = [one for one in scored if math.isfinite(one[1])]
    if not scored:
        return note("No trial has a score.")
    low, high = min(score for _, score, _ in scored), max(score for _, score, _ in scored)
    room = 0.08 * (high - low) or 0.5
    plot = XYPlot(
        "trial", "score", "Score by trial", (-0.5, len(trials) - 0.5), (low - room, high + room), 860, 240
    )
    for place, score, trial in scored:
        chosen = trial is best
        plot.add(
            '<circle class="dot s{series}" r="{radius}" cx="{x:.1f}" cy="{y:.1f}"><title>{told}</title></circle>',
            series=2 if chosen else 1 if trial["state"] == "complete" else 7,
            radius=7 if chosen else 4.5,
            x=plot.x(place),
            y=plot.y(score),
            told=f"Trial {name(trial['trial'])}, {trial['state']}: {short(score)}{', the best' if chosen else ''}",
        )
    caption = Markup("Score by trial <small>the large point is the best; pruned trials are paler</small>")
    return figure(caption, Markup('<div class="scroll"><div class="broad">{}</div></div>').format(plot.svg()))


def _table(trials: Sequence[Trial], best: Trial | None) -> ReportSection:
    names = [column for column in (trials[0] if trials else ()) if column not in DETAILS]
    columns = ["trial", "state", "score", *names, "seconds"]
    if any(trial["error"] for trial in trials):
        columns.append("error")
    rows = [[_cell(trial, column, trial is best) for column in columns] for trial in trials[:MOST_TRIALS]]
    shown = table("In the order in which they began", columns, rows, ("score", "seconds"), sortable=True)
    return section("trials", "Trials", shown)


def _cell(trial: Trial, column: str, best: bool) -> Cell:
    text = trial.get(column) or ""
    if column == "score" and text:
        return short(_score(trial))
    if column == "state" and best:
        return Markup("<b>best</b>")
    return name(text, 60) if text else ""


def hyperparameters_sections(artifact: HyperParameters) -> Iterator[ReportSection]:
    """The best values, and between which others they were sought."""
    content = json.loads((artifact.path / HYPERPARAMETERS_FILE).read_text("utf-8"))
    values = content.get("values", content)
    space = {one["config"]["name"]: one for one in content.get("space", ())}
    rows = [(name(key), sentence(str(value)), _sought(space.get(key))) for key, value in values.items()]
    columns = ("name", "value", "sought among") if any(row[2] for row in rows) else ("name", "value")
    yield section(
        "values", "Values", table("The best", columns, [row[: len(columns)] for row in rows], narrow=True)
    )


def _sought(entry: Mapping[str, Mapping[str, object]] | None) -> str:
    """A part of KerasTuner's search space: `16, 32 or 64`, `0.0001 to 0.1 (log)`."""
    if entry is None:
        return ""
    config = entry["config"]
    if isinstance(values := config.get("values"), list):
        return sentence(", ".join(map(str, values)), 120)
    if config.get("min_value") is None:
        return ""
    sampling = f" ({config['sampling']})" if config.get("sampling") else ""
    return sentence(f"{config['min_value']} to {config.get('max_value')}{sampling}", 120)
