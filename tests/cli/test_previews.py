"""`millwork artifacts preview`: what is inside, by the type of the artifact."""

from __future__ import annotations

import json
from typing import Any

import pytest
from materials import Materials
from sample_command_line import CommandLine, reading

from millwork import import_artifact
from millwork.components import Comparison
from millwork.core.pipeline import Pipeline
from millwork.core.testing import perform
from millwork.runners.local import LocalRunner


@pytest.fixture(scope="module")
def materials(tmp_path_factory: pytest.TempPathFactory) -> Materials:
    return Materials(tmp_path_factory.mktemp("materials"), eval_rows=40)


@pytest.fixture(scope="module")
def millwork(materials: Materials, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A store that has artifacts of many types."""
    millwork = CommandLine(tmp_path_factory.mktemp("previews"))
    kinds = (
        materials.examples,
        materials.statistics,
        materials.schema,
        materials.predictions,
        materials.model,
        perform(
            Comparison(baseline=materials.predictions, challenger=materials.predictions), materials.folder
        ).comparison,
    )
    LocalRunner(millwork.folder / ".millwork", quiet=True).run(
        Pipeline("p", [import_artifact(artifact) for artifact in kinds])
    )
    return millwork


def excerpts(millwork: CommandLine, type_: str, *options: str) -> list[Any]:
    listed = json.loads(millwork.here("artifacts", "list", "--type", type_, "--json").out)
    said = millwork.here("artifacts", "preview", str(listed["artifacts"][0]["id"]), "--json", *options)
    assert said.code == 0, said
    document = json.loads(said.out)
    assert (document["schema"], document["type"]) == ("millwork/contents/v1", type_)
    return list(document["excerpts"])


def test_of_examples_the_first_rows_of_each_split(millwork: CommandLine) -> None:
    train, held_out = excerpts(millwork, "Examples", "--rows", "3")
    assert (train["title"], held_out["title"]) == ("train: 60 rows", "eval: 40 rows")
    assert train["columns"] == ["age", "fare", "town", "returned"]
    assert len(train["rows"]) == 3


def test_one_split_may_be_chosen(millwork: CommandLine) -> None:
    assert [e["title"] for e in excerpts(millwork, "Examples", "--split", "eval")] == ["eval: 40 rows"]
    said = millwork.here("artifacts", "preview", "1", "--split", "test")
    assert said.code == 1
    assert "has no split 'test'" in said.err


def test_of_statistics_a_line_for_each_feature(millwork: CommandLine) -> None:
    [train, _] = excerpts(millwork, "ExampleStatistics")
    features = {row[0]: dict(zip(train["columns"], row, strict=True)) for row in train["rows"]}
    assert set(features) == {"age", "fare", "returned", "town"}
    assert features["age"]["type"] == "INT"
    assert 18 <= float(features["age"]["min"]) <= float(features["age"]["mean"]) <= 80
    assert "Graz (" in features["town"]["most common"]
    assert features["town"]["missing"].endswith("%")


def test_of_a_schema_what_it_demands(millwork: CommandLine) -> None:
    [schema] = excerpts(millwork, "Schema")
    assert schema["title"] == "4 features"
    town = next(row for row in schema["rows"] if row[0] == "town")
    assert town[1] == "BYTES"
    assert "Graz" in town[-1]


def test_of_predictions_the_first_rows(millwork: CommandLine) -> None:
    [held_out] = excerpts(millwork, "Predictions", "--rows", "2")
    assert held_out["title"] == "eval: 40 rows"
    assert {"row_id", "label", "predicted", "weight"} <= set(held_out["columns"])
    assert len(held_out["rows"]) == 2


def test_of_what_has_no_form_of_its_own_the_files(millwork: CommandLine) -> None:
    [files] = excerpts(millwork, "Model")
    assert files["columns"] == ["file", "bytes"]
    assert any(row[0].endswith(".skops") for row in files["rows"])


def test_people_get_tables(millwork: CommandLine) -> None:
    said = millwork.here("artifacts", "preview", "1", "--rows", "1", "--split", "train")
    title, columns, row = said.out.splitlines()
    assert title == "train: 60 rows"
    assert columns.split() == ["age", "fare", "town", "returned"]
    assert row


def test_of_a_value_the_value() -> None:
    assert reading("artifacts", "preview", "1").out == "value\n1\n"


def test_what_is_gone_is_told(millwork: CommandLine) -> None:
    said = millwork.here("artifacts", "preview", "99")
    assert said.code == 4
    assert "There is no artifact 99" in said.err


def test_of_a_comparison_its_verdict_and_a_line_for_each_metric_and_slice(millwork: CommandLine) -> None:
    (found,) = excerpts(millwork, "Comparison", "--rows", "2")
    assert found["title"].startswith("no worse: ")
    assert [row[:4] for row in found["rows"]] == [
        ["challenger", "Overall", "auc", "no worse"],
        ["challenger", "Overall", "accuracy", "no worse"],
    ]
