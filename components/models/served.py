"""Models in a server, asked over TensorFlow Serving's REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from millwork.components.models.inputs import Rows
from millwork.components.models.rest_client import ModelClient, Refused
from millwork.components.models.rest_format import (
    array_from_json,
    array_to_json,
    bytes_to_json,
    signature_from_json,
)
from millwork.components.models.scorers import LoadOptions, Problem, Scorer, TensorScorer, model_inputs
from millwork.components.models.tensor_models import signature_of
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]


class ServedModel:
    """One version of a served model: a TensorModel whose calls are requests.

    It is the version that is served when this is created. Once the server has gone on to another, calls fail rather
    than mix the answers of two models.
    """

    def __init__(self, client: ModelClient) -> None:
        self.client = client
        metadata = client.get("/metadata")
        try:
            client.pin(str(metadata["model_spec"]["version"]))
            stored = metadata["metadata"]["signature_def"]["signature_def"]
            self.signatures = {name: signature_from_json(one) for name, one in stored.items()}
        except (KeyError, TypeError, AttributeError, ValueError) as e:
            raise BadInput(
                f"The metadata of {client.url} are not those of TensorFlow Serving: {metadata!r:.300}. Give the "
                "address of a model, such as http://127.0.0.1:8501/v1/models/taxi"
            ) from e
        self.about: Mapping[str, Any] = metadata["metadata"].get("millwork", {})
        """What only Millwork's server says: the framework, the problem, the classes."""

    @property
    def version(self) -> str:
        """As the server numbers it."""
        return self.client.version

    def inputs(self, signature: str, rows: Rows, features: Sequence[str] | None) -> dict[str, Any]:
        """What a signature takes for some rows, in the form of the wire."""
        asked = signature_of(self, signature, self.client.url)
        if asked.takes_columns:
            names = [spec.name for spec in asked.inputs]
            return {name: _column(rows.column(name, "a feature of the model")) for name in names}
        return {name: to_wire(name, value) for name, value in model_inputs(asked, rows, features).items()}

    def call(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """The outputs of a signature, by name."""
        wire = {name: to_wire(name, value) for name, value in inputs.items()}
        return self.ask(signature, wire)

    def ask(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """The same for inputs in the form of the wire."""
        try:
            answer = self.client.post("predict", {"signature_name": signature, "inputs": inputs})
        except Refused as e:
            if e.status == 413:
                raise BadInput(f"{e}. Give Predict a smaller batch_size") from e
            if e.status != 404:
                raise
            raise BadInput(
                f"Version {self.version} of the model at {self.client.url} is no longer served ({e}). Run the step "
                "again: it asks one version for all rows"
            ) from e
        specs = self.signatures[signature].outputs
        outputs = answer.get("outputs")
        named = {specs[0].name: outputs} if len(specs) == 1 else outputs
        if "outputs" not in answer or not isinstance(named, dict) or {s.name for s in specs} - named.keys():
            wanted = ", ".join(map(str, specs))
            raise BadInput(
                f"The model server at {self.client.url} answers {answer!r:.300}, but the signature {signature!r} "
                f"promises {wanted}"
            )
        return {spec.name: array_from_json(named[spec.name], spec) for spec in specs}


class ServedColumnsScorer:
    """A scikit-learn model in Millwork's server: it takes columns by name, and says what it is."""

    takes_examples = False

    def __init__(self, model: ServedModel, options: LoadOptions) -> None:
        self._model = model
        self._signature = options.signature
        self._output = options.output or model.about.get("scores", "")
        outputs = {
            spec.name: spec for spec in signature_of(model, options.signature, model.client.url).outputs
        }
        if self._output not in outputs:
            raise BadInput(
                f"The model at {model.client.url} has no output {self._output!r}: {', '.join(outputs)}"
            )
        self.problem: Problem | None = model.about.get("problem")
        self.classes: Sequence[Any] | None = model.about.get("classes")
        self.width: int | None = len(self.classes) if self.classes else 1

    def score(self, rows: Rows) -> Array:
        """What the model says about these rows."""
        return self._model.ask(self._signature, self._model.inputs(self._signature, rows, None))[self._output]


def load_served(url: str, options: LoadOptions) -> Scorer:
    """The scorer of a served model. BadInput if nobody answers, or somebody else than a model server."""
    model = ServedModel(ModelClient(url))
    if signature_of(model, options.signature, f"The model at {url}").takes_columns:
        return ServedColumnsScorer(model, options)
    return TensorScorer(model, options, f"The model at {url}")


def to_wire(name: str, value: Any) -> Any:
    """An array, or a sequence of serialised tf.Examples, as JSON."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return array_to_json(value, name)
    return [bytes_to_json(record) if isinstance(record, bytes) else record for record in value]


def _column(column: pa.Array) -> list[Any]:
    """The values of a column: a missing number is NaN, as pandas has it, and a missing string null."""
    import pyarrow as pa

    if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        column = column.cast(pa.float64()).fill_null(float("nan"))
    return [bytes_to_json(v) if isinstance(v, bytes) else v for v in column.to_pylist()]
