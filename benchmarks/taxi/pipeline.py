"""The classic pipeline on taxi data. Run it with: millwork run benchmarks.taxi.pipeline:taxi -p data=FOLDER"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.taxi.features import LABEL, SLICES
from benchmarks.taxi.model import run_fn
from benchmarks.taxi.preprocessing import preprocessing_fn
from millwork import pipeline
from millwork.components.confusion_matrix import ConfusionMatrix
from millwork.components.csv_example_gen import CsvExampleGen
from millwork.components.example_validator import ExampleValidator
from millwork.components.models.training import EvalArgs, TrainArgs
from millwork.components.predict import Predict
from millwork.components.pusher import Pusher
from millwork.components.roc import Roc
from millwork.components.schema_gen import SchemaGen
from millwork.components.statistics_gen import StatisticsGen
from millwork.components.trainer import Trainer
from millwork.components.transform import Transform
from millwork.core import artifacts


@dataclass(frozen=True)
class Results:
    """What one looks at after a run."""

    confusion_matrix: artifacts.ConfusionMatrix
    roc_curve: artifacts.RocCurve
    pushed_model: artifacts.PushedModel


@pipeline
def taxi(data: Path = Path("data"), serving: Path = Path("serving"), steps: int = 500) -> Results:
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
        run_fn=run_fn,
        train_args=TrainArgs(num_steps=steps),
        eval_args=EvalArgs(num_steps=50),
    ).model
    predictions = Predict(
        model=model,
        examples=examples,
        label_examples=transform.transformed_examples,
        label=LABEL,
        slice_features=SLICES,
    ).predictions
    return Results(
        ConfusionMatrix(predictions=predictions, by=SLICES).confusion_matrix,
        Roc(predictions=predictions, by=SLICES).roc_curve,
        Pusher(model=model, destination=serving).pushed_model,
    )
