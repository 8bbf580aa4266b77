"""Distributions of a feature as small pictures: numbers as histograms, categories as bars, splits over one another."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from millwork.analysis.views.feature_samples import Bucket, FeatureSamples, Sample
from millwork.evaluation.pictures import percent, render, shortened
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.names import name, visible
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.scales import Scale, polyline

WIDTH, HEIGHT = 420, 108
LABELS = 118
"""Room for the names of categories, left of their bars."""
MOST_VALUES = 8
THINNEST = 40
"""So many bars, at least, would fit beside one another."""
BAR, GAP = 12, 8

HISTOGRAM = """
<svg class="plotted" role="img" aria-label="{{ told }}" viewBox="0 0 {{ width }} {{ height + 22 }}">
{%- for tick in ticks %}
<path class="grid-line" d="M{{ tick.at }} 0v{{ height }}"/>
<text class="{{ tick.anchor }}" x="{{ tick.at }}" y="{{ height + 16 }}">{{ tick.text }}</text>
{%- endfor %}
{%- for shape in shapes %}
<path class="{{ shape.look }} s{{ shape.series }}" d="{{ shape.path }}"><title>{{ shape.told }}</title></path>
{%- endfor %}
<path class="grid-line" d="M0 {{ height }}h{{ width }}"/>
</svg>
"""

BARS = """
<svg class="plotted" role="img" aria-label="{{ told }}" viewBox="0 0 {{ width }} {{ height }}">
{%- for row in rows %}
<text class="end" x="{{ labels - 8 }}" y="{{ row.middle + 4 }}"><title>{{ row.full }}</title>{{ row.label }}</text>
{%- for bar in row.bars %}
<rect class="bar s{{ bar.series }}" x="{{ labels }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ thick }}">
<title>{{ bar.told }}</title></rect>
<text class="start tiny" x="{{ labels + bar.width + 6 }}" y="{{ bar.y + thick - 1.5 }}">{{ bar.text }}</text>
{%- endfor %}
{%- endfor %}
</svg>
"""


def distribution(feature: FeatureSamples, series: dict[str, int]) -> Markup:
    """The picture of a feature; nothing if only its presence is known. `series` has the colour of each split."""
    if feature.is_number:
        return _histogram(feature, series)
    return _bars(feature, series) if feature.is_category else Markup()


def _histogram(feature: FeatureSamples, series: dict[str, int]) -> Markup:
    """Areas are shares: the first split filled, the others as lines."""
    crowded = feature.is_crowded
    samples = [sample for sample in feature.samples if sample.buckets]
    shown = [sample.lower if crowded else sample.buckets for sample in samples]
    ends = [edge for buckets in shown for bucket in buckets for edge in bucket[:2]]
    low, high = min(ends), max(ends)
    if low == high:
        low, high = low - 0.5, high + 0.5
    least = (high - low) / THINNEST
    drawn = [_densities(buckets, least, least if crowded else 0.0) for buckets in shown]
    high = max(high, *(end for buckets in drawn for _, end, _ in buckets))
    scale = Scale(low, high, WIDTH)
    most = max(density for buckets in drawn for _, _, density in buckets)
    shapes = [
        {
            "look": "bar" if number == 0 else "curve",
            "series": series[sample.split] % SERIES,
            "path": _outline(buckets, scale, most),
            "told": visible(sample.split),
        }
        for number, (sample, buckets) in enumerate(zip(samples, drawn, strict=True))
    ]
    ticks = [
        {"at": round(scale.at(v), 1), "text": short(v), "anchor": _anchor(scale.at(v))}
        for v in scale.ticks(5)
    ]
    told = f"Distribution of {name(feature.name)}, from {short(low)} to {short(high)}"
    given = {"told": told, "width": WIDTH, "height": HEIGHT, "ticks": ticks, "shapes": shapes}
    return Markup(render(HISTOGRAM, **given))


def _densities(buckets: Sequence[Bucket], least: float, thin: float) -> list[Bucket]:
    """Shares of all values per unit. What is no wider than `thin`, as many values are equal, is drawn `least` wide."""
    whole = sum(count for _, _, count in buckets)
    found: list[Bucket] = []
    for low, high, count in buckets:
        end = found[-1][1] if found else low
        if found and high <= end:
            found[-1] = (found[-1][0], end, found[-1][2] + count)
        else:
            start = max(low, end)
            found.append((start, high if high - start > thin else start + least, count))
    return [(low, high, count / whole / (high - low)) for low, high, count in found]


def _outline(buckets: Sequence[Bucket], scale: Scale, most: float) -> str:
    """Steps, down to the ground where there are no values."""
    corners: list[tuple[float, float]] = []
    for low, high, density in buckets:
        left, right, top = scale.at(low), scale.at(high), HEIGHT * (1 - density / most)
        if corners and corners[-1][0] < left - 0.01:
            corners += [(corners[-1][0], HEIGHT), (left, HEIGHT)]
        elif not corners:
            corners.append((left, HEIGHT))
        corners += [(left, top), (right, top)]
    return polyline([*corners, (corners[-1][0], HEIGHT)])


def _anchor(x: float) -> str:
    return "start" if x < 12 else "end" if x > WIDTH - 12 else "middle"


def _bars(feature: FeatureSamples, series: dict[str, int]) -> Markup:
    """The most frequent values, each with a bar for each split."""
    samples = [sample for sample in feature.samples if sample.values]
    values = _frequent(samples)
    most = max(_share(sample, value) for sample in samples for value in values) or 1.0
    step = BAR * len(samples) + GAP
    rows = [
        {
            "label": shortened(visible(value), 19) or repr(value),
            "full": name(value, 200),
            "middle": place * step + BAR * len(samples) / 2,
            "bars": [
                _bar(sample, value, place * step + BAR * number, most, series[sample.split])
                for number, sample in enumerate(samples)
            ],
        }
        for place, value in enumerate(values)
    ]
    told = f"Frequent values of {name(feature.name)}: {', '.join(name(value, 20) for value in values)}"
    given = {"told": told, "width": WIDTH, "height": step * len(values), "labels": LABELS, "thick": BAR - 1}
    return Markup(render(BARS, rows=rows, **given))


def _frequent(samples: Sequence[Sample]) -> list[str]:
    """Those with the largest share in any split."""
    found = {value: max(_share(s, value) for s in samples) for sample in samples for value in sample.values}
    return sorted(found, key=lambda value: -found[value])[:MOST_VALUES]


def _bar(sample: Sample, value: str, y: float, most: float, series: int) -> dict[str, object]:
    share = _share(sample, value)
    return {
        "series": series % SERIES,
        "y": round(y, 1),
        "width": round((WIDTH - LABELS - 52) * share / most, 1),
        "text": percent(share),
        "told": f"{visible(sample.split)}: {name(value, 100)}, {sample.values.get(value, 0):,.0f}",
    }


def _share(sample: Sample, value: str) -> float:
    """Of the rows' values; unique ones that the histogram leaves out do not count."""
    return sample.values.get(value, 0.0) / sum(sample.values.values())
