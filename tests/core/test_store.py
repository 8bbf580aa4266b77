"""The store is ML Metadata in TFX's layout: plain `ml_metadata` opens ours, and we open theirs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
from sample_parts import Rows, Sum, add, fail, number, play, record, total, train
from sample_project import Project
from sample_runner import run_inline

from millwork import Options, import_artifact, pipeline, when
from millwork.core.artifacts import Examples
from millwork.core.errors import NotFound, StoreError
from millwork.core.records import State
from millwork.core.run import Run
from millwork.core.store import MetadataStore


def plain(path: Path) -> metadata_store.MetadataStore:
    """The store as any other tool opens it."""
    settings = pb.ConnectionConfig()
    settings.sqlite.filename_uri = str(path)
    settings.sqlite.connection_mode = 3
    return metadata_store.MetadataStore(settings)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "root" / "metadata.sqlite"


@pytest.fixture
def store(path: Path) -> MetadataStore:
    return MetadataStore(str(path))


@pipeline
def classic(data: str, more: int = 0, bad: bool = False) -> None:
    imported = import_artifact(Examples(data, split_names=("train",), span=7), id="imported")
    rows = Rows(count=2, options=Options(environment={"TOKEN": "hunter2"})).examples
    summed = Sum(examples=[rows, imported], scale=0.5)
    train(rows, fail=bad)
    with when(summed.total > 1e6):
        add(number(value=more), more=more)
    play(record(rate=8000))


@pytest.fixture
def data(tmp_path: Path) -> str:
    (tmp_path / "data" / "Split-train").mkdir(parents=True)
    (tmp_path / "data" / "Split-train" / "rows.txt").write_text("10\n")
    return str(tmp_path / "data")


@pytest.fixture
def run(path: Path, data: str) -> Run:
    return run_inline(classic(data, bad=True), path.parent)


def custom(message: Any) -> dict[str, Any]:
    return {
        name: getattr(value, value.WhichOneof("value")) for name, value in message.custom_properties.items()
    }


def declared(message: Any) -> dict[str, Any]:
    return {name: getattr(value, value.WhichOneof("value")) for name, value in message.properties.items()}


# What others see


def test_contexts_are_pipeline_run_and_node_and_a_run_is_a_child_of_its_pipeline(
    path: Path, run: Run
) -> None:
    theirs = plain(path)
    [parent] = theirs.get_contexts_by_type("pipeline")
    [child] = theirs.get_contexts_by_type("pipeline_run")
    nodes = theirs.get_contexts_by_type("node")
    assert parent.name == "classic"
    assert child.name == run.id
    assert sorted(n.name for n in nodes) == sorted(f"classic.{id}" for id in run.steps)
    assert [c.id for c in theirs.get_parent_contexts_by_context(child.id)] == [parent.id]
    assert [c.id for c in theirs.get_children_contexts_by_context(parent.id)] == [child.id]
    for type_name in ("pipeline", "pipeline_run", "node", "execution_cache"):
        assert dict(theirs.get_context_type(type_name).properties) == {}


def test_executions_have_the_qualified_name_as_type_and_its_base_type(path: Path, run: Run) -> None:
    theirs = plain(path)
    by_type = {e.type: e for e in theirs.get_executions()}
    assert set(by_type) == {
        "millwork.core.importing.ImportStep",
        "sample_parts.Rows",
        "sample_parts.Sum",
        "sample_parts.train",
        "sample_parts.number",
        "sample_parts.add",
        "sample_parts.record",
        "sample_parts.play",
    }
    types = {t.name: t for t in theirs.get_execution_types()}
    base = pb.ExecutionType.SystemDefinedBaseType
    assert types["sample_parts.Rows"].base_type == base.PROCESS
    assert types["sample_parts.Sum"].base_type == base.EVALUATE
    assert types["sample_parts.train"].base_type == base.UNSET
    assert all(dict(types[name].properties) == {} for name in by_type)


def test_executions_have_the_state_that_they_ended_in(path: Path, run: Run, data: str) -> None:
    run_inline(classic(data), path.parent)
    theirs = plain(path)
    states = [
        (e.type.rsplit(".", 1)[1], pb.Execution.State.Name(e.last_known_state))
        for e in theirs.get_executions()
    ]
    assert sorted(states) == sorted(
        [
            ("ImportStep", "COMPLETE"),
            ("Rows", "COMPLETE"),
            ("Sum", "COMPLETE"),
            ("train", "FAILED"),
            ("number", "CANCELED"),
            ("add", "CANCELED"),
            ("record", "COMPLETE"),
            ("play", "COMPLETE"),
            ("ImportStep", "CACHED"),
            ("Rows", "CACHED"),
            ("Sum", "CACHED"),
            ("train", "COMPLETE"),
            ("number", "CANCELED"),
            ("add", "CANCELED"),
            ("record", "CACHED"),
            ("play", "CACHED"),
        ]
    )
    skipped = theirs.get_executions_by_type("sample_parts.number")
    assert [custom(e)["__skipped__"] for e in skipped] == [1, 1]
    assert [custom(e)["__reason__"] for e in skipped] == ["not sum.total.value > 1000000.0: it is 5.5"] * 2


def test_parameters_are_custom_properties(path: Path, run: Run) -> None:
    [summed] = plain(path).get_executions_by_type("sample_parts.Sum")
    known = custom(summed)
    assert known["scale"] == 0.5
    assert json.loads(known["__parts__"])["parameter:scale"] == "0.5"
    assert known["__node__"] == "sum"
    assert known["__run__"] == run.id
    [rows] = plain(path).get_executions_by_type("sample_parts.Rows")
    assert custom(rows)["count"] == 2


def test_a_failure_is_told_in_custom_properties(path: Path, run: Run) -> None:
    [failed] = plain(path).get_executions_by_type("sample_parts.train")
    known = custom(failed)
    assert known["__error_type__"] == "BadInput"
    assert known["__error__"] == "told to fail"
    assert "raise BadInput" in known["__traceback__"]
    assert Path(known["__log__"]).name == "log.txt"


def test_events_have_key_and_index(path: Path, run: Run) -> None:
    theirs = plain(path)
    [summed] = theirs.get_executions_by_type("sample_parts.Sum")
    events = theirs.get_events_by_execution_ids([summed.id])
    places = sorted(
        (pb.Event.Type.Name(e.type), e.path.steps[0].key, e.path.steps[1].index, len(e.path.steps))
        for e in events
    )
    assert places == [
        ("INPUT", "examples", 0, 2),
        ("INPUT", "examples", 1, 2),
        ("OUTPUT", "report", 0, 2),
        ("OUTPUT", "total", 0, 2),
    ]


def test_a_failed_or_skipped_execution_has_inputs_and_no_outputs(path: Path, run: Run) -> None:
    theirs = plain(path)
    [failed] = theirs.get_executions_by_type("sample_parts.train")
    [skipped] = theirs.get_executions_by_type("sample_parts.number")
    assert [e.type for e in theirs.get_events_by_execution_ids([failed.id])] == [pb.Event.INPUT]
    assert theirs.get_events_by_execution_ids([skipped.id]) == []


def test_executions_and_artifacts_are_filed_under_pipeline_run_and_node(path: Path, run: Run) -> None:
    theirs = plain(path)
    [summed] = theirs.get_executions_by_type("sample_parts.Sum")
    names = {(c.type, c.name) for c in theirs.get_contexts_by_execution(summed.id)}
    wanted = {("pipeline", "classic"), ("pipeline_run", run.id), ("node", "classic.sum")}
    assert names >= wanted
    [cache] = names - wanted
    assert cache == ("execution_cache", custom(summed)["__fingerprint__"])
    for artifact_type in ("Float", "Report"):
        made = [
            a
            for a in theirs.get_artifacts_by_type(artifact_type)
            if ("node", "classic.sum") in {(c.type, c.name) for c in theirs.get_contexts_by_artifact(a.id)}
        ]
        assert len(made) == 1
        assert {(c.type, c.name) for c in theirs.get_contexts_by_artifact(made[0].id)} >= wanted


def test_artifacts_have_tfx_types_base_types_and_properties(path: Path, run: Run) -> None:
    theirs = plain(path)
    types = {t.name: t for t in theirs.get_artifact_types()}
    base = pb.ArtifactType.SystemDefinedBaseType
    assert types["Examples"].base_type == base.DATASET
    assert dict(types["Examples"].properties) == {"span": pb.INT, "version": pb.INT, "split_names": pb.STRING}
    assert types["Report"].base_type == base.UNSET
    assert dict(types["Sound"].properties) == {"rate": pb.INT, "tags": pb.STRING}
    assert dict(types["Float"].properties) == {}


def test_artifacts_have_state_uri_and_values(path: Path, run: Run, data: str) -> None:
    theirs = plain(path)
    ids = {id: status.execution for id, status in run.steps.items()}
    rows, imported = sorted(
        theirs.get_artifacts_by_type("Examples"), key=lambda a: "is_external" in custom(a)
    )
    assert rows.uri == f"{path.parent}/classic/rows/examples/{ids['rows']}"
    assert rows.state == pb.Artifact.LIVE
    assert rows.name == ""
    assert declared(rows) == {"span": 0, "version": 0, "split_names": '["train"]'}
    known = custom(rows)
    assert json.loads(known["num_examples"]) == {"train": 2}
    assert len(known["__digest__"]) == 64
    assert (imported.uri, imported.state) == (data, pb.Artifact.LIVE)
    assert custom(imported)["is_external"] == 1
    assert declared(imported)["span"] == 7
    [value] = theirs.get_artifacts_by_type("Float")
    assert value.uri == f"{path.parent}/classic/sum/total/{ids['sum']}/value"
    assert custom(value)["value"] == 5.5
    [sound] = theirs.get_artifacts_by_type("Sound")
    assert declared(sound) == {"rate": 8000, "tags": '["loud", "short"]'}


def test_a_run_is_told_in_custom_properties_without_secrets(path: Path, run: Run) -> None:
    [child] = plain(path).get_contexts_by_type("pipeline_run")
    known = custom(child)
    assert known["__state__"] == "failed"
    assert known["__pipeline__"] == "classic"
    assert known["__root__"] == str(path.parent)
    assert abs(known["__finished__"] - time.time()) < 60
    assert json.loads(known["__plan__"])["schema"] == "millwork/plan/v1"
    assert "hunter2" not in str(
        [plain(path).get_contexts(), plain(path).get_executions(), plain(path).get_artifacts()]
    )


def test_a_cached_execution_points_at_the_same_artifacts(path: Path, run: Run, data: str) -> None:
    run_inline(classic(data), path.parent)
    theirs = plain(path)
    first, second = sorted(theirs.get_executions_by_type("sample_parts.Rows"), key=lambda e: e.id)
    outputs = [
        [e.artifact_id for e in theirs.get_events_by_execution_ids([x.id]) if e.type == pb.Event.OUTPUT]
        for x in (first, second)
    ]
    assert outputs[0] == outputs[1]
    assert len(theirs.get_artifacts_by_type("Examples")) == 2, "nothing is recorded twice"


def test_one_artifact_under_two_names_is_one_event_with_both(path: Path) -> None:
    @pipeline
    def doubled() -> None:
        one = number(value=1)
        add(one, one)
        total([one, one])

    run = run_inline(doubled(), path.parent)
    assert {s.state for s in run.steps.values()} == {State.COMPLETE}
    ours = MetadataStore(str(path))
    read = ours.inputs_of(run.steps["add"].execution)
    assert {name: len(found) for name, found in read.items()} == {"first": 1, "second": 1}
    assert len(ours.inputs_of(run.steps["total"].execution)["numbers"]) == 2
    events = plain(path).get_events_by_execution_ids([run.steps["add"].execution])
    [event] = [e for e in events if e.type == pb.Event.INPUT]
    assert [s.key for s in event.path.steps[::2]] == ["first", "second"]


# What we see of others


def tfx_like(path: Path) -> metadata_store.MetadataStore:
    """A store as TFX's portable launcher leaves it, more or less."""
    path.parent.mkdir(parents=True, exist_ok=True)
    theirs = plain(path)
    dataset = pb.ArtifactType.SystemDefinedBaseType.DATASET
    examples_type = theirs.put_artifact_type(
        pb.ArtifactType(
            name="Examples",
            base_type=dataset,
            properties={"span": pb.INT, "version": pb.INT, "split_names": pb.STRING},
        )
    )
    theirs.put_artifact_type(
        pb.ArtifactType(name="Model", base_type=pb.ArtifactType.SystemDefinedBaseType.MODEL)
    )
    theirs.put_artifact_type(pb.ArtifactType(name="Schema"))
    contexts = {
        kind: pb.Context(type_id=theirs.put_context_type(pb.ContextType(name=kind)), name=name)
        for kind, name in (
            ("pipeline", "penguin"),
            ("pipeline_run", "2023-01-01T00:00:00"),
            ("node", "penguin.Gen"),
        )
    }
    ids = dict(zip(contexts, theirs.put_contexts(list(contexts.values())), strict=True))
    theirs.put_parent_contexts([pb.ParentContext(child_id=ids["pipeline_run"], parent_id=ids["pipeline"])])
    kind = theirs.put_execution_type(
        pb.ExecutionType(
            name="tfx.components.example_gen.csv_example_gen.component.CsvExampleGen",
            base_type=pb.ExecutionType.SystemDefinedBaseType.PROCESS,
        )
    )
    execution = pb.Execution(type_id=kind, last_known_state=pb.Execution.COMPLETE, name="4b1d")
    execution.custom_properties["input_base"].string_value = "/data"
    artifact = pb.Artifact(type_id=examples_type, uri="/data/examples/1", state=pb.Artifact.LIVE)
    artifact.properties["split_names"].string_value = '["train", "eval"]'
    artifact.custom_properties["tfx_version"].string_value = "1.16.0"
    event = pb.Event(type=pb.Event.OUTPUT)
    event.path.steps.add(key="examples")
    event.path.steps.add(index=0)
    theirs.put_execution(execution, [(artifact, event)], theirs.get_contexts_by_id(list(ids.values())))
    return theirs


def test_a_store_that_tfx_made_is_taken_over_as_it_is(path: Path, data: str) -> None:
    theirs = tfx_like(path)
    before = {t.name: t for t in theirs.get_artifact_types()}
    run = run_inline(classic(data), path.parent)
    assert run.state is State.COMPLETE
    assert before["Examples"] == {t.name: t for t in theirs.get_artifact_types()}["Examples"]
    assert len(theirs.get_contexts_by_type("pipeline")) == 2


def test_what_tfx_made_can_be_read(path: Path) -> None:
    tfx_like(path)
    ours = MetadataStore(str(path))
    [run] = ours.runs()
    assert (run.id, run.state) == ("2023-01-01T00:00:00", State.COMPLETE)
    [execution] = ours.executions_of_run(run.id)
    assert execution.type.endswith("CsvExampleGen")
    assert execution.state is State.COMPLETE
    [examples] = ours.outputs_of(execution.id)["examples"]
    assert examples.load(Examples).properties["split_names"] == ("train", "eval")
    assert ours.producer_of(examples.id) == execution


def test_types_that_others_have_extended_are_left_alone(path: Path, data: str) -> None:
    theirs = tfx_like(path)
    extended = theirs.get_artifact_type("Examples")
    extended.properties["lineage"] = pb.STRING
    theirs.put_artifact_type(extended, can_add_fields=True)
    run_inline(classic(data), path.parent)
    assert "lineage" in theirs.get_artifact_type("Examples").properties


def test_a_type_that_others_use_differently_is_refused_with_its_name(path: Path, data: str) -> None:
    path.parent.mkdir(parents=True)
    theirs = plain(path)
    theirs.put_artifact_type(pb.ArtifactType(name="Examples", properties={"span": pb.STRING}))
    with pytest.raises(StoreError, match="Examples"):
        run_inline(classic(data), path.parent)


def test_two_artifact_types_of_one_name_share_it(path: Path, project: Project) -> None:
    for name, field in (("one", "a"), ("two", "b")):
        project.write(
            f"{name}.py",
            f"""
            from dataclasses import dataclass
            from millwork import Artifact, component

            @dataclass(eq=False)
            class Picture(Artifact):
                {field}: int = 0

            @component
            def draw(picture: Picture) -> None:
                picture.{field} = 3
            """,
        )
    one, two = project.load("one"), __import__("two")

    @pipeline
    def drawn() -> None:
        one.draw.configured(id="one")()
        two.draw.configured(id="two")()

    run = run_inline(drawn(), path.parent)
    assert run.state is State.COMPLETE
    assert set(plain(path).get_artifact_type("Picture").properties) == {"a", "b"}


def test_a_store_of_ours_works_on_for_others(path: Path, run: Run) -> None:
    theirs = tfx_like(path)
    assert {c.name for c in theirs.get_contexts_by_type("pipeline")} == {"classic", "penguin"}


# Queries


def test_runs_are_listed_newest_first_and_can_be_chosen(path: Path, store: MetadataStore, data: str) -> None:
    ids = []
    for bad in (True, False, False):
        ids.append(run_inline(classic(data, bad=bad), path.parent, store=store).id)
        time.sleep(0.002)

    @pipeline
    def other() -> None:
        number(value=1)

    last = run_inline(other(), path.parent, store=store).id
    assert [r.id for r in store.runs()] == [last, *reversed(ids)]
    assert [r.id for r in store.runs(limit=2)] == [last, ids[2]]
    assert [r.id for r in store.runs(pipeline="classic")] == ids[::-1]
    assert [r.id for r in store.runs(states=[State.FAILED])] == [ids[0]]
    assert [r.id for r in store.runs(pipeline="classic", states=[State.COMPLETE], limit=1)] == [ids[2]]
    assert [r.id for r in store.runs(prefix=last)] == [last]
    assert store.runs(prefix="nothing") == []
    assert store.runs(pipeline='it\'s "quoted" \\ %') == []
    assert store.run(last).pipeline == "other"


def test_prefixes_are_taken_literally(path: Path, store: MetadataStore) -> None:
    @pipeline
    def tiny() -> None:
        number(value=1)

    for id in ("a_1", "ab1", "a%1", "a'1"):
        run_inline(tiny(), path.parent, store=store, run_id=id)
    assert [r.id for r in store.runs(prefix="a_")] == ["a_1"]
    assert [r.id for r in store.runs(prefix="a%")] == ["a%1"]
    assert [r.id for r in store.runs(prefix="a'")] == ["a'1"]


def test_artifacts_are_found_by_type_and_run_and_followed_both_ways(store: MetadataStore, run: Run) -> None:
    assert {a.type_name for a in store.artifacts()} == {"Examples", "Float", "Report", "Sound"}
    assert len(store.artifacts(type_name="Examples")) == 2
    assert store.artifacts(type_name="it's") == []
    assert len(store.artifacts(run=run.id)) == len(store.artifacts())
    assert store.artifacts(run="other") == []
    [rows] = [a for a in store.artifacts(type_name="Examples") if a.properties["span"] == 0]
    producer = store.producer_of(rows.id)
    assert producer is not None
    assert producer.node == "rows"
    assert sorted(e.node for e in store.consumers_of(rows.id)) == ["sum", "train"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (lambda s: s.run("nope"), "There is no run nope in the store"),
        (lambda s: s.execution(99), "There is no execution 99 in the store"),
        (lambda s: s.artifact(99), "There is no artifact 99 in the store"),
        (lambda s: s.artifact(10**20), "There is no artifact 100000000000000000000 in the store"),
        (lambda s: s.executions_of_run("nope"), "There is no run nope in the store"),
    ],
)
def test_what_is_not_there_says_so(
    query: Callable[[MetadataStore], Any], message: str, store: MetadataStore
) -> None:
    with pytest.raises(NotFound, match=message):
        query(store)
    assert store.runs() == []
    assert store.artifacts() == []
    assert store.latest_execution("p", "n", [State.COMPLETE]) is None
    assert list(store.cached("f" * 64)) == []


def test_a_run_costs_no_more_in_a_full_store(path: Path, store: MetadataStore) -> None:
    """A coarse guard; the benchmark has the numbers."""

    @pipeline
    def tiny() -> None:
        fresh = number.configured(options=Options(cache=False))(value=1)
        add.configured(options=Options(cache=False))(fresh)

    def seconds() -> float:
        began = time.monotonic()
        run_inline(tiny(), path.parent, store=store)
        return time.monotonic() - began

    empty = min(seconds() for _ in range(5))
    for _ in range(150):
        run_inline(tiny(), path.parent, store=store)
    assert min(seconds() for _ in range(5)) < 4 * empty + 0.05


# Where a store may be


@pytest.mark.parametrize("name", ["with space", "ünï", "what?", "100%25", "a#b", "quote'", "semi;colon"])
def test_a_store_may_be_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    @pipeline
    def tiny() -> None:
        number(value=1)

    run = run_inline(tiny(), tmp_path / name)
    assert (tmp_path / name / "metadata.sqlite").exists()
    assert MetadataStore(f"sqlite:///{tmp_path / name}/metadata.sqlite").run(run.id).state is State.COMPLETE


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            "oracle://host/db",
            "A store is an SQLite file, mysql://… or postgresql://…, but got 'oracle://host/db'",
        ),
        ("mysql://host", "Give host and database: mysql://user:password@host/database, not 'mysql://host'"),
        ("postgresql:///db", "Give host and database: postgresql://user:password@host/database"),
    ],
)
def test_a_place_that_cannot_be_a_store_is_refused(uri: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        MetadataStore(uri)


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(StoreError) as caught:
        MetadataStore("mysql://me:hunter2@127.0.0.1:1/metadata")
    assert "hunter2" not in str(caught.value)
    assert "mysql://me:***@127.0.0.1:1/metadata" in str(caught.value)


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Dear diary, this is more than sixteen bytes long.\n" * 100)
    with pytest.raises(
        StoreError, match=r"notes\.txt is not a metadata store: .*Choose another root or store"
    ):
        MetadataStore(str(text))
    assert text.read_text().startswith("Dear diary")


def test_an_sqlite_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = other.read_bytes()
    with pytest.raises(
        StoreError,
        match=r"other\.db is an SQLite database, but not a metadata store: it holds the tables recipes",
    ):
        MetadataStore(str(other))
    assert other.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "new.sqlite").touch()
    assert MetadataStore(str(tmp_path / "new.sqlite")).runs() == []


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        MetadataStore(str(tmp_path))


def test_a_store_of_a_newer_ml_metadata_is_refused(path: Path) -> None:
    path.parent.mkdir()
    script = (
        "import sqlite3, sys; from millwork.core.store import MetadataStore; s = MetadataStore(sys.argv[1]); del s; "
        "c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE MLMDEnv SET schema_version = 99'); c.commit(); c.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    with pytest.raises(StoreError, match="database version 99 is greater than library version 10"):
        MetadataStore(str(path))


def test_an_old_failure_is_readable(path: Path, store: MetadataStore) -> None:
    @pipeline
    def failing() -> None:
        fail()

    run = run_inline(failing(), path.parent, store=store)
    execution = MetadataStore(str(path)).execution(run.steps["fail"].execution)
    assert (execution.state, execution.node, execution.run) == (State.FAILED, "fail", run.id)
    assert execution.seconds == run.steps["fail"].seconds
