"""What the columns of a foreign file mean: by their names, or as the user says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from millwork.core.errors import BadInput, WrongArgument, did_you_mean

ROLES = ("row_id", "label", "predicted", "weight", "score")
CLASS_SCORE = "score_"
SLICE = "slice_"


@dataclass(frozen=True)
class ColumnRoles:
    """Names of columns."""

    label: str
    row_id: str | None = None
    predicted: str | None = None
    weight: str | None = None
    score: str | None = None
    """The only score of a row: of the positive class, or of a regression."""
    class_scores: Mapping[str, str] = field(default_factory=dict)
    """By class."""
    features: Mapping[str, str] = field(default_factory=dict)
    """By name of the feature: all other columns."""

    @property
    def columns(self) -> list[str]:
        """Those of all roles but features."""
        single = (self.row_id, self.label, self.predicted, self.weight, self.score)
        return [name for name in (*single, *self.class_scores.values()) if name is not None]


def roles_of(names: Sequence[str], mapping: Mapping[str, str], where: str) -> ColumnRoles:
    """The roles of these columns. `mapping` has `row_id`, `label`, `score`, `score_<class>`, …: the column's name.

    Raises WrongArgument for a role that does not exist, BadInput for a column that does not.
    """
    _check(mapping, names, where)
    free = [name for name in names if name not in mapping.values()]
    single = {role: mapping.get(role) or (role if role in free else None) for role in ROLES}
    by_class = {name.removeprefix(CLASS_SCORE): name for name in free if name.startswith(CLASS_SCORE)}
    by_class |= {
        role.removeprefix(CLASS_SCORE): name for role, name in mapping.items() if role.startswith(CLASS_SCORE)
    }
    if single["label"] is None:
        raise _no_column("label", "the truth", names, where)
    if "score" in mapping or (single["score"] and len(by_class) < 2):
        by_class = {}
    elif by_class:
        single["score"] = None
    else:
        raise _no_column(
            "score", "the model's score", names, where, "; of several classes score_<class> for each"
        )
    taken = {*filter(None, single.values()), *by_class.values()}
    features = {name.removeprefix(SLICE): name for name in names if name and name not in taken}
    features |= {role.removeprefix(SLICE): name for role, name in mapping.items() if role.startswith(SLICE)}
    return ColumnRoles(
        label=single["label"],
        row_id=single["row_id"],
        predicted=single["predicted"],
        weight=single["weight"],
        score=single["score"],
        class_scores=by_class,
        features=features,
    )


def _check(mapping: Mapping[str, str], names: Sequence[str], where: str) -> None:
    for role, name in mapping.items():
        if role not in ROLES and not role.startswith((CLASS_SCORE, SLICE)):
            known = did_you_mean(role, [*ROLES, "score_<class>"])
            raise WrongArgument(f"Predictions have no column {role!r} that {name!r} could stand for. {known}")
        if name not in names:
            raise BadInput(f"{where} has no column {name!r} to be the {role}. {did_you_mean(name, names)}")
    if "score" in mapping and any(role.startswith(CLASS_SCORE) for role in mapping):
        raise WrongArgument("Name the column of one score, or one for each class, but not both")


def _no_column(role: str, meaning: str, names: Sequence[str], where: str, more: str = "") -> BadInput:
    return BadInput(
        f"{where} has no column {role!r} with {meaning}{more}. It has {', '.join(map(repr, names))}. Say "
        f"which one it is: --columns {role}=NAME, in Python columns={{{role!r}: NAME}}"
    )
