"""`millwork lineage`."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from millwork.analysis.lineage_graph import Lineage, lineage_of_artifact, lineage_of_run
from millwork.analysis.lineage_picture import lineage_svg
from millwork.analysis.stores import existing_store, find_run
from millwork.cli import options
from millwork.cli.lineage_text import document, dot, mermaid, tree
from millwork.cli.printing import print_json
from millwork.core.errors import NotFound
from millwork.core.store import MetadataStore

app = options.new_app()


class Format(Enum):
    """How to write a graph."""

    tree = "tree"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    json = "json"


@app.command()
def lineage(
    of: Annotated[
        str,
        typer.Argument(
            metavar="ARTIFACT|RUN", help="An artifact's number, or a run: its id, latest, latest~1, …"
        ),
    ],
    up: Annotated[bool, typer.Option("--up", help="What it was made from.")] = False,
    down: Annotated[bool, typer.Option("--down", help="What was made from it.")] = False,
    format: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.tree,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Show what was made from what.

    An artifact is shown in both directions, a run by itself, unless --up or --down says otherwise.
    """
    found = _lineage(existing_store(root, store), of, up, down)
    if as_json or format is Format.json:
        print_json(document(found))
    else:
        writers = {Format.tree: tree, Format.mermaid: mermaid, Format.dot: dot, Format.svg: lineage_svg}
        print(writers[format](found))


def _lineage(store: MetadataStore, of: str, up: bool, down: bool) -> Lineage:
    if of.isdecimal() and (_is_artifact(store, int(of)) or not store.runs(limit=1, prefix=of)):
        both = up == down
        return lineage_of_artifact(store, int(of), up=up or both, down=down or both)
    return lineage_of_run(store, find_run(store, of), up=up, down=down)


def _is_artifact(store: MetadataStore, id: int) -> bool:
    try:
        store.artifact(id)
    except NotFound:
        return False
    return True
