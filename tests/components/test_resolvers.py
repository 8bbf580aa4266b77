"""Resolvers: what earlier runs have left is found by type, property, verdict or span."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sample_parts import Count, Rows, dated, guess, judge, train
from sample_runner import run_inline

from millwork import Pipeline
from millwork.components import latest_artifact, latest_artifacts, latest_blessed_model, span_range
from millwork.core.artifacts import Examples, Model, Schema
from millwork.core.errors import NotFound, WrongArgument
from millwork.core.execution import RunSettings
from millwork.core.plan import compile_pipeline
from millwork.core.planning import preview
from millwork.core.run import Run
from millwork.core.store import MetadataStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def run(root: Path, produces: Any, pipeline: str = "p", **settings: Any) -> Run:
    return run_inline(Pipeline(pipeline, produces), root, **settings)


def trained(
    root: Path, count: int, judged: Callable[[Model], Any] | None = None, pipeline: str = "p"
) -> Model:
    """A model of a run of its own, told apart from others by the number of its rows."""
    model = train(Rows(count=count).examples)
    done = run(root, [model, judged(model) if judged else None], pipeline)
    return done[model]


def found(root: Path, promise: Model) -> int | None:
    """The id of the model that a resolver finds."""
    done = run(root, [promise])
    try:
        return done[promise].id
    except NotFound:
        return None


# The latest artifact


def test_the_latest_artifact_is_the_newest_that_an_earlier_run_wrote(root: Path) -> None:
    trained(root, 1)
    newest = trained(root, 2)
    assert found(root, latest_artifact(Model)) == newest.id


def test_without_one_optional_inputs_get_none_and_other_consumers_are_skipped(root: Path) -> None:
    schema, model = latest_artifact(Schema), latest_artifact(Model)
    rows = Rows().examples
    done = run(root, {"trained": train(rows, schema=schema), "judged": guess(model)})
    assert {id: s.state.value for id, s in done.steps.items()} == {
        "latest_schema": "complete",
        "rows": "complete",
        "train": "complete",
        "latest_model": "complete",
        "guess": "skipped",
    }
    assert done.steps["guess"].reason == "latest_model found no Model in pipeline p"


def test_it_may_be_chosen_by_properties(root: Path) -> None:
    first = run(root, dated(span=1))
    run(root, dated(span=2))
    chosen = latest_artifact(Examples, where={"span": 1})
    assert run(root, [chosen])[chosen].id == first.outputs["dated"]["examples"][0].id
    none = latest_artifact(Examples, where={"span": 3})
    assert run(root, [none]).steps["latest_examples"].reason == "found no Examples with span=3 in pipeline p"


def test_a_property_that_the_type_does_not_have_is_refused() -> None:
    with pytest.raises(WrongArgument, match="Model has no property 'framwork'. Did you mean 'framework'?"):
        latest_artifact(Model, where={"framwork": "keras"})


def test_it_looks_in_its_own_pipeline_unless_told_otherwise(root: Path) -> None:
    elsewhere = trained(root, 1, pipeline="other")
    assert found(root, latest_artifact(Model)) is None
    assert found(root, latest_artifact(Model, pipeline="other")) == elsewhere.id
    assert found(root, latest_artifact(Model, pipeline="*")) == elsewhere.id
    assert found(root, latest_artifact(Model, pipeline="*", node="another")) is None


def test_a_damaged_artifact_is_passed_over(root: Path) -> None:
    older = trained(root, 1)
    newest = trained(root, 2)
    shutil.rmtree(newest.path)
    assert found(root, latest_artifact(Model)) == older.id


def test_several_go_to_an_input_that_takes_a_list(root: Path) -> None:
    for day in (1, 2, 3):
        run(root, dated(span=day))
    days = latest_artifacts(Examples, 2)
    done = run(root, [Count(examples=days).report])
    assert [e.span for e in done[days]] == [3, 2]


# The latest blessed model


def test_the_latest_blessed_model_is_not_the_latest_model(root: Path) -> None:
    blessed = trained(root, 1, judge)
    trained(root, 2, lambda model: judge(model, verdict="NOT_BLESSED"))
    trained(root, 3, lambda model: judge(model, verdict="NOT_EVALUATED"))
    trained(root, 4)
    assert found(root, latest_blessed_model()) == blessed.id


def test_models_of_a_span_and_of_later_ones_are_left_out(root: Path) -> None:
    blessed = {}
    for span in (1, 2):
        model = train(dated(span=span))
        blessed[span] = run(root, [model, judge(model)])[model].id
    assert found(root, latest_blessed_model(before_span=3)) == blessed[2]
    assert found(root, latest_blessed_model(before_span=2)) == blessed[1]
    none = latest_blessed_model(before_span=1)
    reason = run(root, [none]).steps["latest_blessed_model"].reason
    assert reason == "found no blessed Model before span 1 in pipeline p"


def test_a_verdict_on_its_predictions_is_one_on_the_model(root: Path) -> None:
    blessed = trained(root, 1, lambda model: judge(predictions=guess(model)))
    trained(root, 2, lambda model: judge(predictions=guess(model), verdict="NOT_BLESSED"))
    assert found(root, latest_blessed_model()) == blessed.id


def test_a_baseline_is_not_what_was_judged(root: Path) -> None:
    trained(root, 1, lambda model: judge(baseline_model=model))
    assert found(root, latest_blessed_model()) is None


def test_of_one_step_its_last_word_counts(root: Path) -> None:
    model = train(Rows(count=1).examples)
    run(root, [model, judge(model)])
    run(root, [model, judge(model, verdict="NOT_BLESSED")])
    assert found(root, latest_blessed_model()) is None


def test_what_one_step_refuses_another_cannot_bless_but_a_person_can(root: Path) -> None:
    model = train(Rows(count=1).examples)
    fairness = judge.configured(id="fairness")
    made = run(root, [model, judge(model), fairness(model, verdict="NOT_BLESSED")])[model]
    assert found(root, latest_blessed_model()) is None
    run(root, [model, judge.configured(id="person")(model, forced=True)])
    assert found(root, latest_blessed_model()) == made.id


def test_the_run_that_asks_does_not_bless_its_own_baseline(root: Path) -> None:
    older = trained(root, 1, judge)
    model, baseline = train(Rows(count=2).examples), latest_blessed_model()
    done = run(root, [judge(model, baseline_model=baseline)])
    assert done[baseline].id == older.id


def test_a_model_that_comes_from_the_cache_again_is_found_as_it_was(root: Path) -> None:
    blessed = trained(root, 1, judge)
    assert trained(root, 1, judge).id == blessed.id
    assert found(root, latest_blessed_model()) == blessed.id


def test_a_model_is_not_its_own_baseline_so_that_a_second_run_of_the_same_runs_nothing(root: Path) -> None:
    def run_again(count: int) -> tuple[int | None, set[str]]:
        model = train(Rows(count=count).examples)
        done = run(root, judge(model, baseline_model=latest_blessed_model(other_than=model)))
        states = {s.state.value for id, s in done.steps.items() if id != "latest_blessed_model"}
        found = done.outputs["latest_blessed_model"]["artifact"]
        return (found[0].id if found else None), states

    assert run_again(1) == (None, {"complete"})
    assert run_again(1) == (None, {"cached"})
    first, states = run_again(2)
    assert first is not None
    assert states == {"complete"}
    assert run_again(2) == (first, {"cached"})


def test_among_many_models_it_looks_no_further_than_it_must(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in range(1, 46):
        trained(root, count, judge if count in (1, 40) else None)
    written_by, asked = MetadataStore.written_by, []

    def counted(store: MetadataStore, executions: Sequence[int]) -> Any:
        asked.append(len(executions))
        return written_by(store, executions)

    monkeypatch.setattr(MetadataStore, "written_by", counted)
    assert found(root, latest_blessed_model())
    assert sum(asked) <= 4


# A window of spans


def spans(done: Run, window: list[Examples]) -> list[tuple[int, int]]:
    return [(e.span, e.version) for e in done[window]]


def test_a_window_has_the_newest_spans_in_their_order_each_once(root: Path) -> None:
    for span, version in ((1, 0), (2, 0), (4, 1), (4, 0), (3, 0), (3, 0)):
        run(root, dated(span=span, version=version))
    window = span_range(Examples, last=3)
    assert spans(run(root, [Count(examples=window).report]), window) == [(2, 0), (3, 0), (4, 1)]


def test_a_range_has_bounds(root: Path) -> None:
    for span in (1, 2, 3, 4):
        run(root, dated(span=span))
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"first_span": 2, "last_span": 3}, [2, 3]),
        ({"first_span": 3}, [3, 4]),
        ({"last_span": 3, "last": 2}, [2, 3]),
    ]
    for bounds, expected in cases:
        window = span_range(Examples, **bounds)
        assert [span for span, _ in spans(run(root, [Count(examples=window).report]), window)] == expected


def test_a_window_may_end_with_what_this_run_ingests(root: Path) -> None:
    def described(span: int) -> tuple[list[Examples], Pipeline[Any]]:
        window = span_range(Examples, last=3, ending_with=dated(span=span))
        return window, Pipeline("p", [Count(examples=window).report])

    for span, expected in ((1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (4, [2, 3, 4]), (2, [1, 2])):
        window, pipeline = described(span)
        done = run_inline(pipeline, root)
        assert [s for s, _ in spans(done, window)] == expected
    again = run_inline(described(2)[1], root)
    assert {s.state.value for id, s in again.steps.items() if id != "examples_of_spans"} == {"cached"}


def test_a_plan_says_what_would_be_found(root: Path) -> None:
    run(root, dated(span=1))
    window = span_range(Examples, last=3)
    plan = compile_pipeline(Pipeline("p", [Count(examples=window).report]))
    store = MetadataStore(str(root / "metadata.sqlite"))
    looked_up, counted = preview(plan, store, RunSettings())
    assert (looked_up.action, looked_up.reason) == ("find", "found Examples 1")
    assert counted.action == "run"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"last": 0}, "last must be 1 or more spans, but got 0"),
        ({}, "say which spans"),
        ({"first_span": 3, "last_span": 2}, "first_span 3 comes after last_span 2"),
    ],
)
def test_a_range_without_spans_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongArgument, match=message):
        span_range(Examples, **wrong)


def test_a_type_without_spans_has_no_range() -> None:
    with pytest.raises(WrongArgument, match="Schema has no property 'span'"):
        span_range(Schema, last=2)
