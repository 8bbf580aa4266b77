"""Score examples with a model of any framework, and keep what it said about each row."""

from __future__ import annotations

import logging

from millwork.components.data.reading import each
from millwork.components.models.loading import load_scorer
from millwork.components.models.rest_client import check_url
from millwork.components.models.scorers import LoadOptions, Scorer
from millwork.components.models.scores import Activation, WantedProblem
from millwork.components.models.scoring import ScoringOptions, Sources, write_predictions
from millwork.components.models.served import load_served
from millwork.core.artifacts import Examples, Model, Predictions, TransformGraph
from millwork.core.component import Component, output
from millwork.core.errors import WrongArgument

log = logging.getLogger(__name__)


class Predict(Component):
    """Score examples with a model of any framework, and keep what it said about each row.

    The model may be a SavedModel with a signature on serialised `tf.Example`s or on named tensors, a
    `.keras` file, or one of scikit-learn in a `.skops` or, if trusted, a `.joblib` or `.pkl` file. Raw
    examples suit a model that does its own preprocessing; for others give the transformed examples, or the
    transform graph as well. Memory does not grow with the number of rows.

    The model may also be in a server, and is then asked over REST, all rows by one version of it.

        predict = Predict(
            model=trainer.model,
            examples=examples.examples,
            transform_graph=transform.transform_graph,
            label="species",
            classes=("Adelie", "Chinstrap", "Gentoo"),
        )
    """

    base_type = "mlmd.Process"
    libraries = ("tensorflow", "sklearn")

    model: Model | None = None
    """A resolver may find none: then nothing is scored, and the predictions have no splits."""
    server: str | None = None
    """Where the model is served, instead: the address of a model in `millwork serve`, TensorFlow Serving, or another
    server with this API, such as http://127.0.0.1:8501/v1/models/taxi. Each run asks anew, for nobody here knows when
    another model takes its place; what follows is taken from the cache if the answers are the same."""
    examples: Examples | list[Examples]
    transform_graph: TransformGraph | None = None
    """Transforms each row before a model that takes columns gets it. It may also compute the label."""
    label_examples: Examples | list[Examples] | None = None
    """The same rows in the same order, where the label is in these: transformed examples, say."""
    label: str | None = None
    """The feature that holds the truth. A row without it is scored all the same; None: nobody knows the truth yet."""
    splits: tuple[str, ...] = ("eval",)
    signature_name: str = "serving_default"
    """Of a SavedModel."""
    output_name: str | None = None
    """Which output of the model holds the scores, if it has several."""
    problem: WantedProblem = "auto"
    """By default what the model knows, or what the number of its scores says. A single score is a regression if
    no classes are named and the first labels are numbers other than 0 and 1. With "multilabel" a row belongs to any
    number of classes: its label is the list of them, empty if it belongs to none."""
    classes: tuple[str, ...] | None = None
    """Names of the classes in the order of the scores; the last of two is the positive one. By default what
    the model knows, else "0", "1", … A label that is a number counts them from 0, unless they are numbers."""
    activation: Activation = "none"
    """What turns the model's logits into probabilities."""
    threshold: float = 0.5
    """A row is predicted to be of the positive class, or of each of several labels, if its score is above."""
    features: tuple[str, ...] | None = None
    """Columns in the order in which the model takes them, where it does not know their names."""
    weight: str | None = None
    """A feature that says how much each row counts; 1 by default."""
    slice_features: tuple[str, ...] = ()
    """Features to keep beside the scores, so that results can be told apart by them."""
    id_feature: str | None = None
    """A feature that identifies the row; by default its place in the split."""
    batch_size: int = 4_096
    """Rows that the model gets at once. Sixteen times as many are in memory."""
    trusted: bool = False
    """Load models in formats that can run any code, such as pickle."""
    trusted_types: tuple[str, ...] = ()
    """Types to allow in a `.skops` file besides those that skops knows."""
    predictions: Predictions = output()

    def check(self) -> None:
        if (self.model is None) == (self.server is None) and not self._found_none:
            raise WrongArgument(
                "Predict: pass model=..., or server='http://HOST:PORT/v1/models/NAME', and not both"
            )
        if self.server is not None:
            check_url(self.server)
        if self.label is None and self.label_examples is not None:
            raise WrongArgument(
                "Predict: label_examples hold the label. Say which feature it is with label=..."
            )
        for name in ("splits", "classes", "features", "slice_features"):
            given = getattr(self, name) or ()
            if repeated := sorted({value for value in given if given.count(value) > 1}):
                raise WrongArgument(f"Predict: {name} names {repeated[0]!r} twice")
        if not self.splits:
            raise WrongArgument("Predict: name at least one split, such as splits=('eval',)")
        if self.classes is not None and len(self.classes) < 2:
            raise WrongArgument(f"Predict: classes needs at least two names, but got {self.classes!r}")
        if self.problem == "regression" and (self.classes or self.activation != "none"):
            raise WrongArgument("Predict: a regression has neither classes nor an activation. Leave them out")
        if not 0 <= self.threshold <= 1:
            raise WrongArgument(f"Predict: threshold must be from 0 to 1, but got {self.threshold}")
        if self.batch_size < 1:
            raise WrongArgument(f"Predict: batch_size must be at least 1, but got {self.batch_size}")

    @property
    def not_cached(self) -> str:
        return "a server's model may change" if self.server is not None else ""

    def run(self) -> None:
        if self._found_none:
            log.warning("No model was found, so that nothing is scored")
            return
        loading = LoadOptions(
            self.signature_name, self.output_name, self.features, self.trusted, self.trusted_types
        )
        options = ScoringOptions(
            self.label,
            self.problem,
            self.classes,
            self.activation,
            self.threshold,
            self.weight,
            self.slice_features,
            self.id_feature,
            self.batch_size,
        )
        sources = Sources(self.examples, self.transform_graph, self.label_examples)
        write_predictions(self.predictions, self._scorer(loading), sources, options, self.splits)

    @property
    def _found_none(self) -> bool:
        """A resolver was to find the model, and did not: this is a run, where examples have an id, and asks nobody."""
        return self.model is None and self.server is None and all(one.id for one in each(self.examples))

    def _scorer(self, options: LoadOptions) -> Scorer:
        if self.server is not None:
            return load_served(self.server, options)
        assert self.model is not None
        return load_scorer(self.model, options)
