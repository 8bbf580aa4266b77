"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from millwork.cli.printing import is_terminal
from millwork.cli.project import default_root, default_store
from millwork.core.errors import WrongArgument


def _root(ctx: typer.Context, param: typer.CallbackParam, value: str) -> str:
    """In a project, from whichever of its folders, the root is the project's."""
    return default_root() if is_default(ctx, param.name or "") else value


def _store(ctx: typer.Context, param: typer.CallbackParam, value: str) -> str:
    return default_store() if is_default(ctx, param.name or "") else value


def is_default(ctx: typer.Context, name: str) -> bool:
    """True if neither the command line nor the environment gives this option."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name in ("DEFAULT", "DEFAULT_MAP")


def is_typed(ctx: typer.Context, name: str) -> bool:
    """True if the option is on the command line."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


Target = Annotated[
    str,
    typer.Argument(
        metavar="[TARGET]",
        help="A Python file (pipeline.py, or pipeline.py:function if it holds several pipelines), "
        "or module:function. By default the pipeline of the project, which its pyproject.toml names.",
        show_default=False,
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A pipeline parameter. Repeat for several."),
]
ParameterFile = Annotated[
    Path | None,
    typer.Option(
        "--params", metavar="FILE", help="Pipeline parameters as YAML or JSON. -p has the last word."
    ),
]
Root = Annotated[
    str,
    typer.Option(
        "--root",
        metavar="FOLDER",
        envvar="MILLWORK_ROOT",
        callback=_root,
        help="The folder or URI of artifacts, logs and metadata. In a project it lies beside pyproject.toml.",
    ),
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="MILLWORK_STORE",
        callback=_store,
        help="The metadata store: an SQLite file, mysql://… or postgresql://…; by default metadata.sqlite "
        "in the root.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Steps at the same time. By default as many as cores."
    ),
]
FromSteps = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="STEP", help="Run this step and what follows it. Repeat, or use commas."),
]
ToSteps = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="STEP", help="Run this step and what it needs. Repeat, or use commas."),
]
OnlySteps = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="STEP", help="Run this step alone. Repeat, or use commas."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run every step, whatever was run before.")]
NoCacheFor = Annotated[
    list[str] | None,
    typer.Option("--no-cache-for", metavar="STEP", help="Run this step anyway. Repeat, or use commas."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something is wrong.")]
Limit = Annotated[
    int, typer.Option("--limit", "-n", metavar="N", min=1, help="Show only so many, the newest first.")
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="A YAML file with runner, parameters, root, store and workers, such as configs/local.yaml. Options have "
        "the last word.",
    ),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run: the beginning of its id, latest, latest~1, …")
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do it. Without this the command only says what it would do.")
]


def new_app(**settings: Any) -> typer.Typer:
    """A command, or group of commands, that looks like the others."""
    return typer.Typer(
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if is_terminal(sys.stdout) else None,
        **{"add_completion": False, **settings},
    )


def names(given: Iterable[str] | None) -> tuple[str, ...]:
    """Names from an option that may be repeated and may hold commas."""
    return tuple(name.strip() for text in given or () for name in text.split(",") if name.strip())


def parameters(given: Iterable[str] | None, file: Path | None = None) -> dict[str, object]:
    """Pipeline parameters from `-p name=value` and from a file. The command line has the last word."""
    found: dict[str, object] = dict(_read_parameters(file)) if file else {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise WrongArgument(f"-p takes name=value, but got {text!r}")
        found[name.strip()] = value
    return found


def _read_parameters(file: Path) -> Mapping[str, object]:
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise WrongArgument(f"--params: {str(file)!r} cannot be read: {e}") from e
    try:
        content = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as e:
        raise WrongArgument(f"--params: {str(file)!r} is neither YAML nor JSON: {e}") from e
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise WrongArgument(f"--params: {str(file)!r} must hold names and values, such as `steps: 200`")
    return content
