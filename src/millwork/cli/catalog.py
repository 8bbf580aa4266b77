"""`millwork catalog`."""

from __future__ import annotations

from typing import Annotated

import typer

from millwork.cli import options
from millwork.cli.components import catalog, describe, find_component, summary_of
from millwork.cli.documents import CatalogDocument, ComponentDocument
from millwork.cli.printing import print_json, print_table
from millwork.core.component import Component, contract_of

app = options.new_app(help="The stock components.")


@app.command("list")
def list_(as_json: options.AsJson = False) -> None:
    """List the components: what goes in, what comes out, what they are for."""
    document: CatalogDocument = {
        "schema": "millwork/catalog/v1",
        "components": [
            {
                "name": name,
                "summary": summary_of(component),
                "inputs": [f"{n}: {i.hint}" for n, i in contract_of(component).inputs.items()],
                "outputs": [f"{n}: {kind.__name__}" for n, kind in contract_of(component).outputs.items()],
            }
            for name, component in catalog().items()
        ],
    }
    if as_json:
        print_json(document)
    else:
        print_table(("component", "takes", "writes", "for"), [_row(name, c) for name, c in catalog().items()])


def _row(name: str, component: type[Component]) -> tuple[str, str, str, str]:
    """One line: without names, and without what is optional."""
    signature = contract_of(component)
    needed = dict.fromkeys(i.type.__name__ for i in signature.inputs.values() if not i.optional)
    written = dict.fromkeys(kind.__name__ for kind in signature.outputs.values())
    return name, ", ".join(needed), ", ".join(written), summary_of(component)


@app.command("describe")
def describe_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A component, such as StatisticsGen.")],
    as_json: options.AsJson = False,
) -> None:
    """Describe a component: its contract, what it is for, an example, and which runners execute it."""
    document = describe(find_component(name))
    if as_json:
        print_json(document)
    else:
        _print(document)


def _print(document: ComponentDocument) -> None:
    print(f"{document['name']}: {document['summary']}")
    if document["about"]:
        print(f"\n{document['about']}")
    _section("Inputs", [(i["name"], i["type"], i["about"]) for i in document["inputs"]])
    parameters = [
        (p["name"], p["type"] + (" (required)" if p["default"] is None else f" = {p['default']}"), p["about"])
        for p in document["parameters"]
    ]
    _section("Parameters", parameters)
    _section("Outputs", [(o["name"], o["type"], o["about"] or o["files"]) for o in document["outputs"]])
    print("\nExample\n")
    for line in document["example"].splitlines():
        print(f"    {line}".rstrip())
    print(f"\nRunners: {', '.join(document['runners'])}")
    if document["libraries"]:
        print(f"Imports: {', '.join(document['libraries'])}")


def _section(title: str, rows: list[tuple[str, str, str]]) -> None:
    if not rows:
        return
    print(f"\n{title}\n")
    for name, kind, about in rows:
        print(f"    {name}: {kind}")
        for line in about.splitlines():
            print(f"        {line}".rstrip())
