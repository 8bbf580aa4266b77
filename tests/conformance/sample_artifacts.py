"""An artifact of every type: small, soon made, and with a text of the test's choice wherever data has names."""

from __future__ import annotations

import base64
import csv
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from millwork.components import Comparison, ConfusionMatrix, Evaluator, Roc
from millwork.core import artifacts as stock
from millwork.core.graph import Artifact
from millwork.core.testing import perform
from millwork.evaluation.eval_files import write_messages

ROWS = 200
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One pixel."""
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(3)</script></svg>'
PAGE = "<html><body onload=alert(4)><script>alert(5)</script></body></html>"


@dataclass(eq=False)
class Gallery(Artifact):
    """A user's own type."""

    theme: str = ""


def artifact_of(kind: str, folder: Path, text: str = "Graz") -> Artifact:
    """A new artifact. `kind` is the name of its type, or one of the other keys of MAKERS."""
    folder.mkdir(parents=True)
    return MAKERS[kind](folder, text)


def _split(folder: Path, name: str) -> Path:
    made = folder / f"Split-{name}"
    made.mkdir()
    return made


def _examples(folder: Path, text: str) -> Artifact:
    for split, rows in (("train", 3), ("eval", 2)):
        table = pa.table(
            {f"town {text}": [text] * rows, "age": [30, None, 41][:rows], "raw": [b"\xff\x00"] * rows}
        )
        pq.write_table(table, _split(folder, split) / "data_parquet-00000-of-00001.parquet")
    counts = {"train": 3, "eval": 2}
    return stock.Examples(str(folder), split_names=("train", "eval"), num_examples=counts, spans={"7": 2})


def _statistics(folder: Path, text: str) -> Artifact:
    for split, shift in (("train", 0.0), ("eval", 20.0)):
        message = statistics(text, shift)
        (_split(folder, split) / "FeatureStats.pb").write_bytes(message.SerializeToString())
    return stock.ExampleStatistics(str(folder), split_names=("train", "eval"))


def statistics(text: str, shift: float = 0.0) -> Any:
    """Of a number in ten buckets of width 10 from `shift` on, and of a category whose first value gets rarer."""
    from tensorflow_metadata.proto.v0 import statistics_pb2 as pb

    found = pb.DatasetFeatureStatisticsList()
    data = found.datasets.add(num_examples=100)
    age = data.features.add(type=pb.FeatureNameStatistics.INT)
    age.path.step.append("age")
    common = {"num_non_missing": 100, "max_num_values": 1, "tot_num_values": 90}
    age.num_stats.common_stats.MergeFrom(pb.CommonStatistics(**common))
    age.num_stats.mean, age.num_stats.std_dev, age.num_stats.num_zeros = 50 + shift, 28.0, 9
    age.num_stats.min, age.num_stats.median, age.num_stats.max = shift, 50 + shift, 100 + shift
    histogram = age.num_stats.histograms.add(type=pb.Histogram.STANDARD)
    for place in range(10):
        low = 10.0 * place + shift
        histogram.buckets.add(low_value=low, high_value=low + 10, sample_count=9)
    town = data.features.add(type=pb.FeatureNameStatistics.STRING)
    town.path.step.append(f"town {text}")
    town.string_stats.common_stats.MergeFrom(pb.CommonStatistics(**common))
    town.string_stats.unique = 2
    first = 60 - shift
    for rank, (label, count) in enumerate(((f"{text} 1", first), (f"{text} 2", 90 - first))):
        town.string_stats.rank_histogram.buckets.add(
            low_rank=rank, high_rank=rank, label=label, sample_count=count
        )
        town.string_stats.top_values.add(value=label, frequency=count)
    data.features.add(type=pb.FeatureNameStatistics.BYTES).path.step.append("photo")
    return found


def _schema(folder: Path, text: str) -> Artifact:
    _write_schema(folder, text)
    return stock.Schema(str(folder))


def _write_schema(folder: Path, text: str) -> None:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2 as pb

    schema = pb.Schema(default_environment=["TRAINING", "SERVING"])
    town = schema.feature.add(name=f"town {text}", type=pb.BYTES, domain=f"towns {text}")
    town.presence.min_fraction = 0.5
    label = schema.feature.add(name="visited", type=pb.INT, not_in_environment=["SERVING"])
    label.int_domain.min, label.int_domain.max = 0, 1
    schema.string_domain.add(name=f"towns {text}", value=[text, "Wien"])
    (folder / "schema.pbtxt").write_text(text_format.MessageToString(schema))


def _anomalies(folder: Path, text: str) -> Artifact:
    from tensorflow_metadata.proto.v0 import anomalies_pb2 as pb

    found = pb.Anomalies()
    found.anomaly_info[f"town {text}"].short_description = "Unexpected string values"
    found.anomaly_info[f"town {text}"].description = f"Values: {text}"
    (_split(folder, "train") / "SchemaDiff.pb").write_bytes(found.SerializeToString())
    (_split(folder, "eval") / "SchemaDiff.pb").write_bytes(pb.Anomalies().SerializeToString())
    blessed = json.dumps({"train": 0, "eval": 1})
    return stock.ExampleAnomalies(
        str(folder), split_names=("train", "eval"), num_anomalies=1, blessed=blessed
    )


def _distances(folder: Path, text: str) -> Artifact:
    from tensorflow_metadata.proto.v0 import anomalies_pb2 as pb

    pair = folder / "SplitPair-train_eval"
    pair.mkdir()
    (pair / "SchemaDiff.pb").write_bytes(pb.Anomalies().SerializeToString())
    distance = {
        "feature": f"town {text}",
        "measure": "infinity_norm",
        "distance": 0.3,
        "threshold": 0.1,
        "exceeded": True,
    }
    content = {
        "num_examples": {"current": 60.0, "baseline": 40.0, "ratio": 1.5},
        "distances": [distance, {**distance, "feature": "age", "distance": 0.05, "exceeded": False}],
        "not_compared": [{"feature": "photo", "path": ["photo"], "reason": f"No {text}"}],
    }
    (pair / "distances.json").write_text(json.dumps(content))
    return stock.ExampleAnomalies(str(folder), split_names=("train_eval",))


def _examples_diff(folder: Path, text: str) -> Artifact:
    pair = folder / "SplitPair-train_train"
    pair.mkdir()
    feature = {
        "feature_name": f"town {text}", "diff_fraction": 0.25, "mismatch_count": 1, "base_only": 0, "test_only": 0,
        "max_difference": None,
    }  # fmt: skip
    change = {"feature_name": f"town {text}", "kind": "mismatch", "base": [text], "test": ["Wien"]}
    sample = {"pair": 0, "identifiers": {"id": [text]}, "differences": [change]}
    content = {"num_pairs": 4, "num_skewed_pairs": 1, "features": [feature], "sample_pairs": [sample]}
    (pair / "diff.json").write_text(json.dumps(content))
    return stock.ExamplesDiff(str(folder), split_pairs=("train_train",), num_pairs=4, num_skewed_pairs=1)


def _transform_graph(folder: Path, text: str) -> Artifact:
    for name in ("metadata", "transformed_metadata", "transform_fn/assets"):
        (folder / name).mkdir(parents=True)
    _write_schema(folder / "metadata", text)
    _write_schema(folder / "transformed_metadata", text)
    entries = [f"{text} {number}" for number in range(30)]
    (folder / "transform_fn/assets/town_vocabulary").write_text("\n".join(entries) + "\n")
    return stock.TransformGraph(str(folder))


def _transform_cache(folder: Path, text: str) -> Artifact:
    (folder / "0a1b").mkdir()
    (folder / "0a1b/mean.gz").write_bytes(b"x" * 2_000)
    return stock.TransformCache(str(folder), span=3)


def _saved_model(folder: Path, text: str) -> Artifact:
    from tensorboard.compat.proto.meta_graph_pb2 import MetaGraphDef

    graph = MetaGraphDef()
    signature = graph.signature_def["serving_default"]
    signature.method_name = "tensorflow/serving/predict"
    signature.inputs[f"examples {text}"].dtype = 7
    signature.inputs[f"examples {text}"].tensor_shape.dim.add(size=-1)
    signature.outputs["probability"].dtype = 1
    content = graph.SerializeToString()
    (folder / "Format-Serving").mkdir()
    (folder / "Format-Serving/saved_model.pb").write_bytes(b"\x08\x01\x12" + _varint(len(content)) + content)
    return stock.Model(str(folder), framework="saved_model")


def _varint(number: int) -> bytes:
    """As protobuf writes lengths: seven bits a byte, the lowest first."""
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


def _keras_model(folder: Path, text: str) -> Artifact:
    (folder / "Format-Serving").mkdir()
    layer = {"class_name": "Dense", "config": {"name": f"dense {text}", "units": 16, "activation": "relu"}}
    with zipfile.ZipFile(folder / "Format-Serving/model.keras", "w") as file:
        file.writestr("config.json", json.dumps({"class_name": "Functional", "config": {"layers": [layer]}}))
    return stock.Model(str(folder), framework="keras")


def _skops_model(folder: Path, text: str) -> Artifact:
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    (folder / "Format-Serving").mkdir()
    skops.io.dump(model, folder / "Format-Serving/model.skops")
    return stock.Model(str(folder), framework="skops")


def _model_run(folder: Path, text: str) -> Artifact:
    """Scalars as TensorFlow 1 and as TensorFlow 2 write them."""
    from tensorboard.compat.proto.event_pb2 import Event

    for run in ("train", "validation"):
        events = [Event(file_version="brain.Event:2")]
        for step in range(1, 4):
            event = Event(step=step)
            event.summary.value.add(tag=f"loss {text}", simple_value=1.0 / step)
            tensor = event.summary.value.add(tag="accuracy").tensor
            tensor.dtype, tensor.tensor_content = 1, struct.pack("<f", 0.25 * step)
            events.append(event)
        (folder / run).mkdir()
        write_messages(folder / run / "events.out.tfevents.1.host", events)
    return stock.ModelRun(str(folder))


def _hyperparameters(folder: Path, text: str) -> Artifact:
    space = [{"class_name": "Choice", "config": {"name": f"units {text}", "values": [16, 32]}}]
    content = {"space": space, "values": {f"units {text}": 32}}
    (folder / "best_hyperparameters.txt").write_text(json.dumps(content))
    return stock.HyperParameters(str(folder))


def _tuner_results(folder: Path, text: str) -> Artifact:
    rows = [
        ["0", "complete", 0.71, "", 2.5, text, ""],
        ["1", "pruned", 0.4, "", 0.5, text, ""],
        ["2", "complete", 0.83, "", 2.1, text, ""],
        ["3", "failed", "", "", 0.1, text, f"ValueError: {text}"],
    ]
    with (folder / "trials.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["trial", "state", "score", "began", "seconds", f"units {text}", "error"], *rows]
        )
    given = {"objective": "maximize", "best_score": 0.83, "num_trials": 4, "num_complete": 2}
    return stock.TunerResults(str(folder), **given)  # type: ignore[arg-type]


def _binary(folder: Path, text: str) -> Artifact:
    return predictions(folder, text, ("eval",))


def _two_splits(folder: Path, text: str) -> Artifact:
    return predictions(folder, text, ("train", "eval"))


def _multiclass(folder: Path, text: str) -> Artifact:
    return predictions(folder, text, ("eval",), classes=3)


def predictions(folder: Path, text: str, splits: tuple[str, ...], classes: int = 2) -> stock.Predictions:
    """Useful scores; the positive class, or the last, is seldom in the second slice."""
    names = tuple(f"{text} {number}" for number in range(classes))
    for seed, split in enumerate(splits):
        random = np.random.default_rng(seed)
        labels = random.integers(0, classes, ROWS)
        scores = random.random((ROWS, classes)) + 0.7 * (labels[:, None] == np.arange(classes))
        scores /= scores.sum(axis=1, keepdims=True)
        columns: dict[str, object] = {
            "row_id": np.arange(ROWS),
            "label": [names[label] for label in labels],
            "predicted": [names[place] for place in scores.argmax(axis=1)],
            "weight": np.ones(ROWS),
            **{f"score_{name}": scores[:, place] for place, name in enumerate(names)},
            "slice_town": [f"{text} {'ab'[number % 2]}" for number in range(ROWS)],
        }
        pq.write_table(pa.table(columns), _split(folder, split) / "predictions.parquet")
    return stock.Predictions(
        str(folder),
        split_names=splits,
        problem="binary" if classes == 2 else "multiclass",
        classes=names,
        label=f"visited {text}",
        slice_features=("town",),
        num_examples=dict.fromkeys(splits, ROWS),
    )


def _regression(folder: Path, text: str) -> Artifact:
    random = np.random.default_rng(0)
    labels = random.normal(10, 3, ROWS)
    columns = {
        "row_id": np.arange(ROWS),
        "label": labels,
        "predicted": labels + random.normal(0, 1, ROWS),
        "weight": np.ones(ROWS),
    }
    table = pa.table({**columns, "score": columns["predicted"]})
    pq.write_table(table, _split(folder, "eval") / "predictions.parquet")
    return stock.Predictions(str(folder), split_names=("eval",), problem="regression", label=text)


def _unlabelled(folder: Path, text: str) -> Artifact:
    columns = {"row_id": np.arange(3), "label": pa.nulls(3, pa.string()), "predicted": [f"{text} 1"] * 3}
    scores = {f"score_{text} 0": [0.1, 0.2, 0.3], f"score_{text} 1": [0.9, 0.8, 0.7]}
    table = pa.table({**columns, "weight": np.ones(3), **scores})
    pq.write_table(table, _split(folder, "eval") / "predictions.parquet")
    return stock.Predictions(str(folder), split_names=("eval",), classes=(f"{text} 0", f"{text} 1"))


def _nothing_scored(folder: Path, text: str) -> Artifact:
    return stock.Predictions(str(folder))


def _confusion_matrix(folder: Path, text: str) -> Artifact:
    return perform(
        ConfusionMatrix(predictions=_given(folder, text, classes=3), by=("town",)), folder
    ).confusion_matrix


def _roc(folder: Path, text: str) -> Artifact:
    return perform(Roc(predictions=_given(folder, text), by=("town",)), folder).roc_curve


def _given(folder: Path, text: str, classes: int = 2) -> stock.Predictions:
    (folder / "predictions").mkdir()
    return predictions(folder / "predictions", text, ("eval",), classes)


def _evaluator(folder: Path, text: str) -> Evaluator:
    """With intervals, a baseline, a plot, and thresholds of which one holds."""
    given = _given(folder, text)
    bound = {"value_threshold": {"lower_bound": {"value": 0.5}}}
    metrics = [
        {"class_name": "AUC", "threshold": bound},
        {"class_name": "BinaryAccuracy", "threshold": {"value_threshold": {"lower_bound": {"value": 0.999}}}},
        {"class_name": "CalibrationPlot"},
    ]
    config = {
        "model_specs": [
            {"name": "candidate", "label_key": f"visited {text}"},
            {"name": "baseline", "is_baseline": True},
        ],
        "metrics_specs": [{"metrics": metrics}],
        "slicing_specs": [{}, {"feature_keys": ["town"]}],
        "options": {"compute_confidence_intervals": {"value": True}},
    }
    step = Evaluator(predictions=given, baseline_predictions=given, eval_config=config)
    return perform(step, folder / "evaluator")


def _evaluation(folder: Path, text: str) -> Artifact:
    return _evaluator(folder, text).evaluation


def _blessing(folder: Path, text: str) -> Artifact:
    return _evaluator(folder, text).blessing


def _comparison(folder: Path, text: str) -> Artifact:
    given = _given(folder, text)
    step = Comparison(baseline=given, challenger=given, names=(f"new {text}",), by=("town",), resamples=100)
    return perform(step, folder).comparison


def _not_compared(folder: Path, text: str) -> Artifact:
    step = Comparison(baseline=None, challenger=_given(folder, text))
    return perform(step, folder).comparison


def _infra_blessing(folder: Path, text: str) -> Artifact:
    (folder / "INFRA_NOT_BLESSED").touch()
    (folder / "server.log").write_text(f"INFO {text}\n")
    latency = {"first": 380.0, "p50": 6.9, "p90": None, "p99": 16.5}
    (folder / "infra.json").write_text(
        json.dumps({"mode": "LOAD_AND_QUERY", "signatures": [text], "requests": 100, "latency_ms": latency})
    )
    return stock.InfraBlessing(
        str(folder), reason=f"no answer {text}", load_seconds=2.5, peak_memory=5_000_000
    )


def _pushed_model(folder: Path, text: str) -> Artifact:
    (folder / "model.bin").write_bytes(b"0")
    return stock.PushedModel(str(folder), pushed=1, pushed_destination=f"/serving/{text}", pushed_version="3")


def _report(folder: Path, text: str) -> Artifact:
    lines = [
        f"# Card {text}",
        "",
        "A **bold** word.",
        "",
        "| a | b |",
        "|---|---|",
        f"| 1 | {text} |",
        "",
        text,
    ]
    bad = [
        "![picture](https://example.com/p.png)",
        "[link](javascript:alert(6))",
        "<script>alert(7)</script>",
    ]
    (folder / "report.md").write_text(
        "\n\n".join(["\n".join(lines), *bad]), encoding="utf-8", errors="replace"
    )
    (folder / "report.html").write_text(PAGE)
    return stock.Report(str(folder))


def _value(folder: Path, text: str) -> Artifact:
    made = stock.String(str(folder / "value"))
    made.value = text.encode("utf-8", "replace").decode()
    return made


def _gallery(folder: Path, text: str) -> Artifact:
    (folder / "good.png").write_bytes(PNG)
    (folder / "no-picture.jpg").write_bytes(b"<script>alert(8)</script>")
    (folder / "drawing.svg").write_text(SVG)
    (folder / "page.html").write_text(PAGE)
    (folder / "notes.txt").write_text(f"first line {text}\n" * 200, encoding="utf-8", errors="replace")
    return Gallery(str(folder), theme=text.encode("utf-8", "replace").decode())


MAKERS: Mapping[str, Callable[[Path, str], Artifact]] = {
    "Examples": _examples,
    "ExampleStatistics": _statistics,
    "Schema": _schema,
    "ExampleAnomalies": _anomalies,
    "distances": _distances,
    "ExamplesDiff": _examples_diff,
    "TransformGraph": _transform_graph,
    "TransformCache": _transform_cache,
    "Model": _saved_model,
    "Keras model": _keras_model,
    "skops model": _skops_model,
    "ModelRun": _model_run,
    "HyperParameters": _hyperparameters,
    "TunerResults": _tuner_results,
    "Predictions": _binary,
    "predictions of two splits": _two_splits,
    "predictions of three classes": _multiclass,
    "predictions of a number": _regression,
    "predictions without labels": _unlabelled,
    "predictions of no model": _nothing_scored,
    "ConfusionMatrix": _confusion_matrix,
    "RocCurve": _roc,
    "ModelEvaluation": _evaluation,
    "ModelBlessing": _blessing,
    "Comparison": _comparison,
    "no comparison": _not_compared,
    "InfraBlessing": _infra_blessing,
    "PushedModel": _pushed_model,
    "Report": _report,
    "String": _value,
    "Gallery": _gallery,
}
