"""One case for each stock component: how to build it, what it must write, and what is special about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sample_model
from materials import SPLITS, Materials

from millwork import components as stock
from millwork.core.component import Component


@dataclass(frozen=True)
class Case:
    """How one component is tried."""

    build: Callable[[Materials], Component]
    """With real inputs."""
    writes: Mapping[str, str]
    """For each output a pattern below its folder that must match a file; '' if it may be empty."""
    stable: bool = True
    """Whether the same inputs give the same bytes."""
    refuses_empty: str = ""
    """What it says if the eval split has no rows, where it cannot go on."""
    wrong: Mapping[str, object] = field(default_factory=dict)
    """An argument of the wrong type, where an input that is no artifact would not do."""


CASES: dict[type[Component], Case] = {
    stock.CsvExampleGen: Case(
        lambda m: stock.CsvExampleGen(input_base=m.data, input_splits={s: f"{s}/*.csv" for s in SPLITS}),
        {"examples": "Split-eval/data_parquet-*.parquet"},
        wrong={"input_base": 3},
    ),
    stock.ParquetExampleGen: Case(
        lambda m: stock.ParquetExampleGen(
            input_base=m.examples.path, input_splits={s: f"Split-{s}/*" for s in SPLITS}
        ),
        {"examples": "Split-eval/data_parquet-*.parquet"},
        wrong={"input_base": 3},
    ),
    stock.AvroExampleGen: Case(
        lambda m: stock.AvroExampleGen(input_base=m.avro, input_splits={s: f"{s}.avro" for s in SPLITS}),
        {"examples": "Split-eval/data_parquet-*.parquet"},
        wrong={"input_base": 3},
    ),
    stock.TfRecordExampleGen: Case(
        lambda m: stock.TfRecordExampleGen(
            input_base=m.records, input_splits={s: f"Split-{s}/*" for s in SPLITS}
        ),
        {"examples": "Split-eval/data_parquet-*.parquet"},
        wrong={"input_base": 3},
    ),
    stock.QueryExampleGen: Case(
        lambda m: stock.QueryExampleGen(
            url=f"sqlite:///{m.database}",
            input_splits={s: f"SELECT * FROM rows WHERE split = '{s}'" for s in SPLITS},
        ),
        {"examples": "Split-eval/data_parquet-*.parquet"},
        wrong={"url": 3},
    ),
    stock.StatisticsGen: Case(
        lambda m: stock.StatisticsGen(examples=m.examples), {"statistics": "Split-eval/FeatureStats.pb"}
    ),
    stock.SchemaGen: Case(lambda m: stock.SchemaGen(statistics=m.statistics), {"schema": "schema.pbtxt"}),
    stock.ImportSchema: Case(
        lambda m: stock.ImportSchema(schema_file=m.schema.path / "schema.pbtxt"),
        {"schema": "schema.pbtxt"},
        wrong={"schema_file": 3},
    ),
    stock.ExampleValidator: Case(
        lambda m: stock.ExampleValidator(statistics=m.statistics, schema=m.schema),
        {"anomalies": "Split-eval/SchemaDiff.pb"},
    ),
    stock.DistributionValidator: Case(
        lambda m: stock.DistributionValidator(
            statistics=m.statistics,
            baseline_statistics=m.statistics,
            config={"default_comparator": {"jensen_shannon_divergence": 0.1}},
        ),
        {"anomalies": "SplitPair-eval_eval/SchemaDiff.pb"},
    ),
    stock.ExampleDiff: Case(
        lambda m: stock.ExampleDiff(
            examples_test=m.examples,
            examples_base=m.examples,
            config={"identifier_features": ["age", "fare"]},
        ),
        {"example_diff_result": "SplitPair-eval_eval/diff.json"},
    ),
    stock.Transform: Case(
        lambda m: stock.Transform(
            examples=m.examples, schema=m.schema, preprocessing_fn=sample_model.preprocessing_fn
        ),
        {
            "transform_graph": "transform_fn/saved_model.pb",
            "transformed_examples": "Split-eval/data_parquet-*.parquet",
            "pre_transform_schema": "schema.pbtxt",
            "pre_transform_stats": "",
            "post_transform_schema": "schema.pbtxt",
            "post_transform_stats": "",
            "post_transform_anomalies": "",
            "updated_analyzer_cache": "",
        },
    ),
    stock.Trainer: Case(
        lambda m: stock.Trainer(examples=m.transformed_examples, run_fn=sample_model.run_fn),
        {"model": "Format-Serving/*", "model_run": ""},
        stable=False,  # skops writes a zip archive, which has times in it
    ),
    stock.Tuner: Case(
        lambda m: stock.Tuner(
            examples=m.transformed_examples,
            objective=sample_model.objective,
            study=stock.Study("minimize", trials=3),
        ),
        {"best_hyperparameters": "best_hyperparameters.txt", "tuner_results": "trials.csv"},
        stable=False,  # the table of trials has times in it
    ),
    stock.Predict: Case(
        lambda m: stock.Predict(model=m.model, examples=m.transformed_examples, label=sample_model.LABEL),
        {"predictions": "Split-eval/predictions.parquet"},
    ),
    stock.ConfusionMatrix: Case(
        lambda m: stock.ConfusionMatrix(predictions=m.predictions),
        {"confusion_matrix": "Split-eval/confusion_matrix.json"},
    ),
    stock.Evaluator: Case(
        lambda m: stock.Evaluator(
            predictions=m.predictions, model=m.model, eval_config={"slicing_specs": [{}]}
        ),
        {
            "evaluation": "metrics-*",
            "blessing": "NOT_EVALUATED",
            "new_predictions": "",
            "new_baseline_predictions": "",
        },
        refuses_empty="There is nothing to evaluate in eval",
        wrong={"eval_config": 3},
    ),
    stock.Comparison: Case(
        lambda m: stock.Comparison(baseline=m.predictions, challenger=m.predictions),
        {"comparison": "comparison.json"},
        refuses_empty="The predictions of 'baseline' have no rows in split 'eval'",
    ),
    stock.Roc: Case(lambda m: stock.Roc(predictions=m.predictions), {"roc_curve": "Split-eval/roc.json"}),
    stock.InfraValidator: Case(
        lambda m: stock.InfraValidator(model=m.model, examples=m.transformed_examples, split_name="eval"),
        {"blessing": "INFRA_BLESSED"},
        stable=False,  # times are never the same
        refuses_empty="Split 'eval' has no rows to ask the model with",
    ),
    stock.Pusher: Case(
        lambda m: stock.Pusher(model=m.model, destination=m.folder / "serving"),
        {"pushed_model": "**/*.skops"},
    ),
}
