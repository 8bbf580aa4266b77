"""`millwork catalog`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from millwork.cli import options
from millwork.cli.components import StockComponent, catalog, contract, describe, summary_of
from millwork.cli.documents import CatalogDocument, CatalogFunction, ComponentDocument, FunctionDocument
from millwork.cli.functions import describe_function, functions
from millwork.cli.printing import print_json, print_table
from millwork.cli.scaffold import scaffold_
from millwork.cli.tfx_names import TFX_NAMES
from millwork.core.errors import NotFound, did_you_mean

app = options.new_app(help="The stock components.")
app.command("scaffold")(scaffold_)


@app.command("list")
def list_(as_json: options.AsJson = False) -> None:
    """List the components, what goes in, what comes out, what they are for; and functions that find what is there."""
    document: CatalogDocument = {
        "schema": "millwork/catalog/v1",
        "components": [
            {
                "name": name,
                "summary": summary_of(component),
                "inputs": [f"{n}: {i.hint}" for n, i in contract(component).inputs.items()],
                "outputs": [f"{n}: {kind.__name__}" for n, kind in contract(component).outputs.items()],
            }
            for name, component in catalog().items()
        ],
        "functions": [_entry(describe_function(function)) for function in functions().values()],
    }
    if as_json:
        print_json(document)
    else:
        rows = [_row(name, c) for name, c in catalog().items()]
        rows += [(f["name"], "", "", f["summary"]) for f in document["functions"]]
        print_table(("component", "takes", "writes", "for"), rows)


def _entry(function: FunctionDocument) -> CatalogFunction:
    return {
        "name": function["name"],
        "summary": function["summary"],
        "signature": function["signature"],
    }


def _row(name: str, component: StockComponent) -> tuple[str, str, str, str]:
    """One line: without names, and without what is optional."""
    signature = contract(component)
    needed = dict.fromkeys(i.type.__name__ for i in signature.inputs.values() if not i.optional)
    written = dict.fromkeys(kind.__name__ for kind in signature.outputs.values())
    return name, ", ".join(needed), ", ".join(written), summary_of(component)


@app.command("describe")
def describe_(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A component, such as StatisticsGen, or a function; by TFX's name, too."
        ),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Describe a component: its contract, what it is for, an example, and which runners execute it."""
    if here := TFX_NAMES.get(name):
        how = f" {here.how}." if here.how else ""
        print(f"TFX's {name} is {here.name} here.{how}\n", file=sys.stderr)
        name = here.name
    components, others = catalog(), functions()
    if name in components:
        document = describe(components[name])
        print_json(document) if as_json else _print(document)
    elif name in others:
        function = describe_function(others[name])
        print_json(function) if as_json else _print_function(function)
    else:
        known = [*components, *others, *TFX_NAMES]
        raise NotFound(f"There is no component {name!r} in the catalog. {did_you_mean(name, known)}")


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
    _print_example(document["example"])
    print(f"\nRunners: {', '.join(document['runners'])}")
    if document["libraries"]:
        print(f"Imports: {', '.join(document['libraries'])}")


def _print_function(document: FunctionDocument) -> None:
    print(f"{document['name']}: {document['summary']}")
    print(f"\n{document['about']}\n\nSignature\n\n    {document['signature']}")
    _print_example(document["example"])


def _print_example(example: str) -> None:
    print("\nExample\n")
    for line in example.splitlines():
        print(f"    {line}".rstrip())


def _section(title: str, rows: list[tuple[str, str, str]]) -> None:
    if not rows:
        return
    print(f"\n{title}\n")
    for name, kind, about in rows:
        print(f"    {name}: {kind}")
        for line in about.splitlines():
            print(f"        {line}".rstrip())
