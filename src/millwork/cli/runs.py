"""`millwork runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from millwork.analysis.stores import existing_store, find_run
from millwork.cli import options
from millwork.cli.deletion import carry_out, plan_deletion, print_deletion
from millwork.cli.documents import RunsDocument
from millwork.cli.logs import follow_logs, logs_document, print_logs
from millwork.cli.printing import duration, iso, moment, print_json, print_table, say
from millwork.cli.run_report import is_deleted, print_run, run_document, run_seconds
from millwork.core.errors import WrongArgument

app = options.new_app(help="Past and present runs.")


@app.command("list")
def list_(
    pipeline: Annotated[
        str, typer.Option("--pipeline", help="Only runs of this pipeline.", show_default=False)
    ] = "",
    limit: options.Limit = 20,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """List runs, the newest first."""
    runs = existing_store(root, store).runs(limit, pipeline)
    if as_json:
        document: RunsDocument = {
            "schema": "millwork/runs/v1",
            "runs": [
                {
                    "id": run.id,
                    "pipeline": run.pipeline,
                    "state": run.state.value,
                    "began": iso(run.created),
                    "seconds": run_seconds(run),
                    "deleted": is_deleted(run),
                }
                for run in runs
            ],
        }
        print_json(document)
        return
    rows = [
        (
            run.id,
            run.pipeline,
            run.state.value,
            moment(run.created),
            duration(run_seconds(run)),
            "deleted" if is_deleted(run) else "",
        )
        for run in runs
    ]
    print_table(("run", "pipeline", "state", "began", "took", "files"), rows, right=("took",))


@app.command()
def show(
    run: options.RunName = "latest",
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Show a run: its steps, how long they took, and why they ran, were skipped or failed."""
    opened = existing_store(root, store)
    document = run_document(opened, find_run(opened, run))
    if as_json:
        print_json(document)
    else:
        print_run(document)


@app.command()
def logs(
    run: options.RunName = "latest",
    step: Annotated[
        str,
        typer.Argument(metavar="[STEP]", help="One step. By default all that worked.", show_default=False),
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on printing what is written until the run ends.")
    ] = False,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Print what the steps of a run printed."""
    if follow and as_json:
        raise WrongArgument("--follow prints text as it comes, and --json one document: give one of them")
    opened = existing_store(root, store)
    found = find_run(opened, run)
    if as_json:
        print_json(logs_document(opened, found, step))
    elif follow:
        follow_logs(opened, found, step)
    else:
        print_logs(opened, found, step)


@app.command()
def delete(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run: the beginning of its id, latest, latest~1, …")
    ],
    yes: options.Yes = False,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Remove the files that a run made and no other run uses.

    The run stays in the store, and the artifacts too, marked as deleted. Without --yes nothing is removed.
    """
    opened = existing_store(root, store)
    document = plan_deletion(opened, find_run(opened, run))
    if yes:
        carry_out(opened, document)
    if as_json:
        print_json(document)
    else:
        print_deletion(document)
    if not yes:
        say("Nothing has been removed. To do it, add --yes")
