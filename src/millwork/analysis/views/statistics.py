"""Statistics of data: every feature with its splits side by side, those that differ most first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from millwork.analysis.previews import rows_with_value
from millwork.analysis.views.feature_pictures import distribution
from millwork.analysis.views.feature_samples import (
    FeatureSamples,
    Sample,
    SplitStatistics,
    by_feature,
    split_statistics,
)
from millwork.analysis.views.parts import facts, note, paragraph, section, side_by_side, table
from millwork.core.artifacts import ExampleStatistics
from millwork.evaluation.pictures import percent
from millwork.evaluation.reporting.figures import count, plain, short
from millwork.evaluation.reporting.names import name, number_of, sentence
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.report_section import ReportSection

MOST_DRAWN, MOST_LISTED = 200, 1_000
"""Features: a page with more pictures, or lines, would be too large."""

DISTANCES = (
    "Distance: how far a split is from the first, at most, between 0 (equal) and 1. Of numbers it is the "
    "Jensen-Shannon divergence of the histograms, of categories the largest change of a value's share (L-infinity "
    "norm). Small splits differ by chance, too."
)
DRAWN = "Histograms have equal areas in all splits: the first is filled, the others are lines."


def statistics_sections(artifact: ExampleStatistics) -> Iterator[ReportSection]:
    """An overview that can be sorted, and a picture with numbers for each feature."""
    splits = list(split_statistics(artifact))
    if not splits:
        yield section("features", "Features", paragraph("There are no statistics: no split has rows."))
        return
    found = by_feature(splits)
    several = len(splits) > 1
    if several:
        found.sort(key=lambda feature: -feature.distance if not math.isnan(feature.distance) else 1)
    series = {one.split: place for place, one in enumerate(splits)}
    yield _overview(splits, found, series)
    yield section(
        "distributions",
        "Distributions",
        _key(series) if several else "",
        side_by_side([_card(feature, series) for feature in found[:MOST_DRAWN]]),
        note(f"The {MOST_DRAWN} features of {len(found):,} that come first are drawn.")
        if found[MOST_DRAWN:]
        else "",
        note(DRAWN) if several else "",
    )
    if any(one.slices for one in splits):
        yield _slices(splits)


def _overview(
    splits: Sequence[SplitStatistics], found: Sequence[FeatureSamples], series: dict[str, int]
) -> ReportSection:
    several = len(splits) > 1
    names = [name(split, 20) for split in series]
    columns = [
        "feature",
        "type",
        *(["distance"] if several else []),
        *(f"missing, {split}" for split in names),
    ]
    columns += [f"mean or mode, {split}" for split in names]
    rows = [_line(feature, series, several) for feature in found[:MOST_LISTED]]
    counts = {name(one.split): number_of(one.whole.num_examples, "row") for one in splits}
    numbers = [column for column in columns if column.startswith(("distance", "missing"))]
    return section(
        "features",
        "Features",
        facts({"Features": f"{len(found):,}", **counts}),
        table(
            "What most differs between splits comes first" if several else "All features",
            columns,
            rows,
            numbers,
            sortable=True,
        ),
        note(DISTANCES) if several else "",
        note(f"{len(found) - MOST_LISTED:,} more features are not listed.") if found[MOST_LISTED:] else "",
    )


def _line(feature: FeatureSamples, series: dict[str, int], several: bool) -> list[str]:
    by_split = {sample.split: sample for sample in feature.samples}
    samples = [by_split.get(split) for split in series]
    distance = [plain(feature.distance, 3)] if several else []
    missing = [percent(sample.missing) if sample else "no such feature" for sample in samples]
    return [name(feature.name), feature.kind, *distance, *missing, *(_middle(sample) for sample in samples)]


def _middle(sample: Sample | None) -> str:
    if sample is None:
        return ""
    if sample.feature.HasField("num_stats"):
        return short(sample.feature.num_stats.mean)
    return name(next(iter(sample.values), ""), 24) if sample.values else ""


def _key(series: dict[str, int]) -> Markup:
    """Which colour is which split's."""
    entries = [
        Markup('<span class="series">{}<bdi>{}</bdi></span>').format(_sign(place), name(split))
        for split, place in series.items()
    ]
    return Markup('<p class="soft">{}</p>').format(Markup(" ").join(entries))


def _sign(place: int) -> Markup:
    """A piece of a histogram: the first is filled."""
    drawn = Markup('<rect class="bar s0" width="34" height="12"/>') if place == 0 else Markup()
    line = Markup('<path class="curve s{}" d="M0 1h34"/>').format(place % SERIES) if place else Markup()
    return Markup('<svg class="swatch" aria-hidden="true">{}{}</svg>').format(drawn, line)


def _card(feature: FeatureSamples, series: dict[str, int]) -> Markup:
    told = [feature.kind]
    if not math.isnan(feature.distance):
        told.append(f"distance {plain(feature.distance, 3)}")
    if feature.is_number and feature.is_crowded:
        told.append("the lowest nine tenths are drawn")
    return Markup("<figure><figcaption><bdi>{}</bdi> <small>{}</small></figcaption>{}{}</figure>").format(
        name(feature.name, 60), ", ".join(told), distribution(feature, series), _numbers(feature)
    )


def _numbers(feature: FeatureSamples) -> Markup:
    rows = [[name(sample.split, 20), *_measures(sample).values()] for sample in feature.samples]
    measures = list(_measures(feature.samples[0]))
    caption = Markup('<span class="unseen">{}</span>').format(name(feature.name, 60))
    return Markup('<div class="small">{}</div>').format(table(caption, ["split", *measures], rows, measures))


def _measures(sample: Sample) -> dict[str, str]:
    found = {"present": count(rows_with_value(sample.common)), "missing": percent(sample.missing)}
    if sample.common.max_num_values > 1:
        found["a row"] = f"{sample.common.min_num_values}–{sample.common.max_num_values}"
    if sample.feature.HasField("num_stats"):
        numbers = sample.feature.num_stats
        zeros = numbers.num_zeros / sample.common.tot_num_values if sample.common.tot_num_values else math.nan
        found |= {"zeros": percent(zeros), "mean": short(numbers.mean), "std": short(numbers.std_dev)}
        return found | {"min": short(numbers.min), "median": short(numbers.median), "max": short(numbers.max)}
    if sample.feature.HasField("string_stats"):
        texts = sample.feature.string_stats
        found |= {"unique": count(texts.unique), "mean length": short(round(texts.avg_length, 1))}
    return found


def _slices(splits: Sequence[SplitStatistics]) -> ReportSection:
    rows = [
        (name(one.split), sentence(slice_, 100), count(rows)) for one in splits for slice_, rows in one.slices
    ]
    told = note("`millwork artifacts preview` prints the statistics of each slice.".replace("`", ""))
    listed = table(
        "Statistics of these rows are stored, too", ("split", "slice", "rows"), rows[:MOST_LISTED], ("rows",)
    )
    return section("slices", "Slices", listed, told)
