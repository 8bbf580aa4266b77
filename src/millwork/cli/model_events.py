"""What happened to models: when each was made, judged, tried and pushed, by the lineage in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from millwork.cli.model_documents import ModelDocument, ModelEventDocument, ModelSummary
from millwork.cli.printing import iso
from millwork.components.models.blessings import DIRECT, blessings_of, is_blessed
from millwork.core.artifacts import InfraBlessing, PushedModel
from millwork.core.errors import NotFound
from millwork.core.records import ArtifactRecord, ExecutionRecord
from millwork.core.store import MetadataStore

PUSHED, NOT_PUSHED, MADE = "pushed", "not pushed", "made"


def events_of(store: MetadataStore, models: Sequence[ArtifactRecord]) -> dict[int, list[ModelEventDocument]]:
    """The events of each model, the oldest first. What came from the cache again is no event."""
    ids = [model.id for model in models]
    events: dict[int, dict[int, ModelEventDocument]] = {id: {} for id in ids}
    for model, artifact, execution in [*_made(store, models), *_judged(store, ids), *_tried(store, ids)]:
        events[model].setdefault(artifact.id, _event(model, artifact, execution))
    return {model: sorted(found.values(), key=lambda e: e["artifact"]) for model, found in events.items()}


def summaries(store: MetadataStore, models: Sequence[ArtifactRecord]) -> list[ModelSummary]:
    """What a list says about each."""
    events = events_of(store, models)
    verdicts = blessings_of(store, [model.id for model in models])
    found: list[ModelSummary] = []
    for model in models:
        producer, told = store.producer_of(model.id), verdicts[model.id]
        pushes = [e["destination"] for e in events[model.id] if e["event"] == PUSHED]
        found.append(
            {
                "id": model.id,
                "framework": str(model.properties.get("framework", "")),
                "pipeline": _pipeline_of(store, producer),
                "run": producer.run if producer else "",
                "step": producer.node if producer else "",
                "blessed": is_blessed(told),
                "verdict": told[-1].verdict if told else "",
                "pushed": pushes[-1] if pushes else "",
                "created": iso(model.created),
                "uri": model.uri,
            }
        )
    return found


def model_document(store: MetadataStore, model: ArtifactRecord) -> ModelDocument:
    """Everything about one model."""
    [summary] = summaries(store, [model])
    return {
        "schema": "millwork/model/v1",
        **summary,
        "state": model.state,
        "digest": model.digest,
        "properties": dict(sorted(model.properties.items())),
        "events": events_of(store, [model])[model.id],
    }


Told = tuple[int, ArtifactRecord, ExecutionRecord]
"""A model's id, what tells of the event, and where it happened."""


def _made(store: MetadataStore, models: Sequence[ArtifactRecord]) -> Iterator[Told]:
    by_id = {model.id: model for model in models}
    for use in store.writers(list(by_id)):
        yield use.artifact, by_id[use.artifact], use.execution


def _judged(store: MetadataStore, models: Sequence[int]) -> Iterator[Told]:
    for model, blessings in blessings_of(store, models).items():
        for blessing in blessings:
            yield model, blessing.artifact, blessing.execution


def _tried(store: MetadataStore, models: Sequence[int]) -> Iterator[Told]:
    """Trials with a server, and pushes."""
    uses = [use for use in store.readers(models) if use.name == DIRECT and use.execution.state.good]
    written = store.written_by(sorted({use.execution.id for use in uses}))
    for use in uses:
        for artifact in written[use.execution.id]:
            if artifact.type_name in (InfraBlessing.type_name, PushedModel.type_name):
                yield use.artifact, artifact, use.execution


def _event(model: int, artifact: ArtifactRecord, execution: ExecutionRecord) -> ModelEventDocument:
    known = artifact.properties
    return {
        "model": model,
        "at": iso(artifact.created),
        "event": _title(artifact),
        "step": execution.node,
        "run": execution.run,
        "artifact": artifact.id,
        "reason": str(known.get("reason", "")),
        "forced": known.get("forced") == 1,
        "destination": str(known.get("pushed_destination", "")),
    }


def _title(artifact: ArtifactRecord) -> str:
    known = artifact.properties
    if artifact.type_name == PushedModel.type_name:
        return PUSHED if known.get("pushed") == 1 else NOT_PUSHED
    blessed = "BLESSED" if known.get("blessed") == 1 else "NOT_BLESSED"
    if artifact.type_name == InfraBlessing.type_name:
        return f"INFRA_{blessed}"
    return MADE if "blessed" not in known else str(known.get("verdict") or blessed)


def _pipeline_of(store: MetadataStore, producer: ExecutionRecord | None) -> str:
    if producer is None:
        return ""
    try:
        return store.run(producer.run).pipeline
    except NotFound:  # recorded by another tool
        return store.home_of(producer)[0]
