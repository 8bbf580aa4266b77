"""`millwork artifacts`."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from millwork.analysis.previews import Excerpt, preview
from millwork.analysis.stores import existing_store, find_run
from millwork.cli import options
from millwork.cli.artifact_documents import (
    ArtifactDocument,
    ArtifactsDocument,
    ContentsDocument,
    PageDocument,
    Usage,
)
from millwork.cli.printing import file_size, iso, moment, print_fields, print_json, print_table, say
from millwork.core.errors import NotFound, WrongArgument
from millwork.core.records import ArtifactRecord, ExecutionRecord
from millwork.core.storage import exists, file_sizes
from millwork.core.store import MetadataStore

if TYPE_CHECKING:
    from millwork.analysis.view import ArtifactPage

app = options.new_app(help="What runs wrote.")


@app.command("list")
def list_(
    type_: Annotated[
        str, typer.Option("--type", help="Only artifacts of this type, such as Model.", show_default=False)
    ] = "",
    run: Annotated[
        str,
        typer.Option(
            "--run", help="Only what this run wrote, or took from earlier runs.", show_default=False
        ),
    ] = "",
    limit: options.Limit = 20,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """List artifacts, the newest first."""
    opened = existing_store(root, store)
    found = opened.artifacts(limit, type_, find_run(opened, run).id if run else "")
    if as_json:
        print_json(_list_document(found))
        return
    rows = [(str(a.id), a.type_name, a.state, moment(a.created), a.uri) for a in found]
    print_table(("id", "type", "state", "created", "uri"), rows, right=("id",))


@app.command()
def show(
    artifact: Annotated[int, typer.Argument(metavar="ID", help="The artifact's number, as `list` shows it.")],
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Show an artifact: where it is, what is in it, which step wrote it and which read it."""
    document = _document(existing_store(root, store), artifact)
    if as_json:
        print_json(document)
    else:
        _print(document)


@app.command("preview")
def preview_(
    artifact: Annotated[int, typer.Argument(metavar="ID", help="The artifact's number, as `list` shows it.")],
    rows: Annotated[int, typer.Option("--rows", "-r", metavar="N", min=1, help="Rows of each table.")] = 10,
    split: Annotated[str, typer.Option("--split", help="Only this split.", show_default=False)] = "",
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Show the beginning of what is inside: rows, statistics, a schema, anomalies, metrics, checks, files."""
    found = existing_store(root, store).artifact(artifact)
    if not exists(found.uri):
        raise NotFound(f"Artifact {artifact} is {found.state}, and there is nothing at {found.uri}")
    excerpts = preview(found, rows, split)
    if as_json:
        print_json(_preview_document(found, excerpts))
        return
    for number, excerpt in enumerate(excerpts):
        print(f"{'' if number == 0 else chr(10)}{excerpt.title}")
        if excerpt.columns:
            print_table(excerpt.columns, excerpt.rows)
        else:
            print(excerpt.text)


@app.command("view")
def view_(
    artifact: Annotated[int, typer.Argument(metavar="ID", help="The artifact's number, as `list` shows it.")],
    out: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write the page, - for stdout. By default <type>-<id>.html in the current folder.",
            show_default=False,
        ),
    ] = "",
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
    split: Annotated[str, typer.Option("--split", help="Only this split.", show_default=False)] = "",
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: options.AsJson = False,
) -> None:
    """Write a page about an artifact: distributions, curves, metrics, a schema, rows, whatever it holds.

    One HTML file that needs no network. Statistics show splits side by side, evaluations slices and intervals, what
    has no form of its own its files. Where the page is goes to stdout.
    """
    if out == "-" and (as_json or open_):
        raise WrongArgument("-o - writes the page to stdout: --json and --open need a file")
    from millwork.analysis.view import view  # what reads all types takes a moment

    page = view(artifact, split=split, root=root, store=store)
    if out == "-":
        print(page.html, end="")
        return
    file = page.save(out).absolute()
    if as_json:
        print_json(_page_document(page, file))
    else:
        print(file)
    if open_ and not webbrowser.open(file.as_uri()):
        say(f"There is no browser here: open {file}")


def _page_document(page: ArtifactPage, file: Path) -> PageDocument:
    return {
        "schema": "millwork/page/v1",
        "id": page.id,
        "type": page.type_name,
        "file": str(file),
        "bytes": file.stat().st_size,
    }


def _preview_document(found: ArtifactRecord, excerpts: Sequence[Excerpt]) -> ContentsDocument:
    return {
        "schema": "millwork/contents/v1",
        "id": found.id,
        "type": found.type_name,
        "uri": found.uri,
        "excerpts": [
            {"title": e.title, "columns": list(e.columns), "rows": [list(r) for r in e.rows], "text": e.text}
            for e in excerpts
        ],
    }


def _list_document(found: Sequence[ArtifactRecord]) -> ArtifactsDocument:
    return {
        "schema": "millwork/artifacts/v1",
        "artifacts": [
            {"id": a.id, "type": a.type_name, "uri": a.uri, "state": a.state, "created": iso(a.created)}
            for a in found
        ],
    }


def _document(store: MetadataStore, id: int) -> ArtifactDocument:
    artifact = store.artifact(id)
    producer = store.producer_of(id)
    sizes = file_sizes(artifact.uri) if exists(artifact.uri) else {}
    return {
        "schema": "millwork/artifact/v1",
        "id": artifact.id,
        "type": artifact.type_name,
        "uri": artifact.uri,
        "digest": artifact.digest,
        "state": artifact.state,
        "created": iso(artifact.created),
        "properties": dict(sorted(artifact.properties.items())),
        "producer": _usage(producer) if producer else None,
        "consumers": [_usage(e) for e in store.consumers_of(id)],
        "files": [{"path": path, "bytes": size} for path, size in sizes.items()],
    }


def _usage(execution: ExecutionRecord) -> Usage:
    return {
        "execution": execution.id,
        "run": execution.run,
        "step": execution.node,
        "state": execution.state.value,
    }


def _print(document: ArtifactDocument) -> None:
    producer = document["producer"]
    print_fields(
        {
            "artifact": str(document["id"]),
            "type": document["type"],
            "state": document["state"],
            "created": (document["created"] or "").partition(".")[0].replace("T", " "),
            "uri": document["uri"],
            "digest": document["digest"],
            "producer": f"{producer['step']} in run {producer['run']}" if producer else "",
            **{f"  {name}": str(value) for name, value in document["properties"].items()},
        }
    )
    if document["consumers"]:
        print()
        rows = [(u["step"], u["run"], u["state"]) for u in document["consumers"]]
        print_table(("read by", "run", "state"), rows)
    if document["files"]:
        print()
        files = [(f["path"], file_size(f["bytes"])) for f in document["files"]]
        print_table(("file", "size"), files, right=("size",))
