"""The catalog. One file per component; this list is the table of contents."""

from millwork.components.confusion_matrix import ConfusionMatrix
from millwork.components.csv_example_gen import CsvExampleGen
from millwork.components.example_validator import ExampleValidator
from millwork.components.import_schema import ImportSchema
from millwork.components.models.fn_args import DataAccessor, FnArgs, TunerFnResult
from millwork.components.predict import Predict
from millwork.components.pusher import Pusher
from millwork.components.roc import Roc
from millwork.components.schema_gen import SchemaGen
from millwork.components.statistics_gen import StatisticsGen
from millwork.components.trainer import EvalArgs, TrainArgs, Trainer
from millwork.components.transform import Transform

__all__ = [
    "ConfusionMatrix",
    "CsvExampleGen",
    "DataAccessor",
    "EvalArgs",
    "ExampleValidator",
    "FnArgs",
    "ImportSchema",
    "Predict",
    "Pusher",
    "Roc",
    "SchemaGen",
    "StatisticsGen",
    "TrainArgs",
    "Trainer",
    "Transform",
    "TunerFnResult",
]
