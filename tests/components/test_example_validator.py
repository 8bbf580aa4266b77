"""ExampleValidator finds the anomalies that TFDV finds, and turns them into a verdict per split."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millwork.components.data.forms import to_feature_form
from millwork.components.data.statistics import describe, write_statistics
from millwork.components.example_validator import ExampleValidator
from millwork.core.artifacts import ExampleStatistics, Schema
from millwork.core.errors import BadInput, GateNotMet
from millwork.core.testing import perform

SCHEMA = """
feature { name: "payment" type: BYTES domain: "payment" presence { min_fraction: 1.0 } }
feature { name: "tip" type: FLOAT presence { min_fraction: 1.0 } not_in_environment: "SERVING" }
string_domain { name: "payment" value: "Cash" value: "Card" }
default_environment: "TRAINING"
default_environment: "SERVING"
"""
Columns = Mapping[str, Sequence[Any]]

GOOD: Columns = {"payment": ["Cash", "Card"], "tip": [1.0, 2.0]}
BAD: Columns = {"payment": ["Cash", "Barter"], "tip": ["much", "little"]}
UNLABELLED: Columns = {"payment": ["Cash", "Card"]}


def described(columns: Columns) -> Any:
    arrays = [pa.array(values) for values in columns.values()]
    return describe([to_feature_form(pa.RecordBatch.from_arrays(arrays, list(columns)))])


def statistics_of(folder: Path, **splits: Columns) -> ExampleStatistics:
    artifact = ExampleStatistics(str(folder / "statistics"), span=2, split_names=tuple(splits))
    for split, columns in splits.items():
        write_statistics(artifact, split, described(columns))
    return artifact


def schema_in(folder: Path, text: str = SCHEMA) -> Schema:
    (folder / "schema").mkdir()
    (folder / "schema" / "schema.pbtxt").write_text(text)
    return Schema(str(folder / "schema"))


def anomalies_of(step: ExampleValidator, split: str) -> Any:
    from tensorflow_data_validation.utils.anomalies_util import load_anomalies_binary

    return load_anomalies_binary(str(step.anomalies.path / f"Split-{split}" / "SchemaDiff.pb"))


@pytest.mark.parametrize("environment", [None, "SERVING"])
def test_anomalies_equal_those_of_tfdv(tmp_path: Path, environment: str | None) -> None:
    import tensorflow_data_validation as tfdv

    step = ExampleValidator(
        statistics=statistics_of(tmp_path, train=GOOD, eval=BAD, serving=UNLABELLED),
        schema=schema_in(tmp_path),
        environment=environment,
    )

    step = perform(step, tmp_path)

    schema = tfdv.load_schema_text(str(tmp_path / "schema" / "schema.pbtxt"))
    for split, columns in {"train": GOOD, "eval": BAD, "serving": UNLABELLED}.items():
        expected = tfdv.validate_statistics(described(columns), schema, environment=environment)
        assert anomalies_of(step, split) == expected


def test_each_split_gets_a_verdict(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=GOOD, eval=BAD)

    step = perform(ExampleValidator(statistics=statistics, schema=schema_in(tmp_path)), tmp_path)

    assert json.loads(step.anomalies.blessed) == {"train": 1, "eval": 0}
    assert step.anomalies.num_anomalies == 2
    assert step.anomalies.split_names == ("train", "eval")
    assert step.anomalies.span == 2


def test_each_anomaly_is_logged_as_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    statistics = statistics_of(tmp_path, train=GOOD, eval=BAD)

    with caplog.at_level(logging.WARNING, "millwork"):
        perform(ExampleValidator(statistics=statistics, schema=schema_in(tmp_path)), tmp_path)

    payment, tip = (r.getMessage() for r in caplog.records if r.name.startswith("millwork"))
    assert payment.startswith("Anomaly in split 'eval', feature 'payment': Unexpected string values (")
    assert "Barter" in payment
    assert tip.startswith("Anomaly in split 'eval', feature 'tip': ")


def test_an_environment_excuses_what_need_not_be_there(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, serving=UNLABELLED)
    schema = schema_in(tmp_path)

    strict = perform(ExampleValidator(statistics=statistics, schema=schema), tmp_path / "strict")
    serving = ExampleValidator(statistics=statistics, schema=schema, environment="SERVING")
    lenient = perform(serving, tmp_path / "lenient")

    assert (strict.anomalies.num_anomalies, lenient.anomalies.num_anomalies) == (1, 0)


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    step = ExampleValidator(
        statistics=statistics_of(tmp_path, train=GOOD), schema=schema_in(tmp_path), environment="SERVNG"
    )

    with pytest.raises(BadInput, match=r"schema has no environment 'SERVNG'\. Did you mean 'SERVING'\?"):
        perform(step, tmp_path)


def test_an_environment_can_be_that_of_one_split(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=UNLABELLED, serving=UNLABELLED)
    step = ExampleValidator(
        statistics=statistics, schema=schema_in(tmp_path), environment={"serving": "SERVING"}
    )

    step = perform(step, tmp_path)

    assert json.loads(step.anomalies.blessed) == {"train": 0, "serving": 1}


def test_an_environment_for_an_unknown_split_is_refused(tmp_path: Path) -> None:
    step = ExampleValidator(
        statistics=statistics_of(tmp_path, train=GOOD),
        schema=schema_in(tmp_path),
        environment={"trian": "SERVING"},
    )

    with pytest.raises(BadInput, match=r"the split 'trian'.*Did you mean 'train'\?"):
        perform(step, tmp_path)


def test_anomalies_fail_the_step_on_request(tmp_path: Path) -> None:
    step = ExampleValidator(
        statistics=statistics_of(tmp_path, train=GOOD, eval=BAD),
        schema=schema_in(tmp_path),
        fail_on_anomalies=True,
    )

    with pytest.raises(GateNotMet) as failure:
        perform(step, tmp_path)

    first, payment, tip, last = str(failure.value).splitlines()
    assert first == "The examples do not fit the schema: 2 anomalies"
    assert payment.startswith("  split 'eval', feature 'payment': Unexpected string values (")
    assert tip.startswith("  split 'eval', feature 'tip': ")
    assert last == "Correct the data or the schema"


def test_without_anomalies_the_step_does_not_fail(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=GOOD)
    step = ExampleValidator(statistics=statistics, schema=schema_in(tmp_path), fail_on_anomalies=True)

    assert perform(step, tmp_path).anomalies.num_anomalies == 0


def test_a_split_without_rows_is_not_blessed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    statistics = statistics_of(tmp_path, train=GOOD, eval={})

    step = perform(ExampleValidator(statistics=statistics, schema=schema_in(tmp_path)), tmp_path)

    assert json.loads(step.anomalies.blessed) == {"train": 1, "eval": 0}
    assert anomalies_of(step, "eval").data_missing
    assert "Anomaly in split 'eval', the whole split: No examples" in caplog.text


def test_too_few_examples_are_an_anomaly_of_the_whole_split(tmp_path: Path) -> None:
    text = SCHEMA + "dataset_constraints { min_examples_count: 100 }"
    statistics = statistics_of(tmp_path, train=GOOD)
    step = ExampleValidator(statistics=statistics, schema=schema_in(tmp_path, text), fail_on_anomalies=True)

    with pytest.raises(GateNotMet, match=r"1 anomaly\n  split 'train', the whole split: Low num examples"):
        perform(step, tmp_path)


def test_an_excluded_split_is_not_judged(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=GOOD, eval=BAD)
    step = ExampleValidator(statistics=statistics, schema=schema_in(tmp_path), exclude_splits=("eval",))

    step = perform(step, tmp_path)

    assert json.loads(step.anomalies.blessed) == {"train": 1}
    assert not (step.anomalies.path / "Split-eval").exists()


@pytest.mark.parametrize(
    ("exclude", "message"),
    [
        ("evil", r"'evil', but ExampleStatistics has no such split\. There are: train\."),
        ("train", r"ExampleStatistics has no split left \(it has: train\)"),
    ],
)
def test_an_unknown_split_or_all_cannot_be_excluded(tmp_path: Path, exclude: str, message: str) -> None:
    statistics = statistics_of(tmp_path, train=GOOD)
    step = ExampleValidator(statistics=statistics, schema=schema_in(tmp_path), exclude_splits=(exclude,))

    with pytest.raises(BadInput, match=message):
        perform(step, tmp_path)


def test_damaged_statistics_are_named(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=GOOD)
    file = statistics.split("train") / "FeatureStats.pb"
    file.write_bytes(file.read_bytes()[:-5])

    with pytest.raises(BadInput, match=r"split 'train' are damaged: '.*FeatureStats\.pb'"):
        perform(ExampleValidator(statistics=statistics, schema=schema_in(tmp_path)), tmp_path)


def test_a_damaged_schema_is_named(tmp_path: Path) -> None:
    statistics = statistics_of(tmp_path, train=GOOD)

    with pytest.raises(BadInput, match=r"'.*schema\.pbtxt' is not a schema in text form: 1:1"):
        perform(ExampleValidator(statistics=statistics, schema=schema_in(tmp_path, "no schema")), tmp_path)
