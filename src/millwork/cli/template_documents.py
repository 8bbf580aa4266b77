"""What `init`, `template` and `catalog scaffold` print with --json."""

from __future__ import annotations

from typing import Literal, TypedDict


class InitDocument(TypedDict):
    """`millwork init --json`, `millwork/init/v1`."""

    schema: Literal["millwork/init/v1"]
    folder: str
    template: str
    version: str
    answers: dict[str, object]
    written: list[str]
    kept: list[str]
    """Files that were there already and stayed as they were."""
    next: list[str]
    """Commands."""


class TemplateSummary(TypedDict):
    """A template that has a name."""

    name: str
    version: str
    description: str
    source: str
    """`millwork`, or the folder that it is in."""


class TemplatesDocument(TypedDict):
    """`millwork template list --json`, `millwork/templates/v1`."""

    schema: Literal["millwork/templates/v1"]
    templates: list[TemplateSummary]


class TemplateQuestion(TypedDict):
    """What a template asks."""

    name: str
    type: str
    help: str
    default: object
    """As it is written in copier.yaml: it may be a Jinja expression."""
    choices: list[str]


class TemplateDocument(TypedDict):
    """`millwork template describe NAME --json`, `millwork/template/v1`."""

    schema: Literal["millwork/template/v1"]
    name: str
    version: str
    description: str
    source: str
    questions: list[TemplateQuestion]


class FileChange(TypedDict):
    """What an update does to a file."""

    path: str
    action: str
    """added, changed, merged, deleted, conflict, kept or absent."""
    reason: str


class UpdateDocument(TypedDict):
    """`millwork template update --json`, `millwork/template-update/v1`."""

    schema: Literal["millwork/template-update/v1"]
    template: str
    from_version: str
    to_version: str
    dry_run: bool
    files: list[FileChange]
    conflicts: list[str]


class ScaffoldDocument(TypedDict):
    """`millwork catalog scaffold --json`, `millwork/scaffold/v1`."""

    schema: Literal["millwork/scaffold/v1"]
    name: str
    files: list[str]
