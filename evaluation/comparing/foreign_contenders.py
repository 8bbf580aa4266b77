"""Contenders from files of predictions that something else wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.arrow_columns import floats, is_number
from millwork.evaluation.comparing.contenders import unless_all_one
from millwork.evaluation.comparing.contest import Contender, Problem
from millwork.evaluation.comparing.foreign_columns import ColumnRoles, roles_of
from millwork.evaluation.comparing.foreign_files import ForeignFiles, ForeignRows, find_files
from millwork.evaluation.comparing.foreign_problems import ForeignProblem, class_names, problem_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

TOLERANCE = 1e-6
"""How far a probability may lie outside 0 to 1: float32 rounds."""
NO_PROBABILITY = (
    "a probability from 0 to 1. Of logits write the sigmoid instead, or say in a column predicted which class the "
    "model decides for: then the models are compared in what needs no probabilities. If the label is a quantity that "
    "takes two values, say that the problem is a regression"
)


def contender_from_files(
    path: str | Path,
    name: str = "",
    *,
    columns: Mapping[str, str] | None = None,
    positive: str | None = None,
    problem: Problem | None = None,
    splits: Sequence[str] = (),
    features: Sequence[str] | None = None,
) -> Contender:
    """What a model said, from a Parquet or CSV file, a folder of them, or a copy of a `Predictions` artifact.

    The columns are those of `Predictions`; `columns` says how others are called, {"row_id": "customer", "label": "y",
    "score": "p"}. Only `label` and a score are needed:

    binary       `score`, the probability of the positive class, and labels of two values, or `score_<class>` for both
    multiclass   `score_<class>` for each class
    regression   `score`, and labels that are numbers of more than two values

    Of two labels the larger one is positive, unless `positive` is given. A model decides for the class in `predicted`,
    or without it for the likeliest (of two the positive one, if its score is above 0.5). Without `row_id`, rows are
    known by their places. Rows without a label are left out. Every other column is a feature to slice by; `features`
    names those to read, by default all.

    Scores need not be probabilities if it is clear what the model decides for: in `predicted`, or of several classes.

    Raises BadInput for what cannot be read or understood.
    """
    return contender_from_rows(
        find_files(Path(path), splits),
        name or Path(path).name.split(".")[0],
        columns=columns,
        positive=positive,
        problem=problem,
        features=features,
    )


def contender_from_rows(
    files: ForeignFiles,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    positive: str | None = None,
    problem: Problem | None = None,
    features: Sequence[str] | None = None,
) -> Contender:
    """The same from what was found already, be it files or a frame."""
    roles = roles_of(files.names, columns or {}, repr(str(files.path)))
    return _Foreign(files, roles, features).contender(name, positive, problem)


class _Foreign:
    """Files whose columns are understood, read."""

    def __init__(self, files: ForeignFiles, roles: ColumnRoles, features: Sequence[str] | None) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        self._files, self._roles = files, roles
        self._features = {
            name: column for name, column in roles.features.items() if features is None or name in features
        }
        wanted = dict.fromkeys([*roles.columns, *self._features.values()])
        self._all: ForeignRows = files.read(list(wanted), [roles.row_id] if roles.row_id else [])
        known = pc.invert(pc.is_null(self._all.columns[roles.label], nan_is_null=True))
        self._place: NDArray[np.int64] = np.flatnonzero(known.to_numpy(zero_copy_only=False))
        self._rows = sum(self._all.rows)
        if not len(self._place):
            what = (
                f"none of its {self._rows:,} rows has a label in {roles.label!r}"
                if self._rows
                else "it has no rows"
            )
            raise BadInput(f"{str(files.path)!r} cannot be compared: {what}")

        if pa.types.is_nested(self._all.columns[roles.label].type):
            raise BadInput(
                f"{str(files.path)!r}: a row has several values of {roles.label!r}, and compared can be binary, "
                "multiclass and regression problems, of one label a row"
            )

    def contender(self, name: str, positive: str | None, problem: Problem | None) -> Contender:
        found = problem_of(
            self._column(self._roles.label), self._roles, positive, problem, repr(str(self._files.path))
        )
        scores = self._scores(found)
        ids, positional = self._ids()
        return Contender(
            name=name,
            problem=found.problem,
            classes=found.classes,
            ids=ids,
            labels=self._labels(found),
            scores=scores,
            predicted=self._predicted(found, scores),
            weights=self._weights(),
            columns={name: self._column(column) for name, column in self._features.items()},
            positional=positional,
            unlabelled=self._rows - len(self._place),
            splits=self._splits(),
            features=tuple(self._roles.features),
            notes=(found.note,) if found.note else (),
        )

    def _column(self, name: str) -> pa.Array:
        """Of the rows that have a label."""
        import pyarrow as pa

        column = self._all.columns[name]
        return column if len(self._place) == self._rows else column.take(pa.array(self._place))

    def _labels(self, found: ForeignProblem) -> NDArray[Any]:
        import numpy as np

        if found.problem == "regression":
            return self._numbers(self._roles.label, np.isfinite, "a finite number")
        return self._class_numbers(self._roles.label, found.classes)

    def _scores(self, found: ForeignProblem) -> NDArray[np.float64]:
        import numpy as np

        if self._roles.score is not None:
            if found.problem == "regression":
                return self._numbers(self._roles.score, np.isfinite, "a finite number")
            return self._class_scores(self._roles.score, found)
        if found.problem == "binary":
            named = self._roles.class_scores
            return self._class_scores(named[found.classes[-1]], found)
        return np.stack(
            [self._class_scores(self._roles.class_scores[name], found) for name in found.classes], axis=1
        )

    def _class_scores(self, column: str, found: ForeignProblem) -> NDArray[np.float64]:
        """Probabilities. Other numbers will do where they need not say which class the model decides for."""
        import numpy as np

        if found.problem == "multiclass" or self._roles.predicted is not None:
            scores = self._numbers(column, np.isfinite, "a finite number")
        else:
            scores = self._numbers(column, _are_probabilities, NO_PROBABILITY)
        return scores.clip(0, 1) if _are_probabilities(scores).all() else scores

    def _weights(self) -> NDArray[np.float64] | None:
        import numpy as np

        if self._roles.weight is None:
            return None
        wanted = "a number that is 0 or more"
        return unless_all_one(self._numbers(self._roles.weight, lambda w: np.isfinite(w) & (w >= 0), wanted))

    def _predicted(self, found: ForeignProblem, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        import numpy as np

        if found.problem == "regression":
            return np.zeros(0, np.int64)
        if self._roles.predicted is not None:
            return self._class_numbers(self._roles.predicted, found.classes)
        places: NDArray[Any] = scores > 0.5 if found.problem == "binary" else scores.argmax(axis=1)
        return places.astype(np.int64)

    def _numbers(
        self, name: str, good: Callable[[NDArray[Any]], NDArray[np.bool_]], wanted: str
    ) -> NDArray[np.float64]:
        import numpy as np
        import pyarrow as pa

        column = self._column(name)
        if not is_number(column) and not pa.types.is_null(column.type):
            raise BadInput(
                f"{str(self._files.path)!r}: column {name!r} holds {column.type}, and must hold numbers"
            )
        numbers = floats(column)
        bad = ~good(numbers)
        if bad.any():
            row = int(bad.argmax())
            if np.isnan(numbers[row]):
                raise BadInput(f"{self._where(row)}: {name} is missing")
            raise BadInput(f"{self._where(row)}: {name} is {numbers[row]:g}, and must be {wanted}")
        return numbers

    def _class_numbers(self, name: str, classes: Sequence[str]) -> NDArray[np.int64]:
        """Places in `classes`. Numbers that name no class count them from 0, in the order of their scores."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self._column(name)
        names = class_names(column)
        found = pc.index_in(names, value_set=pa.array(classes, pa.string()))
        if found.null_count == len(found) and is_number(column):
            order = list(self._roles.class_scores) if len(self._roles.class_scores) > 1 else classes
            counted = [str(order.index(one)) for one in classes]
            found = pc.index_in(names, value_set=pa.array(counted, pa.string()))
        if found.null_count:
            row = found.is_null().index(True).as_py()
            said = names[row].as_py()
            raise BadInput(
                f"{self._where(row)}: {name} is {'missing' if said is None else repr(said)}, and must be one of the "
                f"classes {', '.join(map(repr, classes))}"
            )
        numbers: NDArray[np.int64] = found.to_numpy().astype("int64")
        return numbers

    def _where(self, row: int) -> str:
        return self._all.where(int(self._place[row]))

    def _ids(self) -> tuple[NDArray[Any], bool]:
        """What identifies the rows, and whether these are places."""
        import numpy as np

        if self._roles.row_id is None:
            return self._place, True
        column = self._column(self._roles.row_id)
        if column.null_count:
            raise BadInput(
                f"{self._where(column.is_null().index(True).as_py())}: {self._roles.row_id} is missing"
            )
        ids: NDArray[Any] = _whole(column).to_numpy(zero_copy_only=False)
        places = np.concatenate([np.arange(rows) for rows in self._all.rows])[self._place]
        return ids, bool(self._files.splits) and ids.dtype.kind == "i" and bool((ids == places).all())

    def _splits(self) -> tuple[tuple[str, int], ...]:
        import numpy as np

        if len(set(self._files.splits)) < 2:
            return ()
        counts = np.diff(np.searchsorted(self._place, np.concatenate([[0], np.cumsum(self._all.rows)])))
        rows = zip(self._files.splits, counts.tolist(), strict=True)
        return tuple(
            (split, sum(n for _, n in some)) for split, some in groupby(rows, key=lambda pair: pair[0])
        )


def _are_probabilities(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (scores >= -TOLERANCE) & (scores <= 1 + TOLERANCE)


def _whole(ids: pa.Array) -> pa.Array:
    """Text of whole numbers as numbers, also where each ends in `.0`, unless that would lose a zero at the front."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_text = pa.types.is_string(ids.type)
    if not (is_text or pa.types.is_floating(ids.type)):
        return ids
    # What was a column of floats before it was written as text.
    pointed = is_text and len(ids) > 0 and pc.all(pc.ends_with(ids, ".0")).as_py()
    plain = pc.utf8_slice_codeunits(ids, 0, -2) if pointed else ids
    try:
        plain[:1].cast(pa.int64())  # of text that is no number, casting all of it takes long
        numbers = plain.cast(pa.int64())
    except pa.ArrowInvalid:
        return ids
    return numbers if not is_text or numbers.cast(pa.string()).equals(plain) else ids
