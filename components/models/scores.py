"""What a model's numbers mean: the problem it solves, its classes, and the truth in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from millwork.components.models.inputs import Rows
from millwork.components.models.scorers import Problem, Scorer
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

Activation = Literal["none", "sigmoid", "softmax"]
WantedProblem = Literal["auto", "binary", "multiclass", "multilabel", "regression"]

TOLERANCE = 1e-6
"""How far a probability may lie outside 0 to 1: float32 rounds."""


@dataclass(frozen=True)
class Task:
    """How the scores of a model and the labels of the examples become columns of predictions."""

    problem: Problem
    classes: tuple[str, ...] = ()
    """Names in the order of the scores. The last of two is the positive one."""
    label_numbers: tuple[float, ...] = ()
    """The number that stands for each class in a label of numbers."""
    label_texts: tuple[str, ...] = ()
    """The text that stands for each class in a label of strings, if its name does not."""

    def score_columns(self, raw: Array, rows: Rows, activation: Activation) -> dict[str, Array]:
        """`score_<class>` for each class, or `score` for regression, all float64."""
        import numpy as np

        _refuse(~np.isfinite(raw), raw, rows, "must be a finite number: look for missing or huge features")
        if self.problem == "regression":
            return {"score": raw[:, 0]}
        scores = _activated(raw, activation)
        _refuse(
            (scores < -TOLERANCE) | (scores > 1 + TOLERANCE),
            scores,
            rows,
            "must be a probability from 0 to 1. If the model gives logits, pass activation='sigmoid' or "
            "'softmax' to this step, or end the model with one",
        )
        scores = scores.clip(0, 1)
        if scores.shape[1] == 1 and self.problem != "multilabel":
            scores = np.concatenate([1 - scores, scores], axis=1)
        return {f"score_{name}": scores[:, i] for i, name in enumerate(self.classes)}

    def predicted(self, columns: dict[str, Array], threshold: float) -> pa.Array:
        """The likeliest class, or of two the positive one if its score is above the threshold.

        Of several labels, all whose scores are above it.
        """
        import numpy as np
        import pyarrow as pa

        if self.problem == "regression":
            return pa.array(columns["score"])
        scores = np.stack(list(columns.values()), axis=1)
        if self.problem == "multilabel":
            rows, named = np.nonzero(scores > threshold)
            ends = np.searchsorted(rows, np.arange(len(scores) + 1))
            names = pa.array(self.classes).take(pa.array(named))
            return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), names)
        places = scores[:, 1] > threshold if self.problem == "binary" else scores.argmax(axis=1)
        return pa.array(self.classes).take(pa.array(places.astype(np.int64)))

    def labels(self, column: pa.Array, rows: Rows, name: str) -> pa.Array:
        """The truth as class names, or as float64 for regression. What is missing stays missing.

        Of several labels, a list of names.
        """
        import pyarrow as pa

        if self.problem == "multilabel":
            return self._label_lists(column, rows, name)
        is_number = _is_number(column.type)
        if self.problem == "regression":
            if not is_number and column.null_count < len(column):
                raise BadInput(
                    f"Column {name!r} holds {column.type} values: the label of a regression is a number"
                )
            return column.cast(pa.float64())
        return self._names(column, range(len(column)), rows, name)

    def label_type(self) -> pa.DataType:
        """Of the columns `label` and `predicted`."""
        import pyarrow as pa

        if self.problem == "regression":
            return pa.float64()
        return pa.list_(pa.string()) if self.problem == "multilabel" else pa.string()

    def _label_lists(self, column: pa.Array, rows: Rows, name: str) -> pa.Array:
        """A null is a row whose labels are not known, an empty list one that has none."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if not pa.types.is_list(column.type):  # a column in which no row has several
            known = column.is_valid().to_numpy(zero_copy_only=False)
            ends = np.concatenate([[0], np.cumsum(known)])
            column = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), column.drop_null())
            missing = ~known
        else:
            missing = column.is_null().to_numpy(zero_copy_only=False)
        parents = pc.list_parent_indices(column).to_numpy()
        names = self._names(pc.list_flatten(column), parents, rows, name)
        ends = np.concatenate([[0], np.cumsum(np.bincount(parents, minlength=len(column)))])
        offsets = pa.array(ends, pa.int32(), mask=np.append(missing, False))
        return pa.ListArray.from_arrays(offsets, names)

    def _names(self, column: pa.Array, row_of: Sequence[int], rows: Rows, name: str) -> pa.Array:
        """The classes that labels stand for. `row_of` says which row each belongs to."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_number = _is_number(column.type)
        values = pa.array(self.label_numbers if is_number else [*self.classes, *self.label_texts])
        wanted = pa.float64() if is_number else pa.string()
        found = pc.index_in(column.cast(wanted, safe=False), value_set=values.cast(wanted))
        unknown = pc.and_not(found.is_null(), pc.is_null(column, nan_is_null=True))
        if pc.any(unknown).as_py():
            place = unknown.index(True).as_py()
            where = f"column {name!r}, {rows.where(int(row_of[place]))}"
            raise BadInput(self._no_class(column[place].as_py(), where, is_number))
        places = found.fill_null(0).to_numpy() % len(self.classes)
        missing = found.is_null().to_numpy(zero_copy_only=False)
        return pa.array(self.classes).take(pa.array(places, mask=missing))

    def _no_class(self, label: object, where: str, is_number: bool) -> str:
        names = ", ".join(map(repr, self.classes))
        numbers = ", ".join(f"{number:g}" for number in self.label_numbers) or "none"
        return (
            f"The label is {label!r} ({where}), which is none of the classes {names}"
            f"{f' (as numbers: {numbers})' if is_number else ''}. Name the classes in the order of the "
            "model's scores with Predict(classes=(...)), or pass problem='regression' if it is a quantity"
        )


def decide_task(
    problem: WantedProblem,
    classes: tuple[str, ...] | None,
    scorer: Scorer,
    width: int,
    labels: pa.Array | None,
) -> Task:
    """The task: from what the user says, else from what the model knows, else from the first labels."""
    if problem == "auto":
        problem = scorer.problem or _guess(width, classes, labels)
    if problem == "regression":
        if width != 1:
            raise BadInput(
                f"The model gives {width} scores for each row: a regression has one. Pass output_name=..."
            )
        return Task("regression")
    known = scorer.classes
    fewest = 1 if problem == "multilabel" else 2
    names = classes or tuple(map(str, known if known is not None else range(max(fewest, width))))
    if len(names) != width and (width, len(names), fewest) != (1, 2, 2):
        raise BadInput(
            f"The model gives {width} scores for each row, but there are {len(names)} classes: "
            f"{', '.join(names)}. Name one for each score, in the model's order, with Predict(classes=(...))"
        )
    if problem == "binary" and len(names) != 2:
        raise BadInput(f"A binary problem has two classes, not {len(names)} ({', '.join(names)})")
    if known is not None:
        return Task(problem, names, _numbers(known), tuple(map(str, known)))
    return Task(problem, names, _numbers(names) or tuple(map(float, range(len(names)))))


def as_matrix(raw: Array, rows: Rows) -> Array:
    """What a model gave for some rows as float64 of shape (rows, scores)."""
    import numpy as np

    if raw.dtype.kind not in "fiub" or raw.ndim not in (1, 2) or len(raw) != rows.batch.num_rows:
        raise BadInput(
            f"The model gave {raw.dtype} values of shape {raw.shape} for {rows.batch.num_rows} rows of split "
            f"{rows.split!r}, and needs to give numbers of shape (rows,) or (rows, classes). Choose another "
            "output with Predict(output_name=...), or another signature"
        )
    return raw.astype(np.float64).reshape(len(raw), -1)


def _guess(width: int, classes: tuple[str, ...] | None, labels: pa.Array | None) -> Problem:
    """One score, and no classes named: a regression if the labels are numbers besides 0 and 1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if width > 1:
        return "binary" if width == 2 else "multiclass"
    if classes or labels is None or not _is_number(labels.type):
        return "binary"
    numbers = labels.cast(pa.float64(), safe=False).drop_null()
    return (
        "binary"
        if pc.all(pc.is_in(numbers, value_set=pa.array([0.0, 1.0])), min_count=0).as_py()
        else "regression"
    )


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in values)
    except ValueError:
        return ()


def _activated(scores: Array, activation: Activation) -> Array:
    import numpy as np

    if activation == "none":
        return scores
    if activation == "sigmoid":
        probabilities: Array = np.exp(-np.logaddexp(0, -scores))
        return probabilities
    if scores.shape[1] < 2:
        raise BadInput(
            "activation='softmax' needs a score for each class, and the model gives one. Use 'sigmoid'"
        )
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _refuse(bad: Array, scores: Array, rows: Rows, wanted: str) -> None:
    import numpy as np

    if bad.any():
        row, place = np.argwhere(bad)[0]
        raise BadInput(
            f"The model's score is {scores[row, place]:g} in {rows.where(int(row))} (and so in "
            f"{bad.any(axis=1).sum()} of these {len(bad)} rows), but {wanted}"
        )
