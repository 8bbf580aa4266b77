"""A scikit-learn model with signatures, as the server shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from millwork.components.models.inputs import Rows, TensorSpec
from millwork.components.models.rest_format import STRING
from millwork.components.models.scorers import SklearnScorer
from millwork.components.models.tensor_models import ANYTHING, DEFAULT_SIGNATURE, TensorSignature
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
PREDICTED, SCORES = "predicted", "scores"


class SklearnModel:
    """An estimator that takes columns by name.

    `serving_default` gives `predicted` and, of a classifier, `scores`: probabilities if it has them, in the order of
    the classes. `classification` and `regression` are for `:classify` and `:regress`.
    """

    def __init__(self, estimator: Any, features: tuple[str, ...] | None) -> None:
        self._estimator = estimator
        self._scorer = SklearnScorer(estimator, features)
        self._classes = [_plain(value) for value in self._scorer.classes or ()]
        inputs = tuple(TensorSpec(name, ANYTHING, (None,)) for name in self._scorer.features)
        outputs = self._class_outputs() if self._classes else self._value_outputs()
        self.signatures = {
            name: TensorSignature(inputs, specs, *method) for name, (specs, *method) in outputs.items()
        }

    @property
    def about(self) -> dict[str, Any]:
        """What TensorFlow Serving's metadata have no place for: the problem, and which output holds the scores."""
        scores = SCORES if self._classes else PREDICTED
        return {"problem": self._scorer.problem, "classes": self._classes or None, "scores": scores}

    def call(self, signature: str, inputs: Mapping[str, Any]) -> Mapping[str, Array]:
        """The outputs for columns, each a list with a value for each row. BadInput if the model refuses them."""
        import numpy as np

        try:
            rows = _rows(inputs)
            found = {
                spec.name: np.asarray(self._output(spec.name, rows))
                for spec in self.signatures[signature].outputs
            }
        except (ValueError, TypeError, KeyError, OverflowError) as e:  # of the estimator, about the values
            raise BadInput(f"The model does not take these values: {type(e).__name__}: {e}") from e
        return found

    def _output(self, name: str, rows: Rows) -> Any:
        if name == SCORES:
            return self._scorer.score(rows)
        if name == "classes":
            return [[str(value) for value in self._classes]] * rows.batch.num_rows
        return self._estimator.predict(self._scorer.features_of(rows))

    def _class_outputs(self) -> dict[str, tuple[Any, ...]]:
        known = hasattr(self._estimator, "predict_proba")  # of decision_function two classes have one score
        scores = TensorSpec(SCORES, "float64", (None, len(self._classes)) if known else ())
        predicted = TensorSpec(PREDICTED, _dtype(self._classes), (None,))
        labels = TensorSpec("classes", STRING, (None, len(self._classes)))
        default = {DEFAULT_SIGNATURE: ((predicted, scores),)}
        return {**default, "classification": ((labels, scores), CLASSIFY)} if known else default

    def _value_outputs(self) -> dict[str, tuple[Any, ...]]:
        return {
            DEFAULT_SIGNATURE: ((TensorSpec(PREDICTED, "float64", ()),),),
            "regression": ((TensorSpec("outputs", "float64", ()),), REGRESS),
        }


def _rows(columns: Mapping[str, Any]) -> Rows:
    import pyarrow as pa

    arrays = [pa.array(values) for values in columns.values()]
    return Rows("request", 0, pa.RecordBatch.from_arrays(arrays, list(columns)))


def _plain(value: Any) -> Any:
    """A class as JSON can hold it."""
    return value.item() if hasattr(value, "item") else value


def _dtype(classes: list[Any]) -> str:
    kinds = {bool: "bool", int: "int64", float: "float64"}
    found = {kinds.get(type(value), STRING) for value in classes}
    return found.pop() if len(found) == 1 else STRING
