"""`millwork resume`."""

from __future__ import annotations

import json
import os
from typing import Annotated, Any

import typer

from millwork.analysis.stores import existing_store, find_run
from millwork.cli import options
from millwork.cli.launching import launch
from millwork.cli.printing import say
from millwork.cli.targets import Target, find_target, return_to
from millwork.core.errors import MillworkError, NotFound
from millwork.core.pipeline import Pipeline
from millwork.core.records import RunRecord, State
from millwork.core.storage import is_remote
from millwork.core.store import MetadataStore
from millwork.core.values import decode
from millwork.runners.local import LocalRunner

_LOOK_BACK = 200
"""Runs among which the latest unfinished one is looked for."""

app = options.new_app()


@app.command()
def resume(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="A run: the beginning of its id, latest, latest~1, … By default the latest that is not complete.",
            show_default=False,
        ),
    ] = "",
    param: options.Parameters = None,
    params: options.ParameterFile = None,
    root: options.Root = ".millwork",
    store: options.Store = "",
    workers: options.Workers = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Continue a run that failed or was interrupted.

    The pipeline is described again, from what the run was started with and with its parameters; -p changes them.
    What the run finished, and no change concerns, is not run again; --from, --to and --only of the run hold again.
    """
    root = root if is_remote(root) else os.path.abspath(root)
    opened = existing_store(root, store)
    earlier = _checked(find_run(opened, run) if run else _latest_unfinished(opened))
    return_to(str(earlier.properties.get("__folder__", "")), "run")
    target = find_target(str(earlier.properties["__source__"]))
    pipeline = target.pipeline({**_parameters_of(earlier, target), **options.parameters(param, params)})
    if not quiet:
        say(f"Resuming run {earlier.id} of {earlier.pipeline}, which is {earlier.state.value}")
    launch(
        LocalRunner(root, store, workers or 0, quiet),
        pipeline,
        as_json=as_json,
        resumes=earlier.id,
        source=target.source,
        only=_selected(earlier, pipeline),
    )


def _latest_unfinished(store: MetadataStore) -> RunRecord:
    """The newest run that is not complete, and that no complete run has resumed."""
    made_good: set[str] = set()
    for run in store.runs(limit=_LOOK_BACK):
        resumed = str(run.properties.get("__resumes__", ""))
        if run.id in made_good or run.state.good:
            made_good.add(resumed)
        elif run.state is not State.RUNNING:
            return run
    raise NotFound(f"Every run in the store {store.uri} is complete: there is nothing to resume")


def _selected(run: RunRecord, pipeline: Pipeline[Any]) -> list[str]:
    """The steps that the earlier run was restricted to, as far as they still exist."""
    known = {step.id for step in pipeline.steps}
    return [id for id in json.loads(str(run.properties.get("__selected__", "[]"))) if id in known]


def _checked(run: RunRecord) -> RunRecord:
    if run.state is State.RUNNING:
        raise MillworkError(f"Run {run.id} is still running. Wait for it, or stop it first")
    if not run.properties.get("__source__"):
        raise MillworkError(
            f"Run {run.id} was started from Python, and no function of a file describes its pipeline, so how to "
            "describe it is not known. Start it again the same way: what is finished comes from the cache"
        )
    if run.state.good:
        raise MillworkError(
            f"Run {run.id} is complete: there is nothing to resume. To run its pipeline again: "
            f"millwork run {run.properties['__source__']}"
        )
    return run


def _parameters_of(run: RunRecord, target: Target) -> dict[str, object]:
    """The parameters of an earlier run, without those that the pipeline has no more."""
    known = {n: decode(v) for n, v in json.loads(str(run.properties["__parameters__"])).items()}
    if gone := sorted(known.keys() - target.parameters):
        say(f"The pipeline no longer has the parameters {', '.join(gone)}: they are left out")
    return {n: v for n, v in known.items() if n in target.parameters}
