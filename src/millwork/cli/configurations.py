"""`-c FILE`: how to run a project somewhere, such as its configs/local.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from millwork.cli.options import is_typed
from millwork.cli.project import find_project, in_project
from millwork.core.errors import WrongArgument, did_you_mean

RUNNERS = ("local",)
_PLANNED = ("beam", "kubernetes")
_KINDS: Mapping[str, type] = {"parameters": dict, "root": str, "runner": str, "store": str, "workers": int}


@dataclass(frozen=True)
class Where:
    """Where a run keeps its things, how many steps go side by side, and the parameters that a file gives."""

    root: str
    store: str
    workers: int = 0
    parameters: Mapping[str, object] = field(default_factory=dict)


def configured(
    ctx: typer.Context, file: Path | None, root: str, store: str, workers: int | None = None
) -> Where:
    """The settings of `file`, under the options of the command line, over those of the environment."""
    if file is None:
        return Where(root, store, workers or 0)
    given = _read(file)
    project = find_project(file.absolute().parent)

    def setting(name: str, otherwise: str) -> str:
        if name not in given or is_typed(ctx, name):
            return otherwise
        return in_project(project, given[name]) if project else str(given[name])

    if "workers" in given and workers is None:
        workers = given["workers"]
    return Where(setting("root", root), setting("store", store), workers or 0, given.get("parameters") or {})


def _read(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise WrongArgument(f"-c: {str(file)!r} cannot be read: {e}") from e
    if not isinstance(content, dict):
        raise WrongArgument(f"-c: {str(file)!r} must hold names and values, such as `runner: local`")
    _check_runner(file, str(content.get("runner", "local")))  # first: others have settings of their own
    for name, value in content.items():
        if name not in _KINDS:
            raise WrongArgument(
                f"-c: {file} has an unknown setting {name!r}. {did_you_mean(str(name), _KINDS)}"
            )
        if value is not None and (not isinstance(value, _KINDS[name]) or isinstance(value, bool)):
            raise WrongArgument(f"-c: {file}: {name} must be {_WANTED[name]}, but is {value!r}")
    if content.get("workers") is not None and content["workers"] < 1:
        raise WrongArgument(f"-c: {file}: workers must be 1 or more, but is {content['workers']}")
    return {name: value for name, value in content.items() if value is not None}


_WANTED = {
    "parameters": "names and values",
    "root": "a folder or URI",
    "runner": "a name",
    "store": "a file or URL",
    "workers": "a number",
}


def _check_runner(file: Path, name: str) -> None:
    if name in _PLANNED:
        raise WrongArgument(
            f"-c: {file} asks for the runner {name!r}, which this version of Millwork does not have: it runs pipelines "
            "on this machine only (runner: local). Nothing was run"
        )
    if name not in RUNNERS:
        raise WrongArgument(f"-c: {file}: there is no runner {name!r}. {did_you_mean(name, RUNNERS)}")
