"""Templates of one's own: in folders, in git repositories, and as copier has them."""

from __future__ import annotations

import compileall
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_command_line import Said
from sample_templates import FIRST, SECOND, commit, tree, write_template

Millwork = Callable[..., Said]


def test_the_stock_templates_are_listed(millwork: Millwork) -> None:
    document = json.loads(millwork("template", "list", "--json").out)
    assert document["schema"] == "millwork/templates/v1"
    for template in document["templates"]:
        assert template["version"] and template["description"], template
        assert template["source"] == "millwork"
    text = millwork("template", "list").out
    assert text.splitlines()[0].split() == ["template", "version", "from", "for"]
    assert "every-project" not in text


def test_a_template_says_what_it_asks(millwork: Millwork) -> None:
    document = json.loads(millwork("template", "describe", "tabular-binary", "--json").out)
    questions = {question["name"]: question for question in document["questions"]}
    assert list(questions)[:3] == ["project_name", "package", "description"]
    assert questions["framework"]["choices"] == ["keras", "sklearn"]
    assert "framework: str, one of keras, sklearn" in millwork("template", "describe", "tabular-binary").out
    said = millwork("template", "describe", "tabular-binry")
    assert (said.code, "Did you mean 'tabular-binary'?" in said.err) == (4, True)


def test_the_example_of_a_template_makes_a_project(millwork: Millwork, folder: Path, tmp_path: Path) -> None:
    (folder / "data.csv").write_text("x,y\n" + "1,a\n2,b\n3,a\n" * 20)
    for name in ("text", "minimal", write_template(tmp_path / "our roofs", FIRST)):
        *_, example = millwork("template", "describe", name).out.splitlines()
        assert millwork(*shlex.split(example)[1:], "--force").code == 0


def test_an_answer_that_is_to_be_a_number_is_checked(millwork: Millwork, tmp_path: Path) -> None:
    template = write_template(tmp_path / "roofs", FIRST, config="depth: 3\n")
    said = millwork("init", "-t", template, "--defaults", "-a", "depth=deep")
    assert (said.code, "depth is of type int, but got 'deep'" in said.err) == (2, True)
    assert millwork("init", "-t", template, "--defaults", "-a", "depth=4").code == 0


def test_a_company_s_folder_is_named_by_the_environment(
    millwork: Millwork, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_template(tmp_path / "ours/roofs", FIRST)
    write_template(tmp_path / "theirs/doors", FIRST)
    monkeypatch.setenv("MILLWORK_TEMPLATES", f"{tmp_path / 'ours'}{os.pathsep}{tmp_path / 'theirs'}")
    listed = {t["name"]: t for t in json.loads(millwork("template", "list", "--json").out)["templates"]}
    assert listed["roofs"] == {
        "name": "roofs",
        "version": "1",
        "description": "A company's own",
        "source": str(tmp_path / "ours"),
    }
    assert {"doors", "tabular-binary"} <= set(listed)
    assert millwork("init", "-t", "roofs", "--defaults").code == 0
    write_template(tmp_path / "ours/roofs", SECOND, "2")
    assert millwork("template", "update", "thing").code == 0
    assert (folder / "thing/new/file.txt").exists()


def test_a_company_s_folder_is_named_by_the_project(millwork: Millwork, folder: Path) -> None:
    write_template(folder / "ours/roofs", FIRST)
    (folder / "pyproject.toml").write_text('[tool.millwork]\ntemplates = ["ours"]\n')
    (folder / "sub").mkdir()
    os.chdir(folder / "sub")
    assert "roofs" in millwork("template", "list").out
    (folder / "pyproject.toml").write_text('[tool.millwork]\ntemplates = ["absent"]\n')
    said = millwork("template", "list")
    assert (said.code, "There is no folder of templates" in said.err) == (4, True)


def test_a_plain_copier_template_needs_nothing_of_ours(
    millwork: Millwork, folder: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "copier.yml").write_text("name: world\n_exclude: [copier.yml, '*.secret']\n")
    (plain / "hello.txt.jinja").write_text("hello {{ name }}\n")
    (plain / "a.secret").write_text("")
    said = millwork("init", "p", "-t", plain, "-a", "name=you")
    assert (said.code, said.out) == (0, "Made p from plain: 3 files\n\nNext:\n  cd p\n")
    assert (folder / "p/hello.txt").read_text() == "hello you\n"
    assert not (folder / "p/a.secret").exists()


def test_a_template_that_pip_has_compiled_makes_the_same_project(
    millwork: Millwork, folder: Path, tmp_path: Path
) -> None:
    template = write_template(tmp_path / "roofs", FIRST)
    assert millwork("init", "before", "-t", template, "--defaults", "-a", "package=p").code == 0
    assert compileall.compile_dir(template, quiet=1)
    assert list(template.rglob("*.pyc"))
    assert millwork("init", "after", "-t", template, "--defaults", "-a", "package=p").code == 0
    assert set(tree(folder / "after")) == set(tree(folder / "before"))


def test_programs_of_a_template_run_only_if_it_is_trusted(
    millwork: Millwork, folder: Path, tmp_path: Path
) -> None:
    template = write_template(tmp_path / "roofs", FIRST, config="_tasks: ['echo done > task.txt']\n")
    said = millwork("init", "-t", template, "--defaults")
    assert said.code == 2
    assert "wants to run programs of its own" in said.err and "add --trust" in said.err
    assert list(folder.iterdir()) == []
    assert millwork("init", "-t", template, "--defaults", "--trust").code == 0
    assert (folder / "thing/task.txt").read_text() == "done\n"


def test_a_template_that_cannot_be_rendered_says_why(
    millwork: Millwork, folder: Path, tmp_path: Path
) -> None:
    template = write_template(tmp_path / "roofs", {"a.txt.jinja": "{{ oops"})
    said = millwork("init", "-t", template, "--defaults")
    assert (said.code, "Template roofs cannot be rendered" in said.err) == (1, True)
    (template / "copier.yaml").write_text("a: [")
    said = millwork("init", "-t", template, "--defaults")
    assert (said.code, "copier.yaml cannot be read" in said.err) == (1, True)
    assert list(folder.iterdir()) == []


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """A template in git, with versions 1 and 2."""
    folder = write_template(tmp_path / "roofs", FIRST)
    commit(folder, "v1.0")
    write_template(folder, SECOND, "2")
    commit(folder, "v2.0")
    commit_of_tomorrow = {**SECOND, "tomorrow.txt": ""}
    write_template(folder, commit_of_tomorrow, "3")
    commit(folder, "v3.0rc1")
    return folder.as_uri()


def test_a_git_repository_gives_its_newest_version_or_that_which_is_named(
    millwork: Millwork, folder: Path, repository: str
) -> None:
    assert millwork("init", "new", "-t", repository, "--defaults").code == 0
    assert (folder / "new/new/file.txt").exists() and not (folder / "new/tomorrow.txt").exists()
    assert millwork("init", "old", "-t", repository, "--ref", "v1.0", "--defaults").code == 0
    assert (folder / "old/src/old/gone.py").exists()
    there = repository.removeprefix("file://")
    assert millwork("init", "again", "-t", there, "--ref", "v1.0", "--defaults").code == 0
    assert (folder / "again/src/again/gone.py").exists()
    os.chdir(folder.parent)
    beside = os.path.relpath(there)
    assert millwork("init", folder / "beside", "-t", beside, "--ref", "v1.0", "--defaults").code == 0
    os.chdir(folder / "beside")
    assert millwork("template", "update").code == 0
    assert Path("new/file.txt").exists() and not Path("tomorrow.txt").exists()
    said = millwork("init", "none", "-t", repository, "--ref", "v9", "--defaults")
    assert (said.code, "has no tag, branch or commit 'v9'" in said.err) == (4, True)


def test_a_project_from_a_repository_is_updated_from_there(
    millwork: Millwork, folder: Path, repository: str
) -> None:
    assert millwork("init", "old", "-t", repository, "--ref", "v1.0", "--defaults").code == 0
    said = millwork("template", "update", "old")
    assert (said.code, said.err) == (0, "Template roofs 1 → 2: nothing to settle by hand\n")
    assert (folder / "old/new/file.txt").exists()


def test_a_repository_that_is_not_there_is_git_s_message(millwork: Millwork, tmp_path: Path) -> None:
    said = millwork("init", "-t", (tmp_path / "absent").as_uri(), "--defaults")
    assert (said.code, "git clone failed: " in said.err) == (1, True)
