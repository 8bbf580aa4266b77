"""What a project remembers of its template: the answers, and the files as the template made them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from millwork.core.errors import BadInput, NotFound

RECORD = ".millwork-template.yml"
PRISTINE = ".millwork-template.zip"
_HEADER = f"# For `millwork template update`. Commit it, and {PRISTINE} beside it.\n"


@dataclass(frozen=True)
class File:
    """What is in a file, and whether it is a program."""

    content: bytes
    executable: bool = False


Files = Mapping[str, File]
"""By path below the project's folder, with slashes."""


@dataclass(frozen=True)
class Record:
    """Which template made a project, and with what answers."""

    template: str
    source: str
    version: str
    answers: Mapping[str, Any]
    pristine: Files = field(default_factory=dict, repr=False)
    """The files as the template made them: an update tells the user's changes from the template's by them."""


def files_in(folder: Path) -> dict[str, File]:
    """Every file below `folder`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise BadInput(
                f"{path.relative_to(folder)} is a symbolic link: templates may have files and folders"
            )
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = File(path.read_bytes(), os.access(path, os.X_OK))
    return found


def write_record(record: Record, project: Path) -> None:
    """Put the record into a project. The same record is the same bytes."""
    import yaml

    fields = {
        "template": record.template,
        "source": record.source,
        "version": record.version,
        "answers": dict(record.answers),
    }
    text = _HEADER + yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)
    with zipfile.ZipFile(project / PRISTINE, "w") as archive:
        for name, file in sorted(record.pristine.items()):
            entry = zipfile.ZipInfo(name)  # its date is fixed
            entry.external_attr = (0o100755 if file.executable else 0o100644) << 16
            archive.writestr(entry, file.content, zipfile.ZIP_DEFLATED)
    (project / RECORD).write_text(text, encoding="utf-8")


def read_record(project: Path) -> Record:
    """The record of the project in this folder."""
    import yaml

    path = project / RECORD
    if not path.is_file():
        raise NotFound(f"{project} was not made by `millwork init`: it has no {RECORD}")
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
        record = Record(
            str(fields["template"]), str(fields["source"]), str(fields["version"]), dict(fields["answers"])
        )
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as e:
        raise BadInput(f"{path} is damaged: {type(e).__name__}: {e}. Restore it from version control") from e
    return Record(
        record.template, record.source, record.version, record.answers, _pristine(project / PRISTINE)
    )


def _pristine(path: Path) -> dict[str, File]:
    try:
        with zipfile.ZipFile(path) as archive:
            if outside := [n for n in archive.namelist() if n.startswith("/") or ".." in n.split("/")]:
                raise BadInput(
                    f"{path} has files outside of the project: {', '.join(outside)}. Nothing was changed"
                )
            return {
                entry.filename: File(archive.read(entry), bool(entry.external_attr >> 16 & 0o100))
                for entry in archive.infolist()
            }
    except FileNotFoundError:
        raise NotFound(
            f"{path} is missing: without the files as the template made them, an update cannot tell your changes "
            "from the template's. Restore it from version control"
        ) from None
    except (OSError, zipfile.BadZipFile) as e:
        raise BadInput(f"{path} is damaged: {e}. Restore it from version control") from e
