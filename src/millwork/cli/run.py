"""`millwork run`."""

from __future__ import annotations

import typer

from millwork.cli import options
from millwork.cli.configurations import configured
from millwork.cli.launching import launch
from millwork.cli.targets import find_target
from millwork.runners.local import LocalRunner

app = options.new_app()


@app.command()
def run(
    ctx: typer.Context,
    target: options.Target = "",
    param: options.Parameters = None,
    params: options.ParameterFile = None,
    config: options.Config = None,
    root: options.Root = ".millwork",
    store: options.Store = "",
    workers: options.Workers = None,
    from_: options.FromSteps = None,
    to: options.ToSteps = None,
    only: options.OnlySteps = None,
    no_cache: options.NoCache = False,
    no_cache_for: options.NoCacheFor = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a pipeline on this machine.

    What did not change since an earlier run is taken from the cache. Progress goes to stderr, what happened to
    each step to stdout. Exits with 1 if a step failed, with 3 if only checks did that were told to stop the run.
    """
    where = configured(ctx, config, root, store, workers)
    given = {**where.parameters, **options.parameters(param, params)}
    found = find_target(target)
    pipeline = found.pipeline(given)
    launch(
        LocalRunner(where.root, where.store, where.workers, quiet),
        pipeline,
        as_json=as_json,
        cache=not no_cache,
        no_cache_for=options.names(no_cache_for),
        from_=options.names(from_),
        to=options.names(to),
        only=options.names(only),
        source=found.source,
    )
