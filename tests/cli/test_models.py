"""`millwork models`: what is good, what was pushed, and who said so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sample_command_line import CommandLine, Said

from millwork.analysis.models_in_store import find_model
from millwork.core.errors import WrongArgument

PIPELINE = """
from millwork import component, on_exit, pipeline
from millwork.components import Pusher
from millwork.core.artifacts import Model, ModelBlessing


@component
def train(model: Model, *, weights: str = "1") -> None:
    (model.path / "weights.skops").write_text(weights)
    model.framework = "skops"


@component
def judge(blessing: ModelBlessing, model: Model) -> None:
    weight = int((model.path / "weights.skops").read_text())
    blessing.blessed = int(weight > 5)
    blessing.verdict = "BLESSED" if weight > 5 else "NOT_BLESSED"
    blessing.reason = f"the weight is {weight}"


@pipeline
def judged(weights: str) -> None:
    model = train(weights=weights)
    Pusher(model=model, model_blessing=judge(model), destination="served", versioning="number")


@component
def glance(blessing: ModelBlessing, model: Model) -> None:
    blessing.verdict = "NOT_EVALUATED"


@pipeline
def judged_and_seen(weights: str) -> None:
    model = train(weights=weights)
    judge(model)
    with on_exit():
        glance(model)


@pipeline
def trained(weights: str) -> None:
    train(weights=weights)
"""


@pytest.fixture
def millwork(tmp_path: Path) -> CommandLine:
    (tmp_path / "judging.py").write_text(PIPELINE)
    return CommandLine(tmp_path)


def run(millwork: CommandLine, weights: int, pipeline: str = "judged") -> None:
    said = millwork.here("run", f"judging.py:{pipeline}", "-p", f"weights={weights}", "--quiet")
    assert said.code == 0, said


def parsed(said: Said) -> Any:
    assert said.code == 0, said
    return json.loads(said.out)


def test_models_are_listed_with_their_verdicts_and_where_they_were_pushed(millwork: CommandLine) -> None:
    run(millwork, 9)
    run(millwork, 1)
    run(millwork, 7, "trained")
    document = parsed(millwork.here("models", "list", "--json"))
    assert document["schema"] == "millwork/models/v1"
    shown = [(m["pipeline"], m["blessed"], m["verdict"], m["pushed"]) for m in document["models"]]
    served = str(millwork.folder / "served/1")
    assert shown == [
        ("trained", False, "", ""),
        ("judged", False, "NOT_BLESSED", ""),
        ("judged", True, "BLESSED", served),
    ]
    rows = millwork.here("models", "list", "--pipeline", "judged").out.splitlines()
    assert len(rows) == 3
    assert rows[2].endswith(served)


def test_a_model_shows_all_that_happened_to_it(millwork: CommandLine) -> None:
    run(millwork, 1)
    run(millwork, 1)  # from the cache: nothing new has happened
    document = parsed(millwork.here("models", "show", "latest", "--json"))
    assert [(e["event"], e["step"]) for e in document["events"]] == [
        ("made", "train"),
        ("NOT_BLESSED", "judge"),
        ("not pushed", "pusher"),
    ]
    assert document["events"][2]["reason"].startswith("the evaluation did not bless it: the weight is 1")
    said = millwork.here("models", "show", "latest")
    assert "blessed    no" in said.out
    assert "the weight is 1" in said.out


def test_the_blessed_model_has_a_name(millwork: CommandLine) -> None:
    assert millwork.here("models", "show", "@blessed").code == 4
    run(millwork, 9)
    run(millwork, 1)
    document = parsed(millwork.here("models", "show", "@blessed", "--json"))
    assert document["blessed"]
    said = millwork.here("models", "show", "@champion")
    assert said.code == 4
    assert "Did you mean '@blessed'?" in said.err or "There are: @blessed" in said.err


def test_a_refused_model_is_blessed_by_force_only(millwork: CommandLine) -> None:
    run(millwork, 1)
    said = millwork.here("models", "bless", "latest", "--reason", "ticket 17")
    assert said.code == 3
    assert "says NOT_BLESSED: the weight is 1. To bless it all the same, add --force" in said.err
    by_force = ("models", "bless", "1", "--reason", "ticket 17", "--by", "Ada", "--force", "--json")
    document = parsed(millwork.here(*by_force))
    assert document["blessed"]
    last = document["events"][-1]
    assert (last["event"], last["reason"], last["forced"]) == ("BLESSED", "Ada: ticket 17", True)
    assert parsed(millwork.here("models", "show", "@blessed", "--json"))["id"] == document["id"]


def test_a_blessing_can_be_taken_back(millwork: CommandLine) -> None:
    run(millwork, 9)
    document = parsed(millwork.here("models", "bless", "1", "--refuse", "--reason", "it is unfair", "--json"))
    assert (document["blessed"], document["verdict"]) == (False, "NOT_BLESSED")
    assert millwork.here("models", "show", "@blessed").code == 4


def test_a_model_that_nobody_judged_needs_no_force(millwork: CommandLine) -> None:
    run(millwork, 1, "trained")
    assert parsed(millwork.here("models", "bless", "1", "--reason", "seen by eye", "--json"))["blessed"]


def test_only_what_is_blessed_is_pushed(millwork: CommandLine) -> None:
    run(millwork, 9)
    run(millwork, 1)
    refused = millwork.here("models", "push", "latest", "elsewhere")
    assert refused.code == 3
    assert "is not blessed: judge in run" in refused.err
    assert not (millwork.folder / "elsewhere").exists()
    pushed = parsed(
        millwork.here("models", "push", "@blessed", "elsewhere", "--versioning", "number", "--json")
    )
    assert pushed["pushed"] == str(millwork.folder / "elsewhere/1")
    assert (millwork.folder / "elsewhere/1/weights.skops").read_text() == "9"


def test_a_blessed_model_is_pushed_whoever_could_not_judge_it_later(millwork: CommandLine) -> None:
    run(millwork, 9, "judged_and_seen")
    shown = parsed(millwork.here("models", "show", "latest", "--json"))
    assert (shown["blessed"], shown["verdict"]) == (True, "NOT_EVALUATED")
    pushed = parsed(millwork.here("models", "push", "latest", "elsewhere", "--json"))
    assert pushed["events"][-1]["event"] == "pushed"


def test_a_model_that_was_pushed_by_force_can_be_served(millwork: CommandLine) -> None:
    run(millwork, 1)
    root = str(millwork.folder / ".millwork")
    [refused] = [e for e in _events(millwork) if e["event"] == "not pushed"]
    with pytest.raises(WrongArgument, match="is no model: it was not pushed, because the evaluation did not"):
        find_model(str(refused["artifact"]), root, "")
    force = ("--force", "--reason", "ticket 17", "--by", "Ada")
    assert millwork.here("models", "push", "latest", "elsewhere", *force).code == 0
    [pushed] = [e for e in _events(millwork) if e["event"] == "pushed"]
    assert Path(find_model(str(pushed["artifact"]), root, "").uri, "weights.skops").read_text() == "1"


def _events(millwork: CommandLine) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = parsed(millwork.here("models", "history", "--json"))["events"]
    return events


def test_force_is_recorded_with_who_and_why(millwork: CommandLine) -> None:
    run(millwork, 1)
    assert millwork.here("models", "push", "latest", "elsewhere", "--force").code == 2
    force = ("--force", "--reason", "ticket 17", "--by", "Ada")
    document = parsed(millwork.here("models", "push", "latest", "elsewhere", *force, "--json"))
    last = document["events"][-1]
    assert (last["event"], last["forced"]) == ("pushed", True)
    assert last["reason"].startswith("forced (Ada: ticket 17) although the evaluation did not bless it")


def test_the_history_tells_of_all_models(millwork: CommandLine) -> None:
    run(millwork, 9)
    run(millwork, 1)
    document = parsed(millwork.here("models", "history", "--json"))
    assert [e["event"] for e in document["events"]] == [
        *("not pushed", "NOT_BLESSED", "made", "pushed", "BLESSED", "made")
    ]
    assert len(millwork.here("models", "history", "--limit", "2").out.splitlines()) == 3


def test_what_is_no_model_is_refused(millwork: CommandLine) -> None:
    run(millwork, 9)
    said = millwork.here("models", "show", "2")
    assert said.code == 2
    assert "Artifact 2 is of type ModelBlessing" in said.err
