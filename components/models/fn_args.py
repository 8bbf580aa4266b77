"""What a user's `run_fn` gets: the fields of TFX's FnArgs, with TFX's names and meanings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from millwork.components.data import payloads
from millwork.components.models import record_datasets
from millwork.components.models.datasets import record_batches, tf_dataset
from millwork.core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa
    import tensorflow as tf
    from google.protobuf.message import Message
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tfx_bsl.tfxio.dataset_options import RecordBatchesOptions, TensorFlowDatasetOptions

    M = TypeVar("M", bound=Message)


class DataAccessor(NamedTuple):
    """Reads the files of a split, without the caller knowing how they are stored."""

    tf_dataset_factory: Callable[
        [Sequence[str] | str, TensorFlowDatasetOptions, Schema | None], tf.data.Dataset
    ] = tf_dataset
    record_batch_factory: Callable[
        [Sequence[str] | str, RecordBatchesOptions, Schema | None], Iterator[pa.RecordBatch]
    ] = record_batches
    data_view_decode_fn: Callable[[tf.Tensor], Mapping[str, Any]] | None = None
    """Always None: there are no data views."""


def data_accessor(payload_format: str) -> DataAccessor:
    """The accessor for records of this kind."""
    if payload_format == payloads.TF_SEQUENCE_EXAMPLE:
        return DataAccessor(record_datasets.sequence_dataset, record_datasets.sequence_record_batches)
    if payload_format == payloads.RAW:
        return DataAccessor(record_datasets.raw_dataset, record_datasets.raw_record_batches)
    return DataAccessor()


@dataclass
class FnArgs:
    """Everything that `run_fn` may need to train a model. What `Trainer` always sets is never None."""

    working_dir: str = ""
    """A folder for temporary files, deleted after the call."""
    train_files: list[str] = field(default_factory=list)
    """Glob patterns."""
    eval_files: list[str] = field(default_factory=list)
    """Glob patterns."""
    train_steps: int | None = None
    """None: as many as `run_fn` likes."""
    eval_steps: int | None = None
    """None: as many as `run_fn` likes."""
    schema_path: str | None = None
    """The file `schema.pbtxt`, if a schema is wired."""
    schema_file: str | None = None
    """The same as `schema_path`, under TFX's older name."""
    transform_graph_path: str | None = None
    """What `tft.TFTransformOutput` takes, if a transform graph is wired."""
    transform_output: str | None = None
    """The same as `transform_graph_path`, under TFX's older name."""
    data_accessor: DataAccessor = field(default_factory=DataAccessor)
    serving_model_dir: str = ""
    """Where `run_fn` must save the model. The folder does not exist yet."""
    eval_model_dir: str = ""
    """Where `run_fn` may save a model made for evaluation. The folder does not exist yet."""
    model_run_dir: str = ""
    """An existing folder for logs and checkpoints."""
    base_model: str | None = None
    """The folder of the model to start from, if one is wired."""
    hyperparameters: dict[str, Any] | None = None
    custom_config: dict[str, Any] | None = None
    num_examples: dict[str, int] | None = None
    """Rows per split, if statistics are wired."""


class TunerFnResult(NamedTuple):
    """What a user's `tuner_fn` returns: a KerasTuner tuner, and the keyword arguments of its `search`."""

    tuner: Any
    fit_kwargs: dict[str, Any]


def parse_pbtxt_file(path: str, message: M) -> M:
    """Fill `message` from a protobuf text file, such as `fn_args.schema_path`. TFX has it in `tfx.utils`."""
    from google.protobuf import text_format

    try:
        with open(path, encoding="utf-8") as file:
            text_format.Parse(file.read(), message)
            return message
    except FileNotFoundError:
        raise BadInput(f"There is no file {path!r}") from None
    except text_format.ParseError as e:
        raise BadInput(f"{path!r} is not a {type(message).__name__} in protobuf's text format: {e}") from e
