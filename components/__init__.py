"""The catalog. One file per component; this list is the table of contents."""

from millwork.components.avro_example_gen import AvroExampleGen
from millwork.components.comparison import Comparison
from millwork.components.confusion_matrix import ConfusionMatrix
from millwork.components.csv_example_gen import CsvExampleGen
from millwork.components.data.spans import RollingRange, StaticRange
from millwork.components.distribution_validator import DistributionValidator
from millwork.components.evaluator import Evaluator
from millwork.components.example_diff import ExampleDiff
from millwork.components.example_validator import ExampleValidator
from millwork.components.import_schema import ImportSchema
from millwork.components.infra_validator import InfraValidator
from millwork.components.model_card import model_card
from millwork.components.models.fn_args import DataAccessor, FnArgs, TunerFnResult
from millwork.components.models.training import EvalArgs, TrainArgs
from millwork.components.parquet_example_gen import ParquetExampleGen
from millwork.components.predict import Predict
from millwork.components.pusher import PushArgs, Pusher
from millwork.components.query_example_gen import QueryExampleGen
from millwork.components.resolvers import (
    artifact_with_id,
    latest_artifact,
    latest_artifacts,
    latest_blessed_model,
    span_range,
)
from millwork.components.roc import Roc
from millwork.components.schema_gen import SchemaGen
from millwork.components.statistics_gen import StatisticsGen
from millwork.components.tf_record_example_gen import TfRecordExampleGen
from millwork.components.tft.description import StatsType
from millwork.components.trainer import Trainer
from millwork.components.transform import Transform
from millwork.components.tuner import Tuner
from millwork.components.tuning.settings import Study, TuneArgs

__all__ = [
    "AvroExampleGen",
    "Comparison",
    "ConfusionMatrix",
    "CsvExampleGen",
    "DataAccessor",
    "DistributionValidator",
    "EvalArgs",
    "Evaluator",
    "ExampleDiff",
    "ExampleValidator",
    "FnArgs",
    "ImportSchema",
    "InfraValidator",
    "ParquetExampleGen",
    "Predict",
    "PushArgs",
    "Pusher",
    "QueryExampleGen",
    "Roc",
    "RollingRange",
    "SchemaGen",
    "StaticRange",
    "StatisticsGen",
    "StatsType",
    "Study",
    "TfRecordExampleGen",
    "TrainArgs",
    "Trainer",
    "Transform",
    "TuneArgs",
    "Tuner",
    "TunerFnResult",
    "artifact_with_id",
    "latest_artifact",
    "latest_artifacts",
    "latest_blessed_model",
    "model_card",
    "span_range",
]
