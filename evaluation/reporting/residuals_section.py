"""Of regressions: predicted against actual, the errors' distribution, and where they are large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.figures import plain
from millwork.evaluation.reporting.names import name
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.residuals import (
    BARS,
    CELLS,
    QUANTILES,
    by_prediction,
    density,
    residual_summary,
    spread,
)
from millwork.evaluation.reporting.square_plot import dash, swatch
from millwork.evaluation.reporting.xy_plot import LEFT, TOP, XYPlot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESIDUALS = """
<div class="scroll"><table>
<caption>Errors: predicted less actual</caption>
<thead><tr><th scope="col">Model</th>
{%- for title in titles %}<th scope="col" class="n">{{ title }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><th scope="row">{{ row.swatch }}<bdi>{{ row.name }}</bdi></th>
{%- for cell in row.cells %}<td class="n">{{ cell }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
<h3>Distribution of the errors</h3>
<figure class="scroll"><div class="broad">{{ errors }}</div></figure>
<h3>Predicted against actual</h3>
<div class="plots three">
{%- for model in models %}
<figure><figcaption>{{ model.swatch }}<bdi>{{ model.name }}</bdi></figcaption>{{ model.actual }}</figure>
{%- endfor %}
</div>
<h3>Errors by prediction</h3>
<div class="plots three">
{%- for model in models %}
<figure><figcaption>{{ model.swatch }}<bdi>{{ model.name }}</bdi></figcaption>{{ model.by_prediction }}</figure>
{%- endfor %}
</div>
<p class="note">{{ note }}</p>
"""

NOTE = (
    "Predicted against actual: the deeper, the more rows; on the dashed line they are right. Errors by prediction: "
    "rows in 20 groups of equal size by what was predicted; the line is the median of predicted less actual, the "
    "bands hold half and nine tenths of the rows. Axes leave out the most extreme 0.4 % of the rows."
)


def residuals_section(contest: Contest) -> ReportSection:
    """Plots have the same axes for all models."""
    import numpy as np

    contenders = contest.contenders
    values = spread(np.concatenate([v for c in contenders for v in (c.labels, c.scores)]))
    errors = spread(np.concatenate([c.scores - c.labels for c in contenders]))
    models = [
        {
            "swatch": swatch(series),
            "name": name(contender.name),
            "actual": _actual(contender, series, values).svg(),
            "by_prediction": _by_prediction(contender, series, values, errors).svg(),
        }
        for series, contender in enumerate(contenders)
    ]
    body = render(
        RESIDUALS,
        errors=_distribution(contenders, errors).svg(),
        titles=["Mean", "RMSE", "MAE", "R²", *(f"{100 * q:g} %" for q in QUANTILES)],
        rows=[_row(contender, series) for series, contender in enumerate(contenders)],
        models=models,
        note=NOTE,
    )
    return ReportSection("residuals", "Errors", body)


def _row(contender: Contender, series: int) -> dict[str, object]:
    found = residual_summary(contender)
    size = max(found.rmse, 1e-300)
    places = min(max(3 - len(f"{size:.0f}"), 0) + (1 if size < 1 else 0) + (2 if size < 0.1 else 0), 6)
    numbers = [found.mean, found.rmse, found.mae]
    return {
        "swatch": swatch(series),
        "name": name(contender.name),
        "cells": [
            *(plain(value, places) for value in numbers),
            plain(found.r_squared, 3),
            *(plain(value, places) for value in found.quantiles),
        ],
    }


def _distribution(contenders: Sequence[Contender], errors: tuple[float, float]) -> XYPlot:
    """Shares of the rows, as one stepped line for each model."""
    import numpy as np

    counted = []
    for contender in contenders:
        counts, edges = np.histogram(
            contender.scores - contender.labels, BARS, errors, weights=contender.weights
        )
        counted.append(counts / max(float(counts.sum()), 1e-300))
    highest = 100 * max(float(shares.max()) for shares in counted)
    plot = XYPlot(
        "predicted less actual",
        "% of rows",
        "Distribution of the errors",
        errors,
        (0, highest * 1.05),
        860,
        240,
    )
    _mark_zero(plot)
    for series, shares in reversed(list(enumerate(counted))):
        corners = [(edge, 100 * float(shares[max(0, n)])) for n, edge in _corners(edges)]
        plot.add(
            '<g><title>{title}</title><path class="curve s{series}"{dash} d="{path}"/></g>',
            title=name(contenders[series].name),
            series=series % SERIES,
            dash=dash(series),
            path=plot.path(corners),
        )
    return plot


def _corners(edges: NDArray[np.float64]) -> list[tuple[int, float]]:
    """The two ends of each bar."""
    return [(n, float(edge)) for n in range(len(edges) - 1) for edge in (edges[n], edges[n + 1])]


def _mark_zero(plot: XYPlot) -> None:
    plot.add('<path class="chance" d="M{x:.1f} {top}v{height}"/>', x=plot.x(0), top=TOP, height=plot.height)


def _actual(contender: Contender, series: int, values: tuple[float, float]) -> XYPlot:
    """Rows in squares. Shades follow the root of their number, so that sparse ones are seen."""
    plot = XYPlot(
        "actual", "predicted", f"Predicted against actual of {name(contender.name)}", values, values, 370, 370
    )
    counts = density(contender, *values)
    shares = (counts / max(float(counts.max()), 1e-300)) ** 0.5
    side = plot.width / CELLS
    for depth in range(1, 11):
        there = [
            (y, x) for y in range(CELLS) for x in range(CELLS) if round(10 * shares[y, x] + 0.4) == depth
        ]
        path = "".join(
            f"M{LEFT + x * side:.1f} {TOP + plot.height - (y + 1) * side:.1f}h{side:.1f}v{side:.1f}h{-side:.1f}z"
            for y, x in there
            if counts[y, x]
        )
        if path:
            plot.add(
                '<path class="heat s{series}" fill-opacity="{depth}" d="{path}"/>',
                series=series % SERIES,
                depth=f"{0.06 + 0.09 * depth:.2f}",
                path=path,
            )
    plot.add(
        '<path class="chance" d="{path}"/>', path=plot.path([(values[0], values[0]), (values[1], values[1])])
    )
    return plot


def _by_prediction(
    contender: Contender, series: int, values: tuple[float, float], errors: tuple[float, float]
) -> XYPlot:
    told = f"Errors by prediction of {name(contender.name)}"
    plot = XYPlot("predicted", "predicted less actual", told, values, errors)
    groups = by_prediction(contender)
    for low, high in ((0, -1), (1, -2)):
        there = [(at, float(q[high])) for at, q in groups]
        back = [(at, float(q[low])) for at, q in reversed(groups)]
        plot.add(
            '<path class="shade s{series}" d="{path}Z"/>',
            series=series % SERIES,
            path=plot.path(there + back),
        )
    plot.add('<path class="chance" d="M{left} {y:.1f}h{width}"/>', left=LEFT, y=plot.y(0), width=plot.width)
    middle = [(at, float(q[len(QUANTILES) // 2])) for at, q in groups]
    plot.add('<path class="curve s{series}" d="{path}"/>', series=series % SERIES, path=plot.path(middle))
    return plot
