"""What a served folder may count on."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest

from millwork.components.pusher import PushArgs, Pusher
from millwork.core.artifacts import InfraBlessing, Model, ModelBlessing
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.testing import perform

SAVED_MODEL = {
    "saved_model.pb": "graph",
    "variables/variables.index": "index",
    "variables/variables.data-00000-of-00001": "weights",
    "assets/vocabulary.txt": "a\nb\n",
}


def model(folder: Path, files: dict[str, str] | None = None) -> Model:
    for name, text in (files or SAVED_MODEL).items():
        path = folder / "Format-Serving" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Model(str(folder))


def content(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def push(tmp_path: Path, **arguments: Any) -> Pusher:
    """Push the model at tmp_path/model, to tmp_path/served unless told otherwise."""
    defaults: dict[str, Any] = {"model": model(tmp_path / "model"), "destination": tmp_path / "served"}
    return perform(Pusher(**defaults | arguments), tmp_path / f"outputs-{time.monotonic_ns()}")


@pytest.fixture
def bucket() -> Iterator[str]:
    """An object store: nothing can be renamed in it."""
    yield "memory://bucket"
    fsspec.filesystem("memory").rm("/bucket", recursive=True)


def stored(uri: str) -> dict[str, str]:
    store = fsspec.filesystem("memory")
    return {path.removeprefix("/bucket/"): store.cat(path).decode() for path in store.find("/bucket")}


# What is pushed


def test_the_serving_files_and_nothing_else_arrive_in_a_folder_named_by_the_version(tmp_path: Path) -> None:
    source = model(tmp_path / "model")
    (tmp_path / "model" / "Format-TFMA").mkdir()
    (tmp_path / "model" / "Format-TFMA" / "saved_model.pb").write_text("for evaluation")

    pushed = push(tmp_path, model=source).pushed_model

    assert os.listdir(tmp_path / "served") == [pushed.pushed_version]
    assert content(tmp_path / "served" / pushed.pushed_version) == SAVED_MODEL


def test_the_output_is_a_copy_that_knows_where_the_model_went(tmp_path: Path) -> None:
    pushed = push(tmp_path).pushed_model

    assert content(pushed.path) == SAVED_MODEL
    assert pushed.pushed == 1
    assert pushed.pushed_destination == str(tmp_path / "served" / pushed.pushed_version)


def test_a_server_of_another_user_may_read_what_was_private_in_the_store(tmp_path: Path) -> None:
    source = model(tmp_path / "model")
    (source.path / "Format-Serving" / "saved_model.pb").chmod(0o600)
    (source.path / "Format-Serving" / "variables").chmod(0o700)
    previous = os.umask(0o022)
    try:
        version = push(tmp_path, model=source).pushed_model.pushed_version
    finally:
        os.umask(previous)

    served = tmp_path / "served" / version
    assert [
        oct(p.stat().st_mode & 0o777) for p in (served, served / "variables", served / "saved_model.pb")
    ] == [
        "0o755",
        "0o755",
        "0o644",
    ]


@pytest.mark.parametrize(
    "files", [{"model.keras": "k"}, {"model.skops": "s"}, {"model.onnx": "o", "notes": "n"}]
)
def test_models_of_any_framework_are_pushed(tmp_path: Path, files: dict[str, str]) -> None:
    pushed = push(tmp_path, model=model(tmp_path / "other", files)).pushed_model

    assert content(Path(pushed.pushed_destination)) == files


def test_a_model_without_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty" / "Format-Serving").mkdir(parents=True)

    with pytest.raises(BadInput, match=r"no model in '.*Format-Serving'.*run_fn .*serving_model_dir"):
        push(tmp_path, model=Model(str(tmp_path / "empty")))


# Blessings


@pytest.mark.parametrize(
    "blessings",
    [
        {"model_blessing": ModelBlessing("m", blessed=1)},
        {"infra_blessing": InfraBlessing("i", blessed=1)},
        {"model_blessing": ModelBlessing("m", blessed=1), "infra_blessing": InfraBlessing("i", blessed=1)},
    ],
)
def test_a_blessed_model_is_pushed(tmp_path: Path, blessings: dict[str, Any]) -> None:
    assert push(tmp_path, **blessings).pushed_model.pushed == 1


@pytest.mark.parametrize(
    ("blessings", "reason"),
    [
        ({"model_blessing": ModelBlessing("/m", blessed=0)}, "the evaluation did not bless it (/m)"),
        ({"infra_blessing": InfraBlessing("/i", blessed=0)}, "the trial with a server did not bless it (/i)"),
        (
            {
                "model_blessing": ModelBlessing("/m", blessed=1),
                "infra_blessing": InfraBlessing("/i", blessed=0),
            },
            "the trial with a server did not bless it (/i)",
        ),
    ],
)
def test_an_unblessed_model_is_not_pushed_and_the_reason_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, blessings: dict[str, Any], reason: str
) -> None:
    pushed = push(tmp_path, **blessings).pushed_model

    assert not (tmp_path / "served").exists()
    assert (pushed.pushed, pushed.pushed_destination, pushed.pushed_version) == (0, "", "")
    assert content(pushed.path) == {"NOT_PUSHED": reason + "\n"}
    assert reason in caplog.text


def test_a_push_without_any_blessing_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    push(tmp_path)

    assert "without a blessing" in caplog.text


# Versions


def test_the_version_is_the_time_by_default(tmp_path: Path) -> None:
    before = int(time.time())

    version = int(push(tmp_path).pushed_model.pushed_version)

    assert before <= version <= time.time()


def test_two_pushes_in_one_second_are_two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.5)

    versions = [push(tmp_path).pushed_model.pushed_version for _ in range(3)]

    assert versions == ["1700000000", "1700000001", "1700000002"]


def test_versions_count_up_if_asked_to(tmp_path: Path) -> None:
    versions = [push(tmp_path, versioning="number").pushed_model.pushed_version for _ in range(3)]

    assert versions == ["1", "2", "3"]


@pytest.mark.parametrize("versioning", ["timestamp", "number"])
def test_a_new_version_is_higher_than_all_others_because_servers_take_the_highest(
    tmp_path: Path, versioning: str
) -> None:
    for there in ("99999999999", "7", "latest", "1e20", "-5"):
        (tmp_path / "served" / there).mkdir(parents=True)
    (tmp_path / "served" / "99999999999" / "saved_model.pb").write_text("old")

    pushed = push(tmp_path, versioning=versioning).pushed_model

    assert pushed.pushed_version == "100000000000"
    assert content(tmp_path / "served" / "99999999999") == {"saved_model.pb": "old"}


def test_an_unknown_versioning_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongArgument, match="versioning"):
        Pusher(model=Model("m"), destination=tmp_path, versioning="git")  # type: ignore[arg-type]


def test_pushes_at_the_same_time_get_versions_of_their_own(tmp_path: Path) -> None:
    source = model(tmp_path / "model")
    steps = [Pusher(model=source, destination=tmp_path / "served", versioning="number") for _ in range(12)]

    with ThreadPoolExecutor(12) as pool:
        done = list(pool.map(lambda i: perform(steps[i], tmp_path / f"out-{i}"), range(12)))

    assert {step.pushed_model.pushed_version for step in done} == {str(n) for n in range(1, 13)}
    for step in done:
        assert content(Path(step.pushed_model.pushed_destination)) == SAVED_MODEL


# All or nothing


def test_no_version_is_visible_before_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    copyfile = shutil.copyfile

    def watched(source: Path, target: Path) -> object:
        seen.extend(name for name in os.listdir(tmp_path / "served"))
        return copyfile(source, target)

    (tmp_path / "served").mkdir()
    monkeypatch.setattr(shutil, "copyfile", watched)

    push(tmp_path)

    assert seen
    assert all(name.startswith(".") for name in seen)


def test_a_push_that_is_killed_leaves_nothing_that_looks_like_a_version(tmp_path: Path) -> None:
    model(tmp_path / "model")
    killed = f"""
import os, shutil
from millwork.components.pusher import PushArgs, Pusher
from millwork.core.artifacts import Model
from millwork.core.testing import perform
copyfile = shutil.copyfile
def dies(source, target):
    if ".staging-" in str(target) and str(target).endswith("saved_model.pb"):
        os.kill(os.getpid(), 9)
    return copyfile(source, target)
shutil.copyfile = dies
here = {str(tmp_path)!r}
perform(Pusher(model=Model(here + "/model"), destination=here + "/served"), here + "/out")
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -9
    (leftover,) = os.listdir(tmp_path / "served")
    assert leftover.startswith(".")

    version = push(tmp_path, versioning="number").pushed_model.pushed_version

    assert version == "1"
    assert content(tmp_path / "served" / "1") == SAVED_MODEL


def test_a_push_that_fails_leaves_nothing_and_says_where_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copyfile = shutil.copyfile

    def full(source: Path, target: Path) -> object:
        if "served" in str(target) and "variables.data" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)

    with pytest.raises(
        BadInput, match=r"cannot be pushed to '.*/served': OSError: .*No space left on device"
    ):
        push(tmp_path)

    assert os.listdir(tmp_path / "served") == []


def test_a_destination_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BadInput, match=r"cannot be pushed to '.*/file/models': NotADirectoryError"):
        push(tmp_path, destination=tmp_path / "file" / "models")


def test_a_store_that_nobody_knows_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be pushed to 'nosuch://bucket': .*nosuch"):
        push(tmp_path, destination="nosuch://bucket")


# Object stores


def test_a_model_is_pushed_to_an_object_store(tmp_path: Path, bucket: str) -> None:
    pushed = [
        push(tmp_path, destination=f"{bucket}/taxi", versioning="number").pushed_model.pushed_destination
        for _ in range(2)
    ]

    assert pushed == [f"{bucket}/taxi/1", f"{bucket}/taxi/2"]
    assert stored(bucket) == {f"taxi/{v}/{name}": text for v in (1, 2) for name, text in SAVED_MODEL.items()}


@pytest.mark.parametrize(
    ("files", "last"),
    [
        (SAVED_MODEL, "saved_model.pb"),
        ({"assets/tables.pkl": "t", "saved_model.pb": "g", "z": "z"}, "saved_model.pb"),
        ({"model.keras": "k", "vocabulary.txt": "v"}, "model.keras"),
        ({"model.skops": "s", "zones.csv": "z"}, "model.skops"),
        ({"model.joblib": "j", "zones.csv": "z"}, "model.joblib"),
    ],
)
def test_in_an_object_store_the_file_that_completes_the_model_comes_last(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], last: str
) -> None:
    store = type(fsspec.filesystem("memory"))
    written: list[str] = []
    put_file = store.put_file

    def watched(self: Any, source: str, target: str, **options: Any) -> None:
        written.append(Path(target).name)
        put_file(self, source, target, **options)

    monkeypatch.setattr(store, "put_file", watched)

    push(tmp_path, model=model(tmp_path / "some", files), destination=bucket)

    assert written[-1] == last
    assert len(written) == len(files)


def test_a_failed_upload_is_removed(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = type(fsspec.filesystem("memory"))
    put_file = store.put_file

    def breaks(self: Any, source: str, target: str, **options: Any) -> None:
        if target.endswith("saved_model.pb"):
            raise ConnectionError("the line is dead")
        put_file(self, source, target, **options)

    push(tmp_path, destination=bucket, versioning="number")
    monkeypatch.setattr(store, "put_file", breaks)

    with pytest.raises(
        BadInput, match=r"cannot be pushed to 'memory://bucket': ConnectionError: the line is dead"
    ):
        push(tmp_path, destination=bucket, versioning="number")

    assert stored(bucket) == {f"1/{name}": text for name, text in SAVED_MODEL.items()}


def test_a_version_that_somebody_else_is_writing_or_died_writing_is_left_alone(
    tmp_path: Path, bucket: str
) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/.pushing-4", b"")
    store.pipe("/bucket/3/variables/variables.index", b"half")

    assert push(tmp_path, destination=bucket, versioning="number").pushed_model.pushed_version == "5"
    assert stored(bucket)["3/variables/variables.index"] == "half"


def test_a_version_that_was_finished_since_we_looked_is_not_overwritten(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = type(fsspec.filesystem("memory"))
    pipe_file = store.pipe_file

    def somebody_is_faster(self: Any, path: str, value: bytes, **options: Any) -> None:
        if path.endswith("/.pushing-1"):
            pipe_file(self, "/bucket/1/saved_model.pb", b"theirs")
        pipe_file(self, path, value, **options)

    monkeypatch.setattr(store, "pipe_file", somebody_is_faster)

    version = push(tmp_path, destination=bucket, versioning="number").pushed_model.pushed_version

    assert version == "2"
    assert stored(bucket)["1/saved_model.pb"] == "theirs"
    assert not [name for name in stored(bucket) if ".pushing" in name]


# As part of a pipeline


def test_the_contract() -> None:
    step = Pusher(model=Model(), destination="models")

    assert set(step.signature.inputs) == {"model", "model_blessing", "infra_blessing"}
    assert step.base_type == "mlmd.Deploy"
    assert Path(str(step.destination)).is_absolute()
    assert not list(step.external_files())


# By force, and elsewhere


def test_a_model_that_is_not_blessed_can_be_forced_and_the_lineage_says_by_whom(tmp_path: Path) -> None:
    refusal = ModelBlessing("/m", blessed=0, verdict="NOT_BLESSED", reason="auc is 0.6, below 0.7")
    step = push(tmp_path, model_blessing=refusal, force="Ada: hotfix 17")
    assert content(Path(step.pushed_model.pushed_destination)) == SAVED_MODEL
    assert (step.pushed_model.pushed, step.pushed_model.forced) == (1, 1)
    expected = "forced (Ada: hotfix 17) although the evaluation did not bless it: auc is 0.6, below 0.7 (/m)"
    assert step.pushed_model.reason == expected
    assert step.pushed_model.remark == f"pushed to {step.pushed_model.pushed_destination}, {expected}"


def test_a_blessed_model_needs_no_force(tmp_path: Path) -> None:
    step = push(tmp_path, model_blessing=ModelBlessing("/m", blessed=1), force="Ada: to be sure")
    assert (step.pushed_model.pushed, step.pushed_model.forced, step.pushed_model.reason) == (1, 0, "")


def to_registry(args: PushArgs) -> str:
    """A destination of the user's own."""
    target = Path(args.custom_config["folder"]) / f"taxi-{args.version}"
    shutil.copytree(args.model_dir, target)
    return f"registry://{target.name}"


def test_a_function_may_bring_the_model_elsewhere(tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    step = push(tmp_path, destination=None, push_fn=to_registry, custom_config={"folder": str(registry)})
    version = step.pushed_model.pushed_version
    assert step.pushed_model.pushed_destination == f"registry://taxi-{version}"
    assert content(registry / f"taxi-{version}") == SAVED_MODEL
    assert content(step.pushed_model.path) == SAVED_MODEL


def test_the_function_is_not_called_for_a_model_that_was_not_blessed(tmp_path: Path) -> None:
    refusal = ModelBlessing("/m", blessed=0)
    config = {"folder": str(tmp_path / "registry")}
    step = push(tmp_path, destination=None, push_fn=to_registry, custom_config=config, model_blessing=refusal)
    assert step.pushed_model.pushed == 0
    assert not (tmp_path / "registry").exists()


def to_nowhere(args: PushArgs) -> None:
    """Forgets to say where the model is."""


def test_a_function_that_does_not_say_where_the_model_is_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="push_fn returned None. Let it return where the model is now"):
        push(tmp_path, destination=None, push_fn=to_nowhere)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"destination": None}, "pass destination=... or push_fn=..., one of them"),
        ({"push_fn": to_registry}, "pass destination=... or push_fn=..., not both"),
        (
            {"destination": None, "push_fn": to_registry, "versioning": "number"},
            "which only the push_fn knows",
        ),
        ({"custom_config": {"a": 1}}, "custom_config is for a push_fn, and there is none"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(
    arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongArgument, match=message):
        push(tmp_path, **arguments)
