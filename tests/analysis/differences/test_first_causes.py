"""A difference that others follow from is a first cause. What only follows is named with what it follows from."""

from __future__ import annotations

import shutil

import pytest
from sample_workshop import Workshop

from millwork.analysis.differences.difference import Change, Kind, RunDifference
from millwork.analysis.differences.text import as_text
from millwork.core.errors import BadInput
from millwork.core.records import State


def causes(found: RunDifference) -> dict[Kind, list[tuple[str, ...]]]:
    """The steps of the first causes, by kind."""
    by_kind: dict[Kind, list[tuple[str, ...]]] = {}
    for cause in found.causes:
        by_kind.setdefault(cause.kind, []).append(cause.steps)
    return by_kind


def follows(found: RunDifference) -> dict[str, tuple[str, ...]]:
    return {one.step: one.follows_from for one in found.consequences}


def test_the_same_run_twice_has_no_differences(workshop: Workshop) -> None:
    run = workshop.run()
    found = workshop.diff(run, run)
    assert found.equal
    assert found.unchanged == ("load", "train", "evaluate", "judge")


def test_a_run_from_the_cache_does_not_differ_from_the_one_that_filled_it(workshop: Workshop) -> None:
    found = workshop.diff(workshop.run(), workshop.run())
    assert found.equal
    assert not found.packages


def test_work_that_was_done_again_with_the_same_result_is_no_difference(workshop: Workshop) -> None:
    assert workshop.diff(workshop.run(), workshop.run(settings={"cache": False})).equal


def test_a_parameter_is_named_with_its_values_and_only_at_the_step_that_has_it(workshop: Workshop) -> None:
    found = workshop.diff(workshop.run(), workshop.run(steps=20))
    assert causes(found) == {Kind.PARAMETERS: [("train",)]}
    assert found.causes[0].changes == (Change("steps", "10", "20"),)
    assert found.parameters == (Change("steps", "10", "20"),)
    assert follows(found) == {"evaluate": ("train",), "judge": ("train",)}
    assert found.unchanged == ("load",)


def test_of_a_parameter_with_parts_only_the_part_that_differs_is_told(workshop: Workshop) -> None:
    before = workshop.run()
    workshop.replace("described.py", "steps=steps)", 'steps=steps, layers={"first": 8, "third": 1})')
    found = workshop.diff(before, workshop.run())
    assert causes(found) == {Kind.PARAMETERS: [("train",)]}
    assert found.causes[0].changes == (
        Change("layers.first", "4", "8"),
        Change("layers.second", "2", None),
        Change("layers.third", None, "1"),
    )


def test_rows_of_the_data(workshop: Workshop) -> None:
    before = workshop.run()
    workshop.write("rows.txt", "1\n2\n3\n4\n")
    found = workshop.diff(before, workshop.run())
    assert causes(found) == {Kind.DATA: [("load",)]}
    assert found.causes[0].said == "source/rows.txt changed"
    assert [(d.step, d.title, d.changes) for d in found.details] == [
        ("load", "rows", (Change("train", "3", "4"),))
    ]
    assert follows(found) == dict.fromkeys(["train", "evaluate", "judge"], ("load",))


FOLDER = """
from millwork import pipeline
from loading import load_all


@pipeline
def folder(path: str) -> None:
    load_all(folder=path)
"""


def test_files_of_a_folder_are_named_up_to_a_number(workshop: Workshop) -> None:
    workshop.write("folders.py", FOLDER)
    days = workshop.project.folder / "days"

    def run(count: int) -> str:
        for i in range(count):
            workshop.write(f"days/{i}.txt", f"{i}\n")
        return workshop.run("folders", "folder", path=str(days))

    two = run(2)
    workshop.write("days/0.txt", "changed\n")
    (days / "1.txt").unlink()
    workshop.write("days/2.txt", "new\n")
    found = workshop.diff(two, workshop.run("folders", "folder", path=str(days)))
    [cause] = found.causes
    assert cause.said == "files: 1 changed, 1 new, 1 gone"
    assert "    folder/1.txt is gone\n" in as_text(found)

    thirteen, many = run(13), run(120)
    assert "… 1 more: --all shows them" in as_text(workshop.diff(two, thirteen))
    found = workshop.diff(thirteen, many)
    assert found.causes[0].said == "files changed"
    assert found.causes[0].changes == (Change("files", "13 files", "120 files"),)


def test_data_at_another_place_is_the_same_data(workshop: Workshop) -> None:
    before = workshop.run()
    elsewhere = workshop.project.folder / "elsewhere/rows.txt"
    elsewhere.parent.mkdir()
    shutil.copy(workshop.project.folder / "rows.txt", elsewhere)
    found = workshop.diff(before, workshop.run(source=elsewhere))
    assert found.equal
    assert [change.name for change in found.parameters] == ["source"], "though the runs were given two places"


def test_code_is_named_once_for_all_steps_that_use_it_with_what_changed_in_it(workshop: Workshop) -> None:
    before = workshop.run(trials=1)
    workshop.write("features.py", 'NAMES = ["age", "sex", "height"]\n')
    after = workshop.run(trials=1)
    found = workshop.diff(before, after)
    assert causes(found) == {Kind.CODE: [("tune", "train")]}
    [cause] = found.causes
    assert (cause.name, cause.said) == ("features", "features changed")
    assert cause.diff.splitlines() == [
        f"--- features\t{before}",
        f"+++ features\t{after}",
        "@@ -1 +1 @@",
        '-NAMES = ["age", "sex"]',
        '+NAMES = ["age", "sex", "height"]',
    ]
    assert follows(found) == {
        "train": ("tune",),
        "evaluate": ("tune", "train"),
        "judge": ("tune", "train"),
    }


def test_all_kinds_at_once_are_told_apart(workshop: Workshop) -> None:
    before = workshop.run(trials=1)
    workshop.write("features.py", 'NAMES = ["age"]\n')
    workshop.write("rows.txt", "1\n2\n")
    found = workshop.diff(before, workshop.run(trials=1, steps=99))
    assert causes(found) == {
        Kind.DATA: [("load",)],
        Kind.PARAMETERS: [("train",)],
        Kind.CODE: [("tune", "train")],
    }
    assert follows(found)["train"] == ("load", "tune")


def test_a_step_that_gave_the_same_stops_what_follows(workshop: Workshop) -> None:
    before = workshop.run(keep=2)
    workshop.write("rows.txt", "1\n2\n3\n4\n")
    found = workshop.diff(before, workshop.run(keep=2))
    assert causes(found) == {Kind.DATA: [("load",)]}
    assert follows(found) == {}, "the rows that were kept are the same"
    assert found.unchanged == ("train", "evaluate", "judge")


def test_the_text_of_code_that_was_not_kept_is_told_to_be_missing(workshop: Workshop) -> None:
    before = workshop.run()
    shutil.rmtree(workshop.root / ".system")  # as of a run before there were snapshots
    workshop.write("features.py", 'NAMES = ["age"]\n')
    found = workshop.diff(before, workshop.run())
    [cause] = found.causes
    assert cause.said == "features changed; the text of before was not kept"
    assert cause.diff == ""
    assert not found.notes

    shutil.rmtree(workshop.root / ".system/environments")
    after = found.after.id
    assert workshop.diff(before, after).notes == (f"What was installed was not kept of {before} and {after}",)


def test_a_step_in_one_run_only_and_the_wire_to_it(workshop: Workshop) -> None:
    before, after = workshop.run(), workshop.run(trials=1)
    found = workshop.diff(before, after)
    assert causes(found) == {Kind.PIPELINE: [("tune",), ("train",)]}
    assert found.causes[0].said == f"tune is only in run {after}"
    assert found.causes[1].changes == (Change("best", None, "tune.best"),)
    assert follows(found) == {"evaluate": ("train",), "judge": ("train",)}
    assert workshop.diff(after, before).causes[0].said == f"tune is only in run {after}"


def test_other_code_for_a_step_brings_its_own_imports_and_is_one_cause(workshop: Workshop) -> None:
    before = workshop.run()
    workshop.write("other.py", "from training import train as train\n")
    workshop.write("helper.py", "x = 1\n")
    workshop.write(
        "other.py",
        """
        import helper
        from millwork import component
        from millwork.core.artifacts import Examples, HyperParameters, Model


        @component
        def train(model: Model, examples: Examples, best: HyperParameters | None = None, *, steps: int = 10,
                  layers: dict = {"first": 4, "second": 2}) -> None:
            (model.path / "weights.txt").write_text("other")
        """,
    )
    workshop.replace(
        "described.py",
        "from training import train, tune",
        "from other import train\nfrom training import tune",
    )
    found = workshop.diff(before, workshop.run())
    assert causes(found) == {Kind.PIPELINE: [("train",)]}
    assert found.causes[0].changes == (Change("component", "training:train", "other:train"),)


def test_what_one_file_newly_imports_is_part_of_the_code(workshop: Workshop) -> None:
    before = workshop.run()
    workshop.write("more.py", "LAST = 'height'\n")
    workshop.write("features.py", "from more import LAST\n\nNAMES = ['age', 'sex', LAST]\n")
    found = workshop.diff(before, workshop.run())
    assert {(cause.said, cause.steps) for cause in found.causes} == {
        ("features changed", ("train",)),
        ("more is new", ("train",)),
    }


DICE = """
from millwork import pipeline
from judging import evaluate, may_fail, read_dice, roll_dice
from loading import load
from training import train


@pipeline
def dice(source: str) -> None:
    read_dice(roll_dice(train(load(source=source))))


@pipeline
def moody(source: str) -> None:
    model = train(load(source=source))
    may_fail(model)
    evaluate(model)
"""


def test_a_step_that_is_not_deterministic_is_told_with_its_outputs(workshop: Workshop) -> None:
    workshop.write("gambling.py", DICE)
    source = str(workshop.project.folder / "rows.txt")
    before, after = (
        workshop.run("gambling", "dice", source=source, settings={"cache": False}) for _ in range(2)
    )
    found = workshop.diff(before, after)
    assert causes(found) == {Kind.REPETITION: [("roll_dice",)]}
    assert "roll_dice is not deterministic" in found.causes[0].said
    assert "gave other report" in found.causes[0].said
    assert follows(found) == {"read_dice": ("roll_dice",)}


def test_a_step_that_failed_for_a_reason_outside_is_told(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.write("gambling.py", DICE)
    source = str(workshop.project.folder / "rows.txt")
    monkeypatch.setenv("STOP_FILE", "/nowhere")
    before = workshop.run("gambling", "moody", source=source)
    monkeypatch.setenv("STOP_FILE", source)
    after = workshop.run("gambling", "moody", source=source, settings={"no_cache_for": ["may_fail"]})
    found = workshop.diff(before, after)
    assert causes(found) == {Kind.REPETITION: [("may_fail",)]}
    assert found.causes[0].said.startswith(f"may_fail failed in run {after}")
    assert found.outcomes == (Change("may_fail", "complete", "failed: stopped"),)
    assert found.unchanged == ("load", "train", "evaluate")


def test_another_version_of_a_package_that_a_step_imports(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.write("features.py", 'import psutil\n\nNAMES = ["age"]\n')
    before = workshop.run()
    monkeypatch.setattr("millwork.core.fingerprint.version_of", lambda package: "99.0")
    found = workshop.diff(before, workshop.run())
    assert causes(found) == {Kind.ENVIRONMENT: [("train",)]}
    [change] = found.causes[0].changes
    assert (change.name, change.after) == ("psutil", "99.0")


def test_packages_that_no_step_imports_are_told_apart(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workshop.run()
    from millwork.core import snapshots

    real = snapshots.environment()
    other = snapshots.Environment("3.99.1", real.platform, {**real.packages, "pytest": "99.0", "new": "1.0"})
    monkeypatch.setattr("millwork.core.snapshots.environment", lambda: other)
    found = workshop.diff(before, workshop.run())
    assert found.equal, "no step has noticed"
    assert found.packages == (
        Change("python", real.python, "3.99.1"),
        Change("pytest", real.packages["pytest"], "99.0"),
        Change("new", None, "1.0"),
    )


def test_verdicts_and_metrics_are_what_came_of_it(workshop: Workshop) -> None:
    found = workshop.diff(workshop.run(least=1.0), workshop.run(steps=100_000, least=1_000.0))
    assert [change.name for change in found.outcomes] == [
        "evaluate.evaluation.metrics.score",
        "judge.blessing",
    ]
    assert found.outcomes[1] == Change("judge.blessing", "BLESSED", "NOT_BLESSED: score below 1000.0")


def test_steps_that_were_not_selected_count_by_what_stood_in_for_them(workshop: Workshop) -> None:
    before = workshop.run()
    found = workshop.diff(before, workshop.run(steps=20, settings={"only": ["train"]}))
    assert causes(found) == {Kind.PARAMETERS: [("train",)]}
    assert "load" in found.unchanged


def test_steps_that_were_left_out_are_noted_and_follow_from_nothing(workshop: Workshop) -> None:
    before = workshop.run()
    workshop.write("rows.txt", "1\n")
    after = workshop.run(settings={"only": ["load"]})
    found = workshop.diff(before, after)
    assert causes(found) == {Kind.DATA: [("load",)]}
    assert follows(found) == {}
    assert found.outcomes == ()
    assert found.notes == (f"Not selected in run {after}: train, evaluate, judge",)


def test_a_condition_and_what_it_kept_from_running(workshop: Workshop) -> None:
    workshop.write(
        "branching.py",
        """
        from millwork import pipeline, when
        from judging import evaluate, judge
        from loading import load
        from training import train


        @pipeline
        def branching(source: str, steps: int = 10, least: float = 5.0) -> None:
            evaluation = evaluate(train(load(source=source), steps=steps))
            verdict = judge(evaluation, least=least)
            with when(verdict.prop("blessed").equals(1)):
                evaluate.configured(id="again")(train.configured(id="more")(load.configured(id="next")(source=source)))
        """,
    )
    source = str(workshop.project.folder / "rows.txt")
    before = workshop.run("branching", "branching", source=source)
    found = workshop.diff(before, workshop.run("branching", "branching", source=source, least=1e6))
    assert causes(found) == {Kind.PARAMETERS: [("judge",)]}
    assert set(follows(found)) == {"next", "more", "again"}
    assert all(origins == ("judge",) for origins in follows(found).values())
    assert "skipped" in str(next(change.after for change in found.outcomes if change.name == "next"))


def test_chosen_hyperparameters_are_shown_with_what_they_follow_from(workshop: Workshop) -> None:
    found = workshop.diff(workshop.run(trials=1), workshop.run(trials=3))
    assert [(d.title, d.follows_from, d.changes) for d in found.details] == [
        ("hyperparameters", ("tune",), (Change("units", "2", "6"),))
    ]


def test_a_schema_that_a_person_wrote_is_a_cause_of_its_own(workshop: Workshop) -> None:
    workshop.write(
        "agreed.py",
        "from millwork import pipeline\nfrom loading import agree\n\n\n"
        "@pipeline\ndef agreed(source: str) -> None:\n    agree(source=source)\n",
    )
    file = workshop.write("agreed.pbtxt", 'feature { name: "age" type: INT }\n')
    before = workshop.run("agreed", "agreed", source=str(file))
    workshop.write(
        "agreed.pbtxt", 'feature { name: "age" type: FLOAT }\nfeature { name: "sex" type: BYTES }\n'
    )
    found = workshop.diff(before, workshop.run("agreed", "agreed", source=str(file)))
    assert causes(found) == {Kind.SCHEMA: [("agree",)]}
    assert [d.changes for d in found.details] == [
        (Change("age.type", "INT", "FLOAT"), Change("sex", None, "BYTES"))
    ]


def test_files_that_are_gone_are_noted_and_the_rest_is_told(workshop: Workshop) -> None:
    before, after = workshop.run(trials=1), workshop.run(trials=2)
    store = workshop.store
    tuned = [e for e in store.executions_of_run(before) if e.node == "tune"]
    [artifact] = store.outputs_of(tuned[0].id)["best"]
    store.mark_deleted([artifact.id])
    found = workshop.diff(before, after)
    assert causes(found) == {Kind.PARAMETERS: [("tune",)]}
    assert found.details == ()
    assert found.notes == (f"tune: the files of HyperParameters {artifact.id} have been deleted",)


def test_what_a_resolver_found_is_a_cause_of_its_own(workshop: Workshop) -> None:
    workshop.write(
        "against.py",
        """
        from millwork import component, pipeline
        from millwork.components import latest_artifact
        from millwork.core.artifacts import Integer, Report


        @component
        def tell(report: Report, number: Integer | None = None) -> None:
            (report.path / "report.txt").write_text(str(number and number.value))


        @component
        def count(number: Integer, *, to: int) -> None:
            number.value = to


        @pipeline
        def counting(to: int) -> None:
            count(to=to)


        @pipeline
        def telling() -> None:
            tell(latest_artifact(Integer, pipeline="counting"))
        """,
    )
    workshop.run("against", "counting", to=1)
    before = workshop.run("against", "telling")
    workshop.run("against", "counting", to=2)
    found = workshop.diff(before, workshop.run("against", "telling"))
    assert causes(found) == {Kind.STORE: [("latest_integer",)]}
    [change] = found.causes[0].changes
    assert change.before is not None and change.before.startswith("Integer ")
    assert change.before != change.after
    assert follows(found) == {"tell": ("latest_integer",)}


def test_a_run_of_another_tool_cannot_be_compared(workshop: Workshop) -> None:
    run = workshop.run()
    workshop.store.begin_run("theirs", "foreign", [], {"__state__": State.COMPLETE.value})
    with pytest.raises(BadInput, match="Run foreign has no plan"):
        workshop.diff("foreign", run)


def test_two_pipelines_are_compared_by_the_names_of_their_steps(workshop: Workshop) -> None:
    workshop.write("renamed.py", workshop.read("described.py").replace("def project(", "def renewed("))
    before = workshop.run()
    source = workshop.project.folder / "rows.txt"
    found = workshop.diff(before, workshop.run("renamed", "renewed", source=source))
    assert found.equal
    assert "of two pipelines, project and renewed" in found.notes[0]


AT_THE_END = """
from millwork import FinalStatus, Options, component, on_exit, pipeline
from millwork.core.artifacts import Integer, Report


@component
def number(result: Integer, *, value: int = 1) -> None:
    result.value = value


@component
def tell(report: Report, *, status: FinalStatus = FinalStatus()) -> None:
    (report.path / "report.txt").write_text(status.run)


@pipeline
def ending(secret: str = "one") -> None:
    number.configured(options=Options(environment={"KEY": secret}))(value=1)
    with on_exit():
        tell()
"""


def test_what_a_step_at_the_end_is_told_of_the_run_is_no_difference(workshop: Workshop) -> None:
    workshop.write("ends.py", AT_THE_END)
    before, after = (workshop.run("ends", "ending") for _ in range(2))
    found = workshop.diff(before, after)
    assert found.causes == ()
    assert found.equal


def test_environment_variables_are_told_by_step_and_never_by_value(workshop: Workshop) -> None:
    workshop.write("ends.py", AT_THE_END)
    found = workshop.diff(
        workshop.run("ends", "ending", secret="sesame"), workshop.run("ends", "ending", secret="swordfish")
    )
    assert [cause.said for cause in found.of(Kind.ENVIRONMENT)] == ["number has other environment variables"]
    assert not any("sesame" in str(cause) or "swordfish" in str(cause) for cause in found.causes)
