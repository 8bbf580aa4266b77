"""The full pipeline. Run it with: millwork run pipeline.py -p data=data"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from millwork import pipeline
from millwork.components import (
    ConfusionMatrix,
    CsvExampleGen,
    EvalArgs,
    Evaluator,
    ExampleValidator,
    InfraValidator,
    Predict,
    Pusher,
    Roc,
    SchemaGen,
    StatisticsGen,
    Study,
    TrainArgs,
    Trainer,
    Transform,
    Tuner,
    latest_blessed_model,
)
from millwork.core import artifacts
from millwork.templates.tabular_binary import model_keras, model_sklearn
from millwork.templates.tabular_binary.evaluation import EVAL_CONFIG
from millwork.templates.tabular_binary.features import LABEL, SLICES
from millwork.templates.tabular_binary.preprocessing import preprocessing_fn

Framework = Literal["keras", "sklearn"]


@dataclass(frozen=True)
class Results:
    """What one looks at after a run."""

    confusion_matrix: artifacts.ConfusionMatrix
    roc_curve: artifacts.RocCurve
    evaluation: artifacts.ModelEvaluation
    blessing: artifacts.ModelBlessing
    pushed_model: artifacts.PushedModel


@pipeline(name="randhie")
def classic(
    data: Path = Path("data"),
    serving: Path = Path("serving"),
    framework: Framework = "keras",
    steps: int = 300,
    trials: int = 3,
) -> Results:
    """Ingest → validate → transform → tune → train → predict → {confusion matrix ‖ ROC ‖ evaluate ‖ try} → push.

    `steps` are batches for the network, and iterations of its solver for the regression. Without `trials` nothing is
    tuned.
    """
    examples = CsvExampleGen(input_base=data).examples
    statistics = StatisticsGen(examples=examples).statistics
    schema = SchemaGen(statistics=statistics).schema
    ExampleValidator(statistics=statistics, schema=schema)
    transform = Transform(examples=examples, schema=schema, preprocessing_fn=preprocessing_fn)
    model = Trainer(
        examples=transform.transformed_examples,
        transform_graph=transform.transform_graph,
        schema=schema,
        hyperparameters=tuned(transform, framework, trials) if trials else None,
        run_fn=model_keras.run_fn if framework == "keras" else model_sklearn.run_fn,
        train_args=TrainArgs(num_steps=steps),
        eval_args=EvalArgs(num_steps=20),
    ).model
    predictions = Predict(
        model=model,
        examples=examples,
        transform_graph=transform.transform_graph,
        label=LABEL,
        slice_features=SLICES,
    ).predictions
    evaluator = Evaluator(
        model=model,
        predictions=predictions,
        baseline_model=latest_blessed_model(other_than=model),
        examples=examples,
        transform_graph=transform.transform_graph,
        eval_config=EVAL_CONFIG,
    )
    infra = InfraValidator(
        model=model,
        examples=examples if framework == "keras" else transform.transformed_examples,
        split_name="eval",
        num_examples=10,
    )
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.blessing,
        infra_blessing=infra.blessing,
        destination=serving,
    )
    return Results(
        ConfusionMatrix(predictions=predictions, by=SLICES).confusion_matrix,
        Roc(predictions=predictions, by=SLICES).roc_curve,
        evaluator.evaluation,
        evaluator.blessing,
        pusher.pushed_model,
    )


def tuned(transform: Transform, framework: Framework, trials: int) -> artifacts.HyperParameters:
    """The best of a few hyperparameters: KerasTuner's for the network, Optuna's for scikit-learn."""
    keras = framework == "keras"
    return Tuner(
        examples=transform.transformed_examples,
        transform_graph=transform.transform_graph,
        tuner_fn=model_keras.tuner_fn if keras else None,
        objective=None if keras else model_sklearn.objective,
        study=None if keras else Study("maximize", trials=trials),
        train_args=TrainArgs(num_steps=100),
        eval_args=EvalArgs(num_steps=10),
        custom_config={"trials": trials},
    ).best_hyperparameters
