"""Evaluate a model's predictions, slice by slice, and say whether the model is good enough."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from millwork.components.data.reading import newest
from millwork.components.evaluating.configured import is_for_tfma, kept_features, model_specs
from millwork.components.evaluating.others import evaluate_others
from millwork.components.evaluating.preprocessing import preprocessing_of
from millwork.components.evaluating.user_functions import UserFunctions, evaluate_with
from millwork.components.models.loading import load_scorer
from millwork.components.models.scorers import LoadOptions
from millwork.components.models.scores import Activation, WantedProblem
from millwork.components.models.scoring import ScoringOptions, Sources, write_predictions
from millwork.core.artifacts import (
    Examples,
    Model,
    ModelBlessing,
    ModelEvaluation,
    Predictions,
    Schema,
    TransformGraph,
)
from millwork.core.callables import check_user_function
from millwork.core.component import Component, output
from millwork.core.errors import WrongArgument
from millwork.core.signature import ModuleFile
from millwork.evaluation.eval_config import GivenConfig, config_data, config_message
from millwork.evaluation.eval_files import overall_metrics
from millwork.evaluation.evaluating import Evaluated, decide, evaluate, plan
from millwork.evaluation.metrics.batches import Task
from millwork.evaluation.predictions import wanted_slices, wanted_splits
from millwork.evaluation.scored_rows import are_weighted, check_same_task, task_of
from millwork.evaluation.settled_config import Settled, settle
from millwork.evaluation.verdicts import BLESSED, Verdict, WithoutBaseline, WithoutThresholds
from millwork.evaluation.written_evaluation import write_evaluation

log = logging.getLogger(__name__)

UNUSED_BY_FUNCTIONS = ("predictions", "baseline_predictions", "fairness_indicator_thresholds")


class Evaluator(Component):
    """Evaluate a model's predictions, slice by slice, and say whether the model is good enough.

    TFMA's `EvalConfig` says what is computed, for which slices, and what the thresholds are. It is given as a message,
    as a dict, as YAML text of several lines, or as the path of a .yaml, .json or .pbtxt file.

        at_least = {"value_threshold": {"lower_bound": 0.7}}
        accuracy = {"class_name": "SparseCategoricalAccuracy", "threshold": at_least}
        evaluator = Evaluator(
            model=trainer.model,
            examples=examples.examples,
            transform_graph=transform.transform_graph,
            classes=("Adelie", "Chinstrap", "Gentoo"),
            eval_config={
                "model_specs": [{"label_key": "species"}],
                "slicing_specs": [{}, {"feature_keys": ["island"]}],
                "metrics_specs": [{"metrics": [accuracy]}],
            },
        )

    Either `predictions` are given, of whatever model, or they are made of `model` and `examples`, as Predict makes
    them: with the label, the weight and the slices that the config names. A baseline is given in either way, too.

    There is always a verdict, with its reasons: `blessing` holds a file `BLESSED`, `NOT_BLESSED` or `NOT_EVALUATED`.
    `tfma.load_eval_result(evaluation.uri)` reads the evaluation. See docs/evaluation.md.
    """

    base_type = "mlmd.Evaluate"
    libraries: ClassVar[tuple[str, ...]] = ("tensorflow", "sklearn", "tensorflow_model_analysis")
    """Those that this step needs: TFMA alone takes eight seconds to load, and most configs do without."""

    predictions: Predictions | None = None
    """Of the model; without them `model` and `examples` are needed."""
    model: Model | None = None
    """The model that is blessed, or not."""
    examples: Examples | list[Examples] | None = None
    baseline_predictions: Predictions | None = None
    """Of the baseline, for the same rows. Without splits, as Predict writes them for a model that was not found, there
    is no baseline."""
    baseline_model: Model | None = None
    """What thresholds for a change compare with. A resolver may find none."""
    transform_graph: TransformGraph | None = None
    """Transforms each row before a model that takes columns gets it. It may also compute the label."""
    label_examples: Examples | list[Examples] | None = None
    """The same rows in the same order, where the label is in these: transformed examples, say."""
    schema: Schema | None = None
    """For metrics that TFMA computes itself, and for `custom_extractors`."""
    eval_config: GivenConfig
    example_splits: tuple[str, ...] = ("eval",)
    """All of them are one data set."""
    fairness_indicator_thresholds: tuple[float, ...] = ()
    """Adds TFMA's FairnessIndicators, at these thresholds."""
    without_thresholds: WithoutThresholds = "not_evaluated"
    """What is said of a model if the config has no threshold at all."""
    without_baseline: WithoutBaseline = "blessed"
    """What is said, if all else holds, of a model whose change could not be checked, as there is no baseline. TFX
    blesses it: the first model has nothing to be compared with."""
    problem: WantedProblem = "auto"
    """What the model solves, if predictions are made of it: see Predict, as for what follows."""
    classes: tuple[str, ...] | None = None
    activation: Activation = "none"
    features: tuple[str, ...] | None = None
    output_name: str | None = None
    """By default `prediction_key` of the config."""
    id_feature: str | None = None
    keep_features: tuple[str, ...] = ()
    """Features to keep beside the predictions, besides those that the config slices by."""
    batch_size: int = 4_096
    trusted: bool = False
    trusted_types: tuple[str, ...] = ()
    module_file: ModuleFile | None = None
    """With `custom_eval_shared_model` or `custom_extractors`, as in TFX. If there is either, TFMA does all the work."""
    custom_eval_shared_model: Callable[..., Any] | str | None = None
    custom_extractors: Callable[..., Any] | str | None = None
    evaluation: ModelEvaluation = output()
    blessing: ModelBlessing = output()
    new_predictions: Predictions = output()
    """What was made of `model`; empty if predictions were given."""
    new_baseline_predictions: Predictions = output()

    def check(self) -> None:
        self.eval_config = config_data(self.eval_config)
        if not self.example_splits:
            raise WrongArgument("Evaluator: name at least one split, such as example_splits=('eval',)")
        for threshold in self.fairness_indicator_thresholds:
            if not 0 <= threshold <= 1:
                raise WrongArgument(
                    f"Evaluator: fairness_indicator_thresholds must be from 0 to 1, but got {threshold}"
                )
        for name in ("custom_eval_shared_model", "custom_extractors"):
            if (function := getattr(self, name)) is not None:
                check_user_function("Evaluator", name, function, None)
        self._check_sources()
        needs_tfma = self._has_functions or is_for_tfma(self._config)
        own = self.predictions is None or (self.baseline_model and self.baseline_predictions is None)
        vars(self)["libraries"] = (
            "pyarrow",
            *(("tensorflow", "sklearn") if own else ()),
            *(("tensorflow_model_analysis",) if needs_tfma else ()),
        )

    def run(self) -> None:
        settled, evaluated, task = (
            self._evaluate_with_functions() if self._has_functions else self._evaluate()
        )
        verdict, limits = decide(
            settled,
            task,
            evaluated,
            without_thresholds=self.without_thresholds,
            without_baseline=self.without_baseline,
        )
        source = self.predictions or newest(self.examples or ())
        models = {settled.candidate: self._uri(self.model, self.predictions)}
        if settled.baseline is not None:
            models[settled.baseline] = self._uri(self.baseline_model, self.baseline_predictions)
        write_evaluation(
            self.evaluation.path, settled, evaluated, verdict, limits, data=source.uri, models=models
        )
        self.evaluation.metrics = overall_metrics(evaluated.metrics, settled.candidate)
        self.evaluation.num_slices = len(evaluated.metrics)
        self.evaluation.num_examples = evaluated.rows
        self._bless(verdict, has_baseline=settled.baseline is not None)

    def _evaluate(self) -> tuple[Settled, Evaluated, Task]:
        config = self._config
        predictions, baseline = self._predictions(config)
        wanted_slices(predictions, kept_features(config))
        own, _ = model_specs(config)
        if own.label_key and predictions.label and own.label_key != predictions.label:
            log.warning("The label is %r, as in the predictions, not %r", predictions.label, own.label_key)
        if baseline is not None:
            check_same_task(predictions, baseline)
        task, splits = task_of(predictions), wanted_splits(predictions, self.example_splits)
        settled = settle(
            config,
            task,
            classes=len(predictions.classes),
            has_baseline=baseline is not None,
            weighted=are_weighted(predictions, splits),
            fairness_thresholds=self.fairness_indicator_thresholds,
        )
        plans = plan(settled, task)
        evaluated = evaluate(settled, plans, predictions, baseline, splits)
        if plans.others or any(spec.slice_keys_sql for spec in config.slicing_specs):
            others = evaluate_others(settled, plans.others, task, predictions, baseline, splits, self.schema)
            evaluated = evaluated.merged(others)
        return settled, evaluated, task

    def _predictions(self, config: Any) -> tuple[Predictions, Predictions | None]:
        """Those of the model and of the baseline: the ones that were given, else new ones."""
        candidate, baseline = self.predictions, self.baseline_predictions
        if baseline is not None and not baseline.split_names:
            baseline = None
        own, other = model_specs(config)
        if candidate is None and self.model is not None:
            candidate = self.new_predictions
            self._predict(self.model, own, config, candidate)
        if candidate is None:
            raise WrongArgument(
                "Evaluator needs predictions=..., or model=... and examples=... to make them of"
            )
        if baseline is None and self.baseline_model is not None:
            baseline = self.new_baseline_predictions
            self._predict(self.baseline_model, other, config, baseline, like=candidate)
        return candidate, baseline

    def _predict(
        self, model: Model, spec: Any, config: Any, into: Predictions, like: Predictions | None = None
    ) -> None:
        """Score the examples as the config says. A baseline must solve what the candidate solves, `like` it."""
        loading = LoadOptions(
            spec.signature_name or "serving_default",
            self.output_name or spec.prediction_key or None,
            self.features,
            self.trusted,
            self.trusted_types,
        )
        scorer = load_scorer(model, loading)
        sources = Sources(
            self.examples or (),
            self.transform_graph,
            self.label_examples,
            preprocessing=preprocessing_of(model, scorer, spec.preprocessing_function_names),
            transformed_first=True,
        )
        options = self._scoring_options(spec, kept_features(config), like)
        write_predictions(into, scorer, sources, options, self.example_splits)

    def _scoring_options(
        self, spec: Any, features: Sequence[str], like: Predictions | None
    ) -> ScoringOptions:
        problem, classes = self.problem, self.classes
        if like is not None:
            problem, classes = cast(WantedProblem, like.problem), like.classes or None
        return ScoringOptions(
            label=spec.label_key,
            problem=problem,
            classes=classes,
            activation=self.activation,
            weight=spec.example_weight_key or None,
            slice_features=tuple(dict.fromkeys([*features, *self.keep_features])),
            id_feature=self.id_feature,
            batch_size=self.batch_size,
        )

    def _evaluate_with_functions(self) -> tuple[Settled, Evaluated, None]:
        """All by TFMA, which asks the models itself."""
        config = self._config
        settled = settle(config, None, has_baseline=self.baseline_model is not None)
        models = {settled.candidate: self.model} if self.model else {}
        if settled.baseline is not None and self.baseline_model is not None:
            models[settled.baseline] = self.baseline_model
        functions = UserFunctions(self.module_file, self.custom_eval_shared_model, self.custom_extractors)
        rows = self.examples or ()
        return (
            settled,
            evaluate_with(functions, settled, models, rows, self.example_splits, self.schema),
            None,
        )

    @property
    def _config(self) -> Any:
        return config_message(config_data(self.eval_config))

    @property
    def _has_functions(self) -> bool:
        return any((self.module_file, self.custom_eval_shared_model, self.custom_extractors))

    def _check_sources(self) -> None:
        if self._has_functions and (self.model is None or self.examples is None):
            raise WrongArgument(
                "Evaluator: custom_eval_shared_model and custom_extractors need model=... and examples=..."
            )
        for name in UNUSED_BY_FUNCTIONS if self._has_functions else ():
            if getattr(self, name):
                raise WrongArgument(
                    f"Evaluator: with custom_eval_shared_model or custom_extractors TFMA asks the models itself, so "
                    f"{name} would have no effect. Leave it out"
                )
        if self.predictions is None and (self.model is None or self.examples is None):
            raise WrongArgument(
                "Evaluator needs predictions=..., or model=... and examples=... to make them of"
            )
        if self.baseline_model is not None and self.baseline_predictions is None and self.examples is None:
            raise WrongArgument(
                "Evaluator: baseline_model needs examples=... to make its predictions of. Or pass "
                "baseline_predictions=..."
            )
        own, _ = model_specs(self._config)
        if self.predictions is None and not own.label_key and not self._has_functions:
            raise WrongArgument(
                "Evaluator: eval_config does not say which feature holds the truth. Add label_key to its model_specs: "
                '{"model_specs": [{"label_key": ...}], ...}'
            )

    def _bless(self, verdict: Verdict, *, has_baseline: bool) -> None:
        blessing = self.blessing
        (blessing.path / verdict.verdict).touch()
        text = json.dumps(verdict.document(), allow_nan=False, indent=1, ensure_ascii=False)
        (blessing.path / "blessing.json").write_text(text + "\n", "utf-8")
        blessing.blessed = int(verdict.verdict == BLESSED)
        blessing.verdict, blessing.reason = verdict.verdict, verdict.reason
        blessing.component_id = self.id
        if self.model is not None:
            blessing.current_model, blessing.current_model_id = self.model.uri, self.model.id
        if has_baseline and self.baseline_model is not None:
            blessing.baseline_model = self.baseline_model.uri
            blessing.baseline_model_id = self.baseline_model.id
        told = log.info if verdict.verdict == BLESSED else log.warning
        told("%s: %s", verdict.verdict, verdict.reason)

    @staticmethod
    def _uri(model: Model | None, predictions: Predictions | None) -> str:
        return model.uri if model is not None else predictions.uri if predictions is not None else ""
