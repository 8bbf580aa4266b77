"""The pipeline of one window of years. Run it with: millwork run -p until=2013, then 2014, then 2015"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from millwork import pipeline, when
from millwork.components import (
    Comparison,
    ConfusionMatrix,
    CsvExampleGen,
    DistributionValidator,
    Evaluator,
    ExampleValidator,
    ImportSchema,
    InfraValidator,
    Predict,
    Pusher,
    StaticRange,
    StatisticsGen,
    TrainArgs,
    Trainer,
    Transform,
    latest_artifact,
    latest_blessed_model,
)
from millwork.core import artifacts

from .evaluation import eval_config
from .features import CLASSES, COLUMN_TYPES, LABEL, SLICES
from .model import run_fn
from .preprocessing import preprocessing_fn

PATTERN = "span-{SPAN}/*.csv"
DRIFT = {
    "default_comparator": {"jensen_shannon_divergence": 0.05},
    "features": {
        "weather": {"infinity_norm": 0.1},
        "yesterday": None,
        "date": None,
        "year": None,
        "month": None,
    },
}
"""How far a window may be from the one before. Not compared is what says the same again, and what tells the time."""


@dataclass(frozen=True)
class Results:
    """What one looks at after a run."""

    drift: artifacts.ExampleAnomalies
    confusion_matrix: artifacts.ConfusionMatrix
    comparison: artifacts.Comparison
    evaluation: artifacts.ModelEvaluation
    blessing: artifacts.ModelBlessing
    pushed_model: artifacts.PushedModel


@pipeline
def weather(
    data: Path = Path("data"),
    schema: Path = Path("schema/schema.pbtxt"),
    policy: Path = Path("policies/blessing.yaml"),
    serving: Path = Path("serving"),
    until: int = 0,
    years: int = 2,
    steps: int = 300,
) -> Results:
    """Ingest → check, also for drift → transform → train on → {confusion matrix ‖ compare ‖ evaluate ‖ try} → push.

    The window is the last `years` years, and ends with `until`, by default the newest year that there is. The champion
    is the latest blessed model of an earlier window: training starts from it, and the new model is held against it.
    """
    until = until or newest_year(data)
    before = {"span": until - 1}
    champion = latest_blessed_model(before_span=until, id="champion")
    window = CsvExampleGen(
        input_base=data,
        pattern=PATTERN,
        span=StaticRange(until - years + 1, until),
        column_types=COLUMN_TYPES,
    ).examples
    statistics = StatisticsGen(examples=window).statistics
    imported = ImportSchema(schema_file=schema).schema
    ExampleValidator(statistics=statistics, schema=imported, fail_on_anomalies=True)
    drift = DistributionValidator(
        statistics=statistics,
        baseline_statistics=latest_artifact(artifacts.ExampleStatistics, node="statistics_gen", where=before),
        config=DRIFT,
    )
    transform = Transform(
        examples=window,
        schema=imported,
        preprocessing_fn=preprocessing_fn,
        analyzer_cache=latest_artifact(artifacts.TransformCache, node="transform", where=before),
    )
    model = Trainer(
        examples=transform.transformed_examples,
        transform_graph=transform.transform_graph,
        schema=imported,
        base_model=champion,
        run_fn=run_fn,
        train_args=TrainArgs(num_steps=steps),
    ).model
    predictions = predicted("predict", model, window)
    champions = predicted("predict_champion", champion, window)
    comparison = Comparison(baseline=champions, challenger=predictions, policy=policy).comparison
    evaluator = Evaluator(
        model=model,
        predictions=predictions,
        baseline_predictions=champions,
        eval_config=eval_config(policy),
    )
    infra = InfraValidator(
        model=model, examples=window, split_name="eval", num_examples=10, exclude_features=(LABEL,)
    )
    with when(comparison.is_not_worse()):
        pusher = Pusher(
            model=model,
            model_blessing=evaluator.blessing,
            infra_blessing=infra.blessing,
            destination=serving,
        )
    return Results(
        drift.anomalies,
        ConfusionMatrix(predictions=predictions, by=SLICES).confusion_matrix,
        comparison,
        evaluator.evaluation,
        evaluator.blessing,
        pusher.pushed_model,
    )


def predicted(id: str, model: artifacts.Model, examples: artifacts.Examples) -> artifacts.Predictions:
    """What a model says of the days that none has been trained on. Each brings its own preprocessing."""
    return Predict(
        id=id, model=model, examples=examples, label=LABEL, classes=CLASSES, slice_features=SLICES
    ).predictions


def newest_year(data: Path) -> int:
    """The last year that there are data of."""
    found = [int(folder.name.removeprefix("span-")) for folder in data.glob("span-[0-9]*")]
    if not found:
        raise FileNotFoundError(f"There is no folder such as span-2015 in {str(data)!r}")
    return max(found)
