"""Contenders from stored `Predictions`: all rows that have a label, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput
from millwork.evaluation.comparing.arrow_columns import joined
from millwork.evaluation.comparing.contest import Contender, Problem
from millwork.evaluation.predictions import Rows, labelled_rows, wanted_splits

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

ROWS = 1 << 20
"""Rows that are read at once."""


class FeatureSource(Protocol):
    """Where features are found that were not stored with the predictions: the examples that were scored."""

    @property
    def names(self) -> Sequence[str]:
        """All the features that there are."""

    def columns(self, split: str, names: Sequence[str]) -> Mapping[str, pa.Array | pa.ChunkedArray]:
        """These features, a value for each row of the split, in the order of the rows."""


def contender_of(
    predictions: Predictions,
    name: str,
    *,
    splits: Sequence[str] = (),
    features: Sequence[str] | None = None,
    elsewhere: FeatureSource | None = None,
) -> Contender:
    """What a model said, from stored predictions. Several splits, by default all, are one data set.

    Of `features`, those that slices are made of (`features_needed`), the stored ones are read, and others taken from
    `elsewhere`; None: all that are stored. One that is nowhere is left out: another contender may have it.

    Raises BadInput if no row has a label, if a score, label or weight is none, and for several labels a row.
    """
    _check(predictions, name)
    wanted = wanted_splits(predictions, splits)
    reading = _Reading(predictions, features, elsewhere)
    for split in wanted:
        reading.read(split)
    if not reading.rows:
        raise _nothing(name, wanted, reading.unlabelled)
    return Contender(
        name=name,
        problem=cast(Problem, predictions.problem),
        classes=predictions.classes,
        ids=_row_ids(reading.column("row_id"), name),
        labels=reading.array("labels"),
        scores=reading.array("scores"),
        predicted=reading.array("predicted"),
        weights=unless_all_one(reading.array("weights")),
        columns={feature: reading.column(feature, "slice_") for feature in reading.features},
        positional=reading.are_places and not predictions.id_feature,
        unlabelled=reading.unlabelled,
        splits=tuple(reading.splits.items()) if len(reading.splits) > 1 else (),
        features=tuple(dict.fromkeys([*predictions.slice_features, *(elsewhere.names if elsewhere else ())])),
    )


def unless_all_one(weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """None if every row weighs 1."""
    return None if (weights == 1).all() else weights


class _Reading:
    """Gathers arrays and columns, split after split."""

    def __init__(
        self, predictions: Predictions, features: Sequence[str] | None, elsewhere: FeatureSource | None
    ) -> None:
        stored = predictions.slice_features
        self._predictions = predictions
        self._elsewhere = elsewhere
        self._stored = [name for name in stored if features is None or name in features]
        others = elsewhere.names if elsewhere else ()
        self._missing = [name for name in features or () if name in others and name not in stored]
        self.features = [*self._stored, *self._missing]
        self.splits: dict[str, int] = {}
        """Rows with a label."""
        self.unlabelled = 0
        self.are_places = True
        """Row ids so far are places in the split."""
        self._columns: dict[str, list[pa.Array]] = {}
        self._arrays: dict[str, list[NDArray[Any]]] = {}

    @property
    def rows(self) -> int:
        return sum(self.splits.values())

    def column(self, name: str, prefix: str = "") -> pa.Array:
        return joined(self._columns[prefix + name])

    def array(self, name: str) -> NDArray[Any]:
        import numpy as np

        parts = self._arrays[name]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def read(self, split: str) -> None:
        slices = [f"slice_{name}" for name in self._stored]
        decided = [] if self._predictions.problem == "regression" else ["predicted"]
        wanted = ["row_id", *decided, *self._score_columns, *slices]
        extra = self._from_elsewhere(split)
        self.splits[split] = 0
        for rows in labelled_rows(self._predictions, split, wanted, rows=ROWS):
            self.splits[split] += rows.batch.num_rows
            self.unlabelled += rows.unlabelled
            self._note_ids(rows)
            for column in ["row_id", *slices]:
                self._columns.setdefault(column, []).append(rows.batch.column(column))
            for name, values in extra.items():
                self._columns.setdefault(f"slice_{name}", []).append(values.take(rows.place))
            for name, found in self._numbers(rows).items():
                self._arrays.setdefault(name, []).append(found)

    @property
    def _score_columns(self) -> list[str]:
        if self._predictions.problem == "regression":
            return ["score"]
        classes = self._predictions.classes
        return [
            f"score_{name}" for name in (classes[-1:] if self._predictions.problem == "binary" else classes)
        ]

    def _numbers(self, rows: Rows) -> dict[str, NDArray[Any]]:
        import numpy as np

        weights = rows.weights()
        if self._predictions.problem == "regression":
            return {
                "labels": rows.numbers("label"),
                "scores": rows.numbers("score"),
                "weights": weights,
                "predicted": np.zeros(0, np.int64),
            }
        scores = [rows.scores(column.removeprefix("score_")) for column in self._score_columns]
        return {
            "labels": rows.class_numbers("label"),
            "scores": scores[0] if len(scores) == 1 else np.stack(scores, axis=1),
            "weights": weights,
            "predicted": rows.class_numbers("predicted"),
        }

    def _note_ids(self, rows: Rows) -> None:
        import pyarrow as pa

        ids = rows.batch.column("row_id")
        self.are_places &= ids.equals(pa.array(rows.place)) or not len(ids)

    def _from_elsewhere(self, split: str) -> dict[str, pa.Array]:
        if not self._missing or self._elsewhere is None:
            return {}
        columns = {
            name: joined([values]) for name, values in self._elsewhere.columns(split, self._missing).items()
        }
        rows = self._predictions.num_examples.get(split)
        for name, values in columns.items():
            if rows is not None and len(values) != rows:
                raise BadInput(
                    f"Feature {name!r} has {len(values):,} values in split {split!r}, where {rows:,} rows were scored: "
                    "the examples are not those that were scored. Run Predict again, with slice_features naming it"
                )
        return columns


def _check(predictions: Predictions, name: str) -> None:
    if predictions.problem == "multilabel":
        raise BadInput(
            f"The predictions of {name!r} are of a multilabel problem, and compared can be binary, multiclass and "
            "regression. Evaluator has metrics for several labels a row, and its thresholds compare with a baseline"
        )
    if predictions.problem not in ("binary", "multiclass", "regression"):
        raise BadInput(
            f"The predictions of {name!r} are of a {predictions.problem!r} problem. Compared can be binary, "
            "multiclass and regression"
        )
    if predictions.problem != "regression" and len(predictions.classes) < 2:
        raise BadInput(
            f"The predictions of {name!r} name {len(predictions.classes)} classes, and need two or more"
        )


def _nothing(name: str, splits: Sequence[str], unlabelled: int) -> BadInput:
    where = f"{'split' if len(splits) == 1 else 'splits'} {', '.join(map(repr, splits))}"
    if unlabelled:
        return BadInput(
            f"No row of the predictions of {name!r} has a label ({where}, {unlabelled:,} rows), so nobody knows which "
            "are right. Score them with Predict(label=...), or choose a split whose labels are known"
        )
    return BadInput(f"The predictions of {name!r} have no rows in {where}")


def _row_ids(column: pa.Array, name: str) -> NDArray[Any]:
    if column.null_count:
        raise BadInput(
            f"Row {column.is_null().index(True).as_py()} of the predictions of {name!r}, counted from 0, has no row "
            "id. Name a feature in Predict(id_feature=...) that every row has, or none"
        )
    ids: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return ids
