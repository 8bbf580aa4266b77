"""Rows of examples as the arrays that a model takes: by the names of its inputs, or as a matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rows:
    """Some rows of a split."""

    split: str
    first: int
    """The place of the first of them in the split."""
    batch: pa.RecordBatch
    """In flat form."""
    serialized: Sequence[bytes] | None = None
    """The same rows as tf.Examples, where a model wants them."""

    def parts(self, size: int) -> Iterator[Rows]:
        """The same in pieces of `size` rows, the last one of what is left."""
        for start in range(0, self.batch.num_rows, size):
            serialized = None if self.serialized is None else self.serialized[start : start + size]
            part = self.batch.slice(start, size)
            yield replace(self, first=self.first + start, batch=part, serialized=serialized)

    def instead(self, batch: pa.RecordBatch) -> Rows:
        """The same rows with other columns."""
        return Rows(self.split, self.first, batch)

    def with_columns(self, batch: pa.RecordBatch) -> Rows:
        """The same rows with columns of another batch besides, where they have names that are new."""
        import pyarrow as pa

        own = self.batch.schema.names
        new = {name: batch.column(i) for i, name in enumerate(batch.schema.names) if name not in own}
        columns = [*self.batch.columns, *new.values()]
        return self.instead(pa.RecordBatch.from_arrays(columns, [*own, *new]))

    def column(self, name: str, purpose: str) -> pa.Array:
        """A column by its name; BadInput says for what `purpose` it was wanted."""
        if name not in self.batch.schema.names:
            raise BadInput(
                f"The examples have no column {name!r} ({purpose}, split {self.split!r}). "
                f"{did_you_mean(name, self.batch.schema.names)}"
            )
        return self.batch.column(self.batch.schema.get_field_index(name))

    def values(self, name: str, purpose: str) -> pa.Array:
        """A column with one value for each row, or null. A list of one value is as good as the value."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.column(name, purpose)
        if not pa.types.is_list(column.type):
            return column
        lengths = pc.list_value_length(column).fill_null(0).to_numpy()
        if (several := np.flatnonzero(lengths > 1)).size:
            row = int(several[0])
            raise BadInput(
                f"Column {name!r} ({purpose}) has {lengths[row]} values in {self.where(row)}. "
                "It may have one at most"
            )
        return column.flatten().take(pa.array(np.cumsum(lengths) - lengths, mask=lengths == 0))

    def weights(self, name: str) -> pa.Array:
        """A column of numbers that are 0 or more, as float64."""
        import numpy as np
        import pyarrow as pa

        column = self.values(name, "the weight")
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            raise BadInput(f"Column {name!r} holds {column.type} values: a weight is a number")
        weights = column.to_numpy(zero_copy_only=False).astype(np.float64)
        bad = ~(np.isfinite(weights) & (weights >= 0))
        if bad.any():
            row = int(bad.argmax())
            raise BadInput(
                f"Column {name!r} is {column[row].as_py()!r} in {self.where(row)}. "
                "A weight is a number, 0 or more"
            )
        return pa.array(weights)

    def where(self, row: int) -> str:
        """A row's place for an error message."""
        return f"split {self.split!r}, row {self.first + row}"


@dataclass(frozen=True)
class TensorSpec:
    """What a TensorFlow or Keras model takes, or gives, under one name."""

    name: str
    dtype: str
    """As TensorFlow calls it: `float32`, `int64`, `string`, …"""
    shape: tuple[int | None, ...]
    """The first dimension is the rows."""

    def __str__(self) -> str:
        return f"{self.name} ({self.dtype}, shape {self.shape})"


def inputs_by_name(
    rows: Rows, specs: Sequence[TensorSpec], features: Sequence[str] | None
) -> dict[str, Array]:
    """One array for each input of a model.

    An input takes the column of its name. `features`, if given, decide instead: they are the columns of the
    matrix that is the only input, or one column for each of several inputs in their order.
    """
    if features and len(specs) == 1:
        return {specs[0].name: _matrix(rows, specs[0], features)}
    if features and len(features) != len(specs):
        raise BadInput(
            f"features names {len(features)} columns, but the model has {len(specs)} inputs: "
            f"{', '.join(map(str, specs))}. Name one column for each, in this order"
        )
    unknown = [spec for spec in specs if spec.name not in rows.batch.schema.names]
    if unknown and not features:
        raise BadInput(
            f"The model takes {unknown[0]}, and the examples have no column of this name "
            f"(they have: {', '.join(rows.batch.schema.names)}). Name the columns in the model's order with "
            "Predict(features=(...)), or give the examples that the model was trained on"
        )
    names = features or [spec.name for spec in specs]
    return {spec.name: _tensor(rows, spec, name) for spec, name in zip(specs, names, strict=True)}


def matrix(rows: Rows, features: Sequence[str]) -> Array:
    """The columns side by side, for scikit-learn: a missing number is NaN, a missing string None."""
    import numpy as np

    columns = [_as_2d(rows, name, rows.column(name, "a feature of the model")) for name in features]
    return np.concatenate(columns, axis=1)


def frame(rows: Rows, features: Sequence[str]) -> Any:
    """The columns as a pandas DataFrame, for a scikit-learn model that knows its columns by name."""
    import pyarrow as pa

    columns = [rows.column(name, "a feature of the model") for name in features]
    return pa.Table.from_arrays(columns, list(features)).to_pandas()


def _matrix(rows: Rows, spec: TensorSpec, features: Sequence[str]) -> Array:
    import numpy as np

    parts = [_tensor(rows, TensorSpec(spec.name, spec.dtype, (None, None)), name) for name in features]
    whole = np.concatenate(parts, axis=1)
    if len(spec.shape) == 1 and whole.shape[1] == 1:
        return whole[:, 0]
    width = spec.shape[-1]
    if len(spec.shape) != 2 or width not in (None, whole.shape[1]):
        raise BadInput(
            f"The columns {', '.join(features)} give {whole.shape[1]} values for each row, but the model "
            f"takes {spec}"
        )
    return whole


def _tensor(rows: Rows, spec: TensorSpec, name: str) -> Array:
    """A column in the type and shape of an input. A model has no way to say that a value is missing."""
    column = rows.column(name, f"input {spec.name!r} of the model")
    if column.null_count:
        raise BadInput(
            f"Column {name!r} has no value in {rows.where(_first_null(column))}, and the model's input "
            f"{spec.name!r} needs one in each row. Fill in missing values in the model or with Transform"
        )
    values = _typed(_as_2d(rows, name, column), spec, name)
    if len(spec.shape) == 1 and values.shape[1] == 1:
        return values[:, 0]
    if len(spec.shape) != 2 or spec.shape[1] not in (None, values.shape[1]):
        raise BadInput(f"Column {name!r} has {values.shape[1]} values a row, but the model takes {spec}")
    return values


def _typed(values: Array, spec: TensorSpec, name: str) -> Array:
    import numpy as np

    is_text, is_number = values.dtype.kind == "O", spec.dtype != "string"
    wanted = np.dtype(spec.dtype if is_number else object)
    if is_text == is_number or (values.dtype.kind == "f" and np.issubdtype(wanted, np.integer)):
        kind = "strings" if is_text else f"{values.dtype} values"
        raise BadInput(f"Column {name!r} holds {kind}, but the model takes {spec}")
    return values if is_text else values.astype(wanted, copy=False)


def _as_2d(rows: Rows, name: str, column: pa.Array) -> Array:
    """A column as an array with a row for each row. Lists must be equally long."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column
    if pa.types.is_list(column.type):
        lengths = pc.list_value_length(column).fill_null(0).to_numpy()
        odd = np.flatnonzero(lengths != lengths[:1])
        if len(odd):
            raise BadInput(
                f"Column {name!r} has {lengths[odd[0]]} values in {rows.where(int(odd[0]))}, but {lengths[0]} "
                f"in row {rows.first}. A model takes as many in each row"
            )
        values = column.flatten()
    flat: Array = values.to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), -1)


def _first_null(column: pa.Array) -> int:
    return int(column.is_null().index(True).as_py())
