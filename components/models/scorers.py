"""Loaded models that are asked for scores, of whatever framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from millwork.components.models.inputs import Rows, TensorSpec, frame, inputs_by_name, matrix
from millwork.components.models.tensor_models import TensorModel, TensorSignature, signature_of
from millwork.core.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Problem = Literal["binary", "multiclass", "multilabel", "regression"]


class Scorer(Protocol):
    """A loaded model."""

    @property
    def takes_examples(self) -> bool:
        """True if it reads serialised tf.Examples rather than columns."""

    @property
    def problem(self) -> Problem | None:
        """What the model says that it solves, if it says so."""

    @property
    def classes(self) -> Sequence[Any] | None:
        """The label values of the classes in the order of the scores, if the model knows them."""

    @property
    def width(self) -> int | None:
        """Scores for each row, if the model says so."""

    def score(self, rows: Rows) -> Array:
        """What the model says about these rows: (rows,) or (rows, scores)."""


@dataclass(frozen=True)
class LoadOptions:
    """What a model file does not say about itself."""

    signature: str = "serving_default"
    output: str | None = None
    features: tuple[str, ...] | None = None
    trusted: bool = False
    trusted_types: tuple[str, ...] = ()


class TensorScorer:
    """A signature of a model, on serialised tf.Examples or on named tensors."""

    problem: Problem | None = None
    classes: Sequence[Any] | None = None

    def __init__(self, model: TensorModel, options: LoadOptions, owner: str) -> None:
        self.model = model
        self._name = options.signature
        self._signature = signature_of(model, options.signature, owner)
        self._features = options.features
        self._output = _choose(options, self._signature)
        self.width = _width(self._output.shape)

    @property
    def takes_examples(self) -> bool:
        return self._features is None and self._signature.takes_examples

    def score(self, rows: Rows) -> Array:
        inputs = model_inputs(self._signature, rows, self._features)
        try:
            return self.model.call(self._name, inputs)[self._output.name]
        except BadInput as e:
            raise BadInput(
                f"The model cannot read the examples from {rows.where(0)} on. Give it examples with the features "
                f"that its signature parses. {e}"
            ) from e


class SklearnScorer:
    """A scikit-learn estimator, or anything with its methods: probabilities if it gives them."""

    takes_examples = False

    def __init__(self, estimator: Any, features: tuple[str, ...] | None) -> None:
        self._by_name = hasattr(estimator, "feature_names_in_")
        known = tuple(str(name) for name in getattr(estimator, "feature_names_in_", ()))
        self.features = features or known
        if not self.features:
            raise BadInput(
                f"This {type(estimator).__name__} does not know the names of its columns. Name them in the "
                "order of training with features=(...) (millwork serve: --features), or fit it with a pandas "
                "DataFrame"
            )
        self.classes = _classes(estimator)
        self.problem: Problem | None = "regression"
        self.width: int | None = 1
        self._score = estimator.predict
        if hasattr(estimator, "classes_"):
            self.problem = "multilabel" if _has_several_labels(estimator) else _one_label(self.classes or ())
            self.width = len(estimator.classes_)
            self._score = _class_scores(estimator)

    def score(self, rows: Rows) -> Array:
        import numpy as np

        scores: Array | list[Array] = self._score(self.features_of(rows))
        if isinstance(scores, list):  # for each label, that it is absent and that it is present
            return np.stack([of_label[:, -1] for of_label in scores], axis=1)
        return scores

    def features_of(self, rows: Rows) -> Any:
        """What the estimator takes: a DataFrame if it knows its columns by name, else a matrix."""
        build = frame if self._by_name else matrix
        return build(rows, self.features)


def model_inputs(signature: TensorSignature, rows: Rows, features: Sequence[str] | None) -> dict[str, Any]:
    """What a signature takes for some rows, by the names of its inputs."""
    if signature.takes_examples and features is None:
        return {signature.inputs[0].name: rows.serialized}
    return inputs_by_name(rows, signature.inputs, features)


def _classes(estimator: Any) -> list[Any] | None:
    """What stands for each class, if there is one for each score."""
    known = getattr(estimator, "classes_", None)
    return None if known is None or _has_outputs(estimator) else list(known)


def _has_several_labels(estimator: Any) -> bool:
    return _has_outputs(estimator) or bool(getattr(estimator, "multilabel_", False))


def _has_outputs(estimator: Any) -> bool:
    """Whether it answers one question for each label, as a MultiOutputClassifier or a forest of such labels."""
    import numpy as np

    known = estimator.classes_
    return (
        isinstance(known, list)
        and all(isinstance(of_label, np.ndarray) for of_label in known)
        and bool(known)
    )


def _one_label(classes: Sequence[Any]) -> Problem:
    return "binary" if len(classes) == 2 else "multiclass"


def _class_scores(estimator: Any) -> Any:
    for name in ("predict_proba", "decision_function"):
        if hasattr(estimator, name):
            return getattr(estimator, name)
    raise BadInput(
        f"This {type(estimator).__name__} names a class for each row, but gives no score for it. Train it so "
        "that it has predict_proba, for example inside a sklearn.calibration.CalibratedClassifierCV"
    )


def _choose(options: LoadOptions, signature: TensorSignature) -> TensorSpec:
    """The output that holds the scores."""
    outputs = {spec.name: spec for spec in signature.outputs}
    if options.output is None and len(outputs) == 1:
        return signature.outputs[0]
    owner = f"Signature {options.signature!r}"
    if options.output is None:
        names = ", ".join(map(repr, sorted(outputs)))
        raise BadInput(
            f"{owner} has several outputs: {names}. Say which holds the scores with Predict(output_name=...)"
        )
    if options.output not in outputs:
        raise BadInput(f"{owner} has no output {options.output!r}. {did_you_mean(options.output, outputs)}")
    return outputs[options.output]


def _width(shape: tuple[int | None, ...]) -> int | None:
    return shape[1] if len(shape) == 2 else 1 if len(shape) == 1 else None
