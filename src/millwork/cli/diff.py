"""`millwork diff`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from millwork.analysis.differences.comparing import difference_between
from millwork.analysis.differences.document import document
from millwork.analysis.differences.graph import difference_svg
from millwork.analysis.differences.markdown import as_markdown
from millwork.analysis.differences.text import Line, Shown, Style, lines
from millwork.analysis.stores import existing_store, find_run
from millwork.cli import options
from millwork.cli.printing import is_terminal, print_json
from millwork.core.errors import WrongArgument
from millwork.evaluation.pictures import printable

app = options.new_app()

_COLOURS = {
    Style.TITLE: "1",
    Style.HEADING: "36",
    Style.ADDED: "32",
    Style.REMOVED: "31",
    Style.QUIET: "2",
}


@app.command()
def diff(
    before: Annotated[
        str, typer.Argument(metavar="RUN_A", help="A run: the beginning of its id, latest, latest~1, …")
    ] = "latest~1",
    after: Annotated[str, typer.Argument(metavar="RUN_B", help="The run to hold against it.")] = "latest",
    everything: Annotated[
        bool, typer.Option("--all", help="Show features and packages too that hardly matter.")
    ] = False,
    code: Annotated[bool, typer.Option("--code", help="Show every line of code that differs.")] = False,
    for_pull_request: Annotated[
        bool, typer.Option("--md", help="Print Markdown, for a pull request.")
    ] = False,
    as_picture: Annotated[
        bool, typer.Option("--svg", help="Print a picture of the steps, with the first causes marked.")
    ] = False,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Say what differs between two runs, and what the first causes are.

    A step that differs by something of its own is a first cause: its parameters, its code, the files that it reads, or
    versions. What differs only because its inputs do is named with what it follows from.
    Without arguments the last two runs are compared.
    """
    if sum((as_json, for_pull_request, as_picture)) > 1:
        raise WrongArgument("--json, --md and --svg are forms of the same: give one of them")
    opened = existing_store(root, store)
    found = difference_between(opened, find_run(opened, before), find_run(opened, after))
    if as_json:
        print_json({**document(found)})
    elif for_pull_request:
        print(as_markdown(found), end="")
    elif as_picture:
        print(difference_svg(found), end="")
    else:
        _print(lines(found, Shown(everything, code)))


def _print(content: Iterable[Line]) -> None:
    coloured = is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")
    for line in content:
        text = printable(line.text)  # code and data may hold what a terminal would obey
        colour = _COLOURS.get(line.style) if coloured else None
        print(f"\033[{colour}m{text}\033[0m" if colour else text)
