"""The same work gives the same graph byte for byte, whatever this process did before and in whichever process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from millwork.components.data.writing import ExamplesWriter
from millwork.components.transform import Transform
from millwork.core.artifacts import PARQUET, Examples, Schema
from millwork.core.storage import content_digest
from millwork.core.testing import perform

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "payment" type: BYTES value_count { min: 1 max: 1 } presence { min_count: 1 } }
"""
MODULE = """
import tensorflow as tf
import tensorflow_transform as tft

def preprocessing_fn(inputs):
    given = inputs["payment"]
    payment = tf.sparse.to_dense(tf.SparseTensor(given.indices, given.values, [given.dense_shape[0], 1]), "")
    parts = tf.map_fn(lambda text: tf.strings.length(text), payment, fn_output_signature=tf.int32)
    scaled = tft.scale_to_z_score(inputs["fare"])
    return {
        "id": tft.compute_and_apply_vocabulary(payment, vocab_filename="payments", num_oov_buckets=1),
        "bucket": tft.bucketize(inputs["fare"], 3),
        "length": tf.cast(parts, tf.int64),
        "scaled": tft.scale_to_0_1(tf.clip_by_value(scaled, -1, 1)),
        "size": tf.cond(tf.size(scaled) > 3, lambda: scaled, lambda: -scaled),
    }
"""
VOCABULARY = """
import tensorflow_transform as tft

def preprocessing_fn(inputs):
    return {"id": tft.compute_and_apply_vocabulary(inputs["payment"])}
"""
WITHOUT_ANALYZERS = "def preprocessing_fn(inputs):\n    return {'fare': inputs['fare'] * 2}\n"


def transform(folder: Path, module: Path, target: Path) -> Transform:
    examples = Examples(str(folder / "examples"), split_names=("train",), file_format=PARQUET)
    schema = Schema(str(folder / "schema"))
    return perform(Transform(examples=examples, schema=schema, module_file=module), target)


def elsewhere(folder: Path, module: Path, target: Path) -> str:
    """The digest of the graph as a new process makes it, which shuffles its sets in another way."""
    program = (
        "import sys, pathlib, runpy\n"
        f"parts = runpy.run_path({__file__!r})\n"
        "from millwork.core.storage import content_digest\n"
        "done = parts['transform'](*map(pathlib.Path, sys.argv[1:]))\n"
        "print(content_digest(done.transform_graph.path))\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", program, str(folder), str(module), str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=folder)
    return done.stdout.split()[-1]


@pytest.mark.parametrize("text", [MODULE, WITHOUT_ANALYZERS], ids=["analyzers", "no analyzers"])
def test_another_process_writes_the_same_graph(tmp_path: Path, text: str) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
    rows = pa.RecordBatch.from_pydict(
        {"fare": pa.array([3, 1, 4, 1, 5], pa.float32()), "payment": ["card", "cash", None, "cash", "coin"]}
    )
    with ExamplesWriter(Examples(str(tmp_path / "examples")), ["train"], PARQUET) as writer:
        writer.write("train", rows)
    module = tmp_path / "my_features.py"
    module.write_text(text)

    here, again = (transform(tmp_path, module, tmp_path / name).transform_graph for name in ("here", "again"))
    assert content_digest(here.path) == content_digest(again.path)
    assert content_digest(here.path) == elsewhere(tmp_path, module, tmp_path / "elsewhere")


def test_another_vocabulary_is_another_graph(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
    module = tmp_path / "my_features.py"
    module.write_text(VOCABULARY)
    assets, models = set(), set()
    for third in ("coin", "card"):
        rows = {"fare": pa.array([3, 1, 4], pa.float32()), "payment": ["card", "cash", third]}
        with ExamplesWriter(Examples(str(tmp_path / "examples")), ["train"], PARQUET) as writer:
            writer.write("train", pa.RecordBatch.from_pydict(rows))
        graph = transform(tmp_path, module, tmp_path / third).transform_graph.path / "transform_fn"
        assets.add(content_digest(graph / "assets"))
        models.add((graph / "saved_model.pb").read_bytes())
    assert len(assets) == len(models) == 2
