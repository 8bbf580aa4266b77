"""SchemaGen infers the schema that TFX would infer, and is not misled by a split without rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.forms import to_feature_form
from millwork.components.data.schema_file import read_schema
from millwork.components.data.statistics import describe, write_statistics
from millwork.components.schema_gen import SchemaGen
from millwork.core.artifacts import ExampleStatistics
from millwork.core.errors import BadInput
from millwork.core.testing import perform

Columns = Mapping[str, Sequence[Any]]

TRAIN: Columns = {"fare": [1.5, 2.5, None], "payment": ["Cash", "Card", "Cash"], "area": [1, 2, 3]}
EVAL: Columns = {"fare": [4.5, None, None], "payment": ["Cash", "Barter", None], "area": [1, 2, 3]}


def described(columns: Columns) -> Any:
    arrays = [pa.array(values) for values in columns.values()]
    batch = to_feature_form(pa.RecordBatch.from_arrays(arrays, list(columns)))
    return describe([batch] if batch.num_rows else [])


def statistics_of(folder: Path, **splits: Columns) -> ExampleStatistics:
    artifact = ExampleStatistics(str(folder / "statistics"), split_names=tuple(splits))
    for split, columns in splits.items():
        write_statistics(artifact, split, described(columns))
    return artifact


def schema_of(step: SchemaGen) -> Any:
    return read_schema(step.schema.path)


def test_the_first_split_infers_and_the_others_widen(tmp_path: Path) -> None:
    import tensorflow_data_validation as tfdv

    step = perform(SchemaGen(statistics=statistics_of(tmp_path, train=TRAIN, eval=EVAL)), tmp_path)

    expected = tfdv.update_schema(tfdv.infer_schema(described(TRAIN)), described(EVAL))
    assert schema_of(step) == expected
    assert sorted(schema_of(step).string_domain[0].value) == ["Barter", "Card", "Cash"]


def test_the_file_is_read_by_tfdv(tmp_path: Path) -> None:
    import tensorflow_data_validation as tfdv

    step = perform(SchemaGen(statistics=statistics_of(tmp_path, train=TRAIN)), tmp_path)

    assert tfdv.load_schema_text(str(step.schema.path / "schema.pbtxt")) == tfdv.infer_schema(
        described(TRAIN)
    )


def test_an_excluded_split_has_no_say(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=TRAIN, eval=EVAL)

    step = perform(SchemaGen(statistics=statistics, exclude_splits=("eval",)), tmp_path)

    assert sorted(schema_of(step).string_domain[0].value) == ["Card", "Cash"]


@pytest.mark.parametrize("infer", [True, False])
def test_shapes_are_inferred_on_request(tmp_path: Path, infer: bool) -> None:
    statistics = statistics_of(tmp_path, train=TRAIN)

    step = perform(SchemaGen(statistics=statistics, infer_feature_shape=infer), tmp_path)

    (area,) = (f for f in schema_of(step).feature if f.name == "area")
    assert area.HasField("shape") == infer
    assert area.HasField("value_count") != infer


@pytest.mark.parametrize("order", [("train", "eval"), ("eval", "train")])
def test_a_split_without_rows_is_passed_over_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, order: tuple[str, str]
) -> None:
    import tensorflow_data_validation as tfdv

    columns: dict[str, Columns] = {"train": TRAIN, "eval": {}}
    statistics = statistics_of(tmp_path, **{split: columns[split] for split in order})

    with caplog.at_level(logging.WARNING):
        step = perform(SchemaGen(statistics=statistics), tmp_path)

    assert schema_of(step) == tfdv.infer_schema(described(TRAIN))
    assert "Split 'eval' has no rows: the schema is inferred without it" in caplog.text


def test_without_any_row_there_is_nothing_to_infer(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No split has rows, so there is nothing to infer a schema from"):
        perform(SchemaGen(statistics=statistics_of(tmp_path, train={}, eval={})), tmp_path)


def test_an_unknown_split_cannot_be_excluded(tmp_path: Path) -> None:
    step = SchemaGen(statistics=statistics_of(tmp_path, train=TRAIN), exclude_splits=("evil",))

    with pytest.raises(
        BadInput, match=r"'evil', but ExampleStatistics has no such split\. There are: train\."
    ):
        perform(step, tmp_path)


def test_not_all_splits_can_be_excluded(tmp_path: Path) -> None:
    step = SchemaGen(statistics=statistics_of(tmp_path, train=TRAIN), exclude_splits=("train",))

    with pytest.raises(BadInput, match=r"ExampleStatistics has no split left \(it has: train\)"):
        perform(step, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no statistics", r"statistics of split 'train' are damaged: '.*FeatureStats\.pb'"),
        (b"", r"statistics of split 'train' are empty: '.*FeatureStats\.pb' holds no dataset"),
        (None, r"Split 'train' has no statistics: there is no file '.*FeatureStats\.pb'"),
    ],
)
def test_damaged_statistics_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    statistics = statistics_of(tmp_path, train=TRAIN)
    file = statistics.split("train") / "FeatureStats.pb"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)

    with pytest.raises(BadInput, match=message):
        perform(SchemaGen(statistics=statistics), tmp_path)


def test_truncated_statistics_are_damaged(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=TRAIN)
    file = statistics.split("train") / "FeatureStats.pb"
    file.write_bytes(file.read_bytes()[:-7])

    with pytest.raises(BadInput, match="are damaged"):
        perform(SchemaGen(statistics=statistics), tmp_path)
