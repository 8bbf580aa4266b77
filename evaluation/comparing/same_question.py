"""Contenders answer the same question: one problem, the same classes, which all have in the baseline's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.contest import Contender
from millwork.evaluation.comparing.distinct_names import distinct

NUMBERS = ("0", "1")
"""How the classes of a binary problem are called if the labels are numbers and nobody named them."""


def same_question(contenders: Sequence[Contender]) -> tuple[Contender, ...]:
    """The same contenders, with names that differ, and classes as the baseline has them.

    Raises BadInput if the problem or the set of classes differs.
    """
    baseline = _named(contenders[0], contenders[1:])
    others = [_as_asked(baseline, other) for other in contenders[1:]]
    asked = [baseline, *others]
    names = distinct(one.name for one in asked)
    return tuple(replace(one, name=name) for one, name in zip(asked, names, strict=True))


def _named(baseline: Contender, others: Sequence[Contender]) -> Contender:
    """The baseline; 0 and 1 are called as another contender calls them."""
    named = next((one.classes for one in others if len(one.classes) == 2 and one.classes != NUMBERS), None)
    return _renamed(baseline, named) if named and baseline.classes == NUMBERS else baseline


def _renamed(contender: Contender, classes: tuple[str, ...]) -> Contender:
    note = (
        f"The classes of {contender.name!r} are numbers: 1 is taken for {classes[-1]!r}, 0 for {classes[0]!r}"
    )
    return replace(contender, classes=classes, notes=(*contender.notes, note))


def _as_asked(baseline: Contender, other: Contender) -> Contender:
    if baseline.problem != other.problem:
        raise BadInput(
            f"{baseline.name!r} is of a {baseline.problem} problem, and {other.name!r} of a {other.problem} problem. "
            "Compare models that answer the same question"
        )
    if other.classes == NUMBERS and len(baseline.classes) == 2 and set(baseline.classes) != set(NUMBERS):
        other = _renamed(other, baseline.classes)
    if set(baseline.classes) != set(other.classes):
        raise BadInput(
            f"{baseline.name!r} knows the classes {_listed(baseline.classes)}, and {other.name!r} knows "
            f"{_listed(other.classes)}. Compare models with the same classes; if only their names differ, name them in "
            "Predict(classes=...)"
        )
    return other if baseline.classes == other.classes else _reordered(other, baseline.classes)


def _listed(classes: Sequence[str], most: int = 10) -> str:
    more = f" and {len(classes) - most:,} more" if len(classes) > most else ""
    return ", ".join(map(repr, classes[:most])) + more


def _reordered(contender: Contender, classes: tuple[str, ...]) -> Contender:
    import numpy as np

    place = np.array([classes.index(name) for name in contender.classes])
    notes = contender.notes
    if contender.problem == "binary":
        scores = 1 - contender.scores
        said = f"The scores of {contender.name!r} were of {contender.classes[-1]!r}, and are now of {classes[-1]!r}"
        notes = (*notes, said)
    else:
        scores = contender.scores[:, np.argsort(place)]
    return replace(
        contender,
        classes=classes,
        labels=place[contender.labels],
        predicted=place[contender.predicted],
        scores=scores,
        notes=notes,
    )
