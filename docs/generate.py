"""Write docs/reference from the code: the command line, and a page for each stock component.

    python docs/generate.py

tests/cli/test_reference.py fails when the pages that are committed are not these.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from typer.main import get_command

from millwork.analysis.differences import document as diff_documents
from millwork.cli import artifact_documents, documents, model_documents, sweep_documents, template_documents
from millwork.cli.components import catalog, describe, field_docs
from millwork.cli.documents import ComponentDocument, FunctionDocument
from millwork.cli.functions import describe_function, functions
from millwork.cli.main import COMMANDS, app, load_command
from millwork.cli.tfx_names import TFX_NAMES
from millwork.core.contract import hint_text
from millwork.evaluation.comparing import document as compare_documents
from millwork.evaluation.comparing.metric_catalog import METRICS

REFERENCE = Path(__file__).parent / "reference"
_GENERATED = "<!-- Written by docs/generate.py (make docs). Do not edit. -->\n"


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference."""
    described = [describe(component) for component in catalog().values()]
    told = [describe_function(function) for function in functions().values()]
    return {
        "cli.md": "\n".join(_command_line()),
        "components.md": "\n".join(_catalog(described, told)),
        **{f"components/{d['name']}.md": "\n".join(_component(d)) for d in described},
        **{f"components/{d['name']}.md": "\n".join(_function(d)) for d in told},
        "comparison-metrics.md": "\n".join(_comparison_metrics()),
        "compare.schema.json": _json_schema(compare_documents.CompareDocument, compare_documents.SCHEMA),
        "diff.schema.json": _json_schema(diff_documents.DiffDocument, diff_documents.SCHEMA),
    }


def _command_line() -> Iterator[str]:
    yield _GENERATED
    yield "# The command line\n"
    yield _help(get_command(app))
    yield (
        "Data goes to stdout, everything else to stderr. On a terminal lists are tables and a run is shown live; "
        "elsewhere, and if `CI` is set, they are plain aligned text. `NO_COLOR` is honoured. Every command takes "
        "`--json`, `-h` and `--help`. A run is named by the beginning of its id, or as `latest`, `latest~1` (the one "
        "before), and so on.\n"
    )
    for name in COMMANDS:
        command = load_command(name)
        if subcommands := getattr(command, "commands", None):
            for sub, subcommand in subcommands.items():
                yield from _command(f"{name} {sub}", subcommand)
        else:
            yield from _command(name, command)
    yield from _documents()


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## millwork {name}\n"
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    optional = ("" if p.required else "?" for p in arguments)
    shown = [
        f"[{_name(p).strip('[]')}]" if mark else _name(p) for p, mark in zip(arguments, optional, strict=True)
    ]
    yield f"```\nmillwork {' '.join([name, '[OPTIONS]', *shown])}\n```\n"
    yield _help(command)
    if arguments:
        yield from _table(("argument", ""), [(f"`{_name(p)}`", _about(p)) for p in arguments])
    options = [p for p in command.params if p.param_type_name == "option"]
    yield from _table(("option", ""), [(f"`{_name(p)}`", _about(p)) for p in options])


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    value = "" if parameter.is_flag else f" {parameter.metavar or _kind(parameter)}"
    return ", ".join(parameter.opts) + value


def _kind(parameter: Any) -> str:
    choices = getattr(parameter.type_descriptor, "choices", None)
    return "|".join(str(c.value) for c in choices) if choices else parameter.name.upper()


def _about(parameter: Any) -> str:
    said = [parameter.help or ""]
    if parameter.envvar:
        said.append(f"Environment variable: `{parameter.envvar}`.")
    default = getattr(parameter.default, "value", parameter.default)
    if default and not parameter.required:
        said.append(f"Default: `{default}`.")
    return " ".join(said)


def _help(command: Any) -> str:
    return inspect.cleandoc(command.help or "") + "\n"


def _documents() -> Iterator[str]:
    yield "## What --json prints\n"
    yield f"{inspect.getdoc(documents)}\n"
    yield "`compile` prints the plan itself, `millwork/plan/v1`, which runners read.\n"
    known = {
        name: kind
        for module in (
            documents,
            artifact_documents,
            model_documents,
            sweep_documents,
            template_documents,
            compare_documents,
            diff_documents,
        )
        for name, kind in vars(module).items()
    }
    kinds = [kind for kind in known.values() if is_typeddict(kind)]
    for kind in sorted(kinds, key=lambda k: "schema" not in k.__annotations__):
        about = field_docs(kind)
        yield f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n"
        rows = [(f"`{n}`", _link(hint_text(t)), about.get(n, "")) for n, t in get_type_hints(kind).items()]
        yield from _table(("key", "type", ""), rows)


def _link(hint: str) -> str:
    own = (
        r"millwork[.](cli[.](artifact_|model_|sweep_)?documents"
        r"|evaluation[.]comparing[.]document|analysis[.]differences[.]document)[.]"
    )
    return f"`{re.sub(own, '', hint)}`"


def _json_schema(kind: Any, name: str) -> str:
    """What a document looks like, for programs that check or generate code from it."""
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **_type_schema(kind)}
    content["properties"]["schema"] = {"const": name}
    return json.dumps(content, indent=2, ensure_ascii=False)


def _type_schema(hint: Any) -> dict[str, Any]:
    if is_typeddict(hint):
        about = field_docs(hint)
        fields = {
            name: {**_type_schema(kind), **({"description": about[name]} if about.get(name) else {})}
            for name, kind in get_type_hints(hint).items()
        }
        return {"type": "object", "properties": fields, "required": list(fields)}
    kind, arguments = get_origin(hint) or hint, get_args(hint)
    if kind is list:
        return {"type": "array", "items": _type_schema(arguments[0])}
    if kind is dict:
        return {"type": "object", "additionalProperties": _type_schema(arguments[1])}
    if arguments:
        return {"anyOf": [_type_schema(one) for one in arguments]}
    names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return {"type": names[kind]}


def _catalog(described: Sequence[ComponentDocument], told: Sequence[FunctionDocument]) -> Iterator[str]:
    yield _GENERATED
    yield "# The catalog\n"
    rows = [
        (
            _page(d["name"]),
            ", ".join(i["type"] for i in d["inputs"]),
            ", ".join(o["type"] for o in d["outputs"]),
            d["summary"],
        )
        for d in described
    ]
    yield from _table(("component", "takes", "writes", "for"), rows)
    yield "Functions find what earlier runs have left, bring in what is there, or put steps at the end of a run.\n"
    about = [(_page(d["name"]), d["summary"]) for d in told]
    yield from _table(("function", "for"), about)
    yield "What is called otherwise in TFX:\n"
    names = [(f"`{name}`", _page(here.name), here.how) for name, here in TFX_NAMES.items()]
    yield from _table(("in TFX", "here", ""), names)


def _comparison_metrics() -> Iterator[str]:
    yield _GENERATED
    yield "# Metrics of comparisons\n"
    yield (
        "What `millwork compare --metric` knows; `--metric all` takes all of the problem. The usual ones are compared "
        "if none is named. All honour weights, and equal scikit-learn's.\n"
    )
    rows = [
        (
            f"`{m.name}`",
            f"{m.title}{f': {m.about}' if m.about else ''}",
            ", ".join(m.problems),
            "more" if m.higher_is_better else "less",
            f"{m.margin} of the baseline's" if m.margin.endswith("%") else m.margin,
            "yes" if m.usual else "",
        )
        for m in METRICS
    ]
    yield from _table(("name", "", "problems", "better is", "margin, unless said otherwise", "usual"), rows)


def _page(name: str) -> str:
    return f"[{name}](components/{name}.md)"


def _function(d: FunctionDocument) -> Iterator[str]:
    yield _GENERATED
    yield f"# {d['name']}\n\n{d['summary']}\n"
    if d["about"]:
        yield f"{d['about']}\n"
    yield f"```python\n{d['signature']}\n```\n"
    yield f"```python\n{d['example']}```\n"


def _component(d: ComponentDocument) -> Iterator[str]:
    yield _GENERATED
    yield f"# {d['name']}\n\n{d['summary']}\n"
    if d["about"]:
        yield f"{d['about']}\n"
    yield f"```python\n{d['example']}```\n"
    if d["inputs"]:
        inputs = [(f"`{i['name']}`", f"`{i['type']}`", i["about"]) for i in d["inputs"]]
        yield from _table(("input", "type", ""), inputs)
    if d["parameters"]:
        parameters = [
            (
                f"`{p['name']}`",
                f"`{p['type']}`",
                "required" if p["default"] is None else f"`{p['default']}`",
                p["about"],
            )
            for p in d["parameters"]
        ]
        yield from _table(("parameter", "type", "default", ""), parameters)
    outputs = [(f"`{o['name']}`", f"`{o['type']}`", o["about"] or o["files"]) for o in d["outputs"]]
    yield from _table(("output", "type", "files"), outputs)
    facts = [f"Runners: {', '.join(d['runners'])}."]
    if d["libraries"]:
        facts.append(f"Imports when it runs: {', '.join(f'`{name}`' for name in d['libraries'])}.")
    if d["base_type"]:
        facts.append(f"In ML Metadata: `{d['module']}.{d['name']}`, base type `{d['base_type']}`.")
    yield " ".join(facts) + "\n"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (titles, ["---"] * len(titles), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"
    yield ""


def main() -> None:
    """Write the pages, and remove those of components that are no more."""
    wanted = pages()
    for path in REFERENCE.rglob("*.*"):
        if path.relative_to(REFERENCE).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
