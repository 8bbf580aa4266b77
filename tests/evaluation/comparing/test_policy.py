"""How to compare, in a file that is reviewed; options have the last word."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from millwork.core.errors import WrongArgument
from millwork.evaluation.comparing.findings import Settings
from millwork.evaluation.comparing.policy import amounts, checked, checked_fail_on, policy_of, read_policy

FILE = """
evaluation:
  model_specs: []
comparison:
  metrics: [auc, log_loss]
  by: [health, "age>60"]
  margin: {auc: 0.005, log_loss: 2%, default: 0.01}
  minimum_effect: 0.001
  confidence: 0.9
  resamples: 500
  seed: 3
  threshold: 0.4
  fail_on: [regression]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "blessing.yaml"


def test_a_file_says_all_that_options_say(file: Path) -> None:
    file.write_text(FILE)
    policy = policy_of(read_policy(file))
    assert policy.settings == Settings(
        metrics=("auc", "log_loss"),
        by=("health", "age>60"),
        margin={"auc": "0.005", "log_loss": "2%", "": "0.01"},
        minimum_effect={"": "0.001"},
        confidence=0.9,
        resamples=500,
        seed=3,
        threshold=0.4,
    )
    assert policy.fail_on == ("regression",)


def test_the_last_word_counts_and_of_margins_metric_by_metric(file: Path) -> None:
    file.write_text(FILE)
    said = {"margin": {"auc": "0.02"}, "by": ("sex",), "fail_on": ("inconclusive",)}
    policy = policy_of(read_policy(file), said)
    assert policy.settings.margin == {"auc": "0.02", "log_loss": "2%", "": "0.01"}
    assert policy.settings.by == ("sex",)
    assert policy.settings.metrics == ("auc", "log_loss")
    assert policy.fail_on == ("inconclusive",)


@pytest.mark.parametrize("key", [field.name for field in fields(Settings)])
def test_every_setting_has_a_key(key: str) -> None:
    with pytest.raises(WrongArgument, match=f"here: {key}\\b"):
        checked({key: object()}, "here")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("comparison: {marign: 0.01}", "has no key 'marign'. Did you mean 'margin'?"),
        ("comparison: {margin: much}", "margin: 'much' is no amount"),
        ("comparison: {margin: {acu: 0.1}}", "there is no metric 'acu'. Did you mean 'auc'?"),
        ("comparison: {fail_on: [worse]}", "knows no 'worse'"),
        ("comparison: {by: 3}", "by must be a name or a list of names, but is 3"),
        ("comparison: {seed: 1.5}", "seed must be a whole number, but is 1.5"),
        ("comparison: {confidence: yes}", "confidence must be a number, but is True"),
        ("comparison: [auc]", "must hold keys and values"),
        ("margin: 0.01", "has no part `comparison:`"),
        ("a: [", "is not YAML"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(WrongArgument) as error:
        read_policy(file)
    assert told in str(error.value) and str(file) in str(error.value)


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(WrongArgument, match="cannot be read"):
        read_policy(file)


def test_a_part_without_keys_says_nothing(file: Path) -> None:
    file.write_text("comparison:\n")
    assert policy_of(read_policy(file)) == policy_of()


def test_amounts_are_for_one_metric_or_for_all() -> None:
    assert amounts(["auc=0.005", "0.01", "rmse = 2%"], "--margin") == {
        "auc": "0.005",
        "": "0.01",
        "rmse": "2%",
    }
    for wrong in ("=1", "auc=", "-0.1", "nan", "x%"):
        with pytest.raises(WrongArgument, match="--margin"):
            amounts([wrong], "--margin")


def test_a_gate_stops_for_two_things() -> None:
    assert checked_fail_on(["regression", "inconclusive", "regression"], "x") == (
        "regression",
        "inconclusive",
    )
    with pytest.raises(WrongArgument, match="Did you mean 'regression'"):
        checked_fail_on(["regresion"], "--fail-on")
