"""Making a project from a template."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.core.errors import WrongArgument
from millwork.templates.names import kebab, name_after, wrong_names
from millwork.templates.placing import Decide, Placed, place, staging_beside
from millwork.templates.questionnaire import check_answers
from millwork.templates.record import Record, files_in, write_record
from millwork.templates.rendering import Rendering, render
from millwork.templates.sources import Template


@dataclass(frozen=True)
class Project:
    """A project that was made."""

    folder: Path
    template: Template
    answers: Mapping[str, Any]
    files: Placed


@dataclass(frozen=True)
class Asking:
    """How to get what was not given: by asking on a terminal, or not at all."""

    ask: bool = False
    say: Callable[[str], None] = print
    """Tells why an answer cannot be."""
    trust: bool = False


def generate(
    template: Template, target: Path | None, given: Mapping[str, Any], decide: Decide, asking: Asking
) -> Project:
    """Make a project in `target`, by default in a folder called like the project.

    Nothing is at `target` before everything is made, and nothing changes there if it cannot be.
    """
    check_answers(template.name, template.questions, given)
    with staging_beside(target or Path.cwd()) as staging:
        rendering = _rendered(template, staging, given, target, asking)
        project = rendering.folder
        record = Record(
            template.name, template.source, template.version, rendering.remembered, files_in(project)
        )
        write_record(record, project)
        _add_data(template, project, rendering.answers)
        place_at = target or Path.cwd() / str(rendering.answers.get("project_name", template.name))
        return Project(place_at, template, rendering.answers, place(project, place_at, decide))


def _rendered(
    template: Template, staging: Path, given: Mapping[str, Any], target: Path | None, asking: Asking
) -> Rendering:
    """Answers to a question of a name that cannot be are asked for again, or refused."""
    defaults = _default_names(target, given)
    while True:
        folder = Path(tempfile.mkdtemp(dir=staging), "project")
        rendering = render(template, folder, given, defaults=defaults, ask=asking.ask, trust=asking.trust)
        wrong = _wrong_names(rendering.answers) if template.stock else {}
        if not wrong:
            return rendering
        if not asking.ask:
            raise WrongArgument("\n".join(wrong.values()))
        for why in wrong.values():
            asking.say(why)
        given = {n: v for n, v in rendering.answers.items() if n not in {*wrong, "package"}}


def _default_names(target: Path | None, given: Mapping[str, Any]) -> Mapping[str, str]:
    if target:
        return {"project_name": kebab(target.resolve().name)}
    return {"project_name": name_after(given["data_file"])} if given.get("data_file") else {}


def _wrong_names(answers: Mapping[str, Any]) -> dict[str, str]:
    return wrong_names(str(answers["project_name"]), str(answers["package"]))


def _add_data(template: Template, project: Path, answers: Mapping[str, Any]) -> None:
    """The data of a stock template, from installed packages or made from a seed: it is no part of updates."""
    if not template.stock:
        return
    module = f"millwork.templates.sample_data.{template.name.replace('-', '_')}"
    folder = project / "data"
    folder.mkdir(exist_ok=True)
    importlib.import_module(module).write_data(folder, answers)
