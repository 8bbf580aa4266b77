"""Bringing contenders together: the same question, the same rows where that is possible, and their slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.contest import Contender, Contest
from millwork.evaluation.comparing.pairing import paired
from millwork.evaluation.comparing.row_slices import slices
from millwork.evaluation.comparing.same_question import same_question


def contest(contenders: Sequence[Contender], by: Sequence[str] = ()) -> Contest:
    """A contest of two or more models, of which the first is the baseline, sliced by expressions such as `age>60`.

    Each slice that a feature makes is named as the Evaluator names it, `health:poor`, and one that is crossed
    `sex:f, age>60`. Raises BadInput if the models do not answer the same question, if the same row has different
    labels, or if the rows cannot be sliced so.
    """
    if len(contenders) < 2:
        raise BadInput(f"A comparison needs two models or more, and got {len(contenders)}")
    alike = same_question(contenders)
    aligned, unpaired_because = paired(alike)
    return Contest(
        contenders=tuple(replace(one, notes=()) for one in aligned),
        paired=not unpaired_because,
        slices=slices(aligned, not unpaired_because, by),
        unpaired_because=unpaired_because,
        notes=tuple(dict.fromkeys(note for one in aligned for note in one.notes)),
    )
