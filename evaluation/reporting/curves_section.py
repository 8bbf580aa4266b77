"""ROC and precision-recall curves of all models over one another, with bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.pictures import render
from millwork.evaluation.reporting.bands import RESAMPLES, Band, bands
from millwork.evaluation.reporting.curve_steps import CurveSteps, curve_steps
from millwork.evaluation.reporting.figures import count, short
from millwork.evaluation.reporting.names import listed, name
from millwork.evaluation.reporting.palette import SERIES
from millwork.evaluation.reporting.panels import chooser, panel
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.scales import polyline
from millwork.evaluation.reporting.square_plot import LEFT, SIDE, TOP, SquarePlot, swatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CLASSES = 8
"""Of more, those with the most rows are drawn."""
DRAWN_POINTS = 250

CURVES = """
<div class="plots">
<figure><figcaption>ROC curve</figcaption>{{ roc }}</figure>
<figure><figcaption>Precision and recall</figcaption>{{ precision }}</figure>
</div>
<table class="key">
<caption>{{ caption }}</caption>
<thead><tr><th scope="col">Model</th><th scope="col" class="n">ROC AUC</th>
<th scope="col" class="n">Average precision</th>
<th scope="col" class="n">Positive rows</th><th scope="col" class="n">Rows</th></tr></thead>
<tbody>
{%- for row in rows %}
<tr><th scope="row">{{ row.swatch }}<bdi>{{ row.name }}</bdi></th><td class="n">{{ row.auc }}</td>
<td class="n">{{ row.ap }}</td><td class="n">{{ row.positives }}</td><td class="n">{{ row.rows }}</td></tr>
{%- endfor %}
</tbody></table>
"""


@dataclass(frozen=True, eq=False)
class DrawnModel:
    """One model's curves for one class."""

    name: str
    series: int
    rows: int
    positives: int
    steps: CurveSteps | None
    bands: tuple[Band, Band] | None
    decided: tuple[float, float, float]
    """False positive rate, recall and precision of the model's own decisions; NaN where they are not defined."""


def curves_section(contest: Contest, settings: Settings) -> ReportSection:
    """Of two classes the positive one's curves; of several, each against the rest."""
    classes = contest.baseline.classes
    chosen = [len(classes) - 1] if contest.problem == "binary" else _largest(contest)
    shown = chooser(
        "curves", [("class", "Class against the rest", [name(classes[number]) for number in chosen])]
    )
    for place, number in enumerate(chosen):
        models = [_drawn(c, series, number, settings) for series, c in enumerate(contest.contenders)]
        shown += panel(
            "curves", {"class": place}, _both(models, classes[number], contest.problem == "binary")
        )
    note = _note(settings)
    if len(chosen) < len(classes) and contest.problem != "binary":
        note += f" The {len(chosen)} classes with the most rows of {len(classes)} are drawn."
    return ReportSection("curves", "Curves", shown + Markup('<p class="note">{}</p>').format(note))


def _note(settings: Settings) -> str:
    return (
        f"Bands hold the curve with {short(100 * settings.confidence)} % confidence at each place by itself. They come "
        f"from a Poisson bootstrap of the rows, {RESAMPLES} resamples. The area below the stepped curve of "
        "precision and recall is the average precision; the dashed lines are what guessing gives."
    )


def _largest(contest: Contest) -> list[int]:
    """The classes with the most rows, in the models' order."""
    import numpy as np

    rows = np.bincount(contest.baseline.labels, minlength=len(contest.baseline.classes))
    return sorted(np.argsort(-rows, kind="stable")[:MOST_CLASSES].tolist())


def _drawn(contender: Contender, series: int, number: int, settings: Settings) -> DrawnModel:
    scores: NDArray[np.float64] = contender.scores
    if scores.ndim == 2:
        scores = scores[:, number]
    positive = contender.labels == number
    steps = curve_steps(positive, scores, contender.weights)
    banded = None if steps is None else bands(steps, settings.confidence, settings.seed)
    decided = _rates(positive, contender.predicted == number, contender.weights)
    return DrawnModel(contender.name, series, len(contender), int(positive.sum()), steps, banded, decided)


def _rates(
    positive: NDArray[np.bool_], decided: NDArray[np.bool_], weights: NDArray[np.float64] | None
) -> tuple[float, float, float]:
    import numpy as np

    tn, fp, fn, tp = np.bincount(2 * positive + decided, weights, minlength=4).tolist()
    return (
        fp / (fp + tn) if fp + tn else np.nan,
        tp / (tp + fn) if tp + fn else np.nan,
        tp / (tp + fp) if tp + fp else np.nan,
    )


def _both(models: list[DrawnModel], class_name: str, movable: bool) -> str:
    rows = [
        {
            "swatch": swatch(model.series),
            "name": name(model.name),
            "auc": f"{model.steps.auc:.4f}" if model.steps else "n/a",
            "ap": f"{model.steps.average_precision:.4f}" if model.steps else "n/a",
            "positives": count(model.positives),
            "rows": count(model.rows),
        }
        for model in models
    ]
    return render(
        CURVES,
        roc=_roc(models, movable).svg(),
        precision=_precision(models, movable).svg(),
        caption=f"Positive: {name(class_name)}" + (". Dots: the decisions" if movable else ""),
        rows=rows,
    )


def _roc(models: list[DrawnModel], movable: bool) -> SquarePlot:
    areas = [f"{name(m.name)} {m.steps.auc:.3f}" for m in models if m.steps]
    told = f"ROC curves. Areas: {listed(areas)}" if areas else "No ROC curve: only one class has rows"
    plot = SquarePlot("false positive rate", "true positive rate", told)
    plot.add('<path class="chance" d="{path}"/>', path=plot.path([(0, 0), (1, 1)]))
    for model in models:
        if model.bands:
            plot.band(model.bands[0], model.series)
    for model in reversed(models):
        if model.steps:
            fpr, recall, _ = model.steps.rates
            points = [(float(fpr[i]), float(recall[i])) for i in _thinned(len(fpr))]
            plot.curve(plot.path(points), model.series, f"{name(model.name)}: area {model.steps.auc:.3f}")
    _add_dots(plot, models, "roc", movable)
    return plot


def _precision(models: list[DrawnModel], movable: bool) -> SquarePlot:
    areas = [f"{name(m.name)} {m.steps.average_precision:.3f}" for m in models if m.steps]
    told = f"Precision and recall. Average precision: {listed(areas)}" if areas else "No curve"
    plot = SquarePlot("recall", "precision", told)
    for model in models[:1]:
        if model.steps:
            positive, negative = model.steps.positive.sum(), model.steps.negative.sum()
            share = float(positive / (positive + negative))
            plot.add('<path class="chance" d="{path}"/>', path=plot.path([(0, share), (1, share)]))
    for model in models:
        if model.bands:
            plot.band(model.bands[1], model.series)
    for model in reversed(models):
        if model.steps:
            ap = model.steps.average_precision
            plot.curve(_stepped(plot, model.steps), model.series, f"{name(model.name)}: {ap:.3f}")
    _add_dots(plot, models, "precision", movable)
    return plot


def _stepped(plot: SquarePlot, steps: CurveSteps) -> str:
    """Precision is that of the rows up to each threshold: between two of them it is not interpolated."""
    _, recall, precision = steps.rates
    x, y = plot.x(0), plot.y(float(precision[1]))
    corners = [(x, y)]
    for i in _thinned(len(recall))[1:]:
        x, y = plot.x(float(recall[i])), plot.y(float(precision[i]))
        corners += [(corners[-1][0], y), (x, y)]
    return polyline(corners)


def _thinned(length: int) -> list[int]:
    """At most DRAWN_POINTS places, with the first and the last."""
    import numpy as np

    places = np.linspace(0, length - 1, min(length, DRAWN_POINTS))
    return [int(place) for place in np.unique(places.astype(int))]


def _add_dots(plot: SquarePlot, models: list[DrawnModel], which: str, movable: bool) -> None:
    """Where the decisions are; the page's script moves them with the threshold."""
    for model in models if movable else ():
        fpr, recall, precision = model.decided
        x, y = (fpr, recall) if which == "roc" else (recall, precision)
        if x != x or y != y:
            continue
        plot.add(
            '<circle class="dot s{colour}" r="5" cx="{x:.1f}" cy="{y:.1f}" data-at="{series}" data-plot="{which}" '
            'data-left="{left}" data-top="{top}" data-side="{side}"/>',
            colour=model.series % SERIES,
            series=model.series,
            x=plot.x(x),
            y=plot.y(y),
            which=which,
            left=LEFT,
            top=TOP,
            side=SIDE,
        )
