"""Equal work is found again, wherever and whenever it was done; and nothing else is taken for it."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_parts import (
    Colour,
    Everything,
    Reader,
    Rows,
    Sum,
    Window,
    WithModule,
    add,
    both,
    number,
    play,
    record,
    total,
    train,
)
from sample_project import Project
from sample_runner import run_inline

from millwork import Options, Pipeline, import_artifact, pipeline
from millwork.components import RollingRange
from millwork.core.artifacts import Examples, Model
from millwork.core.fingerprint import differences
from millwork.core.records import State
from millwork.core.store import MetadataStore
from millwork.core.values import canonical, encode


@pytest.fixture
def store(tmp_path: Path) -> MetadataStore:
    return MetadataStore(str(tmp_path / "store.sqlite"))


@pytest.fixture
def states(tmp_path: Path, store: MetadataStore) -> Callable[..., dict[str, str]]:
    """Run a pipeline, and say how each step ended."""

    def run(described: Pipeline[Any], root: str = "root", **settings: Any) -> dict[str, str]:
        ended = run_inline(described, tmp_path / root, store=store, **settings)
        return {id: status.state.value for id, status in ended.steps.items()}

    return run


States = Callable[..., dict[str, str]]


@pipeline
def classic(count: int = 3, fail: bool = False, more: int = 0) -> Model:
    rows = Rows(count=count).examples
    Sum(examples=[rows])
    add(number(value=count), more=more)
    return train(rows, fail=fail)


ALL = ("rows", "sum", "number", "add", "train")


def test_the_same_pipeline_again_is_all_cached(states: States) -> None:
    assert states(classic()) == dict.fromkeys(ALL, "complete")
    assert states(classic()) == dict.fromkeys(ALL, "cached")
    assert states(classic()) == dict.fromkeys(ALL, "cached")


def test_equal_work_of_another_pipeline_under_another_name_in_another_place_hits(states: States) -> None:
    states(classic())

    @pipeline
    def other() -> None:
        rows = Rows(id="data", options=Options(retries=5, timeout=100.0)).examples
        train.configured(id="fit")(rows)

    assert states(other(), root="elsewhere") == {"data": "cached", "fit": "cached"}


def test_equal_content_made_in_another_way_hits(states: States, tmp_path: Path) -> None:
    states(classic())
    folder = tmp_path / "by hand"
    (folder / "Split-train").mkdir(parents=True)
    (folder / "Split-train" / "rows.txt").write_text("0\n1\n2\n")

    @pipeline
    def imported() -> None:
        rows = import_artifact(Examples(str(folder), split_names=("train",), num_examples={"train": 3}))
        train(rows)

    assert states(imported()) == {"import_examples": "complete", "train": "cached"}


def test_equal_work_within_one_run_is_done_once(states: States) -> None:
    @pipeline
    def twins() -> None:
        number.configured(id="one")(value=7)
        number.configured(id="other")(value=7)

    assert states(twins()) == {"one": "complete", "other": "cached"}


def test_what_changed_is_run_again_and_what_follows_from_it(states: States) -> None:
    states(classic())
    assert states(classic(count=4)) == dict.fromkeys(ALL, "complete")
    assert states(classic(more=1)) == {**dict.fromkeys(ALL, "cached"), "add": "complete"}
    assert states(classic()) == dict.fromkeys(ALL, "cached"), "the first results are still there"


def test_what_follows_is_not_run_again_if_the_content_came_out_the_same(states: States) -> None:
    @pipeline
    def chain(first: int, second: int) -> None:
        total([add(number(value=first), more=second)])

    assert states(chain(1, 4))["total"] == "complete"
    assert states(chain(2, 3)) == {"number": "complete", "add": "complete", "total": "cached"}


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "b"},
        {"number": 2},
        {"real": 0.25},
        {"real": float("nan")},
        {"flag": True},
        {"nothing": 1},
        {"path": Path("y")},
        {"colour": Colour.BLUE},
        {"window": Window(1, 2.5)},
        {"window": Window(1, inner=Window(1))},
        {"pair": (1, "b")},
        {"many": ("a",)},
        {"nested": {"a": {"b": [1]}}},
        {"chosen": frozenset("a")},
        {"blob": b"\x00"},
        {"function": str},
    ],
    ids=str,
)
def test_every_parameter_counts(changed: dict[str, Any], states: States) -> None:
    @pipeline
    def configured(**given: Any) -> None:
        Everything(**given)

    assert states(Pipeline("plain", [Everything(id="it")])) == {"it": "complete"}
    assert states(Pipeline("changed", [Everything(id="it", **changed)])) == {"it": "complete"}
    assert states(Pipeline("plain", [Everything(id="it")])) == {"it": "cached"}
    assert states(Pipeline("changed", [Everything(id="it", **changed)])) == {"it": "cached"}


def test_the_order_of_a_dict_does_not_count_and_that_of_a_list_does(states: States) -> None:
    def described(nested: Any) -> Pipeline[Any]:
        return Pipeline("described", [Everything(id="it", nested=nested)])

    states(described({"a": 1, "b": [1, 2]}))
    assert states(described({"b": [1, 2], "a": 1})) == {"it": "cached"}
    assert states(described({"a": 1, "b": [2, 1]})) == {"it": "complete"}


def test_the_order_of_a_list_of_artifacts_counts(states: States) -> None:
    @pipeline
    def merged(swapped: bool) -> None:
        pair = [Rows(id="a", count=1).examples, Rows(id="b", count=2).examples]
        Sum(examples=pair[::-1] if swapped else pair)

    states(merged(False))
    assert states(merged(False))["sum"] == "cached"
    assert states(merged(True))["sum"] == "complete"


def test_options_do_not_count(states: States) -> None:
    def described(options: Options) -> Pipeline[Any]:
        return Pipeline("described", [Rows(id="rows", options=options)])

    states(described(Options()))
    assert states(described(Options(retries=3, timeout=50))) == {"rows": "cached"}


def test_the_environment_of_a_step_counts(states: States) -> None:
    def described(**environment: str) -> Pipeline[Any]:
        return Pipeline("described", [Rows(id="rows", options=Options(environment=environment))])

    states(described(TONE="a"))
    assert states(described(TONE="a")) == {"rows": "cached"}
    assert states(described(TONE="b")) == {"rows": "complete"}


def test_properties_of_inputs_count(states: States) -> None:
    @pipeline
    def sounding(rate: int) -> None:
        play(record(rate=rate))

    states(sounding(8000))
    assert states(sounding(8000)) == {"record": "cached", "play": "cached"}
    assert states(sounding(16000)) == {"record": "complete", "play": "complete"}


# Code

STEPS = """
from helper import amount
from millwork import component, pipeline
from millwork.core.artifacts import Integer

@component
def make(result: Integer) -> None:
    result.value = amount()

@pipeline
def described() -> Integer:
    return make()
"""


@pytest.fixture
def code(project: Project, states: States) -> Callable[[], str]:
    """Run the project's pipeline as it is now."""
    project.write("steps.py", STEPS)
    project.write("helper.py", "def amount():\n    return 1\n")
    project.write("unrelated.py", "x = 1\n")
    return lambda: states(project.load("steps").described())["make"]


def test_the_code_of_a_step_counts(code: Callable[[], str], project: Project) -> None:
    assert [code(), code()] == ["complete", "cached"]
    project.write("steps.py", STEPS.replace("amount()", "amount() + 1"))
    assert [code(), code()] == ["complete", "cached"]


def test_code_that_is_imported_counts(code: Callable[[], str], project: Project) -> None:
    assert [code(), code()] == ["complete", "cached"]
    project.write("helper.py", "def amount():\n    return 2\n")
    assert [code(), code()] == ["complete", "cached"]
    project.write("helper.py", "def amount():\n    return 1\n")
    assert code() == "cached", "as at first"


def test_files_that_are_not_imported_do_not_count(code: Callable[[], str], project: Project) -> None:
    assert [code(), code()] == ["complete", "cached"]
    project.write("unrelated.py", "x = 2\n")
    project.write("new.py", "x = 2\n")
    (project.folder / "data.csv").write_text("1")
    assert code() == "cached"


def test_the_time_of_a_file_does_not_count(code: Callable[[], str], project: Project) -> None:
    assert code() == "complete"
    for file in project.folder.glob("*.py"):
        os.utime(file, (1, 1))
    assert code() == "cached"


def test_the_code_of_a_package_without_init_files_counts(project: Project, states: States) -> None:
    project.write("package/helper.py", "def amount():\n    return 1\n")
    project.write("package/steps.py", STEPS.replace("from helper", "from package.helper"))

    def code() -> str:
        return states(project.load("package.steps").described())["make"]

    assert [code(), code()] == ["complete", "cached"]
    project.write("package/helper.py", "def amount():\n    return 2\n")
    assert [code(), code()] == ["complete", "cached"]
    project.write(
        "package/steps.py", STEPS.replace("from helper", "from package.helper").replace("amount()", "3")
    )
    assert code() == "complete"


def test_the_code_behind_a_parameter_counts(project: Project, states: States) -> None:
    project.write("mine.py", "import enum\nclass Kind(enum.Enum):\n    A = 1\ndef f(x):\n    return x\n")

    def ended() -> dict[str, str]:
        mine = project.load("mine")
        return states(
            Pipeline(
                "p", [Everything(id="a", function=mine.f), Everything(id="b", nested={"k": mine.Kind.A})]
            )
        )

    assert ended() == {"a": "complete", "b": "complete"}
    assert ended() == {"a": "cached", "b": "cached"}
    project.write("mine.py", "import enum\nclass Kind(enum.Enum):\n    A = 2\ndef f(x):\n    return 2 * x\n")
    assert ended() == {"a": "complete", "b": "complete"}


def test_a_module_file_and_what_it_imports_count_but_its_place_does_not(
    project: Project, states: States
) -> None:
    file = project.write(
        "apart/module.py", "from near_module import ANSWER\ndef answer():\n    return ANSWER\n"
    )
    project.write("apart/near_module.py", "ANSWER = 1\n")

    def ended(path: Path) -> str:
        project.forget()
        return states(Pipeline("p", [WithModule(id="it", module_file=path)]))["it"]

    assert [ended(file), ended(file)] == ["complete", "cached"]
    shutil.copytree(file.parent, project.folder / "copy")
    assert ended(project.folder / "copy" / "module.py") == "cached"
    project.write("apart/near_module.py", "ANSWER = 2\n")
    assert ended(file) == "complete"


@pytest.mark.parametrize("named", ["answering.answer", "answering:answer"])
def test_the_code_of_a_function_that_is_named_by_a_text_counts(
    named: str, project: Project, states: States
) -> None:
    project.write("answering.py", "def answer() -> int:\n    return 1\n")

    def state() -> str:
        project.forget()
        return states(Pipeline("p", [WithModule(id="it", function=named)]))["it"]

    assert state() == "complete"
    assert state() == "cached"
    project.write("answering.py", "def answer() -> int:\n    return 2\n")
    assert state() == "complete"


def test_the_version_of_a_library_counts(
    states: States, monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    project.write("uses.py", STEPS.replace("from helper import amount", "import numpy\namount = lambda: 1"))
    assert states(project.load("uses").described()) == {"make": "complete"}
    assert states(project.load("uses").described()) == {"make": "cached"}
    monkeypatch.setattr("millwork.core.fingerprint.version_of", lambda name: f"{name} 99")
    assert states(project.load("uses").described()) == {"make": "complete"}


# Files outside the store


def test_an_external_file_counts_by_content_not_by_place_or_time(states: States, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("a,b\n")

    def ended(path: Path) -> str:
        return states(Pipeline("p", [Reader(id="it", source=path)]))["it"]

    assert [ended(file), ended(file)] == ["complete", "cached"]
    os.utime(file, (1, 1))
    assert ended(file) == "cached"
    (tmp_path / "other").mkdir()
    shutil.copy(file, tmp_path / "other" / "data.csv")
    assert ended(tmp_path / "other" / "data.csv") == "cached"
    file.write_text("a,c\n")
    os.utime(file, (1, 1))
    assert ended(file) == "complete", "same size, same time, other content"


def test_files_read_by_functions_count_too_each_for_its_parameter(states: States, tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("1")
    two.write_text("2")

    def ended(first: Path | str, second: Path | str) -> str:
        return states(Pipeline("p", [both.configured(id="it")(first=first, second=second)]))["it"]

    assert [ended(one, two), ended(one, two)] == ["complete", "cached"]
    assert ended(two, one) == "complete", "swapped"
    assert ended(one, one) == "complete"
    two.write_text("3")
    assert ended(one, two) == "complete"


def test_folders_inside_each_other_are_told_apart(states: States, tmp_path: Path) -> None:
    from millwork.core.fingerprint import Fingerprinter
    from millwork.core.plan import compile_pipeline

    for day in ("day1", "day2"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "rows.csv").write_text(day)
    parts = []
    for day in ("day1", "day2"):
        described = Pipeline("p", [both.configured(id="it")(first=tmp_path, second=tmp_path / day)])
        parts.append(Fingerprinter().parts(compile_pipeline(described)["it"], {}))
    assert parts[0] != parts[1]


def test_a_remote_file_counts_by_its_place(states: States, tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text("1")

    def ended(second: str) -> str:
        return states(Pipeline("p", [both.configured(id="it")(first=one, second=second)]))["it"]

    assert [ended("gs://bucket/a"), ended("gs://bucket/a"), ended("gs://bucket/b")] == [
        "complete",
        "cached",
        "complete",
    ]


def test_an_imported_folder_counts_by_content_and_structure(states: States, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "Split-train").mkdir(parents=True)
    (folder / "Split-train" / "rows.txt").write_text("1\n")

    @pipeline
    def imported(split: str = "train") -> None:
        train(import_artifact(Examples(str(folder), split_names=(split,)), id="rows"))

    states(imported())
    assert states(imported()) == {"rows": "cached", "train": "cached"}
    os.utime(folder / "Split-train" / "rows.txt", (1, 1))
    assert states(imported()) == {"rows": "cached", "train": "cached"}
    (folder / "Split-train" / "more.txt").write_text("")
    assert states(imported()) == {"rows": "complete", "train": "complete"}
    (folder / "Split-train").rename(folder / "Split-other")
    assert states(imported()) == {"rows": "complete", "train": "complete"}
    assert states(imported("other")) == {"rows": "complete", "train": "complete"}


def test_an_import_never_stands_for_another_folder(
    states: States, tmp_path: Path, store: MetadataStore
) -> None:
    """Other folders may change behind our back: only the folder that was named is used."""
    for name in ("a", "b"):
        (tmp_path / name / "Split-train").mkdir(parents=True)
        (tmp_path / name / "Split-train" / "rows.txt").write_text("1\n")

    @pipeline
    def imported(name: str) -> Examples:
        return import_artifact(Examples(str(tmp_path / name), split_names=("train",)), id="rows")

    states(imported("a"))
    (tmp_path / "a" / "Split-train" / "rows.txt").write_text("changed since\n")
    described = imported("b")
    run = run_inline(described, tmp_path / "root", store=store)
    assert run[described.produces].path == tmp_path / "b"


# Saying why


def test_what_changed_is_told_in_words() -> None:
    before = {
        "parameter:steps": "3",
        "code:mine": "x",
        "input:examples": "a",
        "version:numpy": "1.26",
        "file:old.csv": "z",
    }
    now = {
        "parameter:steps": "4",
        "code:mine": "y",
        "input:examples": "b",
        "version:numpy": "2.0",
        "parameter:new": "1",
    }
    assert differences(before, before) == []
    assert differences(before, now) == [
        "parameter new is new",
        "parameter steps changed from 3 to 4",
        "file old.csv is gone",
        "code mine changed",
        "input examples changed",
        "version numpy changed from 1.26 to 2.0",
    ]


def test_values_are_told_as_a_person_would_write_them() -> None:
    values = [RollingRange(last=3), RollingRange(last=7, start="2024-05-31"), ("a", 1), Path("data"), None]
    for before, now in itertools.pairwise(values):
        texts = [canonical(encode(value, "")) for value in (before, now)]
        [said] = differences({"parameter:p": texts[0]}, {"parameter:p": texts[1]})
        assert said.startswith("parameter p changed from ")
        assert "$" not in said
    [said] = differences(
        {"parameter:span": canonical(encode(None, ""))},
        {"parameter:span": canonical(encode(RollingRange(last=3), ""))},
    )
    assert said == "parameter span changed from null to RollingRange(last=3)"
    assert differences({"version:x": "1.10"}, {"version:x": "1.9"}) == ["version x changed from 1.10 to 1.9"]


def test_the_reason_is_recorded_with_every_cached_step(tmp_path: Path, store: MetadataStore) -> None:
    first = run_inline(classic(), tmp_path / "root", store=store)
    second = run_inline(classic(), tmp_path / "root", store=store)
    assert second.steps["rows"].reason == f"unchanged since run {first.id}"
    assert second.steps["rows"].state is State.CACHED
