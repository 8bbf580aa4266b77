"""The entry point: which commands there are, and what their errors mean for the exit code."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from millwork.cli.exits import EXPECTED, ExitCode, exit_code, explain
from millwork.cli.options import new_app
from millwork.core.errors import did_you_mean

COMMANDS = {
    "init": "Make a project from a template.",
    "run": "Run a pipeline on this machine.",
    "resume": "Continue a run that failed or was interrupted.",
    "sweep": "Run a pipeline with many values of parameters, and compare.",
    "plan": "Say what a run would do to each step, and why.",
    "compile": "Write a pipeline's plan: JSON that every runner executes.",
    "catalog": "The stock components.",
    "template": "Templates of projects: which there are, and updates.",
    "runs": "Past and present runs.",
    "artifacts": "What runs wrote.",
    "compare": "Say if one model is really better than another, and where not.",
    "report": "Write a comparison of models as one HTML file.",
    "diff": "Say what differs between two runs, and what the first causes are.",
    "serve": "Serve a model over TensorFlow Serving's REST API.",
    "models": "Models: which are good, which were pushed, and who said so.",
    "lineage": "Show what was made from what.",
    "doctor": "Look for what is wrong here, and say what to do.",
}
"""Each is the `app` of the module of its name. The texts are here so that help need not import them."""


def load_command(name: str) -> Any:
    """A command as it is run, with everything that it imports."""
    command = get_command(importlib.import_module(f"millwork.cli.{name}").app)
    command.name = name
    return command


class Commands(TyperGroup):
    """Imports a command when it is used, not when it is listed, and turns our errors into exit codes."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, *rest = args
        if name not in COMMANDS:
            ctx.fail(f"There is no command {name!r}. {did_you_mean(name, COMMANDS)}")
        return name, load_command(name), rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read our output has stopped: typer ends quietly
        except EXPECTED as error:
            explain(error)
            raise typer.Exit(exit_code(error)) from error


app = new_app(cls=Commands, add_completion=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"millwork {version('millwork')}")
        raise typer.Exit(ExitCode.OK)


@app.callback()
def millwork(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Stock parts for ML pipelines, and the runners that put them to work in order.

    Exit codes: 0 ok, 1 failed, 2 usage, 3 gate not met, 4 not found, 5 backend unreachable, 130 interrupted.
    With MILLWORK_DEBUG=1 errors come with their traceback.
    """


def main() -> None:
    """Entry point of `millwork`."""
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s: %(message)s"
    )  # libraries would do it otherwise
    try:
        app(prog_name="millwork")
    finally:
        _write_the_rest()


def _write_the_rest() -> None:
    """What is still buffered. If whoever read it has stopped, nobody: Python would complain of that when it ends."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
