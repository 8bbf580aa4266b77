"""A schema: what it demands of each feature, and the values that it knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from millwork.analysis.previews import declared
from millwork.analysis.views.parts import facts, note, section, table
from millwork.components.data.schema_file import read_schema
from millwork.core.artifacts import Schema
from millwork.evaluation.reporting.names import listed, name
from millwork.evaluation.reporting.report_section import ReportSection

MOST_FEATURES, MOST_DOMAINS, MOST_VALUES = 2_000, 100, 100


def schema_sections(artifact: Schema) -> Iterator[ReportSection]:
    """All features, then the domains that have a name."""
    schema = read_schema(artifact.path)
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    environments = list(schema.default_environment)
    yield section(
        "features",
        "Features",
        facts(
            {
                "Features": f"{len(schema.feature):,}",
                "Named domains": f"{len(domains):,}" if domains else "",
                "Environments": listed([name(e, 30) for e in environments]),
            }
        ),
        feature_table(schema, domains),
    )
    if domains:
        shown = [_domain(title, values) for title, values in list(domains.items())[:MOST_DOMAINS]]
        left = (
            f"{len(domains) - MOST_DOMAINS:,} more domains are not listed."
            if len(domains) > MOST_DOMAINS
            else ""
        )
        yield section("domains", "Domains", *shown, note(left) if left else "")


def feature_table(schema: Any, domains: dict[str, list[str]] | None = None, caption: str = "") -> Markup:
    """A line for each feature."""
    known = domains or {}
    rows = [(*declared(feature, known), _only_in(feature)) for feature in schema.feature[:MOST_FEATURES]]
    columns = ["feature", "type", "in at least", "shape", "values", "environments"]
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    left = len(schema.feature) - MOST_FEATURES
    caption = caption or "What rows must be like. In at least: the share of rows that have the feature"
    return table(
        caption + (f". {left:,} more features are not listed" if left > 0 else ""),
        columns,
        rows,
        sortable=True,
    )


def _only_in(feature: Any) -> str:
    only, without = list(feature.in_environment), list(feature.not_in_environment)
    told = [f"only {listed([name(e, 30) for e in only])}"] if only else []
    return "; ".join([*told, f"not {listed([name(e, 30) for e in without])}"] if without else told)


def _domain(title: str, values: list[str]) -> Markup:
    more = f", and {len(values) - MOST_VALUES:,} more" if len(values) > MOST_VALUES else ""
    shown = Markup(", ").join(Markup("<bdi>{}</bdi>").format(name(value)) for value in values[:MOST_VALUES])
    heading = Markup("<h3><bdi>{}</bdi>, {:,} values</h3>").format(name(title), len(values))
    return heading + Markup("<p>{}{}</p>").format(shown, more)
