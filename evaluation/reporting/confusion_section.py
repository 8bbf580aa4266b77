"""Confusion matrices of all models and how they differ; of binary models under a threshold that can be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from millwork.evaluation.comparing.contest import Contest
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.matrix_picture import smallest_as_one
from millwork.evaluation.pictures import percent, render
from millwork.evaluation.reporting.confusion_matrices import (
    FEW,
    counted,
    difference_table,
    matrix_table,
    signed_percent,
)
from millwork.evaluation.reporting.figures import short
from millwork.evaluation.reporting.names import name
from millwork.evaluation.reporting.report_section import ReportSection
from millwork.evaluation.reporting.square_plot import swatch
from millwork.evaluation.reporting.threshold_counts import ThresholdCounts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATES = (
    ("accuracy", "Accuracy"),
    ("precision", "Precision"),
    ("recall", "Recall"),
    ("f1", "F1"),
    ("positive", "Predicted positive"),
)

THRESHOLD = """
<div class="threshold" id="threshold-control" hidden>
<label for="threshold">Threshold</label>
<input type="range" id="threshold" min="0" max="{{ last }}" value="{{ start }}" aria-describedby="threshold-note">
<output id="threshold-told" for="threshold">{{ own }}</output>
<button type="button" id="threshold-own">Reset</button>
</div>
<p class="note" id="threshold-note">Rows with a higher score count as {{ positive }}. At first
{{ at_first }} shown. The dots on the curves move along.</p>
"""

RATE_TABLE = """
<div class="scroll"><table>
<caption>Rates of the decisions
{%- if rows[1:] %}, with their change from <bdi>{{ baseline }}</bdi>{% endif %}</caption>
<thead><tr><th scope="col">Model</th>
{%- for _, title in rates %}<th scope="col" class="n">{{ title }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><th scope="row">{{ row.swatch }}<bdi>{{ row.name }}</bdi></th>{% for cell in row.cells %}
<td class="n" data-rate="{{ cell.id }}"><b>{{ cell.main }}</b><small>{{ cell.change }}</small></td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
"""


def confusion_section(contest: Contest, settings: Settings, counts: ThresholdCounts | None) -> ReportSection:
    """Matrices at the models' decisions. `counts`, of binary models, are what the slider moves through."""
    matrices = [counted(contender) for contender in contest.contenders]
    shown = Markup()
    if counts:
        positive = name(contest.baseline.classes[-1])
        last = len(counts.thresholds) - 1
        own, at_first = "each model’s own", "each model’s own decisions are"
        if settings.threshold is not None:
            own = short(settings.threshold)
            at_first = f"those at {short(settings.threshold)}, the threshold of the comparison, are"
        shown += Markup(
            render(THRESHOLD, last=last, start=counts.start, positive=positive, at_first=at_first, own=own)
        )
        shown += _rates(contest, matrices)
    parts = _matrices(contest, matrices, movable=counts is not None)
    several = " several" if len(contest.contenders) > 2 else ""
    shown += Markup('<div class="matrices{}">{}</div>').format(several, parts)
    shown += Markup('<p class="note">{}</p>').format(_note(contest))
    return ReportSection("confusion", "Confusion", shown)


def _note(contest: Contest) -> str:
    small = "Small: the share of the true class. " if len(contest.baseline.classes) <= FEW else ""
    what = "Weights are summed. " if contest.baseline.weights is not None else ""
    told = f"{small}{what}Blue is right and orange is wrong; the deeper, the larger the share."
    if not contest.challengers:
        return told
    return f"{told} In a difference blue is what got better: more on the diagonal, fewer beside it."


def _matrices(contest: Contest, matrices: list[NDArray[np.float64]], *, movable: bool) -> Markup:
    """The baseline's, then each challenger's with its difference."""
    names, folded = _folded(contest, matrices)
    baseline = name(contest.baseline.name)
    shown = Markup()
    for number, (contender, matrix) in enumerate(zip(contest.contenders, folded, strict=True)):
        id = str(number) if movable else ""
        tables = [matrix_table(names, matrix, name(contender.name), id)]
        if number:
            caption = f"{name(contender.name)} less {baseline}"
            tables.append(difference_table(names, matrix, folded[0], caption, paired=contest.paired, id=id))
        shown += Markup('<div class="pair">{}</div>\n').format(Markup("\n").join(map(Markup, tables)))
    return shown


def _folded(
    contest: Contest, matrices: list[NDArray[np.float64]]
) -> tuple[list[str], list[NDArray[np.float64]]]:
    """Matrices that can be read: of very many classes the smallest, by the baseline's rows, are one."""
    folded = [smallest_as_one(contest.baseline.classes, matrix, by=matrices[0]) for matrix in matrices]
    return folded[0][0], [matrix for _, matrix in folded]


def _rates(contest: Contest, matrices: list[NDArray[np.float64]]) -> Markup:
    found = [_rates_of(matrix) for matrix in matrices]
    rows = [
        {
            "swatch": swatch(number),
            "name": name(contender.name),
            "cells": [
                {
                    "id": f"{number}-{key}",
                    "main": percent(rates[key]),
                    "change": signed_percent(rates[key] - found[0][key]) if number else "",
                }
                for key, _ in RATES
            ],
        }
        for number, (contender, rates) in enumerate(zip(contest.contenders, found, strict=True))
    ]
    return Markup(render(RATE_TABLE, baseline=name(contest.baseline.name), rates=RATES, rows=rows))


def _rates_of(matrix: NDArray[np.float64]) -> dict[str, float]:
    (tn, fp), (fn, tp) = matrix.tolist()
    return {
        "accuracy": _ratio(tp + tn, tp + tn + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "positive": _ratio(tp + fp, tp + tn + fp + fn),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
