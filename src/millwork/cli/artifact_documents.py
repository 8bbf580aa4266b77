"""What `--json` prints about artifacts."""

from __future__ import annotations

from typing import Any, TypedDict


class FileDocument(TypedDict):
    """A file of an artifact."""

    path: str
    """Below the artifact's folder."""
    bytes: int


class Usage(TypedDict):
    """An execution that wrote or read an artifact."""

    execution: int
    run: str
    step: str
    state: str


class ArtifactSummary(TypedDict):
    """An artifact in a list."""

    id: int
    type: str
    uri: str
    state: str
    created: str | None


class ArtifactsDocument(TypedDict):
    """`artifacts list`: millwork/artifacts/v1."""

    schema: str
    artifacts: list[ArtifactSummary]


class ArtifactDocument(TypedDict):
    """`artifacts show`: millwork/artifact/v1."""

    schema: str
    id: int
    type: str
    uri: str
    digest: str
    """sha256 over names and contents of the files."""
    state: str
    created: str | None
    properties: dict[str, Any]
    """As ML Metadata holds them: JSON text where they are not scalars."""
    producer: Usage | None
    consumers: list[Usage]
    files: list[FileDocument]


class ExcerptDocument(TypedDict):
    """A part of an artifact: a table, or a text."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    """As a person would read them."""
    text: str


class ContentsDocument(TypedDict):
    """`artifacts preview`: millwork/contents/v1."""

    schema: str
    id: int
    type: str
    uri: str
    excerpts: list[ExcerptDocument]


class PageDocument(TypedDict):
    """`artifacts view`: millwork/page/v1."""

    schema: str
    id: int
    type: str
    file: str
    """Where the page is, as an absolute path."""
    bytes: int


class ReportDocument(TypedDict):
    """`report`: millwork/report/v1. The comparison itself is what `compare --json` prints."""

    schema: str
    file: str
    """Where the page is, as an absolute path."""
    bytes: int
    verdict: str | None
    """Of several challengers the worst; null if the report is of one model alone."""
