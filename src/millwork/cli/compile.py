"""`millwork compile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from millwork.cli import options
from millwork.cli.printing import say
from millwork.cli.targets import find_target
from millwork.core.plan import compile_pipeline

app = options.new_app()


@app.command("compile")
def compile_(
    target: options.Target = "",
    param: options.Parameters = None,
    params: options.ParameterFile = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of stdout."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A plan is JSON anyway.")] = False,
) -> None:
    """Write a pipeline's plan: JSON that every runner executes.

    It is the same byte for byte for the same pipeline. Nothing is run.
    """
    given, here = options.parameters(param, params), Path.cwd()  # both before the project's folder is entered
    plan = compile_pipeline(find_target(target).pipeline(given))
    if output is None:
        print(plan.to_json(), end="")
    else:
        (output if Path.cwd() == here else here / output).write_text(plan.to_json(), encoding="utf-8")
        say(f"Wrote the plan of {plan.pipeline}, {len(plan.steps)} steps, to {output}")
