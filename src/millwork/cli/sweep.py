"""`millwork sweep`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from millwork.analysis.stores import existing_store
from millwork.cli import options
from millwork.cli.exits import ExitCode
from millwork.cli.printing import iso, print_json, print_table, say
from millwork.cli.sweep_documents import SweepsDocument, SweepSummary
from millwork.cli.sweep_report import combinations_of, find_sweep, last_runs, print_sweep, sweep_document
from millwork.cli.targets import Target, find_target, return_to
from millwork.core.errors import MillworkError, WrongArgument
from millwork.core.plan import compile_pipeline
from millwork.core.records import State
from millwork.core.storage import is_remote
from millwork.core.store import MetadataStore
from millwork.runners.local import LocalRunner, open_store
from millwork.runners.sweep_space import Range, drawn, grid, parse_space, varied
from millwork.runners.sweeps import Combination, Sweep, SweptRun


class WithDefault(TyperGroup):
    """`millwork sweep pipeline.py …` is `millwork sweep run pipeline.py …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = options.new_app(
    cls=WithDefault,
    help="Run a pipeline with many values of parameters, and compare. `millwork sweep pipeline.py …` is "
    "`millwork sweep run pipeline.py …`.",
)

Space = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUES",
        help="A pipeline parameter: one value, several with commas, choice(a,b), int(1,8), uniform(0,1) or "
        "loguniform(1e-4,1e-1). Repeat for several.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        "-m",
        metavar="NAME",
        help="What to compare: step.output.property, or the end of it; of a number that a step wrote step.output. "
        "The best by the first is shown first. By default all numbers of what no step reads, but for those that are "
        "the same in all runs. Repeat, or use commas.",
    ),
]
Ascending = Annotated[bool, typer.Option("--ascending", help="The least is the best, as of a loss.")]
MaxParallel = Annotated[
    int, typer.Option("--max-parallel", metavar="N", min=1, help="Runs at the same time.", show_default=False)
]
SweepName = Annotated[
    str, typer.Argument(metavar="SWEEP", help="A sweep: the beginning of its id, or latest.")
]


@app.command()
def run(
    target: options.Target = "",
    param: Space = None,
    params: options.ParameterFile = None,
    random: Annotated[
        int | None,
        typer.Option("--random", metavar="N", min=1, help="Try N combinations at random instead of all."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of --random: the same seed draws the same.")] = 0,
    metric: Metrics = None,
    ascending: Ascending = False,
    max_parallel: MaxParallel = 1,
    root: options.Root = ".millwork",
    store: options.Store = "",
    workers: options.Workers = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a pipeline with every combination of the values that its parameters are given, or with some at random.

    Each is an ordinary run: what runs have in common is done once, and comes from the cache for the others. Exits
    with 1 if a run failed; the others go on.
    """
    combinations = _combinations(_space(param, params), random, seed)
    found = find_target(target)
    described = _described(found, dict(enumerate(combinations)))
    sweep = Sweep(LocalRunner(root, store, workers or 0, quiet), max_parallel)
    id = sweep.begin(described, found.source)
    if not quiet:
        say(f"Sweep {id}: {len(described)} runs of {described[0].plan.pipeline}")
    _carry_out(sweep, id, described, found.source)
    _report(sweep.runner, id, options.names(metric), ascending, as_json)


@app.command()
def resume(
    sweep: SweepName = "latest",
    metric: Metrics = None,
    ascending: Ascending = False,
    max_parallel: Annotated[
        int | None, typer.Option("--max-parallel", metavar="N", min=1, help="By default as before.")
    ] = None,
    root: options.Root = ".millwork",
    store: options.Store = "",
    workers: options.Workers = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Continue a sweep: what was not run is run, and what failed or was interrupted is resumed."""
    root = root if is_remote(root) else os.path.abspath(root)
    opened = existing_store(root, store)
    record = find_sweep(opened, sweep)
    source = str(record.properties.get("__source__", ""))
    if not source:
        raise MillworkError(
            f"Sweep {record.id} was started from Python, and no function of a file describes its pipeline. Start it "
            "again the same way: what is finished comes from the cache"
        )
    return_to(str(record.properties["__folder__"]), "sweep")
    combinations, runs = combinations_of(record), last_runs(opened, record)
    open_ = {i: given for i, given in enumerate(combinations) if i not in runs or not runs[i].state.good}
    going_on = [runs[i].id for i in open_ if i in runs and runs[i].state is State.RUNNING]
    if going_on:
        raise MillworkError(
            f"Sweep {record.id} is going on: {', '.join(going_on)} is running. Wait for it, or stop it"
        )
    runner = LocalRunner(root, store, workers or 0, quiet)
    if open_:
        found = find_target(source)
        described = _described(found, open_, {i: run.id for i, run in runs.items()})
        together = Sweep(runner, max_parallel or int(record.properties.get("__max_parallel__", 1)))
        if not quiet:
            say(f"Resuming sweep {record.id}: {len(described)} of {len(combinations)} runs are left")
        _carry_out(together, record.id, described, found.source)
    elif not quiet:
        say(f"Every run of sweep {record.id} is complete")
    _report(runner, record.id, options.names(metric), ascending, as_json)


@app.command()
def show(
    sweep: SweepName = "latest",
    metric: Metrics = None,
    ascending: Ascending = False,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Show the runs of a sweep beside one another: parameters, metrics, and why runs failed."""
    opened = existing_store(root, store)
    document = sweep_document(opened, find_sweep(opened, sweep), options.names(metric), ascending=ascending)
    if as_json:
        print_json(document)
    else:
        print_sweep(document)


@app.command("list")
def list_(
    limit: options.Limit = 20,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """List sweeps, the newest first."""
    document = _sweeps(existing_store(root, store), limit)
    if as_json:
        print_json(document)
        return
    rows = [
        (
            s["id"],
            s["pipeline"],
            (s["began"] or "").partition(".")[0].replace("T", " "),
            str(s["combinations"]),
            str(s["complete"]),
            str(s["failed"]),
        )
        for s in document["sweeps"]
    ]
    print_table(
        ("sweep", "pipeline", "began", "runs", "complete", "failed"),
        rows,
        right=("runs", "complete", "failed"),
    )


def _sweeps(store: MetadataStore, limit: int) -> SweepsDocument:
    summaries: list[SweepSummary] = []
    for sweep in store.sweeps(limit):
        states = [run.state for run in last_runs(store, sweep).values()]
        summaries.append(
            {
                "id": sweep.id,
                "pipeline": str(sweep.properties["__pipeline__"]),
                "began": iso(sweep.created),
                "combinations": len(combinations_of(sweep)),
                "complete": sum(state.good for state in states),
                "failed": states.count(State.FAILED),
            }
        )
    return {"schema": "millwork/sweeps/v1", "sweeps": summaries}


def _space(param: Sequence[str] | None, params: Any) -> dict[str, Range | Sequence[object]]:
    """Values from a file do not vary, unless they are lists; those of the command line have the last word."""
    given = options.parameters(param)
    space: dict[str, Range | Sequence[object]] = {}
    for name, value in options.parameters(None, params).items():
        space[name] = value if isinstance(value, list) and value else [value]
    return {**space, **parse_space({name: str(value) for name, value in given.items()})}


def _combinations(
    space: Mapping[str, Range | Sequence[object]], random: int | None, seed: int
) -> list[dict[str, object]]:
    combinations = grid(space) if random is None else drawn(space, random, seed)
    if random is not None and len(combinations) < random:
        say(f"There are only {len(combinations)} combinations")
    if len(combinations) == 1 and random is None:
        raise WrongArgument(
            "A sweep tries several values of at least one parameter: -p steps=100,200. To run the pipeline once: "
            "millwork run"
        )
    return combinations


def _described(
    target: Target, combinations: Mapping[int, Mapping[str, object]], earlier: Mapping[int, str] | None = None
) -> list[Combination]:
    """Every pipeline is described before anything runs, so that a wrong value is told at once."""
    return [
        Combination(i, given, compile_pipeline(target.pipeline(given)), (earlier or {}).get(i, ""))
        for i, given in combinations.items()
    ]


def _carry_out(sweep: Sweep, id: str, combinations: Sequence[Combination], source: str) -> None:
    names, done = varied([c.parameters for c in combinations]), [0]

    def tell(run: SweptRun) -> None:
        done[0] += 1
        if not sweep.runner.quiet:
            chosen = ", ".join(f"{name}={run.parameters.get(name)}" for name in names)
            how = "complete" if run.ok else f"not complete: {run.error.strip().partition(chr(10))[0]}"
            say(f"[{done[0]}/{len(combinations)}] {run.run} {chosen}: {how}")

    try:
        sweep.run(id, combinations, source, tell)
    except KeyboardInterrupt:
        say("Interrupted. Continue with: millwork sweep resume")
        raise


def _report(runner: LocalRunner, id: str, metrics: Sequence[str], ascending: bool, as_json: bool) -> None:
    store = open_store(str(runner.root), runner.store)
    document = sweep_document(store, find_sweep(store, id), metrics, ascending=ascending)
    if as_json:
        print_json(document)
    elif not runner.quiet:
        print_sweep(document)
    if any(run["state"] not in ("complete", "cached") for run in document["runs"]):
        raise typer.Exit(ExitCode.FAILED)
