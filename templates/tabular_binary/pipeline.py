"""The classic pipeline. Run it with: millwork run pipeline.py -p data=data"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from millwork import pipeline
from millwork.components import (
    ConfusionMatrix,
    CsvExampleGen,
    EvalArgs,
    ExampleValidator,
    Predict,
    Pusher,
    Roc,
    SchemaGen,
    StatisticsGen,
    TrainArgs,
    Trainer,
    Transform,
)
from millwork.core import artifacts
from millwork.templates.tabular_binary import model_keras, model_sklearn
from millwork.templates.tabular_binary.features import LABEL, SLICES
from millwork.templates.tabular_binary.preprocessing import preprocessing_fn


@dataclass(frozen=True)
class Results:
    """What one looks at after a run."""

    confusion_matrix: artifacts.ConfusionMatrix
    roc_curve: artifacts.RocCurve
    pushed_model: artifacts.PushedModel


@pipeline(name="randhie")
def classic(
    data: Path = Path("data"),
    serving: Path = Path("serving"),
    framework: Literal["keras", "sklearn"] = "keras",
    steps: int = 300,
) -> Results:
    """Ingest → statistics → schema → validate → transform → train → predict → {confusion matrix ‖ ROC} → push."""
    examples = CsvExampleGen(input_base=data).examples
    statistics = StatisticsGen(examples=examples).statistics
    schema = SchemaGen(statistics=statistics).schema
    ExampleValidator(statistics=statistics, schema=schema)
    transform = Transform(examples=examples, schema=schema, preprocessing_fn=preprocessing_fn)
    model = Trainer(
        examples=transform.transformed_examples,
        transform_graph=transform.transform_graph,
        schema=schema,
        run_fn=model_keras.run_fn if framework == "keras" else model_sklearn.run_fn,
        train_args=TrainArgs(num_steps=steps),
        eval_args=EvalArgs(num_steps=20),
    ).model
    predictions = Predict(
        model=model,
        # The network brings its preprocessing along; the regression was trained on transformed columns.
        examples=examples if framework == "keras" else transform.transformed_examples,
        label_examples=transform.transformed_examples,
        label=LABEL,
        slice_features=SLICES,
    ).predictions
    return Results(
        ConfusionMatrix(predictions=predictions, by=SLICES).confusion_matrix,
        Roc(predictions=predictions, by=SLICES).roc_curve,
        Pusher(model=model, destination=serving / framework).pushed_model,
    )
