"""Reading Predictions: rows in batches, labels as class numbers, weights, slices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.core.artifacts import Predictions
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

MAX_SLICES = 1_000
"""More values than this in one feature are a mistake: an id, or a number that wants buckets."""


@dataclass(frozen=True)
class Slice:
    """The rows whose `feature` has this `value`, None being a missing one; without a feature, all rows."""

    feature: str | None = None
    value: str | int | float | bool | None = None

    @property
    def name(self) -> str:
        """`Overall`, `sex:female` as TensorFlow Model Analysis writes it, or `sex is missing`."""
        if self.feature is None:
            return "Overall"
        return f"{self.feature} is missing" if self.value is None else f"{self.feature}:{self.value}"

    @property
    def rank(self) -> tuple[bool, bool, float, str]:
        """Slices of one feature sort by number where values are numbers, else by text, missing ones last."""
        number = self.value if isinstance(self.value, int | float) else None
        return self.value is None, number is None, number or 0, str(self.value)


OVERALL = Slice()


@dataclass(frozen=True)
class Rows:
    """Some of the rows of a split that have a label."""

    predictions: Predictions
    split: str
    batch: pa.RecordBatch
    place: NDArray[np.int64]
    """Of each row, where it is in the split, counted from 0."""
    unlabelled: int
    """How many rows were left out, because nobody knows the truth about them."""

    def class_numbers(self, column: str, classes: Sequence[str] = ()) -> NDArray[np.int64]:
        """The classes that `label` or `predicted` name, as places in `classes`: by default the predictions' own."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names, classes = self.batch.column(column).cast(pa.string()), classes or self.predictions.classes
        found = pc.index_in(names, value_set=pa.array(classes, pa.string()))
        if found.null_count:
            row = found.is_null().index(True).as_py()
            raise BadInput(
                f"{self._where(row)}: {column} is {names[row].as_py()!r}, which is none of the model's "
                f"classes ({', '.join(map(repr, classes))})"
            )
        numbers: NDArray[np.int64] = found.to_numpy().astype("int64")
        return numbers

    def class_sets(self, column: str, classes: Sequence[str] = ()) -> NDArray[np.float64]:
        """Of several labels a row: rows x `classes`, 1 where a row names the class, else 0."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        lists, classes = self.batch.column(column), classes or self.predictions.classes
        if not pa.types.is_list(lists.type):
            raise BadInput(
                f"Predictions, split {self.split!r}: {column} holds {lists.type}, where several labels a row would be "
                "a list of class names"
            )
        of_row, names = pc.list_parent_indices(lists).to_numpy(), pc.list_flatten(lists).cast(pa.string())
        found = pc.index_in(names, value_set=pa.array(classes, pa.string()))
        if found.null_count:
            first = found.is_null().index(True).as_py()
            raise BadInput(
                f"{self._where(int(of_row[first]))}: {column} has {names[first].as_py()!r}, which is none of the "
                f"model's classes ({', '.join(map(repr, classes))})"
            )
        sets = np.zeros((len(lists), len(classes)))
        sets[of_row, found.to_numpy()] = 1
        return sets

    def numbers(self, column: str) -> NDArray[np.float64]:
        """`label` or `score` of a regression: finite numbers."""
        import numpy as np

        numbers = self._floats(column)
        self._refuse(~np.isfinite(numbers), column, numbers, "a finite number")
        return numbers

    def weights(self) -> NDArray[np.float64]:
        """The weight of each row: 0 or more."""
        import numpy as np

        weights = self._floats("weight")
        self._refuse(
            ~(np.isfinite(weights) & (weights >= 0)), "weight", weights, "a number that is 0 or more"
        )
        return weights

    def scores(self, class_name: str) -> NDArray[np.float64]:
        """The model's score for one class: finite numbers."""
        import numpy as np

        scores = self._floats(f"score_{class_name}")
        self._refuse(~np.isfinite(scores), f"score_{class_name}", scores, "a finite number")
        return scores

    def _floats(self, column: str) -> NDArray[np.float64]:
        """Numbers, a null being NaN."""
        floats: NDArray[np.float64] = (
            self.batch.column(column).to_numpy(zero_copy_only=False).astype("float64")
        )
        return floats

    def _refuse(self, bad: NDArray[np.bool_], column: str, values: NDArray[np.float64], wanted: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            raise BadInput(f"{self._where(row)}: {column} is {values[row]}, and must be {wanted}")

    def _where(self, row: int) -> str:
        return f"Predictions, split {self.split!r}, row {self.place[row]}"


class SliceNumbers:
    """Numbers the values of one feature in the order in which they appear, batch after batch."""

    def __init__(self, feature: str) -> None:
        self.feature = feature
        self.slices: list[Slice] = []
        self._numbers: dict[object, int] = {}

    def number(self, rows: Rows) -> NDArray[np.int64]:
        """Of each row, the place of its slice in `slices`."""
        import numpy as np
        import pyarrow as pa

        column = rows.batch.column(f"slice_{self.feature}")
        if pa.types.is_nested(column.type):
            raise BadInput(
                f"Predictions cannot be sliced by {self.feature!r}: a row has several values ({column.type})"
            )
        if pa.types.is_dictionary(column.type):  # it may know values that no row has
            column = column.dictionary_decode()
        encoded = column.dictionary_encode(null_encoding="encode")
        known = [self._number_of(value) for value in encoded.dictionary.to_pylist()]
        numbers: NDArray[np.int64] = np.array(known, np.int64)[encoded.indices.to_numpy()]
        return numbers

    def _number_of(self, value: object) -> int:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif isinstance(value, float) and math.isnan(value):
            value = None
        elif value is not None and not isinstance(value, str | int | float):
            value = str(value)
        if value not in self._numbers:
            if len(self.slices) == MAX_SLICES:
                raise BadInput(
                    f"Feature {self.feature!r} has more than {MAX_SLICES:,} values. Slice by a feature with "
                    "fewer: put numbers into buckets first, and do not slice by an id"
                )
            self._numbers[value] = len(self.slices)
            self.slices.append(Slice(self.feature, value))
        return self._numbers[value]


def check_classification(predictions: Predictions, reader: str) -> None:
    """Refuse what has no classes, and what has several of them in a row."""
    if predictions.problem == "multilabel":
        raise BadInput(
            f"{reader} needs one class a row, but these predictions are of a multilabel problem. Evaluator has metrics "
            "for it: MultiLabelConfusionMatrixPlot, and with binarize the AUC and more of each class"
        )
    if not predictions.split_names:
        raise BadInput(
            f"{reader} has nothing to read: the predictions have no splits. Predict scores nothing if its resolver "
            "finds no model, as in a pipeline's first run. Give it a model of this run, or run again once there is one"
        )
    if predictions.problem == "regression" or len(predictions.classes) < 2:
        raise BadInput(
            f"{reader} needs the predictions of a classification, with two classes or more. These are of a "
            f"{predictions.problem} problem with {len(predictions.classes)} classes"
        )


def wanted_slices(predictions: Predictions, features: Sequence[str]) -> tuple[str, ...]:
    """The features to slice by, each once. The predictions must have been stored with them."""
    for feature in features:
        if feature not in predictions.slice_features:
            known = did_you_mean(feature, predictions.slice_features)
            raise BadInput(
                f"The predictions cannot be sliced by {feature!r}, which was not stored with them. {known}"
            )
    return tuple(dict.fromkeys(features))


def wanted_splits(predictions: Predictions, wanted: Sequence[str]) -> tuple[str, ...]:
    """The splits to read: those named, or all if none is."""
    for name in wanted:
        predictions.split(name)
    return tuple(dict.fromkeys(wanted or predictions.split_names))


def labelled_rows(
    predictions: Predictions, split: str, columns: Sequence[str], *, rows: int = 65_536
) -> Iterator[Rows]:
    """The rows whose label is known, in batches of `label`, `weight` and `columns`: one batch at least."""
    import numpy as np
    import pyarrow.compute as pc

    first = 0
    wanted = list(dict.fromkeys(["label", "weight", *columns]))
    for batch in _even(_batches(predictions, split, wanted, rows), rows):
        known = pc.invert(pc.is_null(batch.column("label"), nan_is_null=True))
        place = first + np.flatnonzero(known.to_numpy(zero_copy_only=False))
        first += batch.num_rows
        labelled = batch if len(place) == batch.num_rows else batch.filter(known)
        yield Rows(predictions, split, labelled, place, unlabelled=batch.num_rows - len(place))


def _even(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `rows`, the last one of what is left: files differ in their row groups."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        while sum(b.num_rows for b in held) >= rows:
            whole = held[0]
            if len(held) > 1 or whole.num_rows > rows:
                (whole, *held) = pa.Table.from_batches(held).combine_chunks().to_batches()
            yield whole.slice(0, rows)
            held = [whole.slice(rows)] if whole.num_rows > rows else []
    if held:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches() or held[:1]


def _batches(
    predictions: Predictions, split: str, columns: Sequence[str], rows: int
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = predictions.split(split) / "predictions.parquet"
    if not path.is_file():
        raise BadInput(f"Split {split!r} of the predictions has no file {str(path)!r}")
    try:
        with pq.ParquetFile(path) as file:
            for column in columns:
                if column not in file.schema_arrow.names:
                    known = did_you_mean(column, file.schema_arrow.names)
                    raise BadInput(f"{str(path)!r} has no column {column!r}. {known}")
            if not file.metadata.num_rows:
                yield pa.RecordBatch.from_pylist([], file.schema_arrow)
            yield from file.iter_batches(batch_size=rows, columns=list(columns))
    except pa.ArrowInvalid as e:
        raise BadInput(f"{str(path)!r} cannot be read as Parquet: {e}") from e
