"""The page of an artifact: what it is, and what its type has to show, or what was wrong with its files."""

from __future__ import annotations

import logging

from millwork.analysis.previews import loaded
from millwork.analysis.views.about import about
from millwork.analysis.views.files import files_sections
from millwork.analysis.views.parts import View, paragraph, section
from millwork.analysis.views.registry import sections_of
from millwork.core.errors import NotFound
from millwork.core.graph import Artifact
from millwork.core.records import ArtifactRecord
from millwork.core.storage import exists
from millwork.core.store import MetadataStore
from millwork.evaluation.reporting.frame import page
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.report_section import ReportSection

log = logging.getLogger(__name__)


def artifact_page(store: MetadataStore, record: ArtifactRecord, split: str = "") -> str:
    """One HTML page that opens without a network. NotFound if the artifact's files are gone."""
    if not exists(record.uri):
        raise NotFound(f"Artifact {record.id} is {record.state}, and there is nothing at {record.uri}")
    artifact = loaded(record, split)
    view = view_of(artifact, about(store, record))
    return page(
        view.sections,
        kind="Artifact",
        title=f"{name(record.type_name)} {record.id}",
        subtitle=sentence(artifact.remark) or _origin(store, record),
        documents={},
    )


def view_of(artifact: Artifact, first: ReportSection) -> View:
    """What a page shows. If files are not what the type promises, that is told, and they are shown as any files."""
    sections = [first]
    try:
        for part in sections_of(artifact):
            sections.append(part)
    except (
        Exception
    ) as e:  # files that something else has written break a reader in any way: the page says how
        log.warning("What is inside of artifact %s cannot be shown: %s: %s", artifact.id, type(e).__name__, e)
        told = f"The files are not as those of a {artifact.type_name} should be: {type(e).__name__}: {e}"
        sections.append(section("wrong", "What is wrong", paragraph(sentence(told))))
        known = [part.id for part in sections]
        sections += [part for part in files_sections(artifact) if part.id not in known]
    return View(tuple(sections))


def _origin(store: MetadataStore, record: ArtifactRecord) -> str:
    producer = store.producer_of(record.id)
    return sentence(f"Written by {producer.node} of {producer.run}") if producer else "Imported"
