"""Predictions: how scores are distributed by label, how good they are, in slices, and the first rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from millwork.analysis.previews import excerpts
from millwork.analysis.views.parts import excerpt_table, facts, note, paragraph, section, side_by_side
from millwork.analysis.views.score_histograms import score_figures
from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput, WrongArgument
from millwork.evaluation.comparing.contenders import contender_of
from millwork.evaluation.comparing.contest import OVERALL, Contender, Contest, SliceOfRows
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.comparing.row_slices import slices
from millwork.evaluation.comparing.slice_expressions import Part, parse
from millwork.evaluation.reporting.names import listed, name, sentence
from millwork.evaluation.reporting.own_sections import own_metrics_section, own_slices_section
from millwork.evaluation.reporting.own_values import own_values
from millwork.evaluation.reporting.predictions_sections import predictions_sections
from millwork.evaluation.reporting.report_section import ReportSection

if TYPE_CHECKING:
    import pyarrow as pa

FIRST = 20
MOST_SPLITS = 8
RESAMPLES = 200
"""Of intervals: enough to look at; a report has more."""
MOST_VALUES, MOST_SLICES = 50, 150
"""A feature with more values makes no slices here; and of all features together."""


def predictions_sections_of(artifact: Predictions) -> Iterator[ReportSection]:
    """Of one split its metrics in slices; of several the curves over one another."""
    yield _what(artifact)
    if not artifact.split_names:
        return
    if drawn := score_figures(artifact):
        yield section("scores", "Scores", side_by_side(drawn), note("Shares of the rows of each label."))
    try:
        contenders = _contenders(artifact)
    except BadInput as e:  # nobody knows the truth yet, or there are several labels a row
        yield section("quality", "Quality", paragraph(sentence(str(e))))
    else:
        yield from _quality(contenders)
    yield section(
        "rows", f"The first {FIRST} rows", *(excerpt_table(one) for one in excerpts(artifact, FIRST))
    )


def _contenders(artifact: Predictions) -> list[Contender]:
    """Each split as a model of its own would be; the only one by the name of the artifact."""
    if len(artifact.split_names) == 1:
        return [contender_of(artifact, f"Predictions {artifact.id}")]
    return [contender_of(artifact, split, splits=(split,)) for split in artifact.split_names[:MOST_SPLITS]]


def _what(artifact: Predictions) -> ReportSection:
    known = {
        "Problem": artifact.problem,
        "Label": artifact.label or "nobody knows the truth yet",
        "Classes": listed([name(one, 30) for one in artifact.classes]),
        "Slices": listed([name(one, 30) for one in artifact.slice_features]),
        "Row id": artifact.id_feature or "the place in the split",
        **{f"Rows, {name(split)}": f"{count:,}" for split, count in artifact.num_examples.items()},
    }
    nothing = "" if artifact.split_names else paragraph("Nothing was scored: a resolver found no model.")
    return section("predictions", "Predictions", facts({k: sentence(v) for k, v in known.items()}), nothing)


def _quality(contenders: Sequence[Contender]) -> Iterator[ReportSection]:
    """Of one data set its metrics, too."""
    settings = Settings(resamples=RESAMPLES)
    if len(contenders) == 1:
        [one] = contenders
        contest = Contest((one,), True, slices([one], True, _sliceable(one)))
        metrics, values, notes = own_values(contest, settings)
        yield own_metrics_section(one.name, metrics, values, notes, settings.confidence, settings.resamples)
        if contest.slices[1:]:
            yield own_slices_section(metrics, values, settings.confidence)
    else:
        import numpy as np

        everything = SliceOfRows(OVERALL, tuple(np.arange(len(one)) for one in contenders))
        contest = Contest(tuple(contenders), False, (everything,), "they are different splits")
    yield from predictions_sections(contest, settings, None)


def _sliceable(contender: Contender) -> list[str]:
    """Features with few values, the first ones, whose names are no conditions where slices are read."""
    chosen, left = [], MOST_SLICES
    for feature, column in contender.columns.items():
        values = _distinct(column)
        if values <= MOST_VALUES and values <= left and _is_plain(feature):
            chosen.append(feature)
            left -= values
    return chosen


def _is_plain(feature: str) -> bool:
    """False for a name such as `a<b`, which is a condition where slices are read."""
    try:
        return parse(feature) == (Part(feature),)
    except WrongArgument:
        return False


def _distinct(column: pa.Array) -> int:
    import pyarrow.compute as pc

    return int(pc.count_distinct(column, mode="all").as_py())
