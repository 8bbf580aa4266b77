"""What `--json` prints about models."""

from __future__ import annotations

from typing import Any, TypedDict


class ModelEventDocument(TypedDict):
    """Something that happened to a model."""

    model: int
    """The model's id."""
    at: str | None
    event: str
    """made, BLESSED, NOT_BLESSED, NOT_EVALUATED, INFRA_BLESSED, INFRA_NOT_BLESSED, pushed or not pushed."""
    step: str
    run: str
    artifact: int
    """The id of the model, the blessing or the pushed model."""
    reason: str
    forced: bool
    """True if a person wanted it so."""
    destination: str
    """Of a push."""


class ModelSummary(TypedDict):
    """A model in a list."""

    id: int
    framework: str
    pipeline: str
    run: str
    step: str
    blessed: bool
    """What all verdicts come to, of each step its last one."""
    verdict: str
    """The last one. Empty if there is none."""
    pushed: str
    """Where it was pushed last."""
    created: str | None
    uri: str


class ModelsDocument(TypedDict):
    """`models list`: millwork/models/v1."""

    schema: str
    models: list[ModelSummary]


class ModelDocument(ModelSummary):
    """`models show`, `models bless`, `models push`: millwork/model/v1."""

    schema: str
    state: str
    digest: str
    properties: dict[str, Any]
    events: list[ModelEventDocument]
    """The oldest first."""


class ModelHistoryDocument(TypedDict):
    """`models history`: millwork/model-history/v1."""

    schema: str
    events: list[ModelEventDocument]
    """The newest first."""
