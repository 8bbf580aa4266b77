"""What every page begins with: which artifact it is, where it is from, who used it, where its files are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from markupsafe import Markup

from millwork.analysis.amounts import file_size, moment
from millwork.analysis.lineage_graph import neighbours_of
from millwork.analysis.lineage_picture import lineage_svg
from millwork.analysis.views.parts import facts, folded, section, table
from millwork.core.records import ArtifactRecord, ExecutionRecord, State
from millwork.core.storage import file_sizes
from millwork.core.store import MetadataStore
from millwork.evaluation.reporting.names import name, number_of, sentence
from millwork.evaluation.reporting.report_section import ReportSection

MOST_FILES = 200
MOST_READERS = 12


def about(store: MetadataStore, record: ArtifactRecord) -> ReportSection:
    """The first part of a page."""
    producer = store.producer_of(record.id)
    consumers = [e for e in store.consumers_of(record.id) if e.state is not State.CACHED]
    known = {
        "Written by": f"{producer.node}, run {producer.run}" if producer else "nobody here: it was imported",
        "Created": moment(record.created),
        "State": record.state,
        "Digest": record.digest[:16],
        "Read by": _readers(consumers),
    }
    return section(
        "about",
        "About",
        facts({label: sentence(text) for label, text in known.items()}),
        _lineage(store, record),
        folded("Properties", _properties(record)),
        _files(record, file_sizes(record.uri)),
    )


def _readers(consumers: list[ExecutionRecord]) -> str:
    steps = list(dict.fromkeys(consumer.node for consumer in consumers))
    runs = len({consumer.run for consumer in consumers})
    more = f" and {len(steps) - MOST_READERS} more" if len(steps) > MOST_READERS else ""
    return f"{', '.join(steps[:MOST_READERS])}{more} in {number_of(runs, 'run')}" if steps else "no step yet"


def _lineage(store: MetadataStore, record: ArtifactRecord) -> Markup:
    drawn = lineage_svg(
        neighbours_of(store, record.id, MOST_READERS), "Where it is from, and which steps read it"
    )
    return Markup('<figure class="scroll near">{}</figure>').format(Markup(drawn))


def _properties(record: ArtifactRecord) -> Markup:
    rows = [(name(key), shown) for key, shown in _shown_properties(record)]
    return table("As ML Metadata holds them", ("property", "value"), rows, narrow=True) if rows else Markup()


def _shown_properties(record: ArtifactRecord) -> Iterator[tuple[str, str]]:
    for key, value in sorted(record.properties.items()):
        yield key, sentence(_readable(value))


def _readable(value: object) -> str:
    """What is JSON text in the store, for people."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return str(value)
    try:
        content = json.loads(value)
    except ValueError:
        return value
    if isinstance(content, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in content.items())
    return ", ".join(map(str, content))


def _files(record: ArtifactRecord, sizes: Mapping[str, int]) -> Markup:
    rows = [(sentence(path, 200), file_size(count)) for path, count in list(sizes.items())[:MOST_FILES]]
    left = f", of which the first {MOST_FILES} are listed" if len(sizes) > MOST_FILES else ""
    told = f"{number_of(len(sizes), 'file')}, {file_size(sum(sizes.values()))}"
    listed = table(f"In {record.uri}{left}", ("file", "size"), rows, ("size",), narrow=True)
    return folded(told, listed)
