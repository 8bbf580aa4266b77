"""`millwork plan`."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from millwork.analysis.stores import store_exists
from millwork.cli import options
from millwork.cli.configurations import configured
from millwork.cli.documents import PreviewDocument
from millwork.cli.exits import ExitCode
from millwork.cli.printing import print_json, print_table, say
from millwork.cli.targets import find_target
from millwork.core.execution import RunSettings
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.planning import Action, Preview, preview
from millwork.core.selection import select
from millwork.runners.local import open_store

app = options.new_app()


@app.command()
def plan(
    ctx: typer.Context,
    target: options.Target = "",
    param: options.Parameters = None,
    params: options.ParameterFile = None,
    config: options.Config = None,
    root: options.Root = ".millwork",
    store: options.Store = "",
    from_: options.FromSteps = None,
    to: options.ToSteps = None,
    only: options.OnlySteps = None,
    no_cache: options.NoCache = False,
    no_cache_for: options.NoCacheFor = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what a run would do to each step, and why. Runs and writes nothing.

    Exits with 1 if a step would fail before it began.
    """
    where = configured(ctx, config, root, store)
    given = {**where.parameters, **options.parameters(param, params)}
    compiled = compile_pipeline(find_target(target).pipeline(given))
    without_cache = options.names(no_cache_for)
    select(compiled, only=without_cache)  # refuses names of steps that do not exist
    settings = RunSettings(
        cache=not no_cache,
        no_cache_for=without_cache,
        selected=select(compiled, options.names(from_), options.names(to), options.names(only)),
    )
    opened = open_store(where.root, where.store) if store_exists(where.root, where.store) else None
    steps = preview(compiled, opened, settings)
    if as_json:
        print_json(_document(compiled, steps))
    else:
        print_table(("step", "action", "reason"), [(s.step, s.action, s.reason) for s in steps])
        actions = [s.action for s in steps]
        say(", ".join(f"{actions.count(action)} to {_VERBS[action]}" for action in dict.fromkeys(actions)))
    if any(s.action == "fail" for s in steps):
        raise typer.Exit(ExitCode.FAILED)


_VERBS: dict[Action, str] = {
    "run": "run",
    "cached": "take from the cache",
    "find": "find",
    "skip": "skip",
    "reuse": "take from earlier runs",
    "fail": "fail",
}


def _document(compiled: Plan, steps: Sequence[Preview]) -> PreviewDocument:
    return {
        "schema": "millwork/preview/v1",
        "pipeline": compiled.pipeline,
        "parameters": dict(compiled.parameters),
        "steps": [{"id": s.step, "action": s.action, "reason": s.reason, "run": s.run} for s in steps],
    }
