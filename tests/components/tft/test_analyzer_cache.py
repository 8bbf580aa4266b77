"""Over a window of spans, Transform analyzes only rows that are new, and finds what it would find in all of them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millwork.components.data.reading import batches
from millwork.components.data.writing import ExamplesWriter
from millwork.components.tft import analysis
from millwork.components.tft.raw_features import rows_for
from millwork.components.transform import Transform
from millwork.core.artifacts import PARQUET, TFRECORD, Examples, Schema, TransformCache
from millwork.core.errors import BadInput
from millwork.core.storage import content_digest
from millwork.core.testing import perform

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "tip" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "payment" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""
ROWS = {1: 101, 2: 202, 3: 303, 4: 404}
"""Rows of the train split of each span: different, so that the number of rows read says which spans were."""


def span(folder: Path, number: int, file_format: str = PARQUET) -> Examples:
    """A day of trips, dearer than the day before. Written anew each time, as by another run."""
    random = np.random.default_rng(number)
    examples = Examples(str(folder / f"span-{number}"), span=number)
    shutil.rmtree(folder / f"span-{number}", ignore_errors=True)
    with ExamplesWriter(examples, ["train", "eval"], file_format) as writer:
        for split, rows in (("train", ROWS[number]), ("eval", 20)):
            fare = pa.array(random.gamma(2, 6, rows) * number, pa.float32())
            tip = pa.array(random.gamma(1, 2, rows), pa.float32())
            payment = pa.array(random.choice(["cash", "card", f"new-{number}"], rows))
            writer.write(split, pa.RecordBatch.from_arrays([fare, tip, payment], ["fare", "tip", "payment"]))
    return examples


def transform(
    folder: Path, name: str, spans: list[Examples], function: Any = None, **arguments: Any
) -> Transform:
    (folder / "schema").mkdir(exist_ok=True)
    if not (folder / "schema" / "schema.pbtxt").exists():
        (folder / "schema" / "schema.pbtxt").write_text(SCHEMA)
    schema = Schema(str(folder / "schema"))
    step = Transform(examples=spans, schema=schema, preprocessing_fn=function, **arguments)
    return perform(step, folder / name)


def rows_of(step: Transform, split: str = "train") -> dict[str, list[Any]]:
    table = pa.Table.from_batches(list(batches(step.transformed_examples, split)))
    return {name: table[name].to_pylist() for name in table.schema.names}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often a file of so many rows was read, batch by batch, to analyze them."""
    counted: Counter[int] = Counter()

    def count(*given: Any) -> Iterator[pa.RecordBatch]:
        for batch in rows_for(*given):
            counted[batch.num_rows] += 1
            yield batch

    monkeypatch.setattr(analysis, "rows_for", count)
    return counted


# preprocessing functions


def common(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    fare, payment = inputs["fare"], inputs["payment"]
    return {
        "at_most_1": tft.scale_to_0_1(fare),
        "bucket": tft.bucketize(fare, 4),
        "id": tft.compute_and_apply_vocabulary(payment, vocab_filename="payments", num_oov_buckets=1),
        "scaled": tft.scale_to_z_score(fare),
    }


def rare(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_transform as tft

    fare, payment = inputs["fare"], inputs["payment"]
    by, pair = tf.squeeze(payment, 1), tf.concat([fare, inputs["tip"]], axis=1)
    top = tft.vocabulary(payment, top_k=2, vocab_filename="top")
    return {
        "bucket_by_key": tft.bucketize_per_key(tf.squeeze(fare, 1), by, 3),
        "gaussian": tft.scale_to_gaussian(fare),
        "principal": tf.matmul(pair, tft.pca(pair, 1, tf.float32)),
        "scaled_by_key": tft.scale_to_z_score_per_key(fare, by),
        "second_pass": tft.scale_to_z_score(tf.clip_by_value(tft.scale_to_z_score(fare), -1, 1)),
        "share": fare / tft.sum(fare),
        "top": tft.apply_vocabulary(payment, top),
        "weighted": tft.compute_and_apply_vocabulary(payment, weights=fare, vocab_filename="by_fare"),
    }


def centred(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    return {"fare": inputs["fare"] - tft.mean(inputs["fare"])}


def twice_scaled(inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_transform as tft

    return {"fare": tft.scale_to_z_score(tf.clip_by_value(tft.scale_to_z_score(inputs["fare"]), -1, 1))}


def by_the_largest(inputs: dict[str, Any]) -> dict[str, Any]:
    """An analyzer of the user's own, of which TFT does not know how to keep what it finds."""
    import apache_beam as beam
    import tensorflow as tf
    import tensorflow_transform as tft

    class Largest(beam.PTransform):
        def expand(self, columns: Any) -> Any:
            largest = beam.Map(lambda batch: np.max(batch[0])) | beam.CombineGlobally(max)
            return columns | largest | beam.Map(np.float32)

    (largest,) = tft.experimental.ptransform_analyzer([inputs["fare"]], Largest(), [tf.float32], [[]])
    return {"fare": inputs["fare"] / largest, "tip": inputs["tip"] - tft.mean(inputs["tip"])}


def moved(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    import tensorflow_transform as tft

    return {"fare": inputs["fare"] - tft.mean(inputs["fare"] * custom_config["by"])}


# What is found


@pytest.mark.parametrize(
    ("function", "vocabularies"),
    [(common, ["payments"]), pytest.param(rare, ["top", "by_fare"], marks=pytest.mark.slow)],
)
def test_it_finds_what_tft_finds_in_all_rows_at_once(
    tmp_path: Path, function: Any, vocabularies: list[str]
) -> None:
    import tensorflow_transform as tft

    days = [span(tmp_path, number) for number in (1, 2)]
    kept = transform(tmp_path, "a", days[:1], function, write_analyzer_cache=True, materialize=False)
    cached = transform(tmp_path, "b", days, function, analyzer_cache=kept.updated_analyzer_cache)
    at_once = transform(tmp_path, "c", days, function)

    found, expected = rows_of(cached), rows_of(at_once)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-4, abs=1e-5), name
    of_cached, of_all = (tft.TFTransformOutput(str(s.transform_graph.path)) for s in (cached, at_once))
    for name in vocabularies:
        assert of_cached.vocabulary_by_name(name) == of_all.vocabulary_by_name(name)


@pytest.mark.parametrize("file_format", [PARQUET, TFRECORD])
def test_only_new_rows_are_analyzed(tmp_path: Path, read: Counter[int], file_format: str) -> None:
    first, second = (span(tmp_path, number, file_format) for number in (1, 2))
    kept = transform(
        tmp_path, "a", [first, second], centred, write_analyzer_cache=True
    ).updated_analyzer_cache
    assert read == {ROWS[1]: 1, ROWS[2]: 1}

    read.clear()
    window = [span(tmp_path, number, file_format) for number in (2, 3)]
    done = transform(tmp_path, "b", window, centred, analyzer_cache=kept)
    assert read == {ROWS[3]: 1}
    assert sum(rows_of(done)["fare"]) == pytest.approx(0, abs=1e-2)
    assert len(rows_of(done)["fare"]) == ROWS[2] + ROWS[3]


def test_a_window_keeps_what_it_needs_and_forgets_the_rest(tmp_path: Path, read: Counter[int]) -> None:
    days = {number: span(tmp_path, number) for number in ROWS}
    cache = None
    for place, window in enumerate(([1, 2], [2, 3], [3, 4])):
        step = transform(
            tmp_path,
            f"run {place}",
            [days[number] for number in window],
            centred,
            analyzer_cache=cache,
            write_analyzer_cache=True,
        )
        cache = step.updated_analyzer_cache
        assert len(list(cache.path.iterdir())) == 2
    assert read == dict.fromkeys(ROWS.values(), 1)


def test_nothing_new_means_nothing_is_read_to_analyze(tmp_path: Path, read: Counter[int]) -> None:
    days = [span(tmp_path, number) for number in (1, 2)]
    first = transform(tmp_path, "a", days, centred, write_analyzer_cache=True)
    read.clear()
    again = transform(tmp_path, "b", days, centred, analyzer_cache=first.updated_analyzer_cache)

    assert not read
    assert rows_of(again) == rows_of(first)
    for name in ("transform_graph", "updated_analyzer_cache"):
        one, other = (content_digest(step.outputs[name].path) for step in (first, again))
        assert one == other, name


def test_what_depends_on_another_analyzer_is_found_anew(tmp_path: Path, read: Counter[int]) -> None:
    """The mean of all rows has changed, and with it what the second pass sees of old ones."""
    days = [span(tmp_path, number) for number in (1, 2)]
    kept = transform(tmp_path, "a", days[:1], twice_scaled, write_analyzer_cache=True)
    read.clear()
    cached = transform(tmp_path, "b", days, twice_scaled, analyzer_cache=kept.updated_analyzer_cache)

    assert read == {ROWS[1]: 2, ROWS[2]: 2}  # once for each pass
    expected = rows_of(transform(tmp_path, "c", days, twice_scaled))
    assert rows_of(cached)["fare"] == pytest.approx(expected["fare"], rel=1e-4, abs=1e-5)


def test_an_analyzer_that_cannot_be_kept_sees_all_rows(tmp_path: Path, read: Counter[int]) -> None:
    days = [span(tmp_path, number) for number in (1, 2)]
    kept = transform(tmp_path, "a", days[:1], by_the_largest, write_analyzer_cache=True)
    read.clear()
    cached = transform(tmp_path, "b", days, by_the_largest, analyzer_cache=kept.updated_analyzer_cache)

    assert read == {ROWS[1]: 1, ROWS[2]: 1}
    assert max(rows_of(cached)["fare"]) == 1
    assert np.mean(rows_of(cached)["tip"]) == pytest.approx(0, abs=1e-5)


def test_the_same_rows_twice_count_twice(tmp_path: Path, read: Counter[int]) -> None:
    first, second = span(tmp_path, 1), span(tmp_path, 2)
    shutil.copytree(first.path, tmp_path / "copy")
    copy = Examples(str(tmp_path / "copy"), split_names=first.split_names, file_format=PARQUET, span=3)
    kept = transform(tmp_path, "a", [first, second], centred, write_analyzer_cache=True)
    read.clear()
    cached = transform(
        tmp_path, "b", [first, second, copy], centred, analyzer_cache=kept.updated_analyzer_cache
    )

    assert read == {ROWS[1]: 1}
    assert sum(rows_of(cached)["fare"]) == pytest.approx(0, abs=1e-2)


def test_an_empty_span_is_no_accident(tmp_path: Path) -> None:
    first, second = span(tmp_path, 1), Examples(str(tmp_path / "empty"), span=2)
    with ExamplesWriter(second, ["train", "eval"], PARQUET, next(batches(first, "train")).schema):
        pass
    kept = transform(tmp_path, "a", [first], centred, write_analyzer_cache=True)
    done = transform(tmp_path, "b", [first, second], centred, analyzer_cache=kept.updated_analyzer_cache)
    assert rows_of(done) == rows_of(kept)
    with pytest.raises(BadInput, match="There are no rows to analyze in split 'train'"):
        transform(tmp_path, "c", [second], centred, analyzer_cache=kept.updated_analyzer_cache)


# What makes it out of date

MEAN = "import tensorflow_transform as tft\n\ndef preprocessing_fn(inputs):\n    return {'fare': inputs['fare'] - tft.mean(inputs['fare'])}\n"  # noqa: E501


def test_other_code_analyzes_all_rows(tmp_path: Path, read: Counter[int]) -> None:
    module, day = tmp_path / "my_features.py", span(tmp_path, 1)
    module.write_text(MEAN)
    kept = transform(tmp_path, "a", [day], module_file=module, write_analyzer_cache=True)
    module.write_text(MEAN.replace("tft.mean(inputs['fare'])", "tft.mean(inputs['fare'] * 1)"))
    transform(tmp_path, "b", [day], module_file=module, analyzer_cache=kept.updated_analyzer_cache)
    assert read == {ROWS[1]: 2}


def test_the_same_code_elsewhere_does_not(tmp_path: Path, read: Counter[int]) -> None:
    day = span(tmp_path, 1)
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "my_features.py").write_text(MEAN)
    kept = transform(
        tmp_path, "a", [day], module_file=tmp_path / "here" / "my_features.py", write_analyzer_cache=True
    )
    transform(
        tmp_path,
        "b",
        [day],
        module_file=tmp_path / "there" / "my_features.py",
        analyzer_cache=kept.updated_analyzer_cache,
    )
    assert read == {ROWS[1]: 1}


def test_another_configuration_or_schema_analyzes_all_rows(tmp_path: Path, read: Counter[int]) -> None:
    day = span(tmp_path, 1)
    kept = transform(tmp_path, "a", [day], moved, custom_config={"by": 1}, write_analyzer_cache=True)
    cache = kept.updated_analyzer_cache
    transform(tmp_path, "b", [day], moved, custom_config={"by": 2}, analyzer_cache=cache)
    assert read == {ROWS[1]: 2}
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA.replace("size: 1 } } }", "size: 1 } } } ", 1))
    transform(tmp_path, "c", [day], moved, custom_config={"by": 1}, analyzer_cache=cache)
    assert read == {ROWS[1]: 3}


def test_other_libraries_analyze_all_rows(
    tmp_path: Path, read: Counter[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = span(tmp_path, 1)
    kept = transform(tmp_path, "a", [day], centred, write_analyzer_cache=True)
    monkeypatch.setattr("millwork.components.transform.version_of", lambda package: "0.0.1")
    transform(tmp_path, "b", [day], centred, analyzer_cache=kept.updated_analyzer_cache)
    assert read == {ROWS[1]: 2}


def test_a_damaged_cache_is_refused(tmp_path: Path) -> None:
    day = span(tmp_path, 1)
    cache = transform(tmp_path, "a", [day], centred, write_analyzer_cache=True).updated_analyzer_cache
    for file in cache.path.glob("*/*.gz"):
        file.write_bytes(b"not what it was")
    with pytest.raises(BadInput, match=r"\.gz"):
        transform(tmp_path, "b", [day], centred, analyzer_cache=cache)


def test_an_empty_cache_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    empty = TransformCache(str(tmp_path / "none"))
    step = transform(tmp_path, "a", [span(tmp_path, 1)], centred, analyzer_cache=empty)
    assert len(list(step.updated_analyzer_cache.path.iterdir())) == 1


def test_nothing_is_kept_unless_asked_for(tmp_path: Path) -> None:
    step = transform(tmp_path, "a", [span(tmp_path, 1)], centred)
    assert list(step.updated_analyzer_cache.path.iterdir()) == []
