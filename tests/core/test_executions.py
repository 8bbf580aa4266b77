"""The life of a step, whatever runs it: resolve, look in the cache, stage, run, publish or leave no trace."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sample_parts import (
    Count,
    Everything,
    Exporter,
    Rows,
    Sum,
    add,
    count,
    environment,
    facts,
    fail,
    halve,
    number,
    quit_politely,
    retell,
    surroundings,
    total,
    train,
)
from sample_project import Project
from sample_runner import run_inline

from millwork import Artifact, Component, Options, Pipeline, component, import_artifact, output, pipeline
from millwork.core.artifacts import Examples, Float, Integer, Model, Report, Schema, String
from millwork.core.errors import NotFound
from millwork.core.execution import RunSettings
from millwork.core.graph import custom_property
from millwork.core.plan import Plan, compile_pipeline
from millwork.core.planning import preview
from millwork.core.records import State
from millwork.core.run import Run
from millwork.core.storage import content_digest, files_below
from millwork.core.store import MetadataStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def store_of(root: Path) -> MetadataStore:
    return MetadataStore(str(root / "metadata.sqlite"))


def visible(root: Path) -> set[str]:
    """Every file that readers can find: all but logs, working folders and metadata."""
    return {
        str(f.relative_to(root))
        for f in files_below(root)
        if ".system" not in f.parts and not f.name.startswith("metadata.sqlite")
    }


# When all goes well


@pipeline
def classic() -> dict[str, Any]:
    rows = Rows(count=4).examples
    halves = halve(rows)
    summed = Sum(examples=[halves.high, rows], extra=number(value=100))
    return {"total": summed.total, "report": summed.report, "model": train(halves.low)}


def test_a_run_gives_real_artifacts_for_promises(root: Path) -> None:
    described = classic()
    run = run_inline(described, root)
    assert run.state is State.COMPLETE
    total_made, model = run[described.produces["total"]], run[described.produces["model"]]
    assert isinstance(total_made, Float)
    assert isinstance(model, Model)
    assert total_made.value == 2 + 3 + 0 + 1 + 2 + 3 + 100
    assert model.framework == "unknown"
    assert (model.path / "weights.txt").read_text() == "{} False"


def test_files_are_where_tfx_puts_them(root: Path) -> None:
    run = run_inline(classic(), root)
    ids = {step: status.execution for step, status in run.steps.items()}
    assert visible(root) == {
        f"classic/rows/examples/{ids['rows']}/Split-train/rows.txt",
        f"classic/halve/low/{ids['halve']}/Split-train/rows.txt",
        f"classic/halve/high/{ids['halve']}/Split-train/rows.txt",
        f"classic/number/result/{ids['number']}/value",
        f"classic/sum/total/{ids['sum']}/value",
        f"classic/sum/report/{ids['sum']}/report.md",
        f"classic/train/model/{ids['train']}/weights.txt",
    }


def test_lists_keep_their_order_and_optional_inputs_may_be_absent(root: Path) -> None:
    @pipeline
    def listed() -> dict[str, Any]:
        numbers = [number.configured(id=f"n{i}")(value=10**i) for i in range(3)]
        rows = Rows(count=2).examples
        return {
            "total": total(numbers[::-1]),
            "none": total.configured(id="none")([]),
            "with": add.configured(id="with")(numbers[0], numbers[1]),
            "without": add.configured(id="without")(numbers[0]),
            "sum": Sum(examples=[rows, rows]).total,
            "model": train(rows, schema=None),
        }

    described = listed()
    run = run_inline(described, root)
    values = {n: run[a].value for n, a in described.produces.items() if n != "model"}
    assert values == {"total": 111, "none": 0, "with": 11, "without": 1, "sum": 2.0}


def test_one_artifact_and_a_list_of_one_arrive_as_they_were_given(root: Path) -> None:
    rows = Rows(count=2).examples
    steps = {
        "one": Count(id="one", examples=rows),
        "list": Count(id="list", examples=[rows], more=rows),
        "lists": Count(id="lists", examples=[rows, rows], more=[]),
    }
    described = Pipeline("p", {**steps, "function": count([rows], rows)})
    for _ in range(2):
        run = run_inline(described, root)
        told = [
            (o["report"][0].path / "report.txt").read_text() for s, o in run.outputs.items() if s != "rows"
        ]
        assert told == ["one, nothing", "list of 1, one", "list of 2, list of 0", "list of 1, one"]
    assert {s.state for s in run.steps.values()} == {State.CACHED}
    plan = compile_pipeline(described)
    assert plan["list"].lists == ("examples",)
    assert Plan.from_json(plan.to_json()) == plan


def test_values_of_every_kind_pass_from_step_to_step(root: Path) -> None:
    @pipeline
    def told() -> Report:
        written = facts(whole=-(2**70), real=float("nan"), text="a\r\n\x00é\U0001f600'", flag=False)
        return retell(written.whole, written.real, written.text, written.flag)

    described = told()
    run = run_inline(described, root)
    assert (run[described.produces].path / "report.txt").read_text() == repr(
        (-(2**70), float("nan"), "a\r\n\x00é\U0001f600'", False)
    )


def test_parameters_of_every_kind_arrive(root: Path) -> None:
    described = Pipeline(
        "parameters", Everything(nested={"a": (1, {"b": float("inf")})}, many=("é", "'", '"', "\x00")).report
    )
    run = run_inline(described, root)
    said = (run[described.produces].path / "report.txt").read_text()
    assert "nested={'a': (1, {'b': inf})}" in said
    assert "many=('é', \"'\", '\"', '\\x00')" in said
    assert "function(21)=42" in said


def test_a_step_may_have_no_output(root: Path, tmp_path: Path) -> None:
    @pipeline
    def exporting() -> None:
        rows = Rows().examples
        Exporter(report=Sum(examples=[rows]).report, place=tmp_path / "out")

    assert run_inline(exporting(), root).steps["exporter"].state is State.COMPLETE
    assert (tmp_path / "out" / "report.md").exists()


def test_a_step_works_in_a_folder_of_its_own_and_its_log_is_kept(root: Path) -> None:
    described = Pipeline("p", surroundings())
    run = run_inline(described, root)
    folder = Path(run[described.produces].value.splitlines()[0])
    assert (
        folder == root / "p" / "surroundings" / ".system" / str(run.steps["surroundings"].execution) / "work"
    )
    assert (folder / "scratch.txt").exists()
    assert run.steps["surroundings"].log == str(folder.parent / "log.txt")


def test_a_step_sees_its_environment_and_the_store_does_not_keep_it(root: Path) -> None:
    options = Options(environment={"MILLWORK_TEST_KEY": "hunter2"})
    described = Pipeline("p", environment.configured(options=options)(name="MILLWORK_TEST_KEY"))
    run = run_inline(described, root)
    assert run[described.produces].value == "hunter2"
    stored = store_of(root).run(run.id)
    assert "hunter2" not in str(stored)
    assert "MILLWORK_TEST_KEY" in str(stored.properties["__plan__"])


def test_times_attempts_and_memory_are_recorded(root: Path) -> None:
    run = run_inline(Pipeline("p", number(value=1)), root)
    status = run.steps["number"]
    recorded = store_of(root).execution(status.execution).properties
    assert recorded["__seconds__"] == status.seconds > 0
    assert recorded["__attempts__"] == status.attempts == 1
    assert recorded["__peak_memory__"] == status.peak_memory > 1 << 20


def test_equal_outputs_have_equal_digests(root: Path) -> None:
    @pipeline
    def twins() -> list[Examples]:
        return [Rows(id="a", count=2).examples, halve(Rows(id="b", count=4).examples).low]

    described = twins()
    run = run_inline(described, root)
    one, other = (run[a] for a in described.produces)
    assert one.digest == other.digest == content_digest(one.path)
    assert one.uri != other.uri


@component
def oddities(report: Report) -> None:
    for name in (
        "with space",
        "ünï\U0001f600",
        "two\nlines",
        "-dash",
        "100%",
        "half-\udcff",
        "a'b\"c",
        "x" * 255,
    ):
        (report.path / name).write_text(name.encode(errors="replace").decode())
    (report.path / "deep" / "empty").mkdir(parents=True)
    (report.path / "link").symlink_to("100%")
    (report.path / "nowhere").symlink_to("gone")


@component
def counts(result: Integer, report: Report) -> None:
    result.value = len(list(report.path.rglob("*")))


def test_files_may_have_any_name(root: Path) -> None:
    described = Pipeline("p", counts(oddities()))
    run = run_inline(described, root)
    assert run[described.produces].value == 12
    assert {s.state for s in run_inline(described, root).steps.values()} == {State.CACHED}


# Importing


def test_an_imported_folder_stays_where_it_is_and_counts_by_content(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "Split-train").mkdir(parents=True)
    (folder / "Split-train" / "rows.txt").write_text("5\n6\n")

    @pipeline
    def importing() -> Any:
        rows = import_artifact(Examples(str(folder), split_names=("train",), span=3), id="data")
        return rows, Sum(examples=[rows]).total

    described = importing()
    rows, summed = (run_inline(described, root)[a] for a in described.produces)
    assert rows.path == folder
    assert rows.span == 3
    assert summed.value == 11
    again = run_inline(importing(), root)
    assert {s.state for s in again.steps.values()} == {State.CACHED}


def test_a_single_file_can_be_imported_as_a_value(root: Path, tmp_path: Path) -> None:
    (tmp_path / "threshold").write_text("7")

    @pipeline
    def importing() -> Integer:
        return add(import_artifact(Integer(str(tmp_path / "threshold"))), more=1)

    described = importing()
    assert run_inline(described, root)[described.produces].value == 8


def test_importing_what_is_not_there_fails_that_step_with_the_place(root: Path, tmp_path: Path) -> None:
    @pipeline
    def importing() -> None:
        train(Rows().examples, import_artifact(Schema(str(tmp_path / "gone"))))
        number(value=1)

    run = run_inline(importing(), root)
    assert run.state is State.FAILED
    assert (
        run.steps["import_schema"].reason
        == f"import_schema: there is nothing at '{tmp_path}/gone' to import as Schema"
    )
    assert run.steps["train"].state is State.CANCELLED
    assert run.steps["number"].state is State.COMPLETE
    [found] = [
        p for p in preview(compile_pipeline(importing()), None, RunSettings()) if p.step == "import_schema"
    ]
    assert (found.action, found.reason) == ("fail", run.steps["import_schema"].reason)


# When something goes wrong


@pipeline
def unlucky() -> None:
    one = number(value=1)
    failed = fail(one, message="no luck today")
    after = add.configured(id="after")(failed)
    add.configured(id="later")(after)
    add.configured(id="free")(one)


def test_a_failure_is_recorded_with_all_that_helps(root: Path) -> None:
    run = run_inline(unlucky(), root)
    assert run.state is State.FAILED
    status = run.steps["fail"]
    assert status.state is State.FAILED
    assert status.failure is not None
    recorded = store_of(root).execution(status.execution)
    assert recorded.state is State.FAILED
    assert recorded.properties["__error_type__"] == status.failure.type == "ValueError"
    assert recorded.properties["__error__"] == status.failure.message == "no luck today"
    where = str(recorded.properties["__where__"])
    assert re.match(r'File ".*sample_parts\.py", line \d+, in fail\n', where)
    assert "raise ValueError(message)" in where
    trace = str(recorded.properties["__traceback__"])
    assert trace.startswith("Traceback (most recent call last)")
    assert trace.endswith("ValueError: no luck today\n")
    assert recorded.properties["__log__"] == status.log
    assert store_of(root).outputs_of(status.execution) == {}


def test_what_depends_on_a_failure_is_cancelled_with_the_reason_and_the_rest_goes_on(root: Path) -> None:
    run = run_inline(unlucky(), root)
    assert {id: (s.state, s.reason) for id, s in run.steps.items()} == {
        "number": (State.COMPLETE, "never run"),
        "fail": (State.FAILED, "no luck today"),
        "after": (State.CANCELLED, "needs fail, which failed"),
        "later": (State.CANCELLED, "needs after, which was cancelled"),
        "free": (State.COMPLETE, "never run"),
    }
    assert [s.id for s in run.failed] == ["fail"]


def test_partial_outputs_are_never_visible_and_are_removed(root: Path) -> None:
    run = run_inline(unlucky(), root)
    assert visible(root) == {f"unlucky/{s}/result/{run.steps[s].execution}/value" for s in ("number", "free")}
    kept = {f.name for f in files_below(root / "unlucky" / "fail")}
    assert not kept & {"half.bin", "value"}


def test_the_message_of_a_run_shows_the_users_line_first(root: Path) -> None:
    from millwork.core.errors import RunFailed

    run = run_inline(unlucky(), root)
    with pytest.raises(RunFailed) as caught:
        run.check()
    assert caught.value.run == run.id
    lines = str(caught.value).splitlines()
    assert lines[:2] == [f"Run {run.id} failed.", ""]
    assert lines[2] == "fail failed"
    assert re.fullmatch(r'File ".*", line \d+, in fail', lines[3])
    assert lines[4].strip() == "raise ValueError(message)"
    assert lines[5] == "ValueError: no luck today"
    assert lines[6] == f"log: {run.steps['fail'].log}"
    assert lines[-1] == f"Continue it with: millwork resume {run.id} --root {root}"


def test_a_promise_of_a_failed_step_says_how_it_ended(root: Path) -> None:
    described = Pipeline("p", fail())
    run = run_inline(described, root)
    with pytest.raises(NotFound, match=f"Run {run.id} has no Integer of fail: fail is failed"):
        run[described.produces]
    with pytest.raises(NotFound, match=f"Run {run.id} has no Model of nobody"):
        run[Model()]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "é \U0001f600",
        "quotes ' \" ` \\ %s ; --",
        "nul \x00 byte",
        "half a character \udcff",
        "two\nlines",
        "x" * 3_000_000,
    ],
    ids=["empty", "unicode", "quotes", "nul", "surrogate", "lines", "long"],
)
def test_whatever_an_error_says_is_recorded(message: str, root: Path) -> None:
    described = Pipeline("p", raiser(text=[ord(c) for c in message[:100]], times=max(1, len(message) // 100)))
    run = run_inline(described, root)
    assert run.state is State.FAILED
    recorded = store_of(root).execution(run.steps["raiser"].execution)
    assert recorded.state is State.FAILED
    said = str(recorded.properties["__error__"])
    assert said[:20] == message.replace("\udcff", "\\udcff").replace("\x00", "\\x00")[:20]
    assert len(said) < 110_000, "the log has the whole of it"


@component
def raiser(result: Integer, *, text: list[int], times: int = 1) -> None:
    raise RuntimeError("".join(map(chr, text)) * times)


@dataclass(eq=False)
class Described(Artifact):
    names: tuple[str, ...] = ()
    whole: int = 0
    real: float = 0.0
    text: str = ""
    flag: bool = False
    counts: Mapping[str, float] = custom_property({})


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("I say nothing")


@component
def mute(result: Integer) -> None:
    raise Mute


@component
def chained(result: Integer) -> None:
    try:
        raise KeyError("first")
    except KeyError as e:
        raise BufferError("second") from e


@component
def in_a_library(result: Integer) -> None:
    import json

    json.loads("{broken")


@component
def endless(result: Integer) -> None:
    endless.function(result)


@component
def forgets_its_value(result: Float) -> None: ...


@component
def removes_its_folder(report: Report) -> None:
    shutil.rmtree(report.path)


@component
def makes_a_file_of_its_folder(report: Report) -> None:
    shutil.rmtree(report.path)
    report.path.write_text("x")


@component
def describes(sound: Described, *, name: str, what: str) -> None:
    import numpy as np

    setattr(sound, name, eval(what, {"np": np}))


@component
def interrupts(result: Integer) -> None:
    raise KeyboardInterrupt


def failure(described: Any, root: Path) -> Any:
    run = run_inline(Pipeline("p", described), root)
    [status] = run.steps.values()
    assert status.state is State.FAILED
    assert visible(root) == set()
    return status.failure


def test_errors_that_cannot_be_printed_are_recorded_all_the_same(root: Path) -> None:
    assert failure(mute(), root).type == "Mute"


def test_a_chain_of_errors_is_told_in_full(root: Path) -> None:
    found = failure(chained(), root)
    assert found.type == "BufferError"
    assert "KeyError: 'first'" in found.traceback
    assert "The above exception was the direct cause" in found.traceback


def test_an_error_inside_a_library_shows_the_users_line(root: Path) -> None:
    found = failure(in_a_library(), root)
    assert found.type == "JSONDecodeError"
    assert 'json.loads("{broken")' in found.where
    assert "json/decoder.py" in found.traceback


def test_an_endless_recursion_is_an_error_like_others(root: Path) -> None:
    found = failure(endless(), root)
    assert found.type == "RecursionError"
    assert len(found.traceback) < 10_000


def test_sys_exit_is_no_way_to_end_a_step(root: Path) -> None:
    assert failure(quit_politely(), root).type == "SystemExit"


def test_an_interrupt_raised_by_the_step_itself_is_its_failure(root: Path) -> None:
    assert failure(interrupts(), root).type == "KeyboardInterrupt"


def test_a_value_that_was_not_set_is_an_error_with_what_to_write(root: Path) -> None:
    assert failure(forgets_its_value(), root).message == (
        "The step set no value for its Float output: write output.value = ..."
    )


@pytest.mark.parametrize("step", [removes_its_folder, makes_a_file_of_its_folder])
def test_an_output_folder_must_stay_a_folder(step: Any, root: Path) -> None:
    assert "The step removed the folder of its Report output" in failure(step(), root).message


@pytest.mark.parametrize(
    ("name", "what", "kind"),
    [
        ("names", "'train'", "tuple"),
        ("names", "{'a': 1}", "tuple"),
        ("names", "({1, 2},)", "tuple"),
        ("whole", "'3'", "int"),
        ("whole", "3.5", "int"),
        ("whole", "None", "int"),
        ("real", "'high'", "float"),
        ("text", "3", "str"),
        ("text", "b'x'", "str"),
        ("flag", "'yes'", "bool"),
        ("counts", "[('a', 1)]", "dict"),
        ("counts", "{'a': object}", "dict"),
    ],
)
def test_a_property_of_the_wrong_type_is_an_error_of_the_step(
    name: str, what: str, kind: str, root: Path
) -> None:
    found = failure(describes(name=name, what=what), root)
    assert found.message.startswith(f"The property {name} of Described cannot be ")
    assert found.message.endswith(f": its type is {kind}")


@pytest.mark.parametrize(
    ("name", "what", "value"),
    [
        ("names", "['a', 'b']", ("a", "b")),
        ("whole", "np.int64(2**40)", 2**40),
        ("whole", "2**80", 2**80),
        ("real", "1 / 3", 1 / 3),
        ("real", "1e-300", 1e-300),
        ("real", "-0.0", -0.0),
        ("real", "float('inf')", float("inf")),
        ("real", "7", 7.0),
        ("real", "np.float32(0.5)", 0.5),
        ("text", "'é\\n'", "é\n"),
        ("flag", "np.bool_(True)", True),
        ("counts", "{'a': np.int64(1), 'b': np.float64(1 / 3)}", {"a": 1, "b": 1 / 3}),
    ],
)
def test_properties_come_back_as_they_were_set_also_from_the_cache(
    name: str, what: str, value: object, root: Path
) -> None:
    described = Pipeline("p", [reads(describes(name=name, what=what), name=name)])
    first, second, third = (run_inline(described, root) for _ in range(3))
    for run in (first, second):
        found = getattr(run.outputs["describes"]["sound"][0], name)
        assert found == value
        assert type(found) is type(value)
    assert second.steps["reads"].state is State.CACHED, "what came from the cache is what was written"
    assert third.steps["reads"].state is State.CACHED
    assert first.outputs["reads"]["said"][0].value == repr(value)  # type: ignore[attr-defined]


@component
def reads(said: String, sound: Described, *, name: str) -> None:
    said.value = repr(getattr(sound, name))


def test_an_input_that_is_gone_is_told_with_what_to_do(root: Path) -> None:
    @pipeline
    def chain() -> None:
        train(vandal(Rows().examples))

    run = run_inline(chain(), root)
    assert run.steps["vandal"].state is State.COMPLETE
    assert run.steps["train"].state is State.COMPLETE, "vandal's own output is there"

    @pipeline
    def broken() -> None:
        rows = Rows(start=50).examples
        vandalised = vandal(rows)
        Sum(examples=[vandalised, rows])

    run = run_inline(broken(), root)
    assert run.steps["sum"].state is State.FAILED
    reason = run.steps["sum"].reason
    assert reason.startswith("sum: the Examples for 'examples' at /")
    assert "is gone since it was written" in reason
    assert reason.endswith("Run again: what made it will be run anew")
    again = run_inline(broken(), root, no_cache_for=())
    assert again.steps["rows"].state is State.COMPLETE
    assert again.steps["rows"].reason == f"examples of run {run.id} is gone"


@component
def vandal(examples: Examples, rows: Examples) -> None:
    (examples.path / "Split-train").mkdir()
    (examples.path / "Split-train" / "rows.txt").write_text("1\n")
    examples.split_names = ("train",)
    if (rows.split("train") / "rows.txt").read_text().startswith("50"):
        shutil.rmtree(rows.path)


def test_a_module_with_a_syntax_error_fails_its_step_only(root: Path, project: Project) -> None:
    project.write(
        "steps.py",
        """
        from millwork import component
        from millwork.core.artifacts import Integer

        @component
        def uses(result: Integer) -> None:
            import broken_helper
        """,
    )
    project.write("broken_helper.py", "def f(:\n    pass\n")
    steps = project.load("steps")

    @pipeline
    def mixed() -> None:
        steps.uses()
        number(value=1)

    run = run_inline(mixed(), root)
    assert run.steps["number"].state is State.COMPLETE
    found = run.steps["uses"].failure
    assert found is not None
    assert found.type == "SyntaxError"
    assert "broken_helper.py" in found.message
    assert "import broken_helper" in found.where
    assert preview(compile_pipeline(mixed()), store_of(root), RunSettings())[0].action == "run"


# The cache


def test_a_hit_verifies_that_every_output_is_there(root: Path) -> None:
    @pipeline
    def halved() -> None:
        halve(Rows().examples)

    first = run_inline(halved(), root)
    shutil.rmtree(first.outputs["halve"]["high"][0].path)
    second = run_inline(halved(), root)
    assert second.steps["rows"].state is State.CACHED
    assert second.steps["halve"].state is State.COMPLETE
    assert second.steps["halve"].reason == f"high of run {first.id} is gone"
    assert run_inline(halved(), root).steps["halve"].state is State.CACHED


def test_a_hit_verifies_that_every_output_is_live(root: Path) -> None:
    described = Pipeline("p", number(value=1))
    first = run_inline(described, root)
    store = store_of(root)
    [output] = store.outputs_of(first.steps["number"].execution)["result"]
    store.mark_deleted([output.id])
    second = run_inline(described, root)
    assert second.steps["number"].state is State.COMPLETE
    assert second.steps["number"].reason == f"result of run {first.id} is gone"


def test_a_failed_step_is_never_a_hit(root: Path) -> None:
    described = Pipeline("p", fail())
    assert [run_inline(described, root).steps["fail"].state for _ in range(2)] == [State.FAILED, State.FAILED]


def test_the_cache_can_be_off_for_a_step_for_a_run_and_for_a_node(root: Path) -> None:
    @pipeline
    def described(cached: bool) -> None:
        number(value=1)
        add(number.configured(id="fresh", options=Options(cache=cached))(value=2))

    def ended(**settings: Any) -> list[str]:
        run = run_inline(described(False), root, **settings)
        return [f"{id} {status.state.value}" for id, status in run.steps.items()]

    run_inline(described(True), root)
    assert ended() == ["number cached", "fresh complete", "add cached"]
    assert ended(no_cache_for=["add"]) == ["number cached", "fresh complete", "add complete"]
    assert ended(cache=False) == ["number complete", "fresh complete", "add complete"]
    assert ended() == ["number cached", "fresh complete", "add cached"]


def test_what_an_uncached_step_writes_may_be_used_by_others(root: Path) -> None:
    first = run_inline(Pipeline("p", number(value=1)), root, cache=False)
    second = run_inline(Pipeline("p", number(value=1)), root)
    assert second.steps["number"].reason == f"unchanged since run {first.id}"


def test_a_cached_step_is_recorded_with_where_it_came_from(root: Path) -> None:
    first = run_inline(classic(), root)
    second = run_inline(classic(), root)
    store = store_of(root)
    cached = store.execution(second.steps["sum"].execution)
    assert cached.state is State.CACHED
    assert cached.properties["__cached_from__"] == first.steps["sum"].execution
    assert store.outputs_of(cached.id) == store.outputs_of(first.steps["sum"].execution)
    assert store.inputs_of(cached.id) == store.inputs_of(first.steps["sum"].execution)


# Resuming, and running a part


@pipeline
def chain(bad: bool = False) -> Integer:
    a = number.configured(id="a", options=Options(cache=False))(value=1)
    b = add.configured(id="b", options=Options(cache=False))(a, more=1)
    c = switch.configured(id="c")(b, bad=bad)
    return add.configured(id="d")(c, more=1)


@component
def switch(result: Integer, before: Integer, *, bad: bool) -> None:
    if bad:
        raise ValueError("bad")
    result.value = before.value


def states(run: Run) -> dict[str, str]:
    return {id: status.state.value for id, status in run.steps.items()}


def test_a_resumed_run_repeats_nothing_that_was_finished_even_if_it_is_not_cached(root: Path) -> None:
    failed = run_inline(chain(bad=True), root)
    assert states(failed) == {"a": "complete", "b": "complete", "c": "failed", "d": "cancelled"}
    resumed = run_inline(chain(), root, resumes=failed.id)
    assert states(resumed) == {"a": "cached", "b": "cached", "c": "complete", "d": "complete"}
    assert store_of(root).run(resumed.id).properties["__resumes__"] == failed.id


def test_a_resumed_run_can_be_resumed(root: Path) -> None:
    first = run_inline(chain(bad=True), root)
    second = run_inline(chain(bad=True), root, resumes=first.id)
    third = run_inline(chain(), root, resumes=second.id)
    assert states(third) == {"a": "cached", "b": "cached", "c": "complete", "d": "complete"}


def test_a_resumed_run_does_repeat_what_has_changed_since(root: Path) -> None:
    @pipeline
    def changing(value: int, bad: bool) -> None:
        a = number.configured(id="a", options=Options(cache=False))(value=value)
        switch(a, bad=bad)

    failed = run_inline(changing(1, True), root)
    assert states(run_inline(changing(2, False), root, resumes=failed.id))["a"] == "complete"


def test_a_run_that_is_not_there_cannot_be_resumed_and_leaves_nothing(root: Path) -> None:
    with pytest.raises(NotFound, match="There is no run 20990101-000000-ffff in the store"):
        run_inline(chain(), root, resumes="20990101-000000-ffff")
    assert store_of(root).runs() == []


def test_only_the_chosen_steps_run_and_what_they_need_is_taken_from_before(root: Path) -> None:
    before = run_inline(chain(), root)
    part = run_inline(chain(), root, only=["d"], cache=False)
    assert states(part) == {"a": "skipped", "b": "skipped", "c": "cached", "d": "complete"}
    assert part.steps["c"].reason == f"not selected: taken from run {before.id}"
    assert part.steps["a"].reason == "not selected"
    assert part.outputs["d"]["result"][0].value == 3  # type: ignore[attr-defined]


def test_from_and_to_choose_what_is_between(root: Path) -> None:
    run_inline(chain(), root)
    assert states(run_inline(chain(), root, from_=["c"], cache=False)) == {
        "a": "skipped",
        "b": "cached",
        "c": "complete",
        "d": "complete",
    }
    assert states(run_inline(chain(), root, to=["b"], cache=False)) == {
        "a": "complete",
        "b": "complete",
        "c": "skipped",
        "d": "skipped",
    }


def test_a_part_that_needs_what_was_never_made_says_so(root: Path) -> None:
    run = run_inline(chain(), root, only=["d"])
    assert run.state is State.FAILED
    assert run.steps["c"].reason == (
        "c is not selected and has never been run, but a selected step needs what it writes. "
        "Run the whole pipeline once, or select it too"
    )


def test_a_part_that_needs_what_is_gone_says_so(root: Path) -> None:
    before = run_inline(chain(), root)
    shutil.rmtree(before.outputs["c"]["result"][0].path.parent)
    run = run_inline(chain(), root, only=["d"])
    assert run.steps["c"].reason == f"c is not selected, and result of run {before.id} is gone. Select it too"


# Plans that say what would happen


def plan_of(root: Path, described: Pipeline[Any], **settings: Any) -> list[tuple[str, str, str]]:
    store = store_of(root) if root.exists() else None
    return [
        (p.step, p.action, p.reason)
        for p in preview(compile_pipeline(described), store, RunSettings(**settings))
    ]


def test_before_the_first_run_everything_is_to_be_run(root: Path) -> None:
    assert plan_of(root, chain()) == [
        ("a", "run", "its cache is off"),
        ("b", "run", "waits for what a will write"),
        ("c", "run", "waits for what b will write"),
        ("d", "run", "waits for what c will write"),
    ]
    assert not root.exists()


def test_a_plan_explains_each_hit_and_each_miss(root: Path) -> None:
    @pipeline
    def explained(value: int = 1, more: int = 0) -> None:
        one = number(value=value)
        add(one, more=more)
        add.configured(id="same")(one)

    run = run_inline(explained(), root)
    assert plan_of(root, explained()) == [
        (id, "cached", f"unchanged since run {run.id}") for id in ("number", "add", "same")
    ]
    assert plan_of(root, explained(more=5))[1] == ("add", "run", "parameter more changed from 0 to 5")
    assert plan_of(root, explained(value=2)) == [
        ("number", "run", "parameter value changed from 1 to 2"),
        ("add", "run", "waits for what number will write"),
        ("same", "run", "waits for what number will write"),
    ]
    assert plan_of(root, explained(), cache=False)[0] == ("number", "run", "the cache is off for this run")
    shutil.rmtree(run.outputs["number"]["result"][0].path.parent)
    assert plan_of(root, explained())[0] == ("number", "run", f"result of run {run.id} is gone")


class Clock(Component):
    """What time it is."""

    seconds: Integer = output()

    @property
    def not_cached(self) -> str:
        return "time goes by"

    def run(self) -> None:
        self.seconds.value = 1


def test_a_step_that_is_never_cached_says_why(root: Path) -> None:
    described = Pipeline("p", Clock().seconds)
    assert plan_of(root, described) == [("clock", "run", "time goes by")]
    for _ in range(2):
        clock = run_inline(described, root).steps["clock"]
        assert (clock.state, clock.reason) == (State.COMPLETE, "time goes by")
    assert plan_of(root, described) == [("clock", "run", "time goes by")]


def test_a_plan_knows_what_will_be_skipped_or_taken_from_before(root: Path) -> None:
    from millwork import when

    @pipeline
    def gated() -> None:
        one = number(value=1)
        with when(one > 5):
            two = add.configured(id="two")(one)
        add.configured(id="three")(two)

    run = run_inline(gated(), root)
    assert plan_of(root, gated())[1:] == [
        ("two", "skip", "not number.result.value > 5: it is 1"),
        ("three", "skip", "needs two"),
    ]
    assert plan_of(root, chain(), selected={"d"})[2] == (
        "c",
        "fail",
        "not selected, never run, and a selected step needs what it writes",
    )
    run_inline(chain(), root)
    before = store_of(root).runs(pipeline="chain")[0].id
    assert plan_of(root, chain(), selected={"d"}, no_cache_for=("d",)) == [
        ("a", "skip", "not selected"),
        ("b", "skip", "not selected"),
        ("c", "reuse", f"not selected: taken from run {before}"),
        ("d", "run", "the cache is off for this run"),
    ]
    assert run


def test_planning_an_import_of_a_new_folder_knows_what_follows(root: Path, tmp_path: Path) -> None:
    run_inline(Pipeline("p", train(Rows(count=2).examples)), root)
    folder = tmp_path / "data"
    (folder / "Split-train").mkdir(parents=True)
    (folder / "Split-train" / "rows.txt").write_text("0\n1\n")
    described = Pipeline(
        "p", train(import_artifact(Examples(str(folder), split_names=("train",), num_examples={"train": 2})))
    )
    planned = plan_of(root, described)
    assert [(step, action) for step, action, _ in planned] == [
        ("import_examples", "run"),
        ("train", "cached"),
    ]


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Failures of steps are logged; here they are wanted."""
    with caplog.at_level("CRITICAL"):
        yield
