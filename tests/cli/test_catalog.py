"""`millwork catalog`."""

from __future__ import annotations

import ast
import json

import pytest
from sample_command_line import reading

import millwork.components
from millwork.cli.components import catalog


def test_the_list_has_every_stock_component() -> None:
    said = reading("catalog", "list")
    assert said.code == 0
    assert [row.split()[0] for row in said.out.splitlines()[1:]] == list(catalog())
    document = json.loads(reading("catalog", "list", "--json").out)
    assert document["schema"] == "millwork/catalog/v1"
    assert {c["name"] for c in document["components"]} <= set(millwork.components.__all__)
    assert all(c["summary"] and c["outputs"] for c in document["components"])


def test_a_description_has_the_contract_an_example_and_the_runners() -> None:
    said = reading("catalog", "describe", "StatisticsGen")
    assert said.code == 0
    assert said.out.startswith("StatisticsGen: Describe each split")
    for text in (
        "    examples: Examples\n",
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


def test_an_unknown_component_is_exit_code_4_with_the_nearest_name() -> None:
    said = reading("catalog", "describe", "StatisticGen")
    assert said.code == 4
    assert said.err == (
        "Error: There is no component 'StatisticGen' in the catalog. Did you mean 'StatisticsGen'?\n"
    )
