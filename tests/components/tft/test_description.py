"""Transform describes rows before and after, as the user wants it, and says where they do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.reading import batches
from millwork.components.data.statistics import read_statistics
from millwork.components.data.writing import ExamplesWriter
from millwork.components.tft.description import StatsType
from millwork.components.transform import Transform
from millwork.core.artifacts import PARQUET, Examples, ExampleStatistics, Schema
from millwork.core.errors import BadInput, UnportableFunction
from millwork.core.testing import perform

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "town" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""


def transform(
    folder: Path, function: Callable[..., Any] | None, spans: int = 1, **arguments: Any
) -> Transform:
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text(SCHEMA)
    examples = [Examples(str(folder / f"span-{number}"), span=number) for number in range(spans)]
    for number, one in enumerate(examples):
        rows = {"fare": pa.array([1 + number, 2, 3], pa.float32()), "town": ["Graz", "Köln", "Graz"]}
        with ExamplesWriter(one, ["train", "eval"], PARQUET) as writer:
            for split in ("train", "eval"):
                writer.write(split, pa.RecordBatch.from_pydict(rows))
    step = Transform(
        examples=examples,
        schema=Schema(str(folder / "schema")),
        preprocessing_fn=function,
        compute_statistics=True,
        **arguments,
    )
    return perform(step, folder / "out")


def as_it_is(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"fare": inputs["fare"], "town": inputs["town"]}


def too_long(inputs: dict[str, Any]) -> dict[str, Any]:
    """What it returns is more than it says."""
    import tensorflow as tf
    from tensorflow_transform.schema_inference import set_tensor_schema_override

    length = tf.cast(tf.strings.length(inputs["town"]), tf.int64)
    set_tensor_schema_override(length, tf.constant(0, tf.int64), tf.constant(4, tf.int64))
    return {"length": length}


def only_fare(stats_type: StatsType, options: Any) -> Any:
    """What comes after is described for one feature only."""
    import tensorflow_data_validation as tfdv

    if stats_type == StatsType.PRE_TRANSFORM:
        return options
    return tfdv.StatsOptions(schema=options.schema, feature_allowlist=["fare"])


def returns_nothing(stats_type: StatsType, options: Any) -> None:
    pass


def features(statistics: ExampleStatistics) -> set[str]:
    (described,) = read_statistics(statistics, "eval").datasets
    return {feature.path.step[0] for feature in described.features}


def test_rows_that_fit_have_no_anomalies(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies

    anomalies = transform(tmp_path, as_it_is).post_transform_anomalies
    assert (anomalies.split_names, anomalies.num_anomalies) == (("train", "eval"), 0)
    assert json.loads(anomalies.blessed) == {"train": 1, "eval": 1}
    found = Anomalies.FromString((anomalies.split("eval") / "SchemaDiff.pb").read_bytes())
    assert not found.anomaly_info


def test_rows_that_do_not_fit_are_told(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies

    anomalies = transform(tmp_path, too_long).post_transform_anomalies
    assert anomalies.num_anomalies == 2
    assert json.loads(anomalies.blessed) == {"train": 0, "eval": 0}
    found = Anomalies.FromString((anomalies.split("train") / "SchemaDiff.pb").read_bytes())
    assert list(found.anomaly_info) == ["length"]


def test_the_user_decides_what_is_described(tmp_path: Path) -> None:
    step = transform(tmp_path, as_it_is, stats_options_updater_fn=only_fare)
    assert features(step.pre_transform_stats) == {"fare", "town"}
    assert features(step.post_transform_stats) == {"fare"}


def test_a_module_file_may_decide_it(tmp_path: Path) -> None:
    module = tmp_path / "my_features.py"
    module.write_text(
        "def preprocessing_fn(inputs):\n    return dict(inputs)\n\n"
        "def stats_options_updater_fn(stats_type, options):\n"
        "    options.num_top_values = 1\n"
        "    return options\n"
    )
    step = transform(tmp_path, None, module_file=module)
    (described,) = read_statistics(step.pre_transform_stats, "train").datasets
    (town,) = (feature for feature in described.features if feature.path.step[0] == "town")
    assert len(town.string_stats.top_values) == 1


def test_an_updater_must_return_options(tmp_path: Path) -> None:
    message = r"stats_options_updater_fn returned None for PRE_TRANSFORM. It must return tfdv\.StatsOptions"
    with pytest.raises(BadInput, match=message):
        transform(tmp_path, as_it_is, stats_options_updater_fn=returns_nothing)


def test_an_updater_must_be_importable(tmp_path: Path) -> None:
    with pytest.raises(UnportableFunction, match="lambda"):
        transform(tmp_path, as_it_is, stats_options_updater_fn=lambda kind, options: options)


def test_several_spans_are_described_and_transformed_as_one_data_set(tmp_path: Path) -> None:
    step = transform(tmp_path, as_it_is, spans=3)
    assert step.transformed_examples.num_examples == {"train": 9, "eval": 9}
    assert step.transformed_examples.span == step.post_transform_stats.span == 2
    fares = pa.Table.from_batches(list(batches(step.transformed_examples, "train")))["fare"]
    assert fares.to_pylist() == [1, 2, 3, 2, 2, 3, 3, 2, 3]
    for statistics in (step.pre_transform_stats, step.post_transform_stats):
        (described,) = read_statistics(statistics, "train").datasets
        assert described.num_examples == 9
