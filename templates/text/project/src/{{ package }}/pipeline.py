"""The full pipeline. Every parameter of `messages` can be set by `millwork run -p name=value`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    TrainArgs,
    Trainer,
    Transform,
    latest_blessed_model,
)
from millwork.core import artifacts

from . import model
from .evaluation import eval_config
from .features import CLASSES, LABEL, SLICES
from .preprocessing import preprocessing_fn


@dataclass(frozen=True)
class Results:
    """What one looks at after a run."""

    confusion_matrix: artifacts.ConfusionMatrix
    roc_curve: artifacts.RocCurve
    evaluation: artifacts.ModelEvaluation
    blessing: artifacts.ModelBlessing
    pushed_model: artifacts.PushedModel


@pipeline
def messages(
    data: Path = Path("data"),
    policy: Path = Path("policies/blessing.yaml"),
    serving: Path = Path("serving"),
    steps: int = 300,
    width: int = 16,
) -> Results:
    """Ingest → validate → transform → train → predict → {confusion matrix ‖ ROC ‖ evaluate ‖ try} → push.

    `steps` are batches, and `width` is how many numbers stand for a word.
    """
    examples = CsvExampleGen(input_base=data).examples
    statistics = StatisticsGen(examples=examples).statistics
    schema = SchemaGen(statistics=statistics).schema
    ExampleValidator(statistics=statistics, schema=schema)
    transform = Transform(examples=examples, schema=schema, preprocessing_fn=preprocessing_fn)
    trained = Trainer(
        examples=transform.transformed_examples,
        transform_graph=transform.transform_graph,
        schema=schema,
        run_fn=model.run_fn,
        train_args=TrainArgs(num_steps=steps),
        eval_args=EvalArgs(num_steps=5),
        custom_config={"width": width},
    ).model
    predictions = Predict(
        model=trained,
        examples=examples,
        transform_graph=transform.transform_graph,
        label=LABEL,
        classes=CLASSES,
        slice_features=SLICES,
    ).predictions
    evaluator = Evaluator(
        model=trained,
        predictions=predictions,
        baseline_model=latest_blessed_model(other_than=trained),
        examples=examples,
        transform_graph=transform.transform_graph,
        classes=CLASSES,
        eval_config=eval_config(policy),
    )
    infra = InfraValidator(
        model=trained, examples=examples, split_name="eval", num_examples=10, exclude_features=(LABEL,)
    )
    pusher = Pusher(
        model=trained,
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
