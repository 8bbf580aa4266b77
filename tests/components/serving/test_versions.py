"""Which versions of a model are served, and when another takes over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from millwork.components.models.scorers import LoadOptions
from millwork.components.pusher import Pusher
from millwork.components.serving.folder import ModelFolder
from millwork.components.serving.servable import Servable, load_servable
from millwork.components.serving.versions import Versions
from millwork.core.artifacts import Model
from millwork.core.errors import BadInput, NotFound, WrongArgument
from millwork.core.testing import perform


def load(path: Path) -> Servable:
    return load_servable(path, LoadOptions())


def put(model: Path, base: Path, version: int) -> None:
    """As a Pusher does: all at once."""
    shutil.copytree(model, base / ".staging")
    (base / ".staging").rename(base / str(version))


def served(base: Path | str, policy: str = "latest") -> Versions:
    return Versions("taxi", ModelFolder(str(base), policy), load)


def states(versions: Versions) -> dict[str, str]:
    return {status["version"]: status["state"] for status in versions.statuses()}


@pytest.fixture
def base(tmp_path: Path, sklearn_folder: Path) -> Path:
    """A Pusher's destination with versions 2 and 10."""
    (tmp_path / "taxi").mkdir()
    for version in (2, 10):
        put(sklearn_folder, tmp_path / "taxi", version)
    return tmp_path / "taxi"


def test_the_highest_number_is_served(base: Path) -> None:
    with served(base) as versions:
        versions.start()
        assert versions.find()[0] == 10
        assert versions.statuses() == [
            {"version": "10", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
        with pytest.raises(NotFound, match=r"Servable not found for request: Specific\(taxi, 2\)"):
            versions.find(2)


def test_all_versions_or_a_certain_one(base: Path) -> None:
    with served(base, "all") as versions:
        versions.start()
        assert states(versions) == {"10": "AVAILABLE", "2": "AVAILABLE"}
        assert versions.find(2)[0] == 2
    with served(base, "2") as versions:
        versions.start()
        assert versions.find()[0] == 2
    with pytest.raises(NotFound, match="There is no version 3 of a model in .* holds: 10, 2"):
        served(base, "3").start()
    with pytest.raises(WrongArgument, match="'latest', 'all' or a number, but got 'newest'"):
        served(base, "newest")


def test_a_newer_version_takes_over_and_the_older_one_goes(base: Path, sklearn_folder: Path) -> None:
    versions = served(base)
    versions.start()
    first = versions.find()[1]
    versions.look()
    assert versions.find()[1] is first  # nothing is loaded twice
    put(sklearn_folder, base, 11)
    versions.look()
    assert versions.find()[0] == 11
    assert states(versions) == {"11": "AVAILABLE"}


def test_taking_the_newest_version_away_goes_back_to_the_one_before(base: Path) -> None:
    versions = served(base)
    versions.start()
    shutil.rmtree(base / "10")
    versions.look()
    assert versions.find()[0] == 2


def test_without_any_version_the_last_one_stays(base: Path) -> None:
    versions = served(base)
    versions.start()
    shutil.rmtree(base)
    versions.look()
    assert versions.find()[0] == 10


def test_a_version_that_cannot_be_loaded_leaves_the_older_one(base: Path, sklearn_folder: Path) -> None:
    versions = served(base)
    versions.start()
    (base / "11").mkdir()
    (base / "11" / "model.skops").write_bytes(b"damaged")
    versions.look()
    assert versions.find()[0] == 10
    assert states(versions) == {"11": "END", "10": "AVAILABLE"}
    [status] = versions.statuses(11)
    assert "not a model that skops saved" in status["status"]["error_message"]

    shutil.copy(sklearn_folder / "model.skops", base / "11")  # mended
    versions.look()
    assert versions.find()[0] == 11


def test_a_version_that_is_still_being_written_is_not_there_yet(base: Path) -> None:
    (base / "11").mkdir()
    (base / "11" / "variables").mkdir()
    versions = served(base)
    versions.start()
    assert states(versions) == {"10": "AVAILABLE"}


def test_a_version_that_is_broken_from_the_start_is_an_error(base: Path) -> None:
    (base / "10" / "model.skops").write_bytes(b"damaged")
    with pytest.raises(
        BadInput, match="Version 10 of the model 'taxi' cannot be loaded. .*not a model that skops"
    ):
        served(base).start()


def test_a_model_by_itself_has_one_version(sklearn_folder: Path, base: Path, tmp_path: Path) -> None:
    for place, number in ((sklearn_folder / "model.skops", 1), (base / "2", 2)):
        versions = served(place)
        versions.start()
        assert versions.find()[0] == number
    artifact = tmp_path / "Trainer" / "model" / "47"
    shutil.copytree(sklearn_folder, artifact / "Format-Serving")
    versions = served(artifact)
    versions.start()
    assert versions.find()[0] == 47


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(
        NotFound, match=r"There is no version of a model in .* \(it holds: notes.txt\). It must hold"
    ):
        served(tmp_path).start()


def test_what_a_pusher_pushes_is_served_also_from_an_object_store(
    sklearn_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLWORK_CACHE", str(tmp_path / "cache"))
    model = Model(str(tmp_path / "model"))
    shutil.copytree(sklearn_folder, model.path / "Format-Serving")
    for destination in (str(tmp_path / "pushed"), f"memory://{tmp_path.name}/taxi"):
        perform(Pusher(model=model, destination=destination, versioning="number"), tmp_path / "step")
        versions = served(destination)
        versions.start()
        assert versions.find()[0] == 1
        perform(Pusher(model=model, destination=destination, versioning="number"), tmp_path / "step")
        versions.look()
        assert versions.find()[0] == 2
        assert states(versions) == {"2": "AVAILABLE"}


def test_the_folder_is_watched(base: Path, sklearn_folder: Path, until: Callable[..., None]) -> None:
    versions = Versions("taxi", ModelFolder(str(base)), load, poll=0.01)
    with versions:
        versions.start()
        put(sklearn_folder, base, 11)
        until(lambda: versions.find()[0] == 11)
