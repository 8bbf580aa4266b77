"""Rows of data: how many there are, and the first of each split."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from millwork.analysis.previews import excerpts
from millwork.analysis.views.parts import excerpt_table, facts, section, table
from millwork.core.artifacts import Examples, ExamplesDiff
from millwork.evaluation.pictures import percent
from millwork.evaluation.reporting.names import name, sentence
from millwork.evaluation.reporting.report_section import ReportSection

FIRST = 25
MOST_DIFFERENCES = 100


def examples_sections(artifact: Examples) -> Iterator[ReportSection]:
    """Counts, spans, and a table for each split."""
    counts = {split: artifact.num_examples.get(split) for split in artifact.split_names}
    whole = sum(count or 0 for count in counts.values())
    rows = [
        (
            name(split),
            "" if count is None else f"{count:,}",
            percent(count / whole) if count and whole else "",
        )
        for split, count in counts.items()
    ]
    known = {
        "Format": artifact.file_format,
        "Payload": artifact.payload_format,
        "Spans": _spans(artifact.spans),
    }
    sizes = table("Splits", ("split", "rows", "share"), rows, ("rows", "share"), narrow=True)
    yield section("splits", "Splits", facts({label: sentence(text) for label, text in known.items()}), sizes)
    first = [excerpt_table(one) for one in excerpts(artifact, FIRST)]
    yield section("rows", f"The first {FIRST} rows", *first)


def _spans(spans: Mapping[str, int]) -> str:
    return ", ".join(f"{span} (version {version})" for span, version in spans.items())


def examples_diff_sections(artifact: ExamplesDiff) -> Iterator[ReportSection]:
    """Which features differ between rows of the same identifiers, and some of the rows."""
    shown = [excerpt_table(one, one.columns[1:], sortable=True) for one in excerpts(artifact, 1_000)]
    known = {"Pairs of rows": f"{artifact.num_pairs:,}", "That differ": f"{artifact.num_skewed_pairs:,}"}
    yield section("features", "Features", facts(known), *shown)
    for number, pair in enumerate(artifact.split_pairs):
        content = json.loads((artifact.split_pair(pair) / "diff.json").read_text("utf-8"))
        samples = list(_differences(content))[:MOST_DIFFERENCES]
        if samples:
            columns = ("identifiers", "feature", "kind", "base", "test")
            yield section(
                f"samples-{number}", f"Samples, {name(pair)}", table("Values that differ", columns, samples)
            )


def _differences(
    content: Mapping[str, list[Mapping[str, list[Mapping[str, object]]]]],
) -> Iterator[tuple[str, ...]]:
    for sample in content["sample_pairs"]:
        identifiers = json.dumps(sample["identifiers"], ensure_ascii=False)
        for one in sample["differences"]:
            values = [json.dumps(one[side], ensure_ascii=False) for side in ("base", "test")]
            told = (identifiers, str(one["feature_name"]), str(one["kind"]), *values)
            yield tuple(name(text, 60) for text in told)
