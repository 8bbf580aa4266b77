"""`millwork template update`: a project takes over what is new in its template, and loses nothing of its own."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import Said
from sample_templates import FIRST, SECOND, tree, write_template

Millwork = Callable[..., Said]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A company's template, version 1."""
    return write_template(tmp_path / "company", FIRST)


@pytest.fixture
def thing(millwork: Millwork, folder: Path, template: Path) -> Path:
    """A project that was made from version 1."""
    assert millwork("init", "-t", template, "--defaults", "-a", "colour=green").code == 0
    return folder / "thing"


def actions(said: Said) -> dict[str, str]:
    return {file["path"]: file["action"] for file in json.loads(said.out)["files"]}


def test_what_the_user_did_not_touch_becomes_what_the_template_makes_now(
    millwork: Millwork, thing: Path, template: Path, folder: Path
) -> None:
    write_template(template, SECOND, "2")
    said = millwork("template", "update", "thing")
    assert said.code == 0, said
    assert said.err == "Template company 1 → 2: nothing to settle by hand\n"
    answers = ("-a", "colour=green", "-a", "project_name=thing")
    assert millwork("init", "fresh", "-t", template, "--defaults", *answers).code == 0
    assert tree(thing) == tree(folder / "fresh")


def test_a_second_update_changes_nothing(millwork: Millwork, thing: Path, template: Path) -> None:
    write_template(template, SECOND, "2")
    (thing / "src/thing/code.py").write_text("A = 1\n\n\nB = 3\n\n\nC = 3\n")
    assert millwork("template", "update", "thing").code == 1
    before = tree(thing)
    said = millwork("template", "update", "thing")
    assert (said.code, said.out) == (0, "")
    assert said.err == "Template company 2: nothing to do\n"
    assert tree(thing) == before


def test_changes_in_different_places_are_merged(millwork: Millwork, thing: Path, template: Path) -> None:
    readme = thing / "README.md"
    readme.write_text(readme.read_text().replace("One", "My one"))
    write_template(template, SECOND, "2")
    assert actions(millwork("template", "update", "thing", "--json"))["README.md"] == "merged"
    assert (
        readme.read_text() == "# thing\n\nThe roof is green.\n\nMy one\n\nTwo\n\nThree\n\nFive\n"
    )  # the answer was remembered


def test_changes_of_the_same_line_are_marked_and_listed(
    millwork: Millwork, thing: Path, template: Path
) -> None:
    code = thing / "src/thing/code.py"
    code.write_text("A = 1\n\n\nB = 3\n\n\nC = 30\n")
    write_template(template, SECOND, "2")
    said = millwork("template", "update", "thing")
    assert said.code == 1
    assert "conflict  src/thing/code.py      both changed the same lines: they are marked" in said.out
    assert said.err == "Template company 1 → 2: 1 to settle by hand\n"
    assert code.read_text() == (
        "A = 1\n\n\n<<<<<<< yours\nB = 3\n||||||| before\nB = 2\n=======\nB = 20\n>>>>>>> template\n\n\nC = 30\n"
    )


def test_a_conflict_that_was_not_settled_is_not_merged_into(
    millwork: Millwork, thing: Path, template: Path
) -> None:
    (thing / "src/thing/code.py").write_text("A = 1\n\n\nB = 3\n\n\nC = 3\n")
    write_template(template, SECOND, "2")
    assert millwork("template", "update", "thing").code == 1
    before = tree(thing)
    write_template(template, {**SECOND, "src/{{ package }}/code.py": "A = 5\n\n\nB = 20\n\n\nC = 3\n"}, "3")
    said = millwork("template", "update", "thing")
    assert said.code == 1
    assert "There are conflicts of an earlier update in src/thing/code.py" in said.err
    assert tree(thing) == before


def test_what_the_user_deleted_stays_deleted(millwork: Millwork, thing: Path, template: Path) -> None:
    for name in ("deleted.txt", "same.txt"):
        (thing / name).unlink()
    write_template(template, SECOND, "2")
    said = millwork("template", "update", "thing", "--json")
    assert (said.code, actions(said)["deleted.txt"]) == (0, "absent")
    assert not (thing / "deleted.txt").exists()
    assert not (thing / "same.txt").exists()


def test_what_the_template_deleted_goes_unless_it_was_changed(
    millwork: Millwork, thing: Path, template: Path
) -> None:
    (thing / "src/thing/gone_too.py").write_text("Y = 'mine'\n")
    write_template(template, SECOND, "2")
    done = actions(millwork("template", "update", "thing", "--json"))
    assert (done["src/thing/gone.py"], done["src/thing/gone_too.py"]) == ("deleted", "kept")
    assert not (thing / "src/thing/gone.py").exists()
    assert (thing / "src/thing/gone_too.py").read_text() == "Y = 'mine'\n"


def test_a_new_file_that_the_user_has_too_is_a_conflict_and_keeps_both(
    millwork: Millwork, thing: Path, template: Path
) -> None:
    (thing / "new").mkdir()
    (thing / "new/file.txt").write_text("mine\n")
    write_template(template, SECOND, "2")
    assert millwork("template", "update", "thing").code == 1
    text = (thing / "new/file.txt").read_text()
    assert "mine\n" in text and "thing\n" in text and "<<<<<<< yours" in text


def test_what_is_no_text_is_kept_and_the_template_s_lies_beside(
    millwork: Millwork, thing: Path, template: Path
) -> None:
    (thing / "deleted.txt").write_bytes(b"\x00mine")
    write_template(template, SECOND, "2")
    assert millwork("template", "update", "thing").code == 1
    assert (thing / "deleted.txt").read_bytes() == b"\x00mine"
    assert (thing / "deleted.txt.from-template").read_text() == "two\n"


def test_a_rehearsal_writes_nothing(millwork: Millwork, thing: Path, template: Path) -> None:
    (thing / "src/thing/code.py").write_text("A = 1\n\n\nB = 3\n\n\nC = 3\n")
    write_template(template, SECOND, "2")
    before = tree(thing)
    said = millwork("template", "update", "thing", "--dry-run")
    assert (said.code, tree(thing)) == (1, before)
    assert said.err == "Template company 1 → 2: 1 to settle by hand. Nothing was written\n"


def test_an_interrupted_update_goes_on_when_it_is_begun_again(
    millwork: Millwork, thing: Path, template: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = thing / "README.md"
    readme.write_text(readme.read_text().replace("One", "My one"))
    write_template(template, SECOND, "2")
    replaced, replace = 0, os.replace

    def interrupted(old: str, new: Path) -> None:
        nonlocal replaced
        replaced += 1
        if replaced == 3:
            raise KeyboardInterrupt
        replace(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        assert millwork("template", "update", "thing").code == 130
    assert not [name for name in tree(thing) if "tmp" in name or name.count(".py.")]
    assert millwork("template", "update", "thing").code == 0
    assert "My one\n\nTwo\n\nThree\n\nFive\n" in readme.read_text()
    assert (thing / "new/file.txt").read_text() == "thing\n"


def test_a_renamed_package_is_followed(millwork: Millwork, thing: Path, template: Path) -> None:
    write_template(template, SECOND, "2")
    said = millwork("template", "update", "thing", "-a", "package=other")
    assert said.code == 2
    assert "first rename the folder src/thing/ to src/other/" in said.err
    (thing / "src/thing").rename(thing / "src/other")
    (thing / "src/other/gone_too.py").unlink()
    done = actions(millwork("template", "update", "thing", "--json", "-a", "package=other"))
    assert done == {
        "README.md": "changed",
        "deleted.txt": "changed",
        "new/file.txt": "added",
        "src/other/code.py": "changed",
        "src/other/gone.py": "deleted",
    }
    assert (thing / "new/file.txt").read_text() == "other\n"
    assert not (thing / "src/thing").exists()


def test_a_new_question_takes_its_default_or_an_answer(
    millwork: Millwork, thing: Path, template: Path
) -> None:
    question = "\ndoor: {type: str, default: oak}\n"
    write_template(template, {**FIRST, "door.txt.jinja": "{{ door }} {{ colour }}\n"}, "2", question)
    assert millwork("template", "update", "thing", "-a", "dor=elm").code == 2
    assert millwork("template", "update", "thing").code == 0
    assert (thing / "door.txt").read_text() == "oak green\n"
    assert millwork("template", "update", "thing", "-a", "door=elm").code == 0
    assert (thing / "door.txt").read_text() == "elm green\n"


def test_programs_stay_programs(millwork: Millwork, thing: Path, template: Path) -> None:
    write_template(template, {**FIRST, "run.sh": "#!/bin/sh\nls\n"}, "2")
    assert millwork("template", "update", "thing").code == 0
    assert (thing / "run.sh").read_text() == "#!/bin/sh\nls\n"
    assert (thing / "run.sh").stat().st_mode & stat.S_IXUSR
    assert not (thing / "same.txt").stat().st_mode & stat.S_IXUSR


def test_the_project_is_found_from_a_folder_inside(
    millwork: Millwork, thing: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_template(template, SECOND, "2")
    monkeypatch.chdir(thing / "src/thing")
    assert millwork("template", "update").code == 0
    assert (thing / "new/file.txt").exists()


def test_an_older_template_is_refused(millwork: Millwork, thing: Path, template: Path) -> None:
    write_template(template, SECOND, "0.9")
    said = millwork("template", "update", "thing")
    assert said.code == 1
    assert "was made with version 1 of template company, and the one here is 0.9" in said.err


@pytest.mark.parametrize("name", [".millwork-template.yml", ".millwork-template.zip"])
def test_a_record_that_is_damaged_or_missing_says_so(millwork: Millwork, thing: Path, name: str) -> None:
    (thing / name).write_bytes(b"[]\x00")
    assert "is damaged" in millwork("template", "update", "thing").err
    (thing / name).unlink()
    said = millwork("template", "update", "thing")
    assert (said.code, name in said.err) == (4, True)


def test_a_record_cannot_reach_outside_of_the_project(millwork: Millwork, thing: Path, folder: Path) -> None:
    (folder / "precious").write_text("x")
    with zipfile.ZipFile(thing / ".millwork-template.zip", "a") as archive:
        archive.writestr("../precious", "x")
    said = millwork("template", "update", "thing")
    assert (said.code, "has files outside of the project: ../precious" in said.err) == (1, True)
    assert (folder / "precious").exists()


def test_without_git_it_says_what_is_missing(
    millwork: Millwork, thing: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (thing / "src/thing/code.py").write_text("A = 1\n\n\nB = 3\n\n\nC = 3\n")
    write_template(template, SECOND, "2")
    before = tree(thing)
    monkeypatch.setenv("PATH", "")
    said = millwork("template", "update", "thing")
    assert (said.code, "git is not installed" in said.err) == (1, True)
    assert tree(thing) == before
