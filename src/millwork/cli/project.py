"""`[tool.millwork]` in pyproject.toml: what a project tells every command that is run inside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.cli.printing import say
from millwork.core.errors import BadInput, WrongArgument, did_you_mean


@dataclass(frozen=True)
class ProjectSettings:
    """The table, with the folder of the pyproject.toml that holds it. Its paths are relative to that folder."""

    folder: Path
    pipeline: str = ""
    """The TARGET of run, plan, compile and sweep, if none is given."""
    root: str = ".millwork"
    store: str = ""
    templates: tuple[str, ...] = ()
    """Folders of templates of one's own."""


def find_project(start: Path | None = None) -> ProjectSettings | None:
    """The project that `start`, by default the current folder, lies in."""
    begin = (start or Path.cwd()).absolute()
    for folder in (begin, *begin.parents):
        table = _table(folder / "pyproject.toml")
        if table is not None:
            return _settings(folder, table)
    return None


def template_folders() -> list[Path]:
    """A company's folders of templates: MILLWORK_TEMPLATES first, then the project's."""
    project = find_project()
    of_project = [project.folder / folder for folder in project.templates] if project else []
    given = [Path(p) for p in os.environ.get("MILLWORK_TEMPLATES", "").split(os.pathsep) if p]
    return [folder.expanduser() for folder in [*of_project, *given]]


def default_root() -> str:
    """Where a command looks that is given no root: beside the project's pyproject.toml, or in this folder."""
    project = find_project()
    if project is None:
        return ".millwork"
    return project.root if project.folder == Path.cwd() else in_project(project, project.root)


def default_store() -> str:
    """The project's store, if its pyproject.toml names one."""
    project = find_project()
    return in_project(project, project.store) if project and project.store else ""


def project_target() -> str:
    """The project's pipeline, as a TARGET. From now on the current folder is the project's: its paths mean that."""
    project = find_project()
    if project is None or not project.pipeline:
        raise WrongArgument(
            "Which pipeline? Name a Python file, or module:function; or name the project's in pyproject.toml: "
            '`pipeline = "src/…/pipeline.py"` below [tool.millwork]'
        )
    if project.folder != Path.cwd():
        say(f"In {project.folder}: paths of the pipeline are relative to that")
        os.chdir(project.folder)
    return project.pipeline


def in_project(project: ProjectSettings, place: str) -> str:
    """A path of the table or of a configuration as seen from anywhere. URIs stay as they are."""
    return place if "://" in place else str(project.folder / place)


def _table(file: Path) -> Mapping[str, Any] | None:
    if not file.is_file():
        return None
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise BadInput(f"{file} cannot be read: {e}") from e
    table = content.get("tool", {}).get("millwork")
    if table is not None and not isinstance(table, dict):
        raise WrongArgument(f"{file}: tool.millwork must be a table, [tool.millwork], but is {table!r}")
    return table


def _settings(folder: Path, table: Mapping[str, Any]) -> ProjectSettings:
    where = f"{folder / 'pyproject.toml'}, [tool.millwork]"
    kinds = {"pipeline": str, "root": str, "store": str, "templates": list}
    for name, value in table.items():
        if name not in kinds:
            raise WrongArgument(f"{where}: there is no setting {name!r}. {did_you_mean(name, kinds)}")
        if not isinstance(value, kinds[name]):
            wanted = "a list of folders" if name == "templates" else "text"
            raise WrongArgument(f"{where}: {name} must be {wanted}, but is {value!r}")
    return ProjectSettings(folder, **{**table, "templates": tuple(map(str, table.get("templates", ())))})
