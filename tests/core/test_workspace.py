"""A step that is tried again finds what it had done."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

import pytest

from millwork.core.workspace import kept_folder, offering


def leave_something(place: Path) -> None:
    with offering(lambda: place), kept_folder() as folder:
        (folder / "half").write_text("done")
        raise InterruptedError


def test_what_failed_work_has_left_is_there_again_and_goes_once_it_is_done(tmp_path: Path) -> None:
    place = tmp_path / "new" / "kept"
    with pytest.raises(InterruptedError):
        leave_something(place)
    with offering(lambda: place), kept_folder() as folder:
        assert (folder / "half").read_text() == "done"
    assert list(place.parent.iterdir()) == []


def test_equal_work_at_the_same_time_has_a_folder_of_its_own(tmp_path: Path) -> None:
    with offering(lambda: tmp_path / "kept"), kept_folder() as first, kept_folder() as second:
        assert first == tmp_path / "kept"
        assert second != first
    assert not second.exists()


def test_work_that_ends_while_other_work_asks_for_its_folder_does_not_mix_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, locked = tmp_path / "kept", fcntl.flock

    def too_late(file: TextIO, how: int) -> None:
        """The first has opened the file of the lock when its owner removes it."""
        monkeypatch.setattr(fcntl, "flock", locked)
        place.with_suffix(".lock").unlink()
        locked(file, how)

    monkeypatch.setattr(fcntl, "flock", too_late)
    with offering(lambda: place), kept_folder() as first, kept_folder() as second:
        assert first == place
        assert second != first


def test_without_a_runner_the_folder_is_temporary() -> None:
    with kept_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()
