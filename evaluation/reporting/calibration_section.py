"""Reliability diagrams: a plot for each model, with the number of rows behind each point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.pictures import number, render
from millwork.evaluation.reporting.figures import count, plain, short
from millwork.evaluation.reporting.names import listed, name
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.reliability import Reliability, are_probabilities, is_crowded, reliability
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.scales import round_step
from millwork.evaluation.reporting.square_plot import LEFT, SIDE, TOP, SquarePlot, swatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCORE_BARS = 50
BAR_HEIGHT = 46
SMALL_SIDE = 250
"""Of a plot, if there are three or more of them side by side."""

CALIBRATION = """
<div class="plots three">
{%- for model in models %}
<figure><figcaption>{{ model.swatch }}<bdi>{{ model.name }}</bdi>
<small>calibration error {{ model.error }}</small></figcaption>
{{ model.plot }}</figure>
{%- endfor %}
</div>
<p class="note">{{ note }}</p>
<details><summary>The numbers</summary>
{%- for model in models %}
<div class="scroll"><table class="key"><caption><bdi>{{ model.name }}</bdi></caption>
<thead><tr><th scope="col" class="n">{{ score }}</th><th scope="col" class="n">Rows</th>
<th scope="col" class="n">Mean</th>
<th scope="col" class="n">Observed</th><th scope="col" class="n">{{ confidence }} % interval</th></tr></thead>
<tbody>{% for row in model.rows %}
<tr><th scope="row" class="n">{{ row.range }}</th><td class="n">{{ row.rows }}</td><td class="n">{{ row.mean }}</td>
<td class="n">{{ row.share }}</td><td class="n">{{ row.interval }}</td></tr>{% endfor %}
</tbody></table></div>
{%- endfor %}
</details>
"""


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Of one model: the scores that are held against what was seen."""

    contender: Contender
    positive: NDArray[np.bool_]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Drawing:
    """What the plots of all models share."""

    most: float
    """Where the axes end."""
    side: int
    binary: bool


def calibration_section(contest: Contest, settings: Settings) -> ReportSection:
    """Of two classes the positive one's score; of several, that of the class with the highest."""
    scored = [_scored(contender) for contender in contest.contenders]
    telling = [s for s in scored if are_probabilities(s.scores)]
    left_out = [name(s.contender.name) for s in scored if not any(s is t for t in telling)]
    if not telling:
        note = "Scores that are not probabilities, from 0 to 1, cannot be held against shares of rows."
        return ReportSection("calibration", "Calibration", Markup("<p>{}</p>").format(note))
    crowded = any(is_crowded(s.scores) for s in telling)
    found = [
        reliability(s.positive, s.scores, s.contender.weights, settings.confidence, equal_width=not crowded)
        for s in telling
    ]
    most = _end(
        [bin.upper for f in found for bin in f.bins] + [bin.mean_score for f in found for bin in f.bins]
    )
    binary = contest.problem == "binary"
    drawing = Drawing(most if crowded else 1.0, SIDE if len(telling) < 3 else SMALL_SIDE, binary)
    models = [
        _model(s, f, contest.contenders.index(s.contender), drawing)
        for s, f in zip(telling, found, strict=True)
    ]
    body = render(
        CALIBRATION,
        models=models,
        note=_note(contest, settings, crowded, left_out),
        score="Score" if binary else "Highest score",
        confidence=short(100 * settings.confidence),
    )
    return ReportSection("calibration", "Calibration", body)


def _scored(contender: Contender) -> ScoredRows:
    if contender.problem == "binary":
        return ScoredRows(contender, contender.labels == 1, contender.scores)
    chosen = contender.scores.argmax(axis=1)
    return ScoredRows(contender, contender.labels == chosen, contender.scores.max(axis=1))


def _end(values: list[float]) -> float:
    """Where the axes end, if all is near 0."""
    most = max(values)
    step = round_step(most / 5)
    return min(1.0, step * -(-most // step))


def _note(contest: Contest, settings: Settings, crowded: bool, left_out: list[str]) -> str:
    what = (
        f"are {name(contest.baseline.classes[-1])}" if contest.problem == "binary" else "were predicted right"
    )
    bins = "equally many rows, as nearly all have similar scores" if crowded else "equal width"
    told = (
        f"Each point is a bin of rows, in bins of {bins}: across their mean score, upwards the share that {what}, with "
        f"Wilson's {short(100 * settings.confidence)} % interval. On the dashed line scores are what they "
        "promise; below it they promise too much. Bars below: how many rows have which score. The calibration error "
        "is the mean distance from the line, over rows."
    )
    return told + (f" Not shown, as its scores are no probabilities: {listed(left_out)}." if left_out else "")


def _model(scored: ScoredRows, found: Reliability, series: int, drawing: Drawing) -> dict[str, object]:
    places = 2 if found.equal_width else 4
    rows = [
        {
            "range": f"{plain(bin.low, places)} to {plain(bin.high, places)}",
            "rows": count(bin.rows),
            "mean": plain(bin.mean_score, 4),
            "share": plain(bin.share, 4),
            "interval": f"{plain(bin.lower, 4)} to {plain(bin.upper, 4)}",
        }
        for bin in found.bins
    ]
    plot = _plot(scored, found, series, drawing)
    return {
        "name": name(scored.contender.name),
        "swatch": swatch(series),
        "error": plain(found.error, 4),
        "plot": plot.svg(),
        "rows": rows,
    }


def _plot(scored: ScoredRows, found: Reliability, series: int, drawing: Drawing) -> SquarePlot:
    told = f"Reliability of {name(scored.contender.name)}: calibration error {found.error:.4f}"
    across = "mean score" if drawing.binary else "mean of the highest score"
    plot = SquarePlot(across, "observed share", told, drawing.most, drawing.side, BAR_HEIGHT + 10)
    colour = series % SERIES
    plot.add('<path class="chance" d="{path}"/>', path=plot.path([(0, 0), (plot.most, plot.most)]))
    _add_bars(plot, scored.scores, colour)
    line = [(bin.mean_score, bin.share) for bin in found.bins]
    plot.curve(plot.path(line), series, told)
    for bin in found.bins:
        x = plot.x(bin.mean_score)
        plot.add(
            '<g><title>{told}</title><path class="whisker s{series}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>'
            '<circle class="dot s{series}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/></g>',
            told=f"{count(bin.rows)} rows: score {bin.mean_score:.3f}, observed {bin.share:.3f}",
            series=colour,
            x=x,
            low=plot.y(bin.lower),
            high=plot.y(bin.upper),
            y=plot.y(bin.share),
        )
    return plot


def _add_bars(plot: SquarePlot, scores: NDArray[np.float64], colour: int) -> None:
    """How many rows have which score, below the plot."""
    import numpy as np

    counts, _ = np.histogram(scores, SCORE_BARS, (0.0, plot.most))
    foot, highest = TOP + plot.side + 46 + BAR_HEIGHT + 4, max(int(counts.max()), 1)
    width = plot.side / SCORE_BARS
    path = "".join(
        f"M{LEFT + place * width:.1f} {foot}v{-BAR_HEIGHT * rows / highest:.1f}h{width - 0.8:.1f}V{foot}z"
        for place, rows in enumerate(counts.tolist())
        if rows
    )
    plot.add('<path class="grid-line" d="M{left} {foot}h{side}"/>', left=LEFT, foot=foot, side=plot.side)
    plot.add(
        '<text class="end" x="{x}" y="{y}">{most}</text><path class="bar s{colour}" d="{path}"/>',
        x=LEFT - 7,
        y=foot - BAR_HEIGHT + 8,
        most=number(highest),
        colour=colour,
        path=path,
    )
    plot.add('<text class="end" x="{x}" y="{y}">0</text>', x=LEFT - 7, y=foot)
