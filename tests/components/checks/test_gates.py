"""A run stops at a check, or branches on it, and says why: the real components on the command line."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from sample_command_line import CommandLine

from millwork.core.errors import RunFailed, RunStopped
from millwork.core.failures import Failure
from millwork.core.records import State
from millwork.core.run import Run, StepStatus

PIPELINE = '''
from millwork import component, pipeline, when
from millwork.components import CsvExampleGen, DistributionValidator, ExampleDiff, ExampleValidator, SchemaGen
from millwork.components import StatisticsGen
from millwork.core.artifacts import Report


@component
def note(report: Report) -> None:
    """What comes after a check."""


@pipeline
def weather(stop: bool = False, drift: float = 0.3, skewed: float = 1.0):
    """The weather of February held against January's: warmer, as rainy as before, and with hail."""
    months = {m: CsvExampleGen(id=m, input_base=m, splits={"train": 1}).examples for m in ("january", "february")}
    january, february = (StatisticsGen(id=f"statistics_{m}", examples=e).statistics for m, e in months.items())
    schema = SchemaGen(statistics=january).schema
    valid = ExampleValidator(statistics=february, schema=schema, fail_on_anomalies=stop).anomalies
    drifted = DistributionValidator(
        statistics=february,
        baseline_statistics=january,
        config={"default_comparator": {"jensen_shannon_divergence": drift}},
    ).anomalies
    diff = ExampleDiff(
        examples_test=months["february"],
        examples_base=months["january"],
        config={"identifier_features": ["day"]},
        max_skewed_fraction=skewed,
    ).example_diff_result
    for name, check in {"valid": valid, "drifted": drifted, "diff": diff}.items():
        with when(check.is_empty()):
            note.configured(id=f"if_{name}")()
        with when(~check.is_empty()):
            note.configured(id=f"if_not_{name}")()
'''


@pytest.fixture(scope="module")
def millwork(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("weather")
    (folder / "weather.py").write_text(PIPELINE)
    for month, temperature, skies in (
        ("january", 0, ["sun", "rain"]),
        ("february", 2, ["sun", "rain", "hail"]),
    ):
        draw = random.Random(month)
        days = [
            f"{i},{draw.gauss(temperature, 4):.1f},{skies[(i % 50 == 0 and -1) or i % 2]}"
            for i in range(1_000)
        ]
        (folder / month).mkdir()
        (folder / month / "days.csv").write_text("\n".join(["day,temperature,sky", *days]))
    return CommandLine(folder)


def steps_of(document: str) -> dict[str, Any]:
    return {step["id"]: step for step in json.loads(document)["steps"]}


def artifacts_of(steps: dict[str, Any]) -> list[int]:
    """What the three checks wrote."""
    names = ("example_validator", "distribution_validator", "example_diff")
    return [artifact["id"] for name in names for [artifact] in steps[name]["outputs"].values()]


def test_a_run_branches_on_checks_and_the_reason_is_shown(millwork: CommandLine) -> None:
    said = millwork("run", "weather.py", "--json")

    assert said.code == 0, said.err
    steps = steps_of(said.out)
    skipped = [id for id, step in steps.items() if step["state"] == "skipped"]
    assert sorted(skipped) == ["if_diff", "if_not_drifted", "if_valid"]
    assert steps["if_valid"]["reason"] == "not example_validator.anomalies.num_anomalies == 0: it is 1"
    shown = millwork("runs", "show", "latest").out
    assert "distribution_validator.anomalies.num_anomalies == 0: it is 0" in shown
    assert "not example_diff.example_diff_result.num_skewed_pairs == 0: it is " in shown
    previews = [millwork.here("artifacts", "preview", str(a)).out for a in artifacts_of(steps)]
    assert "train: 1 anomalies" in previews[0]
    assert "sky      Unexpected string values" in previews[0]
    assert "train_train: 0 anomalies" in previews[1]
    assert "1,000 pairs of rows differ" in previews[2]
    assert "\ntemperature" in previews[2]
    log = Path(steps["distribution_validator"]["log"]).read_text()
    assert "Split 'train' against the baseline's 'train':" in log
    assert "0.3      temperature (jensen_shannon_divergence)" in log


def test_checks_stop_a_run_with_exit_code_3_and_tell_everything(millwork: CommandLine) -> None:
    said = millwork("run", "weather.py", "-p", "stop=true", "-p", "skewed=0.1")

    assert said.code == 3
    assert "was stopped by a check." in said.err
    assert (
        "GateNotMet: The examples do not fit the schema: 1 anomaly\n  split 'train', feature 'sky': "
        in said.err
    )
    assert "hail" in said.err
    assert "feature 'temperature' differs in " in said.err
    shown = millwork("runs", "show", "latest")
    assert "  split 'train', feature 'sky': Unexpected string values" in shown.out
    steps = steps_of(millwork("runs", "show", "latest", "--json").out)
    assert steps["example_validator"]["state"] == "failed"
    assert steps["if_valid"]["reason"] == "needs example_validator, which failed"
    assert "hail" in Path(steps["example_validator"]["log"]).read_text()


@pytest.mark.parametrize(
    ("failures", "error"),
    [
        (("GateNotMet",), RunStopped),
        (("GateNotMet", "GateNotMet"), RunStopped),
        (("GateNotMet", "ValueError"), RunFailed),
        (("ValueError",), RunFailed),
    ],
)
def test_a_run_was_stopped_if_nothing_but_checks_failed(
    failures: tuple[str, ...], error: type[RunFailed]
) -> None:
    steps = {
        str(place): StepStatus(str(place), State.FAILED, failure=Failure(kind, "said"))
        for place, kind in enumerate(failures)
    }
    with pytest.raises(RunFailed) as raised:
        Run("run", "pipeline", "root", State.FAILED, steps).check()
    assert type(raised.value) is error
