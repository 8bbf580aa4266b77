"""A transform graph: the columns before and after, and the vocabularies; a cache: what analyzers found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from markupsafe import Markup

from millwork.analysis.amounts import file_size
from millwork.analysis.views.parts import facts, note, paragraph, section, table
from millwork.analysis.views.schemas import feature_table
from millwork.components.data.schema_file import read_schema
from millwork.core.artifacts import TransformCache, TransformGraph
from millwork.core.storage import file_sizes
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.report_section import ReportSection

FIRST_ENTRIES = 20
MOST_LISTED = 200


def transform_graph_sections(artifact: TransformGraph) -> Iterator[ReportSection]:
    """What the model gets, what the graph takes, and what it has learnt of the data."""
    for id, title, folder in (
        ("outputs", "Outputs", "transformed_metadata"),
        ("inputs", "Inputs", "metadata"),
    ):
        if (artifact.path / folder).is_dir():
            schema = read_schema(artifact.path / folder)
            domains = {domain.name: list(domain.value) for domain in schema.string_domain}
            yield section(id, title, feature_table(schema, domains, f"{len(schema.feature):,} columns"))
    vocabularies = sorted(
        file for file in (artifact.path / "transform_fn" / "assets").glob("*") if file.is_file()
    )
    shown = [_vocabulary(file) for file in vocabularies[:MOST_LISTED]] or [
        paragraph("The graph has no vocabularies.")
    ]
    yield section("vocabularies", "Vocabularies", *shown)


def _vocabulary(file: Path) -> Markup:
    size = file_size(file.stat().st_size)
    heading = Markup("<h3><bdi>{}</bdi></h3>").format(name(file.name, 80))
    if file.suffix == ".gz":
        return heading + paragraph(f"{size}, compressed")
    with file.open(encoding="utf-8", errors="replace") as lines:
        first = [line.rstrip("\n") for line in islice(lines, FIRST_ENTRIES)]
        more = sum(1 for _ in lines)
    entries = Markup(", ").join(Markup("<bdi>{}</bdi>").format(name(entry)) for entry in first)
    told = facts({"Entries": f"{len(first) + more:,}", "Size": size})
    return heading + told + Markup("<p>{}{}</p>").format(entries, f", and {more:,} more" if more else "")


def transform_cache_sections(artifact: TransformCache) -> Iterator[ReportSection]:
    """Files by the rows that they are about."""
    sizes = file_sizes(artifact.uri)
    digests = {path.partition("/")[0] for path in sizes}
    rows = [(sentence(path, 200), file_size(count)) for path, count in list(sizes.items())[:MOST_LISTED]]
    yield section(
        "cache",
        "Analyzers",
        facts(
            {
                "Files of rows": f"{len(digests):,}",
                "Entries": f"{len(sizes):,}",
                "Size": file_size(sum(sizes.values())),
            }
        ),
        table("By a digest of the rows: what each analyzer found in them", ("entry", "size"), rows, ("size",))
        if rows
        else "",
        note("An analysis of more rows reads these instead of computing them anew."),
    )
