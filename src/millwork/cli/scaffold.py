"""`millwork catalog scaffold`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from millwork.cli import options
from millwork.cli.components import catalog
from millwork.cli.functions import functions
from millwork.cli.printing import print_json, say
from millwork.cli.project import ProjectSettings, find_project
from millwork.cli.template_documents import ScaffoldDocument
from millwork.core.errors import WrongArgument
from millwork.templates.scaffolding import Place, place_in_project, scaffold


def scaffold_(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="TakeNewest makes a class, take_newest a function."),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="By default the project's components, and its tests; outside of a project this folder.",
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Write a component of your own, and its test.

    Both work as they are: change what the component does, and its test. Nothing is overwritten.
    """
    if name in {**catalog(), **functions()}:
        raise WrongArgument(f"Millwork has a component {name!r}: give yours another name")
    place = _place(find_project(), to)
    written = scaffold(name, place)
    if as_json:
        document: ScaffoldDocument = {
            "schema": "millwork/scaffold/v1",
            "name": name,
            "files": [str(path) for path in written],
        }
        print_json(document)
        return
    for path in written:
        print(_shown(path))
    say(f"Test it: python -m pytest {_shown(written[-1])}")


def _place(project: ProjectSettings | None, to: Path | None) -> Place:
    """In a project's package the test goes to the project's tests; elsewhere it lies beside."""
    source = project.folder / "src" if project else None
    if to is None:
        package = _package(project) if project else ""
        if project and package:
            return place_in_project(project.folder, package)
        return Place(Path.cwd(), Path.cwd())
    folder = to.absolute()
    if project and source and folder.is_relative_to(source) and folder != source:
        return Place(folder, project.folder / "tests", ".".join(folder.relative_to(source).parts))
    return Place(folder, folder)


def _package(project: ProjectSettings) -> str:
    """That of the project's pipeline, if it lies below src."""
    parts = Path(project.pipeline.partition(".py")[0]).parts
    return ".".join(parts[1:-1]) if parts[:1] == ("src",) else ""


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
