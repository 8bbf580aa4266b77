"""A model's own preprocessing functions: signatures of it that make the transformed features of raw examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from millwork.components.models.inputs import Rows
from millwork.components.models.scorers import Scorer, TensorScorer, model_inputs
from millwork.components.models.tensor_models import TensorModel, signature_of
from millwork.core.artifacts import Model
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

Preprocessing = Callable[[Rows], "pa.RecordBatch"]


def preprocessing_of(model: Model, scorer: Scorer, names: Sequence[str]) -> Preprocessing | None:
    """`preprocessing_function_names` of a model spec, as one function from rows to columns. None without names."""
    if not names:
        return None
    if not isinstance(scorer, TensorScorer):
        raise BadInput(
            f"preprocessing_function_names names {names[0]!r}, a signature of a SavedModel, but the model at "
            f"{model.uri!r} is of another kind. Give transform_graph=... or transformed examples instead"
        )
    for name in names:
        signature_of(scorer.model, name, f"The model at {model.uri!r}")
    return lambda rows: _applied(scorer.model, names, rows)


def _applied(model: TensorModel, names: Sequence[str], rows: Rows) -> pa.RecordBatch:
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for name in names:
        inputs = model_inputs(model.signatures[name], rows, None)
        columns |= {feature: _column(values) for feature, values in model.call(name, inputs).items()}
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _column(values: Any) -> pa.Array:
    """A tensor as a column: plain if each row has one value, else of lists."""
    import pyarrow as pa

    rows = values.reshape(len(values), -1)
    flat = pa.array(rows.ravel().tolist() if values.dtype.kind == "O" else rows.ravel())
    if pa.types.is_binary(flat.type):
        flat = flat.cast(pa.string())
    if rows.shape[1] == 1:
        return flat
    return pa.ListArray.from_arrays(pa.array(range(0, rows.size + 1, rows.shape[1]), pa.int32()), flat)
