"""Requests that TensorFlow Serving answers to itself when it loads a model, so that the first client need not wait.

https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.components.models.rest_format import array_from_json
from millwork.components.models.tensor_models import DEFAULT_SIGNATURE, TensorSignature
from millwork.components.serving.trial import Sample

if TYPE_CHECKING:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

FILE = Path("assets.extra", "tf_serving_warmup_requests")


def write_warmup(
    model: Path, samples: Iterable[Sample], signatures: Mapping[str, TensorSignature], name: str
) -> None:
    """Write the samples into a SavedModel, as a TFRecord of PredictionLogs."""
    import tensorflow as tf

    file = model / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for sample in samples:
            writer.write(_log(sample, signatures[sample.signature], name).SerializeToString())


def replay_warmup(model: Path, call: Callable[[str, Mapping[str, Any]], object]) -> int:
    """Answer what the warm-up file of a SavedModel asks, if it has one. Returns how many requests that were."""
    if not (model / FILE).is_file():
        return 0
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    asked = 0
    for record in tf.data.TFRecordDataset(str(model / FILE)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        if log.WhichOneof("log_type") == "predict_log":
            request = log.predict_log.request
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            call(request.model_spec.signature_name or DEFAULT_SIGNATURE, inputs)
            asked += 1
    return asked


def _log(sample: Sample, signature: TensorSignature, name: str) -> PredictionLog:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    made: Any = prediction_log_pb2.PredictionLog()
    request = made.predict_log.request
    request.model_spec.name = name
    request.model_spec.signature_name = sample.signature
    for spec in signature.inputs:
        value = array_from_json(sample.inputs[spec.name], spec)
        request.inputs[spec.name].CopyFrom(tf.make_tensor_proto(value, dtype=tf.as_dtype(spec.dtype)))
    log: PredictionLog = made
    return log
