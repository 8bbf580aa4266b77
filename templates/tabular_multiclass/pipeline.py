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
    model_card,
)
from millwork.core import artifacts
from millwork.templates.tabular_multiclass import model_keras, model_sklearn
from millwork.templates.tabular_multiclass.evaluation import EVAL_CONFIG
from millwork.templates.tabular_multiclass.features import LABEL, SLICES, SPECIES
from millwork.templates.tabular_multiclass.preprocessing import preprocessing_fn

Framework = Literal["keras", "sklearn"]


@dataclass(frozen=True)
class Results:
    """What one looks at after a run."""

    confusion_matrix: artifacts.ConfusionMatrix
    roc_curve: artifacts.RocCurve
    evaluation: artifacts.ModelEvaluation
    blessing: artifacts.ModelBlessing
    pushed_model: artifacts.PushedModel
    card: artifacts.Report


@pipeline(name="penguins")
def penguins(
    data: Path = Path("data"),
    serving: Path = Path("serving"),
    framework: Framework = "keras",
    steps: int = 200,
    trials: int = 4,
) -> Results:
    """Ingest → validate → transform → tune → train → predict → {confusion matrix ‖ ROC ‖ evaluate ‖ try} → push.

    `steps` are batches for the network, and trees for the forest. Without `trials` nothing is tuned.
    """
    examples = CsvExampleGen(input_base=data, null_values=("NA",)).examples
    statistics = StatisticsGen(examples=examples).statistics
    schema = SchemaGen(statistics=statistics).schema
    ExampleValidator(statistics=statistics, schema=schema)
    transform = Transform(examples=examples, schema=schema, preprocessing_fn=preprocessing_fn)
    hyperparameters = tuned(transform, framework, trials) if trials else None
    model = Trainer(
        examples=transform.transformed_examples,
        transform_graph=transform.transform_graph,
        schema=schema,
        hyperparameters=hyperparameters,
        run_fn=model_keras.run_fn if framework == "keras" else model_sklearn.run_fn,
        train_args=TrainArgs(num_steps=steps),
        eval_args=EvalArgs(num_steps=20),
    ).model
    predictions = Predict(
        model=model,
        examples=examples,
        transform_graph=transform.transform_graph,
        label=LABEL,
        classes=SPECIES,
        slice_features=SLICES,
        trusted_types=model_sklearn.TRUSTED_TYPES,
    ).predictions
    evaluator = Evaluator(
        model=model,
        predictions=predictions,
        baseline_model=latest_blessed_model(other_than=model),
        examples=examples,
        transform_graph=transform.transform_graph,
        eval_config=EVAL_CONFIG,
        trusted_types=model_sklearn.TRUSTED_TYPES,
    )
    infra = InfraValidator(
        model=model,
        examples=examples if framework == "keras" else transform.transformed_examples,
        split_name="eval",
        num_examples=10,
        trusted_types=model_sklearn.TRUSTED_TYPES,
    )
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.blessing,
        infra_blessing=infra.blessing,
        destination=serving,
    )
    card = model_card(
        model,
        evaluator.evaluation,
        evaluator.blessing,
        infra.blessing,
        examples,
        schema,
        hyperparameters,
        title="Penguins",
        intended_use="Telling three species apart by the measures of a penguin. An example, not for science.",
    )
    return Results(
        ConfusionMatrix(predictions=predictions, by=SLICES).confusion_matrix,
        Roc(predictions=predictions, by=SLICES).roc_curve,
        evaluator.evaluation,
        evaluator.blessing,
        pusher.pushed_model,
        card,
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
