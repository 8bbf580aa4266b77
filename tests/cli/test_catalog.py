"""`millwork catalog`."""

from __future__ import annotations

import ast
import json

import pytest
from sample_command_line import reading

import millwork.components
from millwork.cli.components import catalog
from millwork.cli.functions import functions
from millwork.cli.tfx_names import TFX_NAMES


def test_the_list_has_every_stock_component_and_function() -> None:
    said = reading("catalog", "list")
    assert said.code == 0
    assert [row.split()[0] for row in said.out.splitlines()[1:]] == [*catalog(), *functions()]
    document = json.loads(reading("catalog", "list", "--json").out)
    assert document["schema"] == "millwork/catalog/v1"
    assert {c["name"] for c in document["components"]} <= set(millwork.components.__all__)
    assert all(c["summary"] and c["outputs"] for c in document["components"])
    assert [f["name"] for f in document["functions"]] == list(functions())


def test_a_description_has_the_contract_an_example_and_the_runners() -> None:
    said = reading("catalog", "describe", "StatisticsGen")
    assert said.code == 0
    assert said.out.startswith("StatisticsGen: Describe each split")
    for text in (
        "    examples: Examples | list[Examples]\n",
        "    schema: Schema | None\n",
        "    num_top_values: int = 20\n        How many of a string feature's most frequent values to list.\n",
        "    statistics: ExampleStatistics\n        `Split-<name>/FeatureStats.pb`",
        "    from millwork.components import StatisticsGen\n",
        "Runners: LocalRunner",
    ):
        assert text in said.out


@pytest.mark.parametrize("name", catalog())
def test_each_component_is_described_by_its_code(name: str) -> None:
    document = json.loads(reading("catalog", "describe", name, "--json").out)
    assert document["schema"] == "millwork/component/v1"
    assert document["name"] == name
    assert document["summary"].endswith(".")
    assert f"{name}(" in document["example"]
    ast.parse(document["example"])
    assert document["outputs"]
    assert all(output["files"] for output in document["outputs"])
    assert "LocalRunner" in document["runners"]


def test_a_function_component_is_described_as_any_other() -> None:
    said = reading("catalog", "describe", "model_card")
    assert said.out.startswith("model_card: Write a page about a model")
    for text in ("    evaluation: ModelEvaluation | None\n", "    owner: str = ''\n", "    card: Report\n"):
        assert text in said.out


def test_functions_are_resolvers_the_importer_and_the_exit_handler() -> None:
    assert list(functions()) == [
        "artifact_with_id",
        "import_artifact",
        "latest_artifact",
        "latest_artifacts",
        "latest_blessed_model",
        "on_exit",
        "span_range",
    ]


@pytest.mark.parametrize("name", functions())
def test_each_function_is_described_by_its_code(name: str) -> None:
    document = json.loads(reading("catalog", "describe", name, "--json").out)
    assert document["schema"] == "millwork/function/v1"
    assert document["signature"].startswith(f"{name}(")
    assert document["about"]
    assert document["summary"].endswith(".")
    assert f"{name}(" in document["example"]
    said = reading("catalog", "describe", name)
    assert said.out.startswith(f"{name}: {document['summary']}\n")
    assert f"\nSignature\n\n    {document['signature']}\n" in said.out


def test_an_example_imports_all_that_it_uses_of_ours() -> None:
    said = json.loads(reading("catalog", "describe", "latest_artifact", "--json").out)
    assert said["example"].startswith(
        "from millwork.components import latest_artifact\n"
        "from millwork.core.artifacts import Model, TransformCache\n\n"
    )


def test_a_name_of_tfx_leads_to_ours_and_says_so_beside_the_data() -> None:
    said = reading("catalog", "describe", "BulkInferrer", "--json")
    assert said.code == 0
    assert json.loads(said.out)["name"] == "Predict"
    assert said.err.startswith("TFX's BulkInferrer is Predict here. ")


@pytest.mark.parametrize("name", TFX_NAMES)
def test_every_name_of_tfx_is_of_something_that_is_here(name: str) -> None:
    assert name not in [*catalog(), *functions()]
    assert TFX_NAMES[name].name in [*catalog(), *functions()]


def test_an_unknown_component_is_exit_code_4_with_the_nearest_name() -> None:
    said = reading("catalog", "describe", "StatisticGen")
    assert said.code == 4
    assert said.err == (
        "Error: There is no component 'StatisticGen' in the catalog. Did you mean 'StatisticsGen'?\n"
    )
