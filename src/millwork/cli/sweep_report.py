"""A sweep as the store knows it: its runs beside one another, with the numbers that they came to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from millwork.analysis.run_metrics import metrics_of
from millwork.analysis.stores import last_executions
from millwork.cli.printing import duration, iso, print_table
from millwork.cli.run_report import run_seconds
from millwork.cli.sweep_documents import SweepDocument, SweptRunDocument
from millwork.core.errors import NotFound, WrongArgument, did_you_mean
from millwork.core.records import RunRecord, State, SweepRecord
from millwork.core.store import MetadataStore
from millwork.core.values import decode
from millwork.runners.sweep_space import varied


def find_sweep(store: MetadataStore, name: str) -> SweepRecord:
    """The sweep that the user means: the beginning of its id, or `latest`."""
    found = store.sweeps(limit=2, prefix="" if name == "latest" else name) if name else []
    if not found:
        raise NotFound(f"There is no sweep {name!r} in the store {store.uri}. See: millwork sweep list")
    exact = [s for s in found if s.id == name]
    if len(found) > 1 and name != "latest" and not exact:
        raise WrongArgument(
            f"Several sweeps begin with {name!r}: {found[0].id}, {found[1].id}, …. Give more of the id"
        )
    return exact[0] if exact else found[0]


def combinations_of(sweep: SweepRecord) -> list[dict[str, Any]]:
    """The parameters of each run that the sweep is to make."""
    return [decode(one) for one in json.loads(str(sweep.properties["__combinations__"]))]


def last_runs(store: MetadataStore, sweep: SweepRecord) -> dict[int, RunRecord]:
    """By combination: the last run that tried it."""
    return {int(run.properties["__combination__"]): run for run in store.runs_of_sweep(sweep.id)}


def sweep_document(
    store: MetadataStore, sweep: SweepRecord, wanted: Sequence[str], *, ascending: bool = False
) -> SweepDocument:
    """Everything about a sweep, with the wanted metrics, or with all that are not the same in every run."""
    combinations, runs = combinations_of(sweep), last_runs(store, sweep)
    known = {index: metrics_of(store, run, everything=bool(wanted)) for index, run in runs.items()}
    names = _names(wanted, known)
    rows = [
        _row(store, index, given, runs.get(index), {n: known.get(index, {}).get(n) for n in names})
        for index, given in enumerate(combinations)
    ]
    if wanted:
        sign = 1 if ascending else -1
        rows.sort(key=lambda row: _rank(row["metrics"][names[0]], sign))
    return {
        "schema": "millwork/sweep/v1",
        "id": sweep.id,
        "pipeline": str(sweep.properties["__pipeline__"]),
        "source": str(sweep.properties.get("__source__", "")),
        "began": iso(sweep.created),
        "varied": varied(combinations),
        "metrics": names,
        "runs": rows,
    }


def print_sweep(document: SweepDocument) -> None:
    """The table: a row a run, the parameters that vary, the metrics."""
    titles = _short(document["metrics"])
    columns = ("run", "state", *document["varied"], *titles, "time")
    rows = [
        (
            run["run"] or "-",
            run["state"],
            *(_text(run["parameters"].get(name)) for name in document["varied"]),
            *(_text(run["metrics"][name]) for name in document["metrics"]),
            duration(run["seconds"]),
        )
        for run in document["runs"]
    ]
    print_table(columns, rows, right=(*titles, "time"))
    for run in document["runs"]:
        if run["reason"]:
            chosen = ", ".join(f"{name}={_text(run['parameters'].get(name))}" for name in document["varied"])
            print(f"\n{run['run']} {run['state']} ({chosen})\n{run['reason']}")


def _row(
    store: MetadataStore,
    index: int,
    given: dict[str, Any],
    run: RunRecord | None,
    metrics: dict[str, float | None],
) -> SweptRunDocument:
    state = run.state.value if run else "waiting"
    known = json.loads(str(run.properties.get("__parameters__", "{}"))) if run else {}
    typed = {name: decode(known[name]) if name in known else value for name, value in given.items()}
    return {
        "combination": index,
        "parameters": {name: value if _is_plain(value) else str(value) for name, value in typed.items()},
        "run": run.id if run else "",
        "state": state,
        "seconds": run_seconds(run) if run else 0.0,
        "metrics": metrics,
        "reason": _reason(store, run) if run and run.state is State.FAILED else "",
    }


def _reason(store: MetadataStore, run: RunRecord) -> str:
    failed = [e for e in last_executions(store, run.id).values() if e.state is State.FAILED]
    return "\n".join(
        f"{e.node}: {e.properties.get('__error_type__', '')}: {e.properties.get('__error__', '')}"
        for e in failed
    )


def _names(wanted: Sequence[str], known: Mapping[int, Mapping[str, float]]) -> list[str]:
    every = list(dict.fromkeys(name for metrics in known.values() for name in metrics))
    if not wanted:
        return [n for n in every if len({metrics.get(n) for metrics in known.values()}) > 1] or every
    return [_resolved(name, every) for name in wanted]


def _resolved(name: str, every: Sequence[str]) -> str:
    """A metric by its whole name, or by an end of it that only one has. Unknown ones are fine if no run got so far."""
    ends = [full for full in every if f".{full}".endswith((f".{name}", f".{name}.value"))]
    if name in ends or not every:
        return name
    if len(ends) > 1:
        raise WrongArgument(f"--metric {name} may be any of {', '.join(ends)}. Give more of the name")
    if not ends:
        raise NotFound(f"No run of the sweep has a metric {name!r}. {did_you_mean(name, every)}")
    return ends[0]


def _rank(value: float | None, sign: int) -> tuple[bool, float]:
    """The runs without the metric come last."""
    missing = value is None or math.isnan(value)
    return missing, 0.0 if missing or value is None else sign * value


def _short(names: Sequence[str]) -> list[str]:
    """Names for columns: without the parts at the front that are not needed to tell them apart."""
    whole = [name.removesuffix(".value") for name in names]
    shortened = []
    for name in whole:
        parts = name.split(".")
        tails = [".".join(parts[-n:]) for n in range(1, len(parts) + 1)]
        shortened.append(next((t for t in tails if _fits_one(t, whole)), name))
    return shortened


def _fits_one(tail: str, names: Sequence[str]) -> bool:
    return sum(f".{name}".endswith(f".{tail}") for name in names) == 1


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str | list | dict)
