"""Taking over what changed in a template since a project was made from it, without losing the project's own changes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millwork.core.errors import BadInput, MillworkError, WrongArgument
from millwork.templates.merging import MARK, Action, Change, change_of
from millwork.templates.names import wrong_names
from millwork.templates.questionnaire import check_answers
from millwork.templates.record import File, Files, Record, files_in, write_record
from millwork.templates.rendering import render
from millwork.templates.sources import Template

BESIDE = ".from-template"
"""Ends the name of what cannot be merged into a file."""


@dataclass(frozen=True)
class Update:
    """What an update does, or would do."""

    before: Record
    after: Record
    changes: Sequence[Change]

    @property
    def conflicts(self) -> list[str]:
        """Files that need the user's hand."""
        return [change.path for change in self.changes if change.action is Action.CONFLICT]


def plan_update(
    project: Path, record: Record, template: Template, given: Mapping[str, Any], *, trust: bool = False
) -> Update:
    """What is new in `template`, for a project with this record. Nothing is written."""
    check_answers(template.name, template.questions, given)
    _refuse_older(record, template)
    _refuse_wrong_names(template, record.answers, given)
    answers = {n: v for n, v in record.answers.items() if n in template.questions} | dict(given)
    with tempfile.TemporaryDirectory(prefix="millwork-update-") as temporary:
        rendering = render(template, Path(temporary, "project"), answers, trust=trust)
        theirs = files_in(rendering.folder)
    after = Record(template.name, template.source, template.version, rendering.remembered, theirs)
    base = _moved(project, record, after)
    changes = []
    for path in sorted({*base, *theirs}):
        change = change_of(path, base.get(path), _now(project, path), theirs.get(path))
        if change is not None:
            changes.append(change)
    return Update(record, after, changes)


def carry_out(project: Path, update: Update) -> None:
    """Write what the update says. Begun again after an interruption, it goes on."""
    _refuse_open_conflicts(project, update)
    for change in update.changes:
        path = project / change.path
        if change.action is Action.DELETED:
            path.unlink()
            _remove_empty(path.parent, project)
        elif change.writes is not None:
            _write(path.with_name(path.name + BESIDE) if change.beside else path, change.writes)
    write_record(update.after, project)


def _refuse_wrong_names(template: Template, known: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    if not template.stock:
        return
    names = {n: str({**known, **given}.get(n, "")) for n in ("project_name", "package")}
    if wrong := [why for n, why in wrong_names(**names).items() if n in given]:
        raise WrongArgument("\n".join(wrong))


def _refuse_older(record: Record, template: Template) -> None:
    from packaging.version import InvalidVersion, Version

    if template.name != record.template:
        return
    try:
        older = Version(template.version) < Version(record.version)
    except InvalidVersion:
        return
    if older:
        raise MillworkError(
            f"The project was made with version {record.version} of template {template.name}, and the one here is "
            f"{template.version}. Install a newer Millwork, or name the newer template with --template"
        )


def _moved(project: Path, before: Record, after: Record) -> Files:
    """The pristine files, where they are if the package was renamed."""
    old, new = (f"src/{r.answers.get('package', '')}/" for r in (before, after))
    if old == new or "src//" in (old, new):
        return before.pristine
    if (project / old).exists() or not (project / new).exists():
        raise WrongArgument(
            f"To rename the package, first rename the folder {old} to {new} and what imports it; then the update "
            "follows it there"
        )
    return {new + p.removeprefix(old) if p.startswith(old) else p: f for p, f in before.pristine.items()}


def _now(project: Path, path: str) -> File | None:
    file = project / path
    if file.is_file():
        return File(file.read_bytes(), os.access(file, os.X_OK))
    if os.path.lexists(file):
        raise BadInput(f"{file} is no ordinary file, and the template has one there. Move it away first")
    return None


def _refuse_open_conflicts(project: Path, update: Update) -> None:
    marked = [
        c.path
        for c in update.changes
        if c.action in (Action.MERGED, Action.CONFLICT)
        and any(line.startswith(MARK) for line in (project / c.path).read_bytes().splitlines())
    ]
    if marked:
        raise MillworkError(
            f"There are conflicts of an earlier update in {', '.join(marked)}. Settle what stands between <<<<<<< and "
            ">>>>>>> there, and update again. Nothing was changed"
        )


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as partial:
        partial.write(file.content)
    os.chmod(partial.name, _mode(path, file.executable))
    os.replace(partial.name, path)


def _mode(path: Path, executable: bool) -> int:
    if path.exists():
        mode = path.stat().st_mode & 0o777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    return mode | (mode & 0o444) >> 2 if executable else mode & ~0o111


def _remove_empty(folder: Path, project: Path) -> None:
    while folder != project and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
