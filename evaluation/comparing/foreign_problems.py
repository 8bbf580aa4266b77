"""What foreign predictions are about: the problem and its classes, from the labels and the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.arrow_columns import is_number
from millwork.evaluation.comparing.contest import Problem
from millwork.evaluation.comparing.foreign_columns import ColumnRoles

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 5


@dataclass(frozen=True)
class ForeignProblem:
    """The problem, and the classes in the order of the scores. The last of two is the positive one."""

    problem: Problem
    classes: tuple[str, ...] = ()
    note: str = ""
    """What was taken for granted."""


def problem_of(
    labels: pa.Array, roles: ColumnRoles, positive: str | None, problem: Problem | None, where: str
) -> ForeignProblem:
    """What these labels, none missing, and these scores are about. Raises BadInput if that is not clear."""
    found = _found(labels, roles, positive, problem, where)
    if problem is not None and found.problem != problem:
        raise BadInput(f"{where} is of a {found.problem} problem, by its labels and scores, not {problem}")
    if positive is not None and found.classes[-1:] != (positive,):
        if len(found.classes) != 2:
            raise BadInput(f"{where} is of a {found.problem} problem, which has no positive class")
        raise BadInput(
            f"{where} has no class {positive!r} to be the positive one, but {_listed(found.classes)}"
        )
    return found


def class_names(labels: pa.Array) -> pa.Array:
    """Labels as text. Numbers are written as short as they can be: 1, not 1.0 or True."""
    import pyarrow as pa

    if pa.types.is_boolean(labels.type):
        labels = labels.cast(pa.int64())
    if pa.types.is_floating(labels.type):
        encoded = labels.dictionary_encode()
        names = [f"{value:.15g}" for value in encoded.dictionary.to_pylist()]
        return pa.array(names, pa.string()).take(encoded.indices)
    return labels.cast(pa.string())


def _found(
    labels: pa.Array, roles: ColumnRoles, positive: str | None, problem: Problem | None, where: str
) -> ForeignProblem:
    if len(roles.class_scores) > 1:
        classes = tuple(roles.class_scores)
        note = _counted(labels, classes, where)
        if len(classes) == 2:
            return ForeignProblem("binary", _positive_last(classes, positive), note)
        return ForeignProblem("multiclass", classes, note)
    if problem == "regression":
        return _regression(labels, where)
    distinct = _distinct(labels)
    if roles.class_scores:
        (named,) = roles.class_scores
        others = [name for name in distinct if name != named]
        if len(others) != 1:
            raise BadInput(
                f"{where} has a score for the class {named!r} only, and its labels are {_listed(distinct)}. Of more "
                "classes than two each needs a column score_<class>"
            )
        return ForeignProblem("binary", (others[0], named))
    if is_number(labels):
        return _of_numbers(labels, distinct, positive, where)
    return _of_texts(distinct, positive, where)


def _counted(labels: pa.Array, classes: Sequence[str], where: str) -> str:
    """That labels are places among the scores, if they name no class."""
    if not is_number(labels) or set(_distinct(labels)) & set(classes):
        return ""
    named = ", ".join(f"{place} for {name!r}" for place, name in enumerate(classes[:SHOWN]))
    more = ", …" if len(classes) > SHOWN else ""
    return f"{where}: the labels are numbers, which were taken in the order of the scores: {named}{more}"


def _of_numbers(
    labels: pa.Array, distinct: Sequence[str], positive: str | None, where: str
) -> ForeignProblem:
    if set(distinct) <= {"0", "1"}:
        return ForeignProblem("binary", _positive_last(("0", "1"), positive))
    if len(distinct) != 2:
        return _regression(labels, where)
    return _two(distinct, positive, where)


def _of_texts(distinct: Sequence[str], positive: str | None, where: str) -> ForeignProblem:
    if len(distinct) == 2:
        return _two(distinct, positive, where)
    if len(distinct) == 1:
        raise BadInput(
            f"All labels of {where} are {distinct[0]!r}, so that nobody knows the other class. Name the columns of the "
            "scores after the classes, score_<class>, or write labels as 0 and 1"
        )
    raise BadInput(
        f"The labels of {where} are {_listed(distinct)}, but there is one score a row. Of more classes than two each "
        "needs a column score_<class>"
    )


def _two(distinct: Sequence[str], positive: str | None, where: str) -> ForeignProblem:
    classes = _positive_last((distinct[0], distinct[1]), positive)
    note = f"{where}: of {classes[0]!r} and {classes[1]!r} the latter was taken for the positive class, which is scored"
    return ForeignProblem("binary", classes, "" if positive else note)


def _regression(labels: pa.Array, where: str) -> ForeignProblem:
    if not is_number(labels):
        raise BadInput(
            f"The labels of {where} are {_listed(_distinct(labels))}: those of a regression are numbers"
        )
    return ForeignProblem("regression")


def _distinct(labels: pa.Array) -> list[str]:
    """The names of the classes that occur, sorted as numbers if they are."""
    import pyarrow.compute as pc

    values = pc.unique(labels)
    return list(dict.fromkeys(class_names(values.take(pc.array_sort_indices(values))).to_pylist()))


def _positive_last(classes: tuple[str, str], positive: str | None) -> tuple[str, str]:
    return (classes[1], classes[0]) if positive == classes[0] else classes


def _listed(names: Sequence[str]) -> str:
    more = f", … ({len(names):,} values)" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more
